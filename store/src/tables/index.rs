use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Object, ObjectRef, Text, Uid};

use super::table::Place;
use super::{Entry, Tree};

/// A way to find objects other than by name: gives the values under which an object is listed.
///
/// Two indices with one name are the same index. The function is pure: what it gives depends on the object
/// alone.
#[derive(Clone)]
pub struct Index {
    name: Text,
    values: Arc<Values>,
    is_unique: bool,
}

/// The name of [`Index::owner`].
pub(super) const OWNER: &str = "owner";

type Values = dyn Fn(&Object, &mut dyn FnMut(IndexValue)) + Send + Sync;

/// A value under which objects are listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexValue {
    /// The uid of another object.
    Uid(Uid),
    /// A name that is unique.
    Text(Text),
    /// A name within a namespace, or a value of a label within a namespace.
    Pair(Text, Text),
}

impl Index {
    /// An index of one's own.
    pub fn new(
        name: impl Into<Text>,
        values: impl Fn(&Object, &mut dyn FnMut(IndexValue)) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), values: Arc::new(values), is_unique: false }
    }

    /// Objects by the uid of each of their owners. Every kind has it.
    pub fn owner() -> Self {
        Self::new(OWNER, |object, add| {
            for reference in &*object.meta().owner_references {
                add(IndexValue::Uid(reference.uid.clone()));
            }
        })
    }

    /// Objects that no controller manages, by namespace (empty for cluster-scoped ones). Every kind has it.
    pub fn orphan() -> Self {
        Self::new("orphan", |object, add| {
            if object.meta().controller().is_none() {
                add(IndexValue::Text(object.meta().namespace.clone().unwrap_or_default()));
            }
        })
    }

    /// Pods by the node they are bound to; those of no node under the empty name.
    pub fn node() -> Self {
        Self::new("node", |object, add| {
            if let Some(spec) = object.spec::<SharedPodSpec>() {
                add(IndexValue::Text(spec.node_name_text().cloned().unwrap_or_default()));
            }
        })
    }

    /// Objects by namespace and the value of a label.
    pub fn label(label: &str) -> Self {
        let key: Text = label.into();
        Self::new(format!("label {label}"), move |object, add| {
            if let Some(value) = object.meta().labels.get_text(&key) {
                let namespace = object.meta().namespace.clone().unwrap_or_default();
                add(IndexValue::Pair(namespace, value.clone()));
            }
        })
    }

    /// The same, and no two objects are listed under one value: an engine refuses the commit of the second, with a mismatch
    /// at the object that has the value. What an object had before, it may keep.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.is_unique = true;
        self
    }

    /// Whether no two objects are listed under one value.
    pub fn is_unique(&self) -> bool {
        self.is_unique
    }

    /// What a version of an object is listed under that an earlier one is not.
    pub(crate) fn gained(&self, new: &Object, old: Option<&Object>) -> Vec<IndexValue> {
        let mut gained = Vec::new();
        self.values_of(new, &mut |value| gained.push(value));
        if let Some(old) = old {
            self.values_of(old, &mut |value| gained.retain(|gained| *gained != value));
        }
        gained
    }

    /// What it is called.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// The values under which an object is listed.
    pub fn values_of(&self, object: &Object, add: &mut dyn FnMut(IndexValue)) {
        (self.values)(object, add);
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({})", self.name)
    }
}

/// An index with the objects it lists.
#[derive(Clone)]
pub(super) struct Listing {
    pub(super) index: Index,
    buckets: Tree<Bucket>,
}

/// The objects under one value; never empty.
#[derive(Clone)]
struct Bucket {
    value: IndexValue,
    members: Tree<ObjectRef>,
}

impl Entry for Bucket {
    type Key = IndexValue;
    type Probe<'a> = &'a IndexValue;

    fn key(&self) -> IndexValue {
        self.value.clone()
    }

    fn probe(&self) -> &IndexValue {
        &self.value
    }

    fn compare(&self, probe: &&IndexValue) -> Ordering {
        self.value.cmp(probe)
    }

    fn compare_key(key: &IndexValue, probe: &&IndexValue) -> Ordering {
        key.cmp(probe)
    }
}

impl Listing {
    pub(super) fn new(index: Index) -> Self {
        Self { index, buckets: Tree::default() }
    }

    /// Lists `new` instead of `old`, which are two versions of one object.
    pub(super) fn replace(&mut self, old: Option<&ObjectRef>, new: Option<&ObjectRef>) {
        let Self { index, buckets } = self;
        if let Some(new) = new {
            index.values_of(new, &mut |value| {
                let added = buckets.with_mut(&&value, |bucket| bucket.members.insert(Arc::clone(new)));
                if added.is_none() {
                    let mut members = Tree::default();
                    members.insert(Arc::clone(new));
                    buckets.insert(Bucket { value, members });
                }
            });
        }
        if let Some(old) = old {
            index.values_of(old, &mut |value| {
                let still_listed = new.is_some_and(|new| {
                    let mut listed = false;
                    index.values_of(new, &mut |candidate| listed |= candidate == value);
                    listed
                });
                if !still_listed {
                    remove(buckets, &value, old);
                }
            });
        }
    }

    pub(super) fn get(&self, value: &IndexValue) -> Option<&Tree<ObjectRef>> {
        self.buckets.get(&value).map(|bucket| &bucket.members)
    }
}

fn remove(buckets: &mut Tree<Bucket>, value: &IndexValue, object: &ObjectRef) {
    let emptied = buckets.with_mut(&value, |bucket| {
        bucket.members.remove(&Place::of(object));
        bucket.members.is_empty()
    });
    if emptied == Some(true) {
        buckets.remove(&value);
    }
}
