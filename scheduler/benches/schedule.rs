//! What placing pods costs: one JSON line with seconds for 10,000 pods of 100 ReplicaSets over 100 nodes, from the
//! first decision until all are bound in a store in memory, with their events; and for the decisions alone. The
//! best of several rounds.
//!
//! `cargo bench -p setpoint-scheduler --bench schedule`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "its output is for the terminal")]

use std::sync::Arc;
use std::time::{Duration, Instant as RealInstant};

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::{Node, NodeSpec, NodeStatus, Pod};
use serde_json::{Value, json};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::{Env, Instant, Random, Simulation};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Part};
use setpoint_reconcile::manager::Manager;
use setpoint_scheduler::framework::Objects;
use setpoint_scheduler::scheduling::{Decision, Scheduling};
use setpoint_scheduler::{Scheduler, Settings};
use setpoint_store::request::{RequestContext, Write};
use setpoint_store::tables::IndexValue;
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};
use setpoint_watch::DirectView;

const NODES: usize = 100;
const SETS: usize = 100;
const PODS_PER_SET: usize = 100;
const ROUNDS: usize = 5;

fn main() {
    let mut whole = f64::INFINITY;
    let mut decisions = f64::INFINITY;
    for _ in 0..ROUNDS {
        decisions = decisions.min(decide());
        whole = whole.min(schedule());
    }
    let pods = SETS * PODS_PER_SET;
    println!(
        "{{\"bench\":\"schedule\",\"nodes\":{NODES},\"pods\":{pods},\"seconds\":{whole:.4},\
         \"decisions_seconds\":{decisions:.4},\"us_per_pod\":{:.2}}}",
        whole * 1e6 / pods as f64
    );
}

/// Decisions alone, without a store to write to.
fn decide() -> f64 {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = filled(&env).await;
        let settings = Settings::upstream();
        let random = Random::seeded(1);
        let mut state = Scheduling::new("default-scheduler", settings.profile, settings.backoff, 0, random);
        let snapshot = store.snapshot().expect("in memory");
        let start = RealInstant::now();
        let kind = store.kind_of::<Node>().expect("a built-in kind");
        snapshot.list(kind.id).for_each(|node| state.node_changed(node, Instant::START));
        let kind = store.kind_of::<Pod>().expect("a built-in kind");
        snapshot.list(kind.id).for_each(|pod| state.pod_changed(pod, Instant::START));
        let objects = Objects { snapshot: &snapshot, registry: store.registry() };
        let mut bound = 0;
        while let Some(decision) = state.decide(Some(objects), Instant::START) {
            bound += usize::from(matches!(decision, Decision::Bind(_)));
        }
        assert_eq!(bound, SETS * PODS_PER_SET);
        start.elapsed().as_secs_f64()
    });
    done.expect("nothing waits for ever")
}

/// From the start of the scheduler until all pods are bound.
fn schedule() -> f64 {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = filled(&env).await;
        let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
        let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
        let manager = Manager::new(&env, shared, Arc::new(view));
        let pods = store.kind_of::<Pod>().expect("a built-in kind").id;
        let start = RealInstant::now();
        let scheduler = Scheduler::start(&manager.context(), Settings::upstream()).expect("pods and nodes");
        let waiting = || {
            let snapshot = store.snapshot().expect("in memory");
            snapshot.count_by_index(pods, "node", &IndexValue::Text("".into()))
        };
        while waiting() > 0 {
            env.sleep(Duration::from_millis(1)).await;
        }
        let seconds = start.elapsed().as_secs_f64();
        scheduler.shut_down().await;
        manager.shut_down(Duration::from_secs(5)).await;
        seconds
    });
    done.expect("nothing waits for ever")
}

/// A store with nodes, ReplicaSets and their pods.
async fn filled(env: &Env) -> Store {
    let store = Store::memory(env);
    let context = RequestContext::system("bench");
    store.ensure_namespace("default").await.expect("a namespace");
    for number in 0..NODES {
        add_node(&store, &context, number).await;
    }
    let sets = store.kind_of::<ReplicaSet>().expect("a built-in kind");
    let pods = store.kind_of::<Pod>().expect("a built-in kind");
    for number in 0..SETS {
        let name = format!("set-{number}");
        let template = json!({"metadata": {"labels": {"app": name}}, "spec": spec()});
        let set = json!({
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template},
        });
        let set = Draft::from_value(Arc::clone(&sets), set).expect("a ReplicaSet");
        let set = store.create(&context, set).await.expect("it is valid");
        let uid = set.meta().uid.as_ref().map(ToString::to_string);
        let owner = json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": uid,
            "controller": true}]);
        let template = json!({
            "metadata": {"name": "x", "namespace": "default", "labels": {"app": name}, "ownerReferences": owner},
            "spec": spec(),
        });
        let template = Draft::from_value(Arc::clone(&pods), template).expect("a pod");
        let shared: Part = template.spec_part().clone();
        assert!(shared.get::<SharedPodSpec>().is_some());
        let create = |replica: usize| {
            let mut draft = template.clone();
            draft.meta_mut().name = format!("{name}-{replica:03}").into();
            Write::Create(draft)
        };
        let writes = (0..PODS_PER_SET).map(create).collect();
        for result in store.write_batch(&context, writes).await {
            result.expect("it is valid");
        }
    }
    store
}

fn spec() -> Value {
    json!({"containers": [{"name": "main", "image": "app:1",
        "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}]})
}

async fn add_node(store: &Store, context: &RequestContext, number: usize) {
    let kind = store.kind_of::<Node>().expect("a built-in kind");
    let name = format!("node-{number:03}");
    let node = json!({"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": format!("zone-{}", number % 3)}}});
    let draft = Draft::from_value(kind, node).expect("a node");
    let created = store.create(context, draft).await.expect("it is valid");
    let mut draft = Draft::of(&created);
    draft.spec_mut::<NodeSpec>().expect("a node").taints = None;
    let ready = store.update(context, draft, Subresource::Main).await.expect("it is valid");
    let mut draft = Draft::of(&ready);
    let status = json!({"allocatable": {"cpu": "32", "memory": "128Gi", "pods": "110"}});
    *draft.status_mut::<NodeStatus>().expect("a node") = serde_json::from_value(status).expect("a status");
    store.update(context, draft, Subresource::Status).await.expect("it is valid");
}
