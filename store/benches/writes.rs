//! What writes cost an in-memory store, with all rules and the record of ownership: one JSON line with nanoseconds per
//! write on one thread, the best of several rounds.
//!
//! `cargo bench -p setpoint-store --bench writes`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "its output is for the terminal")]

use std::time::Instant;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{Pod, PodStatus};
use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_store::request::{RequestContext, Write};
use setpoint_store::{ObjectStore, Store};

const OBJECTS: usize = 10_000;
const ROUNDS: usize = 5;

/// The best time of each kind of write, in nanoseconds.
#[derive(Debug, Default)]
struct Best {
    create: Option<u128>,
    running: Option<u128>,
    ready: Option<u128>,
    replica_set_status: Option<u128>,
}

fn main() {
    let mut best = Best::default();
    for _ in 0..ROUNDS {
        round(&mut best);
    }
    let shown = |time: Option<u128>| time.unwrap_or_default();
    println!(
        "{{\"bench\":\"store writes\",\"ns\":{{\"create pod of a template\":{},\"pod runs\":{},\"pod is ready\":{},\
         \"replica set status\":{}}}}}",
        shown(best.create),
        shown(best.running),
        shown(best.ready),
        shown(best.replica_set_status)
    );
}

fn round(best: &mut Best) {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    sim.block_on(store.ensure_namespace("default")).expect("nothing waits").expect("it is valid");
    let write = |manager: &RequestContext, write: Write| -> ObjectRef {
        sim.block_on(store.write(manager, write)).expect("nothing waits").expect("it is valid").object
    };
    let controller = RequestContext::system("kube-controller-manager");
    let kubelet = RequestContext::system("kubelet");
    let draft = template::<Pod>(
        &store,
        json!({
            "metadata": {"generateName": "web-", "namespace": "default", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "c:1", "ports": [{"containerPort": 80}]}]},
        }),
    );

    let mut pods = Vec::with_capacity(OBJECTS);
    measure(&mut best.create, |_| pods.push(write(&controller, Write::Create(draft.clone()))));
    measure(&mut best.running, |number| {
        let pod = status(&pods[number], pod_status(number, "False"));
        pods[number] = write(&kubelet, Write::Update(pod, Subresource::Status));
    });
    measure(&mut best.ready, |number| {
        let pod = status(&pods[number], pod_status(number, "True"));
        pods[number] = write(&kubelet, Write::Update(pod, Subresource::Status));
    });

    let set = template::<ReplicaSet>(
        &store,
        json!({
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "c:1"}]}}},
        }),
    );
    let mut set = write(&controller, Write::Create(set));
    measure(&mut best.replica_set_status, |number| {
        let replicas = i32::try_from(number % 100).unwrap_or_default();
        let counted =
            ReplicaSetStatus { replicas, ready_replicas: Some(replicas), ..ReplicaSetStatus::default() };
        set = write(&controller, Write::Update(status(&set, counted), Subresource::Status));
    });
}

fn template<K: 'static>(store: &Store, body: Value) -> Draft {
    let kind = store.registry().of::<K>().expect("a built-in kind");
    Draft::from_value(kind, body).expect("it fits the type")
}

fn status<S: Send + Sync + Clone + Default + 'static>(object: &ObjectRef, status: S) -> Draft {
    let mut draft = Draft::of(object);
    *draft.status_mut::<S>().expect("the status is of this type") = status;
    draft
}

fn pod_status(number: usize, ready: &str) -> PodStatus {
    let ip = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
    let condition = |name: &str, status: &str| json!({"type": name, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z"});
    serde_json::from_value(json!({
        "phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}], "hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}],
        "qosClass": "BestEffort", "startTime": "2026-01-01T00:00:00Z",
        "conditions": [condition("PodScheduled", "True"), condition("Initialized", "True"), condition("Ready", ready),
            condition("ContainersReady", ready)],
        "containerStatuses": [{"name": "c", "image": "c:1", "imageID": "c", "ready": ready == "True", "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}}],
    }))
    .expect("it fits the type")
}

fn measure(best: &mut Option<u128>, mut write: impl FnMut(usize)) {
    let start = Instant::now();
    for number in 0..OBJECTS {
        write(number);
    }
    let each = start.elapsed().as_nanos() / OBJECTS as u128;
    *best = Some(best.map_or(each, |best| best.min(each)));
}
