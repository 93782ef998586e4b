use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// An object with its owners.
#[derive(Clone)]
struct World {
    object: Value,
    managed: ManagedFields,
    second: i64,
}

impl World {
    fn new(api_version: &str, kind: &str) -> Self {
        let object = json!({ "apiVersion": api_version, "kind": kind });
        Self { object, managed: ManagedFields::default(), second: 0 }
    }

    fn apply(&mut self, name: &str, force: bool, body: &Value) -> Result<(), ApplyError> {
        let mut config = self.object.clone();
        config
            .as_object_mut()
            .expect("an object")
            .retain(|field, _| field == "apiVersion" || field == "kind");
        config.as_object_mut().expect("an object").extend(body.as_object().expect("an object").clone());
        let api_version = config["apiVersion"].as_str().expect("a version").to_owned();
        self.second += 1;
        let apply = Apply {
            config: &config,
            place: place_of(&config),
            manager: &applier(name, &api_version),
            force,
            ignored: &FieldSet::default(),
            now: at(self.second),
        };
        let applied = apply.to(&self.object, &self.managed, |_| true)?;
        self.object = applied.object;
        self.managed = applied.managed;
        Ok(())
    }

    fn update(&mut self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut new = self.object.clone();
        change(&mut new);
        let place = place_of(&new);
        let changed = Tape::of(&self.object, place).compare(&Tape::of(&new, place));
        self.second += 1;
        let api_version = new["apiVersion"].as_str().expect("a version").to_owned();
        self.managed =
            self.managed.updated(&changed, &updater(name, &api_version), at(self.second), |_| true);
        self.object = new;
    }

    fn fields_of(&self, name: &str) -> Option<String> {
        let entry = self.managed.entries().iter().find(|entry| &*entry.manager.name == name)?;
        Some(entry.fields.to_json())
    }
}

fn data(body: Value) -> Value {
    json!({ "data": body })
}

#[test]
fn the_recorded_session_of_four_managers() {
    // PATCH-10, PATCH-11: conformance/golden/api-apply.json
    let mut world = World::new("v1", "ConfigMap");
    world.apply("one", false, &data(json!({"x": "1", "y": "1"}))).expect("nothing is there");
    assert_eq!(world.fields_of("one").as_deref(), Some(r#"{"f:data":{"f:x":{},"f:y":{}}}"#));

    let error = world.apply("two", false, &data(json!({"y": "2"}))).expect_err("it is one's");
    assert_eq!(error.to_string(), r#"Apply failed with 1 conflict: conflict with "one": .data.y"#);

    world.apply("two", true, &data(json!({"y": "2", "z": "2"}))).expect("by force");
    assert_eq!(world.fields_of("one").as_deref(), Some(r#"{"f:data":{"f:x":{}}}"#));
    assert_eq!(world.fields_of("two").as_deref(), Some(r#"{"f:data":{"f:y":{},"f:z":{}}}"#));

    let before = world.managed.clone();
    world.apply("one", false, &data(json!({"x": "1"}))).expect("it is its own");
    assert_eq!(world.managed, before, "PATCH-17: not even the time");

    world.apply("one", false, &data(json!({}))).expect("giving up is always possible");
    assert_eq!(world.object["data"], json!({"y": "2", "z": "2"}));
    assert_eq!(world.fields_of("one").as_deref(), Some(r#"{"f:data":{}}"#));
    let names: Vec<&str> = world.managed.entries().iter().map(|entry| &*entry.manager.name).collect();
    assert_eq!(names, ["two", "one"]);

    world.update("three", |object| object["data"]["z"] = "3".into());
    assert_eq!(world.fields_of("two").as_deref(), Some(r#"{"f:data":{"f:y":{}}}"#));
    assert_eq!(world.fields_of("three").as_deref(), Some(r#"{"f:data":{"f:z":{}}}"#));
    let error = world.apply("two", false, &data(json!({"z": "2"}))).expect_err("it is three's");
    assert_eq!(error.to_string(), r#"Apply failed with 1 conflict: conflict with "three" using v1: .data.z"#);
}

#[test]
fn conflicts_are_told_by_manager_and_as_causes() {
    // PATCH-11
    let mut world = World::new("apps/v1", "Deployment");
    let body = |replicas: i64, image: &str| json!({"spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "c", "image": image}]}}}});
    world.apply("b", false, &body(1, "c:1")).expect("nothing is there");
    world.update("a", |object| object["spec"]["replicas"] = 2.into());
    let error = world.apply("c", false, &body(3, "c:2")).expect_err("both are others'");
    let expect = "Apply failed with 2 conflicts: conflicts with \"a\" using apps/v1:\n- .spec.replicas\n\
                  conflicts with \"b\":\n- .spec.template.spec.containers[name=\"c\"].image";
    assert_eq!(error.to_string(), expect);
    let error = crate::Error::from(error);
    assert!(error.is_conflict());
    let causes: Vec<_> =
        error.details().causes.iter().map(|cause| (&*cause.reason, &*cause.message, &*cause.field)).collect();
    assert_eq!(
        causes,
        [
            ("FieldManagerConflict", r#"conflict with "a" using apps/v1"#, ".spec.replicas"),
            (
                "FieldManagerConflict",
                r#"conflict with "b""#,
                r#".spec.template.spec.containers[name="c"].image"#
            ),
        ]
    );
}

#[test]
fn what_several_own_stays_until_the_last_gives_it_up() {
    // PATCH-10
    let mut world = World::new("v1", "ConfigMap");
    let both = data(json!({"a": "1", "b": "1"}));
    world.apply("one", false, &both).expect("nothing is there");
    world.apply("two", false, &both).expect("the values are the same");
    world.apply("one", false, &data(json!({"a": "1"}))).expect("its own");
    assert_eq!(world.object["data"], json!({"a": "1", "b": "1"}));
    world.apply("two", false, &data(json!({"a": "1"}))).expect("its own");
    assert_eq!(world.object["data"], json!({"a": "1"}));
    world.apply("two", false, &json!({})).expect("its own");
    assert_eq!(world.object["data"], json!({"a": "1"}));
    assert_eq!(world.fields_of("two"), None);
    world.apply("one", false, &json!({})).expect("its own");
    assert_eq!(world.object.get("data").filter(|data| !data.is_null()), None);
    assert!(world.managed.is_empty());
}

#[test]
fn an_item_goes_with_the_last_who_applied_it() {
    // PATCH-10
    let mut world = World::new("v1", "Pod");
    let item = |name: &str| json!({"name": name, "image": "i"});
    let pod = |items: &[Value]| json!({"spec": {"containers": items}});
    world.apply("one", false, &pod(&[item("a"), item("b")])).expect("nothing is there");
    world.update("two", |object| object["spec"]["containers"][0]["tty"] = true.into());
    world.update("two", |object| object["spec"]["containers"][1]["tty"] = true.into());
    world.apply("one", false, &pod(&[item("a")])).expect("its own");
    let left = json!([{"name": "a", "image": "i", "tty": true}]);
    assert_eq!(world.object["spec"]["containers"], left, "what others set in an item does not hold it");
    let expect = r#"{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:tty":{}}}}}"#;
    assert_eq!(world.fields_of("two").as_deref(), Some(expect));
}

#[test]
fn merged_lists_follow_the_applied_order() {
    // PATCH-10: {live, applied, merged}
    let rows: [(&[&str], &[&str], &[&str]); 7] = [
        (&["a", "b"], &["b", "a"], &["b", "a"]),
        (&["a", "b", "c"], &["c"], &["a", "b", "c"]),
        (&["a", "b"], &["c"], &["a", "b", "c"]),
        (&["a", "b", "c"], &["c", "d", "a"], &["b", "c", "d", "a"]),
        (&["a", "x", "b"], &["a", "b"], &["a", "x", "b"]),
        (&[], &["b", "a"], &["b", "a"]),
        (&["a"], &["b", "a", "c"], &["b", "a", "c"]),
    ];
    for (live, applied, merged) in rows {
        let mut world = World::new("v1", "ConfigMap");
        let of = |finalizers: &[&str]| json!({"metadata": {"finalizers": finalizers}});
        world.apply("one", false, &of(live)).expect("nothing is there");
        world.apply("two", false, &of(applied)).expect("sets have no conflicts");
        assert_eq!(world.object["metadata"]["finalizers"], json!(merged), "{live:?} {applied:?}");
    }
}

#[test]
fn what_does_not_fit_the_schema_is_refused() {
    // PATCH-10
    let rows = [
        (json!({"spec": {"replicaz": 1}}), ".spec.replicaz: field not declared in schema"),
        (json!({"spec": {"replicas": "1"}}), ".spec.replicas: expected numeric (int or float), got \"1\""),
        (
            json!({"spec": {"template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}}}),
            ".spec.template.spec.containers: duplicate entries for key [name=\"a\"]",
        ),
        (
            json!({"spec": {"template": {"spec": {"containers": [{"image": "a"}]}}}}),
            ".spec.template.spec.containers: element 0: associative list with keys has an element that omits all key \
             fields [\"name\"] (and doesn't have default values for any key fields)",
        ),
        (json!({"spec": []}), ".spec: expected map, got []"),
    ];
    for (body, expect) in rows {
        let error = World::new("apps/v1", "Deployment").apply("one", false, &body).expect_err(expect);
        assert_eq!(error.to_string(), expect);
    }
}

#[test]
fn an_object_without_history_gets_one_at_the_first_apply() {
    // PATCH-13
    let mut world = World::new("v1", "ConfigMap");
    world.object["data"] = json!({"a": "1", "b": "1"});
    let error = world.apply("one", false, &data(json!({"a": "2"}))).expect_err("somebody set it");
    assert!(error.to_string().contains(BEFORE_FIRST_APPLY), "{error}");
    world.apply("one", true, &data(json!({"a": "2"}))).expect("by force");
    assert_eq!(world.fields_of(BEFORE_FIRST_APPLY).as_deref(), Some(r#"{"f:data":{".":{},"f:b":{}}}"#));
}

#[test]
fn an_applier_has_one_entry_whatever_its_version() {
    // PATCH-10
    let mut world = World::new("example.com/v1", "Site");
    world.apply("one", false, &json!({"spec": {"a": 1, "b": 1}})).expect("nothing is there");
    world.object["apiVersion"] = "example.com/v2".into();
    world.apply("one", false, &json!({"spec": {"a": 1}})).expect("its own");
    assert_eq!(world.managed.entries().len(), 1);
    assert_eq!(&*world.managed.entries()[0].manager.api_version, "example.com/v2");
    assert_eq!(world.object["spec"], json!({"a": 1}));
}

#[test]
fn kubectl_takes_over_what_it_applied_from_the_client() {
    // PATCH-15
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let last = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1", "b": "1"}}).to_string();
    let client = |world: &mut World| {
        world.update("kubectl-client-side-apply", |object| {
            object["metadata"] = json!({"annotations": {key: last}});
            object["data"] = json!({"a": "1", "b": "2"});
        });
    };
    let mut world = World::new("v1", "ConfigMap");
    client(&mut world);
    let error =
        world.apply("kubectl", false, &data(json!({"a": "3", "b": "3"}))).expect_err("b was changed since");
    assert!(error.to_string().ends_with(": .data.b"), "{error}");
    assert!(world.clone().apply("other", false, &data(json!({"a": "3"}))).is_err(), "only kubectl may");
    world.apply("kubectl", false, &data(json!({"a": "3"}))).expect("it was its own");
    let refreshed = world.object["metadata"]["annotations"][key].as_str().expect("it is kept");
    assert_eq!(refreshed, "{\"apiVersion\":\"v1\",\"data\":{\"a\":\"3\"},\"kind\":\"ConfigMap\"}\n");
}

/// What the rules say of a map with entries and nothing else.
#[derive(Default, Clone)]
struct Model {
    values: BTreeMap<String, String>,
    owners: BTreeMap<String, BTreeSet<String>>,
}

impl Model {
    fn apply(&mut self, name: &str, config: &BTreeMap<String, String>, force: bool) -> bool {
        let changed: BTreeSet<&String> = config
            .iter()
            .filter(|(key, value)| self.values.get(*key) != Some(value))
            .map(|(key, _)| key)
            .collect();
        let taken = |owner: &String, keys: &BTreeSet<String>| {
            owner != name && keys.iter().any(|key| changed.contains(key))
        };
        if !force && self.owners.iter().any(|(owner, keys)| taken(owner, keys)) {
            return false;
        }
        for (owner, keys) in &mut self.owners {
            if owner != name {
                keys.retain(|key| !changed.contains(key));
            }
        }
        let before =
            self.owners.insert(name.to_owned(), config.keys().cloned().collect()).unwrap_or_default();
        for key in before {
            if !self.owners.values().any(|keys| keys.contains(&key)) {
                self.values.remove(&key);
            }
        }
        self.values.extend(config.clone());
        true
    }

    fn update(&mut self, name: &str, key: &str, value: Option<&str>) {
        if self.values.get(key).map(String::as_str) == value {
            return;
        }
        for keys in self.owners.values_mut() {
            keys.remove(key);
        }
        match value {
            Some(value) => {
                self.values.insert(key.to_owned(), value.to_owned());
                self.owners.entry(name.to_owned()).or_default().insert(key.to_owned());
            }
            None => {
                self.values.remove(key);
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Act {
    Apply(String, BTreeMap<String, String>, bool),
    Update(String, String, Option<String>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        ("[xyz]", prop::collection::btree_map("[abc]", "[12]", 0..3), any::<bool>())
            .prop_map(|(name, config, force)| Act::Apply(name, config, force)),
        ("[uv]", "[abc]", prop::option::of("[12]".prop_map(String::from)))
            .prop_map(|(name, key, value)| Act::Update(name, key, value)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn applying_does_what_the_rules_say(acts in prop::collection::vec(act(), 1..15)) {
        let mut world = World::new("v1", "ConfigMap");
        // Somebody holds the map itself, and there is a history from the start.
        world.apply("holder", false, &data(json!({"held": ""}))).expect("nothing is there");
        let mut model = Model::default();
        model.apply("holder", &[("held".to_owned(), String::new())].into(), false);
        for act in acts {
            match &act {
                Act::Apply(name, config, force) => {
                    let applied = world.apply(name, *force, &data(json!(config))).is_ok();
                    prop_assert_eq!(applied, model.apply(name, config, *force), "{:?}", act);
                }
                Act::Update(name, key, value) => {
                    model.update(name, key, value.as_deref());
                    world.update(name, |object| {
                        let data = object["data"].as_object_mut().expect("held");
                        match value {
                            Some(value) => data.insert(key.clone(), value.as_str().into()),
                            None => data.remove(key),
                        };
                    });
                }
            }
            prop_assert_eq!(&world.object["data"], &json!(model.values), "{:?}", act);
            for (name, keys) in &model.owners {
                let expect: FieldSet =
                    keys.iter().map(|key| [Element::field("data"), Element::field(key.as_str())]).collect();
                let entry = world.managed.entries().iter().find(|entry| *entry.manager.name == **name);
                let data = Element::field("data");
                let owned = entry.map(|entry| entry.fields.below(&data)).unwrap_or_default();
                prop_assert_eq!(owned, expect.below(&data), "{} after {:?}", name, act);
            }
        }
    }
}
