use std::sync::atomic::{AtomicU64, Ordering};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::json;
use setpoint_core::Reason;
use setpoint_core::env::{Env, Environment, Instant};
use setpoint_core::object::Uid;

use super::bench::{Bench, NAMESPACE, deployment, map, pod, with};
use crate::request::Write;

#[test]
fn each_write_of_any_kind_takes_a_greater_revision() {
    // STORE-01
    let bench = Bench::new();
    let revisions = [bench.create(map("a")), bench.create(pod("b")), bench.create(map("c"))]
        .map(|object| object.revision());
    assert!(revisions.is_sorted_by(|one, next| next.0 == one.0 + 1), "{revisions:?}");
    assert_eq!(bench.revision(), revisions[2]);
    let shown = bench.get("configmap", "c").expect("it was created");
    assert_eq!(shown["metadata"]["resourceVersion"], revisions[2].to_string());
}

#[test]
fn system_metadata_is_the_servers() {
    // STORE-07, STORE-08
    let bench = Bench::new();
    let mut sent = map("a");
    for (field, value) in [
        ("uid", json!("00000000-0000-0000-0000-000000000001")),
        ("creationTimestamp", json!("1999-01-01T00:00:00Z")),
        ("deletionTimestamp", json!("1999-01-01T00:00:00Z")),
        ("deletionGracePeriodSeconds", json!(7)),
        ("generation", json!(9)),
        ("selfLink", json!("/x")),
    ] {
        sent = with(sent, field, value);
    }
    let object = bench.create(sent);
    let meta = object.meta();
    assert_ne!(meta.uid, Some(Uid::new("00000000-0000-0000-0000-000000000001")));
    assert!(meta.uid.as_ref().is_some_and(|uid| uid.to_string().len() == 36));
    assert_eq!(meta.creation_timestamp.map(|time| time.as_second()), Some(bench.env.wall().as_second()));
    assert_eq!(
        (meta.deletion_timestamp, meta.deletion_grace_period_seconds, meta.generation),
        (None, None, 0)
    );
    assert_eq!(bench.create(deployment("d")).meta().generation, 1); // STORE-13
}

#[test]
fn a_new_object_may_have_no_resource_version() {
    // STORE-09
    let bench = Bench::new();
    let error = bench.try_create(with(map("a"), "resourceVersion", json!("5"))).expect_err("it is refused");
    assert_eq!(error.code(), 500);
    assert_eq!(error.message(), "resourceVersion should not be set on objects to be created");
    bench.create(with(map("a"), "resourceVersion", json!("0")));
}

#[test]
fn cluster_scoped_objects_lose_a_namespace_and_namespaced_ones_need_one() {
    // STORE-09
    let bench = Bench::new();
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "namespace": "x"}});
    assert_eq!(bench.create(node).meta().namespace, None);
    let mut draft = bench.draft(map("a"));
    draft.meta_mut().namespace = None;
    assert!(bench.write(Write::Create(draft)).is_err());
}

#[test]
fn names_are_generated_only_where_none_is_given() {
    // STORE-10
    let bench = Bench::new();
    let long = "x".repeat(80);
    let generated = |base: &str| {
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": base}});
        bench.create(body).meta().name.to_string()
    };
    let (short, cut) = (generated("gen-"), generated(&long));
    assert!(short.starts_with("gen-") && short.len() == 9, "{short}");
    assert!(cut.starts_with(&long[..58]) && cut.len() == 63, "{cut}");
    let alphabet = "bcdfghjklmnpqrstvwxz2456789";
    assert!(short[4..].chars().all(|letter| alphabet.contains(letter)), "{short}");
    let named = bench.create(with(map("named"), "generateName", json!("gen-")));
    assert_eq!(*named.meta().name, *"named");
    let error = bench.try_create(json!({"kind": "ConfigMap"})).expect_err("it has no name");
    assert_eq!(error.details().causes[0].field, "metadata.name");
}

/// Draws one number so many times, and then another.
struct Loaded {
    env: Env,
    draws_left: AtomicU64,
}

impl Environment for Loaded {
    fn now(&self) -> Instant {
        self.env.now()
    }

    fn wall(&self) -> Timestamp {
        self.env.wall()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        self.env.sleep_until(at)
    }

    fn spawn(&self, _name: &str, _task: BoxFuture<'static, ()>) {
        unreachable!("a store starts no tasks");
    }

    fn random_u64(&self) -> u64 {
        let left = |left: u64| left.checked_sub(1);
        u64::from(self.draws_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err())
    }
}

#[test]
fn a_generated_name_that_is_taken_is_drawn_again_up_to_eight_times() {
    // STORE-10: a uid takes two draws, a name five at the most.
    let bench = Bench::new();
    for (draws, is_created) in [(2 + 5 + 12, true), (u64::MAX, false)] {
        let env = Env::new(Loaded { env: bench.env.clone(), draws_left: draws.into() });
        let store = crate::Store::memory(&env);
        let generated = || {
            let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "g-"}});
            let draft = bench.draft(body);
            bench.run(crate::ObjectStoreExt::create(&store, &bench.context, draft))
        };
        bench.run(store.ensure_namespace(NAMESPACE)).expect("it is new");
        let first = generated().expect("the name is free");
        match generated() {
            Ok(second) => assert!(is_created && second.meta().name != first.meta().name),
            Err(error) => {
                assert!(!is_created && error.is_already_exists(), "{error}");
                assert_eq!(error.details().retry_after_seconds, 1);
            }
        }
    }
}

#[test]
fn a_taken_name_is_refused_and_a_terminating_one_says_so() {
    // STORE-11
    let bench = Bench::new();
    bench.create(with(map("a"), "finalizers", json!(["example.com/x"])));
    let refused = || bench.try_create(map("a")).expect_err("the name is taken");
    assert_eq!(refused().message(), r#"configmaps "a" already exists"#);
    assert_eq!(refused().reason(), Reason::AlreadyExists);
    bench.delete("configmap", "a", Default::default()).expect("it is there");
    assert_eq!(refused().message(), r#"object is being deleted: configmaps "a" already exists"#);
}

#[test]
fn defaults_are_stored_and_the_status_is_the_kinds_first() {
    // ADM-01, ADM-02, ADM-04, ADM-06, SUB-01
    let bench = Bench::new();
    let mut sent = pod("p");
    sent["status"] = json!({"phase": "Running"});
    bench.create(sent);
    let shown = bench.get("pod", "p").expect("it was created");
    assert_eq!(shown["status"], json!({"phase": "Pending", "qosClass": "BestEffort"}));
    assert_eq!(shown["spec"]["restartPolicy"], "Always");
    bench.create(deployment("d"));
    let shown = bench.get("deployment", "d").expect("it was created");
    assert_eq!(shown["spec"]["replicas"], 1);
    assert_eq!(shown["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
    // A node's status is its own from the start.
    let node = json!({
        "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "2"}},
    });
    bench.create(node);
    assert_eq!(bench.get("node", "n").expect("it was created")["status"]["allocatable"]["cpu"], "2");
}

#[test]
fn invalid_metadata_is_refused_by_field() {
    // STORE-16, STORE-31, ADM-12
    let bench = Bench::new();
    let owner = |uid: &str, controller: bool| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": uid, "controller": controller});
    let event = json!({"apiVersion": "v1", "kind": "Event", "name": "e", "uid": "1"});
    let cases = [
        ("name", json!("Bad_Name"), "metadata.name"),
        ("name", json!(".."), "metadata.name"),
        ("name", json!("a/b"), "metadata.name"),
        ("name", json!("a%b"), "metadata.name"),
        ("name", json!("a".repeat(254)), "metadata.name"),
        ("labels", json!({"bad key!": "x"}), "metadata.labels"),
        ("labels", json!({"k": "bad value!"}), "metadata.labels"),
        ("annotations", json!({"k": "x".repeat(256 * 1024)}), "metadata.annotations"),
        ("finalizers", json!(["bad name!"]), "metadata.finalizers"),
        ("finalizers", json!(["orphan", "foregroundDeletion"]), "metadata.finalizers"),
        ("ownerReferences", json!([owner("1", true), owner("2", true)]), "metadata.ownerReferences"),
        ("ownerReferences", json!([owner("", false)]), "metadata.ownerReferences.uid"),
        ("ownerReferences", json!([event]), "metadata.ownerReferences"),
    ];
    for (field, value, fault) in cases {
        let error = bench.try_create(with(map("a"), field, value)).expect_err(fault);
        assert_eq!((error.code(), &*error.details().causes[0].field), (422, fault), "{error}");
    }
    assert_eq!(bench.get("configmap", "a"), None);
}

#[test]
fn owners_that_are_named_twice_count_once_with_a_warning() {
    // STORE-16
    let bench = Bench::new();
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "1"});
    let body = with(map("a"), "ownerReferences", json!([owner, owner]));
    let written = bench.write(Write::Create(bench.draft(body))).expect("it is valid");
    assert_eq!(written.object.meta().owner_references.len(), 1);
    assert!(written.warnings[0].contains("duplicate entries"), "{:?}", written.warnings);
}

#[test]
fn a_dry_run_does_everything_but_store() {
    // STORE-29
    let mut bench = Bench::new();
    let mut watch = bench.watch_all("configmap");
    let before = bench.revision();
    bench.context.dry_run = true;
    let object = bench.create(map("a"));
    assert!(object.revision().is_zero() && object.meta().uid.is_some());
    assert!(bench.try_create(map("B")).is_err());
    bench.context.dry_run = false;
    assert_eq!((bench.get("configmap", "a"), bench.revision()), (None, before));
    bench.create(map("a"));
    bench.context.dry_run = true;
    assert!(bench.try_create(map("a")).is_err_and(|error| error.is_already_exists()));
    let patched = bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect("it is there");
    assert_eq!(patched.object.to_value()["data"]["k"], "w");
    bench.delete("configmap", "a", Default::default()).expect("it is there");
    assert_eq!(bench.get("configmap", "a").expect("it is still there")["data"]["k"], "v");
    assert_eq!(watch.told(), ["ADDED a"]);
}

#[test]
fn members_of_a_batch_fail_singly() {
    let bench = Bench::new();
    let create = |name: &str| Write::Create(bench.draft(map(name)));
    let writes = vec![create("a"), create("B"), create("a"), create("c")];
    let results = bench.run(crate::ObjectStore::write_batch(&bench.store, &bench.context, writes));
    let outcomes: Vec<_> =
        results.iter().map(|result| result.as_ref().map_err(|error| error.reason()).err()).collect();
    assert_eq!(outcomes, [None, Some(Reason::Invalid), Some(Reason::AlreadyExists), None]);
    assert_eq!(bench.get("configmap", "c").expect("it was created")["metadata"]["namespace"], NAMESPACE);
}
