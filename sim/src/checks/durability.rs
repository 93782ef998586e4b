use std::collections::BTreeMap;

use setpoint_core::object::{Key, Revision};
use setpoint_store::tables::Snapshot;

use super::{Check, Recovered};

/// What could be seen before the store crashed is there afterwards as it was, unless a write was under way
/// (INV-ST-02, INV-ST-03); and revisions go on from there (INV-ST-01).
#[derive(Debug, Default)]
pub struct Durability;

impl Check for Durability {
    fn id(&self) -> &'static str {
        "INV-ST-02"
    }

    fn recovered(&mut self, recovered: &Recovered<'_>) -> Result<(), String> {
        let Recovered { before, after, .. } = *recovered;
        if after.revision() < before.revision() {
            return Err(format!("the store was at {}, and is at {}", before.revision(), after.revision()));
        }
        let (was, is) = (revisions(recovered, before), revisions(recovered, after));
        for key in was.keys().chain(is.keys()) {
            let (was, is) = (was.get(key), is.get(key));
            if was != is && !may_differ(recovered, key, was, is) {
                return Err(format!("{key} was at {was:?}, and is at {is:?}"));
            }
        }
        Ok(())
    }
}

fn revisions(recovered: &Recovered<'_>, snapshot: &Snapshot) -> BTreeMap<Key, Revision> {
    let all = recovered.kinds.iter().flat_map(|kind| snapshot.list(*kind));
    all.map(|object| (object.key(), object.revision())).collect()
}

/// A write that was under way came through; what it made is newer than everything before.
fn may_differ(recovered: &Recovered<'_>, key: &Key, was: Option<&Revision>, is: Option<&Revision>) -> bool {
    let unnamed = Key { name: "".into(), ..key.clone() };
    let under_way = recovered.under_way.contains(key)
        || was.is_none() && recovered.under_way.contains(&unnamed)
        // A quota is charged with the object that it is charged for.
        || was.is_some() && is.is_some() && recovered.under_way.iter().any(|it| it.namespace == key.namespace);
    under_way && is.is_none_or(|is| *is > recovered.before.revision())
}
