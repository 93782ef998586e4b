use std::fmt;
use std::sync::Arc;

use setpoint_core::kind::{DecodeError, Kind, Parts};
use setpoint_core::object::{Key, Obj, ObjectRef, Text, Uid};
use setpoint_core::selector::LabelSelector;
use setpoint_store::tables::{Index, IndexValue};

use crate::view::View;

/// Reads the objects of one kind from a [`View`], as values of the API type `K`. Clones share.
///
/// Nothing is asked of a store and nothing is copied: what it gives are the view's own objects, shared. So
/// it answers at once, as of what the view knows: in the store's process everything, elsewhere what the
/// informer was told ([`View::synced`] tells when that is complete for the first time).
///
/// ```
/// use k8s_openapi::api::core::v1::ConfigMap;
/// use setpoint_core::env::Simulation;
/// use setpoint_core::selector::LabelSelector;
/// use setpoint_store::tables::{Index, IndexValue};
/// use setpoint_store::{ObjectStore, ObjectStoreExt, Objects, Store};
/// use setpoint_watch::{DirectView, Lister};
/// use std::sync::Arc;
///
/// let sim = Simulation::new(1);
/// let store = Store::memory(&sim.env());
/// let done = sim.block_on(async {
///     store.ensure_namespace("default").await?;
///     let kind = store.kind_of::<ConfigMap>()?;
///     let view = DirectView::new(Arc::new(store.clone())).expect("it is in this process");
///     let maps = Lister::<ConfigMap>::of_parts(Arc::new(view), &kind);
///     let by_app = maps.index(Index::label("app"));
///
///     let mut map = ConfigMap::default();
///     map.metadata.name = Some("greeting".to_owned());
///     map.metadata.labels = Some([("app".to_owned(), "web".to_owned())].into());
///     Objects::<ConfigMap>::namespaced(&store, "default")?.create(map).await?;
///
///     let web = LabelSelector::from_labels([(&"app".to_owned(), &"web".to_owned())]);
///     assert_eq!(maps.list(Some("default"), &web).expect("config maps").len(), 1);
///     assert_eq!(by_app.count(&IndexValue::Pair("default".into(), "web".into())), 1);
///     setpoint_core::Result::<()>::Ok(())
/// });
/// done.expect("nothing waits").expect("all is valid");
/// ```
pub struct Lister<K> {
    view: Arc<dyn View>,
    kind: Arc<Kind>,
    typed: Typed<K>,
}

type Typed<K> = fn(ObjectRef) -> Result<Obj<K>, DecodeError>;

/// Reads the objects of one kind by an index that is sure to be there. Clones share.
pub struct ListerIndex<K> {
    lister: Lister<K>,
    name: Text,
}

impl<K: Send + Sync + 'static> Lister<K> {
    /// Reads a kind that `K` stands for.
    pub fn new(view: Arc<dyn View>, kind: &Arc<Kind>) -> Self {
        Self { view, kind: Arc::clone(kind), typed: Obj::new }
    }

    /// An object; the namespace is `None` for cluster-scoped kinds.
    ///
    /// # Errors
    ///
    /// If it is not a `K`.
    pub fn get(&self, namespace: Option<&str>, name: &str) -> Result<Option<Obj<K>>, DecodeError> {
        let key = Key { kind: self.kind.id, namespace: namespace.map(Into::into), name: name.into() };
        let object = self.view.snapshot().get(&key).cloned();
        object.map(self.typed).transpose()
    }

    /// The objects with such labels in a namespace, or in all of them, ordered by namespace and name.
    ///
    /// # Errors
    ///
    /// If one of them is not a `K`: a list that leaves something out is none (INV-IN-10).
    pub fn list(&self, namespace: Option<&str>, labels: &LabelSelector) -> Result<Vec<Obj<K>>, DecodeError> {
        let snapshot = self.view.snapshot();
        let selected = |object: &&ObjectRef| labels.matches(|key| object.meta().labels.get(key));
        match namespace {
            Some(namespace) => self.typed(snapshot.list_namespace(self.kind.id, namespace).filter(selected)),
            None => self.typed(snapshot.list(self.kind.id).filter(selected)),
        }
    }

    /// The objects that name this owner, ordered by namespace and name.
    ///
    /// # Errors
    ///
    /// If one of them is not a `K`.
    pub fn owned_by(&self, owner: &Uid) -> Result<Vec<Obj<K>>, DecodeError> {
        let snapshot = self.view.snapshot();
        // Every kind has this index.
        self.typed(snapshot.by_index(self.kind.id, "owner", &IndexValue::Uid(owner.clone())))
    }

    /// Adds an index, unless the kind has one of its name, and gives the handle to read by it.
    pub fn index(&self, index: Index) -> ListerIndex<K> {
        let name = index.name().clone();
        self.view.add_index(self.kind.id, index);
        ListerIndex { lister: self.clone(), name }
    }

    /// The kind.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    fn typed<'a>(&self, objects: impl Iterator<Item = &'a ObjectRef>) -> Result<Vec<Obj<K>>, DecodeError> {
        objects.map(|object| (self.typed)(Arc::clone(object))).collect()
    }
}

impl<K: Parts> Lister<K> {
    /// Reads a kind with parts: spec and status are read where they are, and a whole value is built only
    /// for those who ask for it.
    pub fn of_parts(view: Arc<dyn View>, kind: &Arc<Kind>) -> Self {
        Self {
            view,
            kind: Arc::clone(kind),
            typed: |object| match Obj::of_parts(Arc::clone(&object)) {
                Some(object) => Ok(object),
                // Kept otherwise, which can be read nevertheless.
                None => Obj::new(object),
            },
        }
    }
}

impl<K: Send + Sync + 'static> ListerIndex<K> {
    /// The objects listed under a value, ordered by namespace and name.
    ///
    /// # Errors
    ///
    /// If one of them is not a `K`.
    pub fn get(&self, value: &IndexValue) -> Result<Vec<Obj<K>>, DecodeError> {
        let Lister { view, kind, .. } = &self.lister;
        self.lister.typed(view.snapshot().by_index(kind.id, &self.name, value))
    }

    /// How many there are.
    pub fn count(&self, value: &IndexValue) -> usize {
        let Lister { view, kind, .. } = &self.lister;
        view.snapshot().count_by_index(kind.id, &self.name, value)
    }
}

impl<K> Clone for Lister<K> {
    fn clone(&self) -> Self {
        Self { view: Arc::clone(&self.view), kind: Arc::clone(&self.kind), typed: self.typed }
    }
}

impl<K> Clone for ListerIndex<K> {
    fn clone(&self) -> Self {
        Self { lister: self.lister.clone(), name: self.name.clone() }
    }
}

impl<K> fmt::Debug for Lister<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lister").field(&self.kind.resource).finish()
    }
}

impl<K> fmt::Debug for ListerIndex<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListerIndex").field(&self.lister.kind.resource).field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
