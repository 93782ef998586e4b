use std::fmt;
use std::sync::Arc;

use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Key, Object};
use setpoint_store::engine::Change;
use setpoint_store::tables::{Index, IndexValue};
use setpoint_watch::View;

use crate::queue::Lane;

/// Which root objects a change of some kind concerns.
#[derive(Clone)]
pub struct Relation {
    pub(crate) kind: KindId,
    /// Indices that it looks things up in, by kind.
    pub(crate) indices: Vec<(KindId, Index)>,
    /// Whether it is the root objects' own kind.
    pub(crate) is_root: bool,
    pub(crate) wakes: Arc<Wakes>,
}

type Wakes = dyn Fn(&Change, &dyn View, &mut dyn FnMut(Wake)) + Send + Sync;

/// A root object that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// The root object.
    pub key: Key,
    /// How urgently.
    pub lane: Lane,
}

impl Wake {
    /// Somebody has just changed something.
    pub fn now(key: Key) -> Self {
        Self { key, lane: Lane::High }
    }
}

impl Relation {
    /// The root objects themselves.
    pub fn root(kind: KindId) -> Self {
        let mut relation = Self::mapped(kind, |change, _, wake| {
            // What is there at the start can wait for what is changing now.
            let initial = change.old.is_none() && change.object().revision() < change.revision;
            let lane = if initial { Lane::Low } else { Lane::High };
            wake(Wake { key: change.object().key(), lane });
        });
        relation.is_root = true;
        relation
    }

    /// Objects that a root object controls: the old and the new controller are woken.
    pub fn owned(kind: KindId, root: &Kind) -> Self {
        let (root_id, names) = (root.id, root.names.kind.clone());
        let group = root.resource.group.to_string();
        let namespaced = root.is_namespaced();
        Self::mapped(kind, move |change, _, wake| {
            let controller_of = |object: &Object| {
                let owner = object.meta().controller()?;
                (*owner.kind == *names && owner.group() == group).then(|| Key {
                    kind: root_id,
                    namespace: object.meta().namespace.clone().filter(|_| namespaced),
                    name: owner.name.clone(),
                })
            };
            let old = change.old.as_deref().and_then(controller_of);
            let new = change.new.as_deref().and_then(controller_of);
            if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
                wake(Wake::now(old));
            }
            new.into_iter().map(Wake::now).for_each(wake);
        })
    }

    /// Objects that root objects name: those roots are woken that an index lists under the name.
    ///
    /// `index` gives for a root object the [`IndexValue::Pair`]s of namespace and name (or, for
    /// cluster-scoped kinds, the [`IndexValue::Text`] of the name) of the objects it reads.
    pub fn followed(kind: KindId, root: KindId, index: Index) -> Self {
        let name = index.name().clone();
        let mut relation = Self::mapped(kind, move |change, view, wake| {
            let meta = change.object().meta();
            let value = match &meta.namespace {
                Some(namespace) => IndexValue::Pair(namespace.clone(), meta.name.clone()),
                None => IndexValue::Text(meta.name.clone()),
            };
            let snapshot = view.snapshot();
            let roots = snapshot.by_index(root, &name, &value);
            roots.map(|object| Wake::now(object.key())).for_each(wake);
        });
        relation.indices.push((root, index));
        relation
    }

    /// Whatever a function makes of a change. Old and new version should both be looked at; a snapshot of
    /// the view is to be taken only if it is needed, since writes cost more while one lives.
    pub fn mapped(
        kind: KindId,
        wakes: impl Fn(&Change, &dyn View, &mut dyn FnMut(Wake)) + Send + Sync + 'static,
    ) -> Self {
        Self { kind, indices: Vec::new(), is_root: false, wakes: Arc::new(wakes) }
    }

    /// With an index that the function looks things up in.
    #[must_use]
    pub fn with_index(mut self, kind: KindId, index: Index) -> Self {
        self.indices.push((kind, index));
        self
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relation")
            .field("kind", &self.kind)
            .field("is_root", &self.is_root)
            .finish_non_exhaustive()
    }
}
