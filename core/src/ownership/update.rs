//! What becomes of ownership when somebody writes otherwise than by applying (PATCH-12, PATCH-13).

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use super::{Comparison, Element, Entry, FieldSet, ManagedFields, Manager, Operation};

/// Updating managers that an object knows at the most.
pub const UPDATE_MANAGERS_MAX: usize = 10;

/// Under this name the oldest managers are forgotten together.
pub const ANCIENT_CHANGES: &str = "ancient-changes";

/// Fields that nobody owns: what they are is not for a client to say.
static NEVER_OWNED: LazyLock<FieldSet> = LazyLock::new(|| {
    let metadata = Element::field("metadata");
    let within = [
        "name",
        "namespace",
        "creationTimestamp",
        "selfLink",
        "uid",
        "clusterName",
        "generation",
        "managedFields",
        "resourceVersion",
    ];
    let whole = ["apiVersion", "kind", "metadata"].map(|field| vec![Element::field(field)]);
    let within = within.map(|field| vec![metadata.clone(), Element::field(field)]);
    whole.into_iter().chain(within).collect()
});

/// Without what nobody owns.
pub(super) fn owned(fields: &FieldSet) -> FieldSet {
    fields.difference(&NEVER_OWNED)
}

impl ManagedFields {
    /// Ownership after `manager` changed an object as `changed` says: what it set is its own, and nobody's else; what
    /// is gone nobody owns.
    ///
    /// Entries of versions for which `is_served` is false are dropped. Entries that stay as they are stay shared.
    #[must_use]
    pub fn updated(
        &self,
        changed: &Comparison,
        manager: &Manager,
        now: Timestamp,
        is_served: impl Fn(&str) -> bool,
    ) -> Self {
        let set = changed.set();
        let own = owned(&set);
        let previous = self.of(manager);
        let mut entries: Vec<Arc<Entry>> = Vec::with_capacity(self.entries().len() + 1);
        for entry in self.entries().iter().filter(|entry| is_served(&entry.manager.api_version)) {
            let is_own = previous.is_some_and(|own| Arc::ptr_eq(own, entry)) && !own.is_empty();
            if is_own {
                continue;
            }
            entries.extend(with_fields(entry, entry.fields.difference(&set).difference(&changed.removed)));
        }
        if !own.is_empty() {
            let fields = match previous {
                // What was taken from it and is its own again was in neither set alone.
                Some(previous) => previous.fields.difference(&changed.removed).union(&own),
                None => own,
            };
            entries.push(match previous {
                Some(previous) if previous.time == Some(now) && previous.fields.ptr_eq(&fields) => {
                    Arc::clone(previous)
                }
                _ => Arc::new(Entry { manager: manager.clone(), time: Some(now), fields }),
            });
        }
        Self::new(capped(entries))
    }
}

/// The entry with other fields; none without any.
pub(super) fn with_fields(entry: &Arc<Entry>, fields: FieldSet) -> Option<Arc<Entry>> {
    if fields.ptr_eq(&entry.fields) {
        return Some(Arc::clone(entry));
    }
    (!fields.is_empty()).then(|| Arc::new(Entry { fields, ..Entry::clone(entry) }))
}

/// Merges the oldest updating managers, each with others of its version, until there are few enough.
fn capped(mut entries: Vec<Arc<Entry>>) -> Vec<Arc<Entry>> {
    let is_update = |entry: &Arc<Entry>| entry.manager.operation == Operation::Update;
    let mut count = entries.iter().filter(|entry| is_update(entry)).count();
    if count <= UPDATE_MANAGERS_MAX {
        return entries;
    }
    let mut oldest: Vec<Arc<Entry>> = entries.iter().filter(|entry| is_update(entry)).cloned().collect();
    oldest.sort_by_key(|entry| {
        let manager = &entry.manager;
        let name = [&manager.name, &manager.api_version, &manager.subresource].map(Arc::clone);
        (entry.time.map_or(0, Timestamp::as_second), name)
    });
    let mut firsts: Vec<Arc<Entry>> = Vec::new();
    for entry in oldest {
        if count <= UPDATE_MANAGERS_MAX {
            break;
        }
        let version = &entry.manager.api_version;
        let Some(first) = firsts.iter_mut().find(|first| first.manager.api_version == *version) else {
            firsts.push(entry);
            continue;
        };
        let bucket = Manager {
            name: ANCIENT_CHANGES.into(),
            subresource: "".into(),
            ..Manager::clone(&entry.manager)
        };
        let known =
            entries.iter().find(|other| other.manager == bucket && !Arc::ptr_eq(other, &entry)).cloned();
        let into = known.unwrap_or_else(|| Arc::clone(first));
        let fields = into.fields.union(&entry.fields);
        let merged = Arc::new(Entry { fields, time: entry.time, manager: bucket });
        entries.retain(|other| !Arc::ptr_eq(other, &into) && !Arc::ptr_eq(other, &entry));
        entries.push(Arc::clone(&merged));
        if Arc::ptr_eq(first, &into) {
            *first = merged;
        }
        count -= 1;
    }
    entries
}
