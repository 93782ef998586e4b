//! Events: stored in their core form, served by two groups.

use serde_json::{Map, Value};

use crate::kind::{Conversion, DecodeError, ServedVersion};

/// Between `v1` and `events.k8s.io/v1`, which name some fields differently.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventVersions;

/// Fields with another name: (`v1`, `events.k8s.io/v1`).
const RENAMED: [(&str, &str); 6] = [
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("involvedObject", "regarding"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("message", "note"),
    ("source", "deprecatedSource"),
];

/// `reportingComponent` is called so in `v1` only.
const REPORTING: (&str, &str) = ("reportingComponent", "reportingController");

impl Conversion for EventVersions {
    fn serve(&self, object: Value, version: &ServedVersion) -> Value {
        rename(object, version, |core, events| (core, events))
    }

    fn store(&self, object: Value, version: &ServedVersion) -> Result<Value, DecodeError> {
        Ok(rename(object, version, |core, events| (events, core)))
    }
}

/// Renames the fields of an object unless `version` is the stored one, and sets its `apiVersion`.
fn rename(
    object: Value,
    version: &ServedVersion,
    direction: fn(&'static str, &'static str) -> (&'static str, &'static str),
) -> Value {
    let Value::Object(fields) = object else { return object };
    if version.group.is_empty() {
        return Value::Object(fields);
    }
    let stored_form = direction("stored", "served").1 == "stored";
    let mut renamed: Map<String, Value> = fields
        .into_iter()
        .map(|(field, value)| {
            let new_name = RENAMED
                .iter()
                .chain([&REPORTING])
                .map(|&(core, events)| direction(core, events))
                .find(|(from, _)| *from == field);
            (new_name.map_or(field, |(_, to)| to.to_owned()), value)
        })
        .collect();
    let api_version = if stored_form { "v1".to_owned() } else { version.api_version() };
    renamed.insert("apiVersion".to_owned(), Value::String(api_version));
    Value::Object(renamed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_groups_show_the_same_event() {
        let version = ServedVersion { group: "events.k8s.io".into(), version: "v1".into() };
        let stored = json!({
            "apiVersion": "v1", "kind": "Event", "message": "m", "count": 2,
            "involvedObject": {"name": "x"}, "reportingComponent": "c", "type": "Normal",
        });
        let served = EventVersions.serve(stored.clone(), &version);
        assert_eq!(served["note"], "m");
        assert_eq!(served["regarding"]["name"], "x");
        assert_eq!(served["reportingController"], "c");
        assert_eq!(served["apiVersion"], "events.k8s.io/v1");
        assert_eq!(EventVersions.store(served, &version), Ok(stored));
    }
}
