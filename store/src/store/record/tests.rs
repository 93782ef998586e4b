use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use serde_json::{Value, json};
use setpoint_core::Result;
use setpoint_core::env::Simulation;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, ObjectRef};
use setpoint_core::patch::{Patch, PatchType};

use super::*;
use crate::request::{Binding, Outcome, Preconditions, ReadAt, Write, Written};
use crate::{ObjectStore, Store};

/// A store, and a client that calls itself what it likes.
#[derive(Clone)]
struct World {
    store: Store,
    sim: std::rc::Rc<Simulation>,
}

fn context(manager: &str) -> RequestContext {
    RequestContext { field_manager: manager.into(), ..RequestContext::system("test") }
}

impl World {
    fn new() -> Self {
        let sim = Simulation::new(1);
        let store = Store::memory(&sim.env());
        sim.block_on(store.ensure_namespace("default")).expect("nothing waits").expect("it is valid");
        Self { store, sim: std::rc::Rc::new(sim) }
    }

    fn kind<K: 'static>(&self) -> Arc<Kind> {
        self.store.registry().of::<K>().expect("a built-in kind")
    }

    fn key<K: 'static>(&self, name: &str) -> Key {
        Key::namespaced(self.kind::<K>().id, "default", name)
    }

    fn draft<K: 'static>(&self, body: Value) -> Draft {
        let mut draft = Draft::from_value(self.kind::<K>(), body).expect("it fits the type");
        draft.meta_mut().namespace = Some("default".into());
        draft
    }

    fn write(&self, manager: &str, write: Write) -> Result<Written> {
        self.sim.block_on(self.store.write(&context(manager), write)).expect("nothing waits")
    }

    fn create<K: 'static>(&self, manager: &str, body: Value) -> ObjectRef {
        self.write(manager, Write::Create(self.draft::<K>(body))).expect("it is valid").object
    }

    fn get<K: 'static>(&self, name: &str) -> ObjectRef {
        let (context, key) = (context("reader"), self.key::<K>(name));
        self.sim
            .block_on(self.store.get(&context, &key, ReadAt::Newest))
            .expect("nothing waits")
            .expect("it is there")
    }

    fn patch<K: 'static>(&self, manager: &str, name: &str, type_: PatchType, body: Value) -> Result<Written> {
        let patch = Patch::decode(type_, body).expect("a patch");
        self.write(manager, Write::Patch(self.key::<K>(name), patch, Subresource::Main))
    }

    fn apply<K: 'static>(
        &self,
        manager: &str,
        name: &str,
        side: Subresource,
        body: Value,
    ) -> Result<Written> {
        let patch = Patch::decode(PatchType::Apply, body).expect("a patch");
        self.write(manager, Write::Patch(self.key::<K>(name), patch, side))
    }

    /// Changes an object as read.
    fn update<K: 'static>(
        &self,
        manager: &str,
        name: &str,
        side: Subresource,
        change: impl Fn(&mut Value),
    ) -> Result<Written> {
        let mut value = self.get::<K>(name).to_value();
        change(&mut value);
        let draft = Draft::from_value(self.kind::<K>(), value).expect("it fits the type");
        self.write(manager, Write::Update(draft, side))
    }

    fn wait_seconds(&self, seconds: u64) {
        let env = self.store.env().clone();
        let wait = async move { env.sleep(std::time::Duration::from_secs(seconds)).await };
        self.sim.block_on(wait).expect("time passes");
    }
}

fn owners(object: &Object) -> Vec<(String, String, String)> {
    let entries = object.managed_fields().map(|managed| managed.entries().to_vec()).unwrap_or_default();
    let text = |entry: &setpoint_core::ownership::Entry| {
        let manager = &entry.manager;
        let operation = format!("{:?}/{}", manager.operation, manager.subresource);
        (manager.name.to_string(), operation, entry.fields.to_json())
    };
    entries.iter().map(|entry| text(entry)).collect()
}

fn row(name: &str, operation: &str, fields: &str) -> (String, String, String) {
    (name.to_owned(), operation.to_owned(), fields.to_owned())
}

fn template() -> Value {
    json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

fn map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

#[test]
fn a_creator_owns_what_it_sent_and_what_was_defaulted() {
    // PATCH-12: conformance/golden/api-defaults.json, without what admission adds
    let world = World::new();
    let pod = world.create::<Pod>(
        "one",
        json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
    );
    let fields = concat!(
        r#"{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"#,
        r#""f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"#,
        r#""f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"#,
        r#""f:terminationGracePeriodSeconds":{}}}"#
    );
    assert_eq!(owners(&pod), [row("one", "Update/", fields)]);
    let wire = &pod.to_value()["metadata"]["managedFields"][0];
    assert_eq!((&wire["apiVersion"], &wire["fieldsType"]), (&json!("v1"), &json!("FieldsV1")));
    assert!(wire["time"].as_str().is_some_and(|time| time.ends_with('Z') && !time.contains('.')), "{wire}");
}

#[test]
fn objects_made_alike_share_one_record() {
    let world = World::new();
    let body = json!({"metadata": {"generateName": "p-", "labels": {"a": "b"}}, "spec": template()["spec"]});
    let draft = world.draft::<Pod>(body);
    let create =
        |manager: &str| world.write(manager, Write::Create(draft.clone())).expect("it is valid").object;
    let shared = |one: &ObjectRef, other: &ObjectRef| {
        Arc::ptr_eq(one.managed_fields().expect("a record"), other.managed_fields().expect("a record"))
    };
    let (one, other) = (create("rs"), create("rs"));
    assert!(shared(&one, &other));
    assert!(!shared(&one, &create("other")));
    world.wait_seconds(2);
    let later = create("rs");
    assert!(!shared(&one, &later), "the time is another");
    let fields = |object: &ObjectRef| object.managed_fields().expect("a record").entries()[0].fields.clone();
    assert!(fields(&one).ptr_eq(&fields(&later)));
    assert!(shared(&later, &create("rs")));
}

#[test]
fn objects_with_the_same_fields_share_one_record() {
    let world = World::new();
    let create = |name: &str, data: Value| {
        let body = json!({"metadata": {"name": name, "labels": {"app": name}}, "data": data});
        world.create::<ConfigMap>("kubectl", body)
    };
    let managed = |object: &ObjectRef| Arc::clone(object.managed_fields().expect("it has an owner"));
    let one = create("one", json!({"a": "1", "b": "2"}));
    let alike = create("alike", json!({"a": "3", "b": "4"}));
    assert!(Arc::ptr_eq(&managed(&one), &managed(&alike)), "only values differ");
    for (name, data) in [("fewer", json!({"a": "1"})), ("others", json!({"a": "1", "c": "2"}))] {
        let object = create(name, data.clone());
        let fields = managed(&object).entries()[0].fields.to_value();
        let own = |(key, _): (&String, &Value)| (format!("f:{key}"), json!({}));
        let expected: Value =
            data.as_object().into_iter().flatten().map(own).chain([(".".into(), json!({}))]).collect();
        assert_eq!(fields["f:data"], expected, "{name}");
    }
    world.wait_seconds(1);
    let later = managed(&create("later", json!({"a": "1", "b": "2"})));
    assert_eq!(later.entries()[0].fields, managed(&one).entries()[0].fields);
    assert_ne!(later.entries()[0].time, managed(&one).entries()[0].time);
}

#[test]
fn each_side_has_an_entry_of_its_own() {
    // PATCH-12, PATCH-14
    let world = World::new();
    world.create::<Pod>("one", json!({"metadata": {"name": "p"}, "spec": template()["spec"]}));
    let status = |value: &mut Value| {
        value["status"]["phase"] = "Running".into();
        value["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
        value["spec"]["hostNetwork"] = true.into();
    };
    let pod = world.update::<Pod>("one", "p", Subresource::Status, status).expect("it is valid").object;
    let fields = concat!(
        r#"{"f:status":{"f:conditions":{".":{},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"#,
        r#""f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:phase":{}}}"#
    );
    assert_eq!(owners(&pod)[1], row("one", "Update/status", fields));
    assert_eq!(owners(&pod).len(), 2);

    let main = |value: &mut Value| value["status"]["phase"] = "Failed".into();
    let same = world.update::<Pod>("two", "p", Subresource::Main, main).expect("it is valid");
    assert_eq!((same.outcome, same.object.revision()), (Outcome::Unchanged, pod.revision()));
}

#[test]
fn a_binding_makes_nobody_an_owner() {
    // SUB-08
    let world = World::new();
    let pod = world.create::<Pod>("one", json!({"metadata": {"name": "p"}, "spec": template()["spec"]}));
    let (labels, annotations) = Default::default();
    let preconditions = Preconditions::default();
    let binding = Binding { pod: pod.key(), node: "n".into(), preconditions, labels, annotations };
    let bound = world.write("scheduler", Write::Bind(binding)).expect("it is free").object;
    assert!(Arc::ptr_eq(bound.managed_fields().expect("a record"), pod.managed_fields().expect("a record")));
}

#[test]
fn writes_that_change_nothing_leave_no_trace() {
    // STORE-02, PATCH-17
    let world = World::new();
    let before = world.create::<ConfigMap>("one", map(json!({"x": "1"})));
    world.wait_seconds(5);
    let as_read = world.update::<ConfigMap>("two", "a", Subresource::Main, |_| {}).expect("it is valid");
    assert_eq!((as_read.outcome, as_read.object.revision()), (Outcome::Unchanged, before.revision()));
    let merge = world
        .patch::<ConfigMap>("two", "a", PatchType::Merge, json!({"data": {"x": "1"}}))
        .expect("it is valid");
    assert_eq!(merge.outcome, Outcome::Unchanged);

    let applied = world
        .apply::<ConfigMap>("three", "a", Subresource::Main, map(json!({"x": "1"})))
        .expect("the same value");
    assert_eq!(applied.outcome, Outcome::Updated, "it owns the value too");
    world.wait_seconds(5);
    let again =
        world.apply::<ConfigMap>("three", "a", Subresource::Main, map(json!({"x": "1"}))).expect("its own");
    assert_eq!((again.outcome, again.object.revision()), (Outcome::Unchanged, applied.object.revision()));
}

#[test]
fn a_client_may_reset_and_rewrite_ownership() {
    // PATCH-13
    let world = World::new();
    world.create::<ConfigMap>("one", map(json!({"x": "1"})));
    let forget = |sent: Value| move |value: &mut Value| value["metadata"]["managedFields"] = sent.clone();
    let malformed =
        json!([{"manager": "m", "operation": "Wish", "apiVersion": "v1", "fieldsType": "FieldsV1"}]);
    let kept =
        world.update::<ConfigMap>("two", "a", Subresource::Main, forget(malformed)).expect("it is ignored");
    assert_eq!(kept.outcome, Outcome::Unchanged);

    let other = json!([{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:x": {}}}}]);
    let given = world.update::<ConfigMap>("two", "a", Subresource::Main, forget(other)).expect("it is valid");
    assert_eq!(owners(&given.object), [row("m", "Update/", r#"{"f:data":{"f:x":{}}}"#)]);

    let json = json!([{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]);
    let reset = world.patch::<ConfigMap>("two", "a", PatchType::Json, json).expect("it is valid");
    assert_eq!((reset.outcome, owners(&reset.object)), (Outcome::Updated, Vec::new()));
    let after = world
        .patch::<ConfigMap>("two", "a", PatchType::Merge, json!({"data": {"x": "2"}}))
        .expect("it is valid");
    assert_eq!(owners(&after.object), [], "there is no history before somebody applies");
}

#[test]
fn scaling_takes_the_replicas() {
    // PATCH-14
    let world = World::new();
    let spec = json!({"replicas": 1, "selector": {"matchLabels": {"a": "b"}}, "template": template()});
    world.create::<ReplicaSet>("one", json!({"metadata": {"name": "r"}, "spec": spec}));
    let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": "r"}, "spec": {"replicas": 3}});
    let error =
        world.apply::<ReplicaSet>("hpa", "r", Subresource::Scale, scale.clone()).expect_err("it is one's");
    assert!(error.is_conflict(), "{error}");
    let patch = Patch::decode(PatchType::Apply, scale).expect("a patch").forced();
    let scaled = world
        .write("hpa", Write::Patch(world.key::<ReplicaSet>("r"), patch, Subresource::Scale))
        .expect("by force");
    assert_eq!(owners(&scaled.object)[0], row("hpa", "Apply/scale", r#"{"f:spec":{"f:replicas":{}}}"#));
    let down = |value: &mut Value| value["spec"]["replicas"] = 2.into();
    let scaled = world.update::<ReplicaSet>("kubectl", "r", Subresource::Scale, down).expect("it is valid");
    let fields = r#"{"f:spec":{"f:replicas":{}}}"#;
    let entries = owners(&scaled.object);
    assert!(entries.contains(&row("kubectl", "Update/scale", fields)), "{entries:?}");
    assert!(entries.iter().filter(|(_, _, owned)| owned.contains("f:replicas")).count() == 1, "{entries:?}");
}

#[test]
fn applying_creates_merges_and_gives_up() {
    // PATCH-09, PATCH-10
    let world = World::new();
    let main = Subresource::Main;
    let made =
        world.apply::<ConfigMap>("one", "a", main, map(json!({"x": "1", "y": "1"}))).expect("it is valid");
    assert_eq!(made.outcome, Outcome::Created);
    assert_eq!(owners(&made.object), [row("one", "Apply/", r#"{"f:data":{"f:x":{},"f:y":{}}}"#)]);
    let conflict =
        world.apply::<ConfigMap>("two", "a", main, map(json!({"y": "2"}))).expect_err("it is one's");
    assert_eq!(conflict.message(), r#"Apply failed with 1 conflict: conflict with "one": .data.y"#);
    world.apply::<ConfigMap>("one", "a", main, map(json!({"x": "1"}))).expect("its own");
    let both = world.apply::<ConfigMap>("two", "a", main, map(json!({"y": "2"}))).expect("nobody's any more");
    assert_eq!(both.object.to_value()["data"], json!({"x": "1", "y": "2"}));
}

#[test]
fn a_status_is_applied_on_its_own_side_only() {
    // PATCH-14
    let world = World::new();
    let spec = json!({"selector": {"matchLabels": {"a": "b"}}, "template": template()});
    let body = |replicas: i64| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec,
            "status": {"replicas": replicas}})
    };
    let made = world.apply::<Deployment>("one", "d", Subresource::Main, body(1)).expect("it is valid");
    assert!(!owners(&made.object)[0].2.contains("f:status"));
    let missing =
        world.apply::<Deployment>("one", "x", Subresource::Status, body(1)).expect_err("it is not there");
    assert!(missing.is_not_found());
    let status = world.apply::<Deployment>("one", "d", Subresource::Status, body(2)).expect("it is valid");
    assert!(owners(&status.object).contains(&row(
        "one",
        "Apply/status",
        r#"{"f:status":{"f:replicas":{}}}"#
    )));
    assert_eq!(status.object.to_value()["status"]["replicas"], 2);
}

#[test]
fn requests_that_are_no_applies_are_refused() {
    // PATCH-03, PATCH-09
    let world = World::new();
    let apply = |manager: &str, body: Value| {
        world
            .apply::<ConfigMap>(manager, "a", Subresource::Main, body)
            .expect_err("it is wrong")
            .message()
            .to_owned()
    };
    let with = |field: &str, value: Value| {
        let mut body = map(json!({}));
        *body.pointer_mut(field).expect("it is there") = value;
        body
    };
    let rows = [
        (
            apply("", map(json!({}))),
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ),
        (apply("m", with("/kind", "Secret".into())), "invalid object type: v1, Kind=Secret"),
        (
            apply("m", with("/apiVersion", "v2".into())),
            "Incorrect version specified in apply patch. Specified patch version: v2, expected: v1",
        ),
        (
            apply("m", with("/metadata", json!({"name": "a", "managedFields": []}))),
            "metadata.managedFields must be nil",
        ),
        (
            apply("m", with("/metadata", json!({"name": "b"}))),
            "the name of the object (b) does not match the name on the URL (a)",
        ),
        (
            apply("m", with("/data", json!({"x": 1}))),
            "failed to create typed patch object (default/a; v1, Kind=ConfigMap): .data.x: expected string, got 1",
        ),
    ];
    for (message, expect) in rows {
        assert_eq!(message, expect);
    }
    let uid = map(json!({}));
    let uid = world.apply::<ConfigMap>("m", "a", Subresource::Main, {
        let mut body = uid;
        body["metadata"]["uid"] = "gone".into();
        body
    });
    assert!(uid.expect_err("it is not there").is_conflict());
}

#[test]
fn a_dry_run_shows_the_owners_and_keeps_none() {
    // STORE-29
    let world = World::new();
    let dry = RequestContext { dry_run: true, ..context("one") };
    let patch = Patch::decode(PatchType::Apply, map(json!({"x": "1"}))).expect("a patch");
    let write = Write::Patch(world.key::<ConfigMap>("a"), patch, Subresource::Main);
    let shown =
        world.sim.block_on(world.store.write(&dry, write)).expect("nothing waits").expect("it is valid");
    assert_eq!(owners(&shown.object).len(), 1);
    let key = world.key::<ConfigMap>("a");
    assert!(world.sim.block_on(world.store.get(&dry, &key, ReadAt::Newest)).expect("nothing waits").is_err());
}
