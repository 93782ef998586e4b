//! What was seen, and whether it was allowed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, PodStatus};
use setpoint::model::builtin::SharedPodSpec;
use setpoint::model::object::{Object, ObjectRef, Revision};
use setpoint::store::engine::{Change, Feed};

use super::cluster::REPLICAS;

/// A quarter of the replicas, which is what a rollout may take away and add.
const MARGIN: usize = REPLICAS / 4;

pub(super) struct History {
    /// Who wrote that it leads, and when.
    stamps: BTreeMap<Revision, String>,
    /// Whose epoch began when.
    epochs: BTreeMap<Revision, String>,
    /// Of ReplicaSets and pods.
    workload: Vec<Arc<Change>>,
}

impl History {
    pub(super) fn read([stamps, leases, sets, pods]: &mut [Feed; 4]) -> Self {
        let by = |map: &Object| map.spec::<ConfigMap>()?.data.as_ref()?.get("by").cloned();
        let holder = |lease: &Object| lease.spec::<Lease>()?.spec.as_ref()?.holder_identity.clone();
        let named = |name: &'static str, of: &dyn Fn(&Object) -> Option<String>, feed: &mut Feed| {
            let changes = drain(feed).into_iter();
            let news = changes.filter_map(|change| change.new.clone());
            let named = news.filter(|object| &*object.meta().name == name);
            named.filter_map(|object| Some((object.revision(), of(&object)?))).collect()
        };
        let mut workload = drain(sets);
        workload.extend(drain(pods));
        workload.sort_by_key(|change| change.revision);
        Self {
            stamps: named("stamp", &by, stamps),
            epochs: named("setpoint-epoch", &holder, leases),
            workload,
        }
    }

    /// INV-C-09, INV-IN-11: whoever wrote as a leader had begun the newest epoch.
    pub(super) fn check_epochs(&self) {
        assert!(self.epochs.len() >= 3, "two leaders have been followed: {:?}", self.epochs);
        for (revision, writer) in &self.stamps {
            let epoch = self.epochs.range(..revision).next_back();
            assert_eq!(epoch.map(|(_, holder)| holder), Some(writer), "a write at {revision} of one deposed");
        }
        for holder in self.epochs.values() {
            assert!(self.stamps.values().any(|writer| writer == holder), "{holder} led and wrote nothing");
        }
    }

    /// INV-DP-01, INV-DP-02: no rollout takes away more than it may, nor asks for more.
    pub(super) fn check_rollouts(&self, settled: Revision) {
        let mut pods: BTreeMap<&str, &ObjectRef> = BTreeMap::new();
        let mut wanted: BTreeMap<&str, usize> = BTreeMap::new();
        let (mut fewest, mut most) = (usize::MAX, 0);
        for change in &self.workload {
            let name = &*change.object().meta().name;
            match (change.object().spec::<ReplicaSetSpec>(), &change.new) {
                (Some(_), Some(set)) => drop(wanted.insert(name, replicas(set))),
                (Some(_), None) => drop(wanted.remove(name)),
                (None, Some(pod)) => drop(pods.insert(name, pod)),
                (None, None) => drop(pods.remove(name)),
            }
            if change.revision > settled {
                fewest = fewest.min(pods.values().filter(|pod| is_ready(pod)).count());
                most = most.max(wanted.values().sum());
            }
        }
        assert!(fewest >= REPLICAS - MARGIN, "INV-DP-01: there were {fewest} pods ready");
        assert!(most <= REPLICAS + MARGIN, "INV-DP-02: {most} pods were asked for");
        assert_eq!(wanted.len(), 4, "INV-DP-03: one ReplicaSet for each version: {wanted:?}");
    }
}

fn replicas(set: &Object) -> usize {
    let replicas = set.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1);
    usize::try_from(replicas).unwrap_or_default()
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (stamps, epochs, changes) = (self.stamps.len(), &self.epochs, self.workload.len());
        write!(f, "{stamps} stamps, {changes} changes of ReplicaSets and pods, epochs: ")?;
        f.debug_map().entries(epochs.iter().map(|(revision, holder)| (revision.0, holder))).finish()
    }
}

fn drain(feed: &mut Feed) -> Vec<Arc<Change>> {
    let mut changes = Vec::new();
    loop {
        match feed.next().now_or_never() {
            Some(Some(Ok(change))) => changes.push(change),
            None => return changes,
            end => panic!("INV-ST-08: the feed has ended: {end:?}"),
        }
    }
}

pub(super) fn is_ready(pod: &Object) -> bool {
    let status = pod.status::<PodStatus>();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let ready = conditions.into_iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True");
    ready && !pod.meta().is_terminating()
}

pub(super) fn image(pod: &Object) -> Option<String> {
    pod.spec::<SharedPodSpec>()?.common().containers.first()?.image.clone()
}
