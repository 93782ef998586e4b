use std::collections::BTreeMap;

use proptest::prelude::*;
use setpoint_core::kind::Kind;
use setpoint_store::tables::IndexValue;

use super::*;
use crate::fixture;

/// A difference in short: place, and the uid and revision before and after.
type Short = (String, Option<(String, u64)>, Option<(String, u64)>);

fn short(change: &Change) -> Short {
    let version = |object: &ObjectRef| {
        (object.meta().uid.as_ref().expect("it has one").to_string(), object.revision().0)
    };
    let name = change.object().meta().name.to_string();
    (name, change.old.as_ref().map(version), change.new.as_ref().map(version))
}

fn shorts(differences: &Differences) -> Vec<Short> {
    differences.iter().map(|change| short(change)).collect()
}

/// Applies differences to what a reader knows, and checks that each fits.
fn replay(known: &mut BTreeMap<String, (String, u64)>, differences: &Differences) {
    for change in differences {
        let (name, old, new) = short(change);
        assert_eq!(known.get(&name).cloned(), old, "a change begins where the one before ended");
        assert!(old.is_some() || new.is_some());
        match new {
            Some(new) => drop(known.insert(name, new)),
            None => drop(known.remove(&name)),
        }
    }
}

fn contents(cache: &Cache, kind: &Kind) -> BTreeMap<String, (String, u64)> {
    cache
        .snapshot()
        .list(kind.id)
        .map(|object| {
            let uid = object.meta().uid.as_ref().expect("it has one").to_string();
            (object.meta().name.to_string(), (uid, object.revision().0))
        })
        .collect()
}

#[test]
fn a_list_is_answered_by_what_differs() {
    // INV-IN-02
    let maps = fixture::maps();
    let cache = Cache::new();
    let object = |name, uid, revision| fixture::object(&maps, name, uid, revision);
    let first = vec![object("c", "3", 3), object("a", "1", 1), object("b", "2", 2)];
    let added = cache.replace(maps.id, first, Revision(5));
    assert_eq!(added.iter().map(|change| &*change.object().meta().name).collect::<Vec<_>>(), ["a", "b", "c"]);
    let second = vec![object("a", "1", 1), object("b", "2", 7), object("c", "4", 8), object("d", "5", 6)];
    let text = |uid: &str, revision| Some((uid.to_owned(), revision));
    assert_eq!(
        shorts(&cache.replace(maps.id, second, Revision(9))),
        [
            ("b".to_owned(), text("2", 2), text("2", 7)),
            // Another object of the same name: both are told.
            ("c".to_owned(), text("3", 3), None),
            ("c".to_owned(), None, text("4", 8)),
            ("d".to_owned(), None, text("5", 6)),
        ]
    );
    let gone = cache.replace(maps.id, vec![], Revision(10));
    assert!(gone.iter().all(|change| change.new.is_none() && change.revision == Revision(10)));
    assert_eq!(gone.len(), 4);
}

#[test]
fn a_removal_shows_what_was_known() {
    let maps = fixture::maps();
    let cache = Cache::new();
    cache.replace(maps.id, vec![fixture::object(&maps, "a", "1", 1)], Revision(5));
    let event = WatchEvent::Deleted(fixture::object(&maps, "a", "1", 6));
    let differences = cache.apply(maps.id, &event);
    assert_eq!(shorts(&differences), [("a".to_owned(), Some(("1".to_owned(), 1)), None)]);
    assert_eq!(differences[0].revision, Revision(6));
    assert!(cache.apply(maps.id, &event).is_empty(), "it is gone already");
}

#[test]
fn a_snapshot_is_as_old_as_the_kind_that_is_furthest_behind() {
    let cache = Cache::new();
    cache.reached(KindId(1), Revision(7));
    assert_eq!(cache.snapshot().revision(), Revision(7));
    cache.reached(KindId(2), Revision::ZERO);
    assert_eq!(cache.snapshot().revision(), Revision::ZERO);
    cache.reached(KindId(2), Revision(9));
    assert_eq!(cache.snapshot().revision(), Revision(7));
    assert_eq!(cache.revision(KindId(2)), Revision(9));
}

#[derive(Debug, Clone)]
enum Step {
    /// Names with their uids and revisions.
    Replace(BTreeMap<u8, (u8, u64)>),
    Put(u8, u8, u64),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let version = || (0u8..3, 1u64..50);
    let step = prop_oneof![
        1 => proptest::collection::btree_map(0u8..12, version(), 0..12).prop_map(Step::Replace),
        4 => (0u8..12, 0u8..3, 1u64..50).prop_map(|(name, uid, revision)| Step::Put(name, uid, revision)),
        2 => (0u8..12).prop_map(Step::Delete),
    ];
    proptest::collection::vec(step, 0..40)
}

proptest! {
    /// Against a map: what is there, what the differences lead to, and what the index lists.
    #[test]
    fn differences_lead_to_what_is_there(steps in steps()) {
        let maps = fixture::maps();
        let cache = Cache::new();
        let by_uid = Index::new("uid", |object, add| {
            add(IndexValue::Uid(object.meta().uid.clone().unwrap_or_else(|| setpoint_core::object::Uid::new(""))));
        });
        cache.add_index(maps.id, by_uid);
        let object = |name: u8, uid: u8, revision| {
            fixture::object(&maps, &format!("o{name:02}"), &uid.to_string(), revision)
        };
        let (mut model, mut replayed) = (BTreeMap::new(), BTreeMap::new());
        for (at, step) in steps.into_iter().enumerate() {
            let revision = Revision(100 + at as u64);
            let differences = match step {
                Step::Replace(all) => {
                    model = all.iter().map(|(name, (uid, revision))| {
                        (format!("o{name:02}"), (uid.to_string(), *revision))
                    }).collect();
                    let all = all.into_iter().rev();
                    let list = all.map(|(name, (uid, revision))| object(name, uid, revision)).collect();
                    cache.replace(maps.id, list, revision)
                }
                Step::Put(name, uid, revision) => {
                    model.insert(format!("o{name:02}"), (uid.to_string(), revision));
                    cache.apply(maps.id, &WatchEvent::Modified(object(name, uid, revision)))
                }
                Step::Delete(name) => {
                    model.remove(&format!("o{name:02}"));
                    cache.apply(maps.id, &WatchEvent::Deleted(object(name, 0, revision.0)))
                }
            };
            replay(&mut replayed, &differences);
            prop_assert_eq!(&contents(&cache, &maps), &model);
            prop_assert_eq!(&replayed, &model);
            for uid in 0u8..3 {
                let value = IndexValue::Uid(setpoint_core::object::Uid::new(&uid.to_string()));
                let listed = cache.snapshot().by_index(maps.id, "uid", &value).count();
                prop_assert_eq!(listed, model.values().filter(|version| version.0 == uid.to_string()).count());
            }
        }
    }
}
