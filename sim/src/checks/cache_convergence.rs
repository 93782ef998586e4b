use std::collections::BTreeMap;

use setpoint_core::object::{Key, Revision};

use super::{Check, Seen};

/// At rest every process sees what is true, and its readers were told of it; and a view that calls itself complete
/// shows what has been there for long (INV-IN-04, INV-IN-10).
#[derive(Debug, Default)]
pub struct CacheConvergence;

impl Check for CacheConvergence {
    fn id(&self) -> &'static str {
        "INV-IN-04"
    }

    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let process = seen.process;
        let due = |revision: Revision| revision <= seen.due;
        let truth: BTreeMap<Key, Revision> =
            seen.truth.list(seen.kind).map(|it| (it.key(), it.revision())).collect();
        let view: BTreeMap<Key, Revision> =
            seen.view.list(seen.kind).map(|it| (it.key(), it.revision())).collect();
        for (key, revision) in truth.iter().filter(|(_, revision)| due(**revision)) {
            if view.get(key).is_none_or(|shown| shown < revision) {
                let shown = view.get(key);
                return Err(format!("{process} sees {key} at {shown:?} that is at {revision}"));
            }
        }
        let Some(told) = seen.told else { return Ok(()) };
        if let Some(left) = view.keys().find(|key| !truth.contains_key(key)) {
            return Err(format!("{process} still sees {left}, which is gone"));
        }
        let told: BTreeMap<Key, Revision> =
            told.iter().map(|(key, object)| (key.clone(), object.revision())).collect();
        if told != truth {
            let differs = |(key, revision): &(&Key, &Revision)| truth.get(key) != Some(revision);
            let wrong = told.iter().find(differs).map(|(key, _)| key);
            let missing = truth.keys().find(|key| !told.contains_key(key));
            return Err(format!(
                "a reader of {process} was told of {} objects where {} are there; {:?} is wrong",
                told.len(),
                truth.len(),
                wrong.or(missing)
            ));
        }
        Ok(())
    }
}
