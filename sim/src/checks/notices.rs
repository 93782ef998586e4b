use setpoint_store::tables::{Index, IndexValue};

use super::{Check, Seen, Told};

/// What a process is told is a legal summary of what happened: each change begins where the one before has
/// ended, and shows nothing that was never true; and the owner index says what the objects say (INV-IN-03).
#[derive(Debug, Default)]
pub struct Notices;

impl Check for Notices {
    fn id(&self) -> &'static str {
        "INV-IN-03"
    }

    fn told(&mut self, told: &Told<'_>) -> Result<(), String> {
        let (reader, change) = (told.reader, told.change);
        let key = change.object().key();
        if !told.is_rereading {
            let (known, old) =
                (told.before.map(|it| it.revision()), change.old.as_ref().map(|it| it.revision()));
            if known != old {
                return Err(format!(
                    "{reader} knew {key} at {known:?}, and is told of a change from {old:?}"
                ));
            }
        }
        let Some(now) = &change.new else { return Ok(()) };
        match told.truth.get(&key) {
            Some(there) if there.meta().uid == now.meta().uid && there.revision() < now.revision() => {
                Err(format!("{reader} is told of {key} at {}, which is yet to come", now.revision()))
            }
            _ => Ok(()),
        }
    }

    fn seen(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        for object in seen.view.list(seen.kind) {
            for owner in &*object.meta().owner_references {
                let value = IndexValue::Uid(owner.uid.clone());
                let key = object.key();
                let mut owned = seen.view.by_index(seen.kind, Index::owner().name(), &value);
                if !owned.any(|child| child.key() == key) {
                    return Err(format!(
                        "{} does not list {key} under its owner {}",
                        seen.process, owner.name
                    ));
                }
            }
        }
        Ok(())
    }
}
