use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use setpoint_core::kind::JsonSpec;
use setpoint_core::object::{Object, ObjectRef};

/// The definitions that there are, by name.
#[derive(Debug, Default)]
pub(super) struct Known(BTreeMap<String, Entry>);

/// A definition.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) object: ObjectRef,
    /// Everything but the versions, which are the larger part.
    pub(super) head: Value,
}

impl Entry {
    fn of(object: ObjectRef) -> Self {
        let head = head(&object);
        Self { object, head }
    }

    pub(super) fn group(&self) -> &str {
        self.head["spec"]["group"].as_str().unwrap_or_default()
    }

    /// All of it.
    pub(super) fn whole(&self) -> Value {
        let mut whole = self.object.to_value_without_ownership();
        // Serialized times and the like are those of the head.
        whole["status"] = self.head["status"].clone();
        whole
    }
}

impl Known {
    pub(super) fn of(objects: impl IntoIterator<Item = ObjectRef>) -> Self {
        Self(objects.into_iter().map(|object| (object.meta().name.to_string(), Entry::of(object))).collect())
    }

    pub(super) fn put(&mut self, object: ObjectRef) {
        self.0.insert(object.meta().name.to_string(), Entry::of(object));
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Entry> {
        self.0.remove(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Those of a group.
    pub(super) fn of_group(&self, group: &str) -> Vec<Entry> {
        self.0.values().filter(|entry| entry.group() == group).cloned().collect()
    }
}

fn head(object: &Object) -> Value {
    let spec = object.spec::<JsonSpec>().and_then(|fields| fields.get("spec")).and_then(Value::as_object);
    let mut kept = Map::new();
    for (name, value) in spec.into_iter().flatten().filter(|(name, _)| *name != "versions") {
        kept.insert(name.clone(), value.clone());
    }
    let meta = serde_json::to_value(object.wire_meta()).unwrap_or_default();
    json!({"metadata": meta, "spec": kept, "status": object.status::<Value>()})
}
