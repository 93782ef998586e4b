use std::task::{Context, Poll};

use futures::StreamExt;
use k8s_openapi::api::apps::v1::{ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{
    Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, Service, ServiceSpec,
};
use k8s_openapi::api::storage::v1::StorageClass;
use setpoint_core::env::Instant;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::{Error, Reason, Result};
use setpoint_store::engine::Change;
use setpoint_watch::{Changes, Notice, View};

use crate::scheduling::Scheduling;

/// How many changes are read in one turn; others get theirs in between.
const CHANGES_PER_TURN_MAX: usize = 10_000;

/// The changes that a scheduler is to be told of.
pub(crate) struct Inputs {
    feeds: Vec<(Source, Changes)>,
    pods: KindId,
    nodes: KindId,
    namespaces: Option<KindId>,
    kinds: Vec<KindId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Pods,
    Nodes,
    Namespaces,
    Services,
    Others,
}

impl Inputs {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// `NotFound` if there are no pods or no nodes in the registry.
    pub(crate) fn new(view: &dyn View, registry: &Registry) -> Result<Self> {
        let required = |kind: Option<std::sync::Arc<setpoint_core::kind::Kind>>, name: &str| {
            let message = || Error::new(Reason::NotFound, format!("{name} is not a registered kind"));
            kind.map(|kind| kind.id).ok_or_else(message)
        };
        let pods = required(registry.of::<Pod>(), "Pod")?;
        let nodes = required(registry.of::<Node>(), "Node")?;
        let namespaces = registry.of::<Namespace>().map(|kind| kind.id);
        let others = [
            registry.of::<PersistentVolumeClaim>(),
            registry.of::<PersistentVolume>(),
            registry.of::<StorageClass>(),
        ];
        let sources =
            [(Source::Pods, Some(pods)), (Source::Nodes, Some(nodes)), (Source::Namespaces, namespaces)]
                .into_iter()
                .chain([(Source::Services, registry.of::<Service>().map(|kind| kind.id))])
                .chain(others.into_iter().map(|kind| (Source::Others, kind.map(|kind| kind.id))));
        let sources: Vec<(Source, KindId)> =
            sources.filter_map(|(source, kind)| Some((source, kind?))).collect();
        let controllers = [registry.of::<ReplicaSet>(), registry.of::<StatefulSet>()];
        let controllers = controllers.into_iter().flatten().map(|kind| kind.id);
        let kinds = sources.iter().map(|(_, kind)| *kind).chain(controllers).collect();
        let feeds = sources.into_iter().map(|(source, kind)| (source, view.changes(kind))).collect();
        Ok(Self { feeds, pods, nodes, namespaces, kinds })
    }

    /// What is to be known completely before the first decision: a node whose pods are not known looks empty.
    pub(crate) fn kinds(&self) -> Vec<KindId> {
        self.kinds.clone()
    }

    /// Tells what there is to tell. True if there was something; `None` if a view has ended.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        view: &dyn View,
        state: &mut Scheduling,
        now: Instant,
    ) -> Option<bool> {
        let mut told = 0;
        let mut is_behind = false;
        for (source, changes) in &mut self.feeds {
            while told < CHANGES_PER_TURN_MAX {
                match changes.poll_next_unpin(cx) {
                    Poll::Ready(Some(Notice::Change(change))) => tell(*source, &change, state, now),
                    Poll::Ready(Some(Notice::Reread)) => is_behind = true,
                    Poll::Ready(None) => return None,
                    Poll::Pending => break,
                }
                told += 1;
            }
        }
        if is_behind {
            self.reread(view, state, now);
        }
        Some(told > 0)
    }

    /// Tells everything that is there, and what is not there any more.
    pub(crate) fn reread(&self, view: &dyn View, state: &mut Scheduling, now: Instant) {
        let snapshot = view.snapshot();
        if let Some(kind) = self.namespaces {
            for namespace in snapshot.list(kind) {
                state.namespace_changed(&namespace.meta().name, Some(namespace));
            }
        }
        state.service_changed();
        snapshot.list(self.nodes).for_each(|node| state.node_changed(node, now));
        snapshot.list(self.pods).for_each(|pod| state.pod_changed(pod, now));
        let uids: std::collections::BTreeSet<_> =
            snapshot.list(self.pods).filter_map(|pod| pod.meta().uid.as_ref()).collect();
        let names: std::collections::BTreeSet<&str> =
            snapshot.list(self.nodes).map(|node| &*node.meta().name).collect();
        state.retain(|uid| uids.contains(uid), |name| names.contains(name), now);
    }
}

fn tell(source: Source, change: &Change, state: &mut Scheduling, now: Instant) {
    let object = change.object();
    match (source, &change.new) {
        (Source::Pods, Some(pod)) => state.pod_changed(pod, now),
        (Source::Pods, None) => {
            if let Some(uid) = &object.meta().uid {
                state.pod_removed(uid, now);
            }
        }
        (Source::Nodes, Some(node)) => state.node_changed(node, now),
        (Source::Nodes, None) => state.node_removed(&object.meta().name, now),
        (Source::Namespaces, new) => state.namespace_changed(&object.meta().name, new.as_deref()),
        (Source::Services, new) => {
            let selector = |service: &setpoint_core::object::ObjectRef| {
                service.spec::<ServiceSpec>().and_then(|spec| spec.selector.clone())
            };
            if change.old.as_ref().map(selector) != new.as_ref().map(selector) {
                state.service_changed();
            }
        }
        (Source::Others, _) => state.other_changed(object, now),
    }
}
