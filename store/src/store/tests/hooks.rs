use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use parking_lot::Mutex;
use serde_json::{Value, json};
use setpoint_core::Reason;
use setpoint_core::env::{Env, Environment, Instant, Simulation};
use setpoint_core::kind::Registry;

use super::bench::{Bench, map, pod, with};
use crate::admission::{
    Chain, MutatingHook, Operation, Rejection, Review, ServiceAccounts, StorageObjectInUseProtection,
    ValidatingHook,
};
use crate::engine::Memory;
use crate::request::{DeleteOptions, RequestContext, Write};
use crate::{ObjectStore, Store};

/// A hook that is a function.
struct Hook<F>(&'static str, F);

impl<K, F> MutatingHook<K> for Hook<F>
where
    F: Fn(&Review<'_, K>, &mut K) -> Result<(), Rejection> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        self.0
    }

    fn mutate(&self, review: &Review<'_, K>, object: &mut K) -> Result<(), Rejection> {
        (self.1)(review, object)
    }
}

/// One that judges.
struct Judge<F>(&'static str, F);

impl<K, F> ValidatingHook<K> for Judge<F>
where
    F: Fn(&Review<'_, K>, Option<&K>) -> Result<(), Rejection> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        self.0
    }

    fn validate(&self, review: &Review<'_, K>, object: Option<&K>) -> Result<(), Rejection> {
        (self.1)(review, object)
    }
}

fn set(map: &mut ConfigMap, key: &str, value: &str) {
    map.data.get_or_insert_default().insert(key.to_owned(), value.to_owned());
}

#[test]
fn typed_hooks_run_in_their_order_on_their_type_alone() {
    // ADM-18
    let notes = Arc::new(Mutex::new(Vec::new()));
    let note = |text: &'static str| {
        let notes = Arc::clone(&notes);
        move |review: &Review<'_, ConfigMap>, map: &mut ConfigMap| {
            notes.lock().push(format!("{text} {:?} {}", review.operation(), review.old().is_some()));
            set(map, text, "was here");
            Ok(())
        }
    };
    let judged = Arc::clone(&notes);
    let judge = move |review: &Review<'_, ConfigMap>, map: Option<&ConfigMap>| {
        let keys = map.map_or(0, |map| map.data.as_ref().map_or(0, |data| data.len()));
        judged.lock().push(format!("judge {:?} {keys}", review.operation()));
        Ok(())
    };
    let chain = Chain::upstream()
        .validating::<ConfigMap>(Judge("judge", judge))
        .mutating::<ConfigMap>(Hook("one", note("one")))
        .mutating::<ConfigMap>(Hook("two", note("two")));
    let bench = Bench::with_admission(chain);
    bench.create(map("a"));
    bench.create(pod("p"));
    bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect("it is there");
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    let keys = map("a")["data"].as_object().map_or(0, |data| data.len()) + 2;
    assert_eq!(
        *notes.lock(),
        [
            "one Create false".to_owned(),
            "two Create false".to_owned(),
            format!("judge Create {keys}"),
            "one Update true".to_owned(),
            "two Update true".to_owned(),
            format!("judge Update {keys}"),
            "judge Delete 0".to_owned(),
        ]
    );
}

#[test]
fn a_refusal_names_the_plug_in_and_warnings_reach_the_client() {
    let judge = |review: &Review<'_, ConfigMap>, map: Option<&ConfigMap>| {
        review.warn("config maps are watched");
        match map {
            Some(map) if map.data.as_ref().is_some_and(|data| data.contains_key("bad")) => {
                Err("no bad things here".into())
            }
            _ => Ok(()),
        }
    };
    let bench = Bench::with_admission(Chain::upstream().validating::<ConfigMap>(Judge("Watch", judge)));
    let error = bench.try_create(with_data("a", json!({"bad": "1"}))).expect_err("it is refused");
    assert_eq!(error.reason(), Reason::Forbidden);
    assert_eq!(
        error.message(),
        "configmaps \"a\" is forbidden: admission plug-in \"Watch\" denied the request: no bad things here"
    );
    let draft = bench.draft(with_data("a", json!({"good": "1"})));
    let written = bench.write(Write::Create(draft)).expect("it is let in");
    assert_eq!(written.warnings, ["config maps are watched"]);
}

fn with_data(name: &str, data: Value) -> Value {
    let mut map = map(name);
    map["data"] = data;
    map
}

#[test]
fn what_a_hook_leaves_as_it_was_is_no_change() {
    // STORE-02: neither a write nor another spelling.
    let hook = |_: &Review<'_, Pod>, pod: &mut Pod| {
        let labels = pod.metadata.labels.get_or_insert_default();
        labels.insert("seen".to_owned(), "yes".to_owned());
        Ok(())
    };
    let bench = Bench::with_admission(Chain::upstream().mutating::<Pod>(Hook("Seen", hook)));
    bench.create(pod("p"));
    let before = bench.get("pod", "p").expect("it is there");
    assert_eq!(before["metadata"]["labels"]["seen"], "yes");
    bench.merge("pod", "p", json!({"metadata": {"annotations": null}})).expect("it is there");
    let after = bench.get("pod", "p").expect("it is there");
    assert_eq!(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
    let owners = before["metadata"]["managedFields"].to_string();
    assert!(!owners.contains("f:seen"), "what a hook sets nobody owns: {owners}");
}

#[test]
fn hooks_see_dry_runs_and_users() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let judge = move |review: &Review<'_, ConfigMap>, _: Option<&ConfigMap>| {
        let namespace = review.namespace().unwrap_or_default();
        notes.lock().push((
            review.is_dry_run(),
            review.user().name.clone(),
            format!("{namespace}/{}", review.name()),
        ));
        Ok(())
    };
    let bench = Bench::with_admission(Chain::upstream().validating::<ConfigMap>(Judge("Seen", judge)));
    let context = RequestContext { dry_run: true, ..RequestContext::system("tester") };
    let draft = bench.draft(map("a"));
    bench.run(bench.store.write(&context, Write::Create(draft))).expect("it is valid");
    assert_eq!(*seen.lock(), [(true, "system:tester".to_owned(), "default/a".to_owned())]);
    assert_eq!(bench.get("configmap", "a"), None);
}

#[test]
fn a_lost_race_is_judged_anew() {
    // STORE-03
    let runs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&runs);
    let judge = move |review: &Review<'_, ConfigMap>, _: Option<&ConfigMap>| {
        count.fetch_add(usize::from(review.operation() == Operation::Update), Ordering::Relaxed);
        Ok(())
    };
    let bench = Bench::with_admission(Chain::upstream().validating::<ConfigMap>(Judge("Count", judge)));
    bench.create(map("a"));
    let change = |key: &str| {
        let patch = setpoint_core::patch::Patch::decode(
            setpoint_core::patch::PatchType::Merge,
            json!({"data": {key: "1"}}),
        );
        let key = bench.key("configmap", "a");
        Write::Patch(key, patch.expect("a patch"), setpoint_core::kind::Subresource::Main)
    };
    let writes = (0..8).map(|index| bench.store.write(&bench.context, change(&format!("k{index}"))));
    for result in bench.run(futures::future::join_all(writes)) {
        result.expect("all pass in the end");
    }
    assert!(runs.load(Ordering::Relaxed) >= 8);
    let data = bench.get("configmap", "a").expect("it is there")["data"].clone();
    assert!((0..8).all(|index| data[format!("k{index}")] == "1"), "{data}");
}

#[test]
fn a_hook_that_panics_refuses_the_write() {
    let judge = |review: &Review<'_, ConfigMap>, _: Option<&ConfigMap>| {
        assert_ne!(review.name(), "bad", "hooks have bugs");
        Ok(())
    };
    let bench = Bench::with_admission(Chain::upstream().validating::<ConfigMap>(Judge("Buggy", judge)));
    let error = bench.try_create(map("bad")).expect_err("it is refused");
    assert_eq!((error.code(), error.reason()), (500, Reason::InternalError));
    assert!(error.message().contains("admission plug-in \"Buggy\" panicked"), "{error}");
    assert_eq!(bench.get("configmap", "bad"), None);
    bench.create(map("good"));
}

/// An environment in which time passes whenever somebody looks at it.
struct Hurried(Env, AtomicUsize);

impl Environment for Hurried {
    fn now(&self) -> Instant {
        let looks = self.1.fetch_add(1, Ordering::Relaxed) as u64;
        Instant::after_start(Duration::from_secs(looks))
    }

    fn wall(&self) -> jiff::Timestamp {
        self.0.wall()
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        self.0.sleep_until(at)
    }

    fn spawn(&self, _name: &str, _task: BoxFuture<'static, ()>) {
        unreachable!("a store starts nothing")
    }

    fn random_u64(&self) -> u64 {
        self.0.random_u64()
    }
}

#[test]
fn a_hook_that_takes_too_long_refuses_the_write() {
    let sim = Simulation::new(1);
    let env = Env::new(Hurried(sim.env(), AtomicUsize::new(0)));
    let clock = env.clone();
    let slow = move |_: &Review<'_, ConfigMap>, map: &mut ConfigMap| {
        for _ in 0..11 {
            let _ = clock.now();
        }
        set(map, "too", "late");
        Ok(())
    };
    let chain = Chain::empty().mutating::<ConfigMap>(Hook("Slow", slow));
    let write = |chain: Chain| {
        let store = Store::new(&env, Memory::new(&env), Registry::builtin(), chain);
        let kind = store.registry().of::<ConfigMap>().expect("it is registered");
        let body = with(map("a"), "namespace", json!("default"));
        let draft = setpoint_core::object::Draft::from_value(kind, body).expect("it fits");
        let context = RequestContext::system("test");
        let write = store.write(&context, Write::Create(draft));
        write.now_or_never().expect("nothing waits")
    };
    let error = write(chain.clone()).expect_err("it is refused");
    assert_eq!((error.code(), error.reason()), (504, Reason::Timeout));
    assert!(error.message().contains("\"Slow\" took too long"), "{error}");
    write(chain.with_time_limit(Duration::from_secs(60))).expect("it has the time");
}

#[test]
fn runtime_classes_say_what_a_pod_takes_and_where_it_runs() {
    // ADM-17
    let bench = Bench::new();
    bench.create(json!({
        "apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "vm"}, "handler": "vm",
        "overhead": {"podFixed": {"cpu": "250m"}},
        "scheduling": {"nodeSelector": {"vm": "yes"}, "tolerations": [{"key": "vm", "operator": "Exists"}]},
    }));
    let classed = |name: &str, class: &str, more: Value| {
        let mut pod = pod(name);
        pod["spec"]["runtimeClassName"] = json!(class);
        for (field, value) in more.as_object().into_iter().flatten() {
            pod["spec"][field] = value.clone();
        }
        pod
    };
    bench.create(classed("p", "vm", json!({})));
    let spec = bench.get("pod", "p").expect("it is there")["spec"].clone();
    assert_eq!(spec["overhead"], json!({"cpu": "250m"}));
    assert_eq!(spec["nodeSelector"], json!({"vm": "yes"}));
    assert!(spec["tolerations"].to_string().contains("\"vm\""));
    let refused = |pod: Value| bench.try_create(pod).expect_err("it is refused").message().to_owned();
    assert_eq!(
        refused(classed("q", "none", json!({}))),
        "pods \"q\" is forbidden: pod rejected: RuntimeClass \"none\" not found"
    );
    assert_eq!(
        refused(classed("q", "vm", json!({"nodeSelector": {"vm": "no"}}))),
        "pods \"q\" is forbidden: pod rejected: conflict: runtimeClass.Scheduling.NodeSelector[vm] = yes; \
         pod.Spec.NodeSelector[vm] = no"
    );
    assert_eq!(
        refused(classed("q", "vm", json!({"overhead": {"cpu": "1"}}))),
        "pods \"q\" is forbidden: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead"
    );
}

#[test]
fn claims_get_the_default_class_and_stay_while_they_are_used() {
    // ADM-17
    let bench = Bench::with_admission(Chain::upstream().with(StorageObjectInUseProtection));
    let claim = |name: &str, class: Value| {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name},
            "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
                "storageClassName": class,
            },
        })
    };
    bench.create(claim("early", Value::Null));
    bench.create(json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "p",
        "metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    }));
    bench.create(claim("late", Value::Null));
    bench.create(claim("none", json!("")));
    let class = |name: &str| {
        let claim = bench.get("persistentvolumeclaim", name).expect("it is there");
        assert_eq!(claim["metadata"]["finalizers"], json!(["kubernetes.io/pvc-protection"]));
        assert_eq!(claim["status"]["phase"], "Pending");
        claim["spec"]["storageClassName"].clone()
    };
    assert_eq!((class("early"), class("late"), class("none")), (Value::Null, json!("fast"), json!("")));
}

#[test]
fn pods_run_as_accounts_that_are_there() {
    // ADM-15
    let sim = Simulation::new(5);
    let bench = Bench::with_admission(Chain::upstream().with(ServiceAccounts::new(&sim.env())));
    let error = bench.try_create(pod("p")).expect_err("there is no account");
    assert_eq!(
        error.message(),
        "pods \"p\" is forbidden: error looking up service account default/default: serviceaccount \"default\" not \
         found"
    );
    let account = |name: &str, more: Value| {
        let mut value = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        value.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        value
    };
    bench.create(account("default", json!({"imagePullSecrets": [{"name": "pull"}]})));
    bench.create(account("bare", json!({"automountServiceAccountToken": false})));
    bench.create(pod("p"));
    let spec = bench.get("pod", "p").expect("it is there")["spec"].clone();
    assert_eq!(
        (&spec["serviceAccountName"], &spec["serviceAccount"]),
        (&json!("default"), &json!("default"))
    );
    assert_eq!(spec["imagePullSecrets"], json!([{"name": "pull"}]));
    let volume = spec["volumes"][0]["name"].as_str().expect("a volume");
    assert!(volume.starts_with("kube-api-access-"));
    let mount = &spec["containers"][0]["volumeMounts"][0];
    assert_eq!(mount["mountPath"], "/var/run/secrets/kubernetes.io/serviceaccount");
    assert_eq!(mount["name"], volume);
    let mut bare = pod("q");
    bare["spec"]["serviceAccountName"] = json!("bare");
    bench.create(bare);
    let spec = bench.get("pod", "q").expect("it is there")["spec"].clone();
    assert_eq!(spec.get("volumes"), None);
}
