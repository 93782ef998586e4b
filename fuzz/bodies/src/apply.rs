//! Server-side apply: what each manager is promised of its configuration.

use jiff::Timestamp;
use serde_json::{Value, json};
use setpoint_core::ownership::{Apply, ApplyError, FieldSet, ManagedFields, Manager, Operation, Tape};
use setpoint_core::schema::{Node, Schema};

use crate::two_documents;

struct World {
    place: &'static Node,
    object: Value,
    managed: ManagedFields,
    second: i64,
}

impl World {
    fn apply(&mut self, name: &str, config: &Value, force: bool) -> Result<(), ApplyError> {
        self.second += 1;
        let manager = manager(name);
        let apply = Apply {
            config,
            place: self.place,
            manager: &manager,
            force,
            ignored: &FieldSet::default(),
            now: Timestamp::from_second(self.second).expect("a small number"),
        };
        let applied = apply.to(&self.object, &self.managed, |_| true)?;
        self.object = applied.object;
        self.managed = applied.managed;
        Ok(())
    }

    fn owned(&self, name: &str) -> FieldSet {
        self.managed.of(&manager(name)).map(|entry| entry.fields.clone()).unwrap_or_default()
    }

    /// The fields of a value in this place.
    fn fields(&self, value: &Value) -> FieldSet {
        Tape::empty(self.place).compare(&Tape::of(value, self.place)).set()
    }
}

fn manager(name: &str) -> Manager {
    Manager {
        name: name.into(),
        operation: Operation::Apply,
        api_version: "v1".into(),
        subresource: "".into(),
    }
}

/// Two managers apply one configuration each, to a pod or to an object of a kind without a schema.
pub fn apply(input: &[u8]) {
    let (schema, input) = match input.split_first() {
        Some((b'p', rest)) => (Schema::of_object("v1", "Pod"), rest),
        Some((_, rest)) => (Schema::untyped(), rest),
        None => return,
    };
    let Some((one, two)) = two_documents(input) else { return };
    if !one.is_object() || !two.is_object() {
        return;
    }
    let (object, managed) = (json!({}), ManagedFields::default());
    let mut world = World { place: schema.node(), object, managed, second: 0 };
    if world.apply("one", &one, false).is_err() {
        return;
    }
    let (first, owned) = (world.object.clone(), world.owned("one"));
    world.apply("one", &one, false).expect("what was applied can be applied again");
    assert_eq!(world.object, first, "{one} twice");
    assert_eq!(world.owned("one"), owned, "{one} twice");
    round_trip(&world.managed);

    let before = world.object.clone();
    match world.apply("two", &two, false) {
        Err(ApplyError::Misfit(_)) => return,
        Err(ApplyError::Conflicts(conflicts)) => {
            assert_eq!(world.object, before);
            for conflict in &conflicts {
                assert_eq!(&*conflict.manager.name, "one");
                assert!(owned.contains(&conflict.path), "{one} and {two}: {:?}", conflict.path);
            }
            world.apply("two", &two, true).expect("force takes all");
            let taken = world.owned("one");
            for conflict in &conflicts {
                assert!(!taken.contains(&conflict.path), "{one} and {two}: {:?} is shared", conflict.path);
            }
        }
        Ok(()) => {
            // Nothing was taken from anybody.
            assert!(world.owned("one").contains_all(&owned), "{one} and {two}");
        }
    }
    let both = world.object.clone();
    world.apply("two", &two, false).expect("what was applied can be applied again");
    assert_eq!(world.object, both, "{one} and {two} twice");
    // Whoever owns a field owns one that is there. (Nothing and an empty map or list can stand for each other.)
    let there = world.fields(&world.object);
    let is_full = !has_nothing(&one) && !has_nothing(&two);
    for name in ["one", "two"] {
        let owns_only_what_is_there = there.contains_all(&world.owned(name));
        assert!(owns_only_what_is_there || !is_full, "{one} and {two}: {name} owns what is not there");
    }
    round_trip(&world.managed);

    // Without the second configuration, what only it wanted goes, and what the first wants stays.
    let kept = world.owned("one");
    world.apply("two", &json!({}), false).expect("nothing conflicts with nothing");
    assert!(world.owned("two").is_empty(), "{one} and {two}");
    let is_kept = world.fields(&world.object).contains_all(&kept);
    assert!(is_kept || !is_full, "{one} and {two}: the first lost something");
}

/// Whether null or something empty is in it.
fn has_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty() || list.iter().any(has_nothing),
        Value::Object(map) => map.is_empty() || map.values().any(has_nothing),
        _ => false,
    }
}

/// What is written of owners is read as the same.
fn round_trip(managed: &ManagedFields) {
    assert_eq!(ManagedFields::from_wire(&managed.to_wire()).as_ref(), Ok(managed));
}
