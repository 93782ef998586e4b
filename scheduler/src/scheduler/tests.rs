use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, Node, Pod};
use serde_json::{Value, json};
use setpoint_core::Error;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Obj, ObjectRef};
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::DeleteOptions;
use setpoint_store::{ObjectStore, ObjectStoreExt, Objects, Store};
use setpoint_watch::DirectView;

use super::*;
use crate::testing::{merge, requests};

/// A store with a scheduler at work.
struct World {
    env: Env,
    store: Store,
    manager: Manager,
    scheduler: Scheduler,
}

impl World {
    /// Plays a scene to its end, with the given nodes and pods there before the scheduler starts.
    fn play<F: Future<Output = Result<(), Error>>>(before: Vec<Value>, scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(7);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("default").await?;
            for object in before {
                create(&store, object).await?;
            }
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let manager = Manager::new(&env, shared, Arc::new(view));
            let scheduler = Scheduler::start(&manager.context(), Settings::upstream())?;
            scene(Self { env, store, manager, scheduler }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    async fn create(&self, object: Value) -> Result<ObjectRef, Error> {
        create(&self.store, object).await
    }

    async fn pod(&self, name: &str) -> Result<Obj<Pod>, Error> {
        Objects::<Pod>::namespaced(&self.store, "default")?.get(name).await
    }

    async fn node_of(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.pod(name).await?.spec().node_name().map(str::to_owned))
    }

    /// How many pods are on each node; those on none under the empty name.
    async fn spread(&self) -> Result<BTreeMap<String, usize>, Error> {
        let mut spread = BTreeMap::new();
        for pod in Objects::<Pod>::namespaced(&self.store, "default")?.list().await? {
            *spread.entry(pod.spec().node_name().unwrap_or_default().to_owned()).or_default() += 1;
        }
        Ok(spread)
    }

    async fn change_node(&self, name: &str, change: impl FnOnce(&mut Node)) -> Result<(), Error> {
        let nodes = Objects::<Node>::cluster(&self.store)?;
        let mut node = Node::clone(nodes.get(name).await?.whole());
        change(&mut node);
        nodes.replace(node).await.map(drop)
    }

    /// The events about an object: type, reason, message, count.
    async fn events(&self, name: &str) -> Result<Vec<(String, String, String, i32)>, Error> {
        let events = Objects::<Event>::namespaced(&self.store, "default")?.list().await?;
        let about = events.iter().filter(|event| event.involved_object.name.as_deref() == Some(name));
        Ok(about
            .map(|event| {
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                (
                    text(&event.type_),
                    text(&event.reason),
                    text(&event.message),
                    event.count.unwrap_or_default(),
                )
            })
            .collect())
    }

    async fn rest(&self, seconds: u64) {
        self.env.sleep(Duration::from_secs(seconds)).await;
    }

    async fn end(self) {
        self.scheduler.shut_down().await;
        self.manager.shut_down(Duration::from_secs(5)).await;
    }
}

async fn create(store: &Store, mut value: Value) -> Result<ObjectRef, Error> {
    let is_node = value["kind"] == "Node";
    let kind = if is_node { store.kind_of::<Node>()? } else { store.kind_of::<Pod>()? };
    if !is_node {
        value["metadata"]["namespace"] = json!("default");
    }
    let context = RequestContext::system("test");
    let draft = Draft::from_value(kind, value.clone()).expect("it can be read");
    let created = store.create(&context, draft).await?;
    if !is_node {
        return Ok(created);
    }
    // A new node is tainted until it says that it is ready.
    let mut draft = Draft::of(&created);
    let spec: k8s_openapi::api::core::v1::NodeSpec =
        serde_json::from_value(value["spec"].clone()).expect("a node spec");
    *draft.spec_mut().expect("a node") = spec;
    let ready = store.update(&context, draft, Subresource::Main).await?;
    let mut draft = Draft::of(&ready);
    let status: k8s_openapi::api::core::v1::NodeStatus =
        serde_json::from_value(value["status"].clone()).expect("a node status");
    *draft.status_mut().expect("a node") = status;
    store.update(&context, draft, Subresource::Status).await
}

fn node(name: &str, more: Value) -> Value {
    let mut value = json!({
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}},
    });
    merge(&mut value, more);
    value
}

fn pod(name: &str, more: Value) -> Value {
    let mut value = json!({
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "image": "app:1"}]},
    });
    merge(&mut value, more);
    value["spec"]["containers"][0]["image"] = json!("app:1");
    value
}

#[test]
fn pods_are_spread_over_nodes_and_told_so() {
    // SCHED-13, SCHED-14, SCHED-17
    let nodes = ["a", "b", "c", "d"].map(|name| node(name, json!({}))).into();
    World::play(nodes, |world| async move {
        for number in 0..20 {
            world.create(pod(&format!("p{number}"), requests("100m", "64Mi"))).await?;
        }
        world.rest(1).await;
        let even: BTreeMap<String, usize> = ["a", "b", "c", "d"].map(|name| (name.to_owned(), 5)).into();
        assert_eq!(world.spread().await?, even);
        let placed = world.pod("p0").await?;
        let node = placed.spec().node_name().expect("it is bound").to_owned();
        let status = placed.status().expect("a pod has a status");
        let condition = &status.conditions.as_ref().expect("it has conditions")[0];
        assert_eq!((&*condition.type_, &*condition.status), ("PodScheduled", "True"));
        let message = format!("Successfully assigned default/p0 to {node}");
        assert_eq!(world.events("p0").await?, [("Normal".into(), "Scheduled".into(), message, 1)]);
        world.end().await;
        Ok(())
    });
}

#[test]
fn a_pod_that_fits_nowhere_says_why_and_goes_to_the_node_that_comes() {
    // SCHED-08, SCHED-14
    World::play(vec![node("small", json!({"status": {"allocatable": {"cpu": "1"}}}))], |world| async move {
        world.create(pod("p", requests("2", "64Mi"))).await?;
        world.rest(1).await;
        let why = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 Preemption is \
                   not helpful for scheduling.";
        let status = world.pod("p").await?.status().cloned().expect("a pod has a status");
        let condition = status.conditions.expect("it has conditions").remove(0);
        assert_eq!(condition.type_, "PodScheduled");
        assert_eq!(condition.status, "False");
        assert_eq!(condition.reason.as_deref(), Some("Unschedulable"));
        assert_eq!(condition.message.as_deref(), Some(why));
        let event = ("Warning".to_owned(), "FailedScheduling".to_owned(), why.to_owned(), 1);
        assert_eq!(world.events("p").await?, [event]);

        world.create(node("large", json!({}))).await?;
        world.rest(2).await;
        assert_eq!(world.node_of("p").await?.as_deref(), Some("large"));
        let status = world.pod("p").await?.status().cloned().expect("a pod has a status");
        assert_eq!(status.conditions.expect("it has conditions")[0].status, "True");
        world.end().await;
        Ok(())
    });
}

#[test]
fn without_nodes_pods_are_tried_again_with_back_off() {
    // SCHED-06
    World::play(Vec::new(), |world| async move {
        world.create(pod("p", json!({}))).await?;
        world.rest(20).await;
        // At 0, 1, 3, 7 and 15 seconds.
        let why = "no nodes available to schedule pods".to_owned();
        assert_eq!(world.events("p").await?, [("Warning".into(), "FailedScheduling".into(), why, 5)]);
        world.create(node("a", json!({}))).await?;
        world.rest(10).await;
        assert_eq!(world.node_of("p").await?.as_deref(), Some("a"));
        world.end().await;
        Ok(())
    });
}

#[test]
fn a_tainted_node_gets_pods_when_the_taint_goes() {
    // SCHED-22
    let taint = json!({"spec": {"taints": [{"key": "k", "effect": "NoSchedule"}]}});
    World::play(vec![node("a", taint)], |world| async move {
        world.create(pod("plain", json!({}))).await?;
        world.create(pod("tolerant", json!({"spec": {"tolerations": [{"operator": "Exists"}]}}))).await?;
        world.rest(1).await;
        assert_eq!(world.node_of("tolerant").await?.as_deref(), Some("a"));
        assert_eq!(world.node_of("plain").await?, None);
        world.change_node("a", |node| node.spec.as_mut().expect("a spec").taints = None).await?;
        world.rest(1).await;
        assert_eq!(world.node_of("plain").await?.as_deref(), Some("a"));
        world.end().await;
        Ok(())
    });
}

#[test]
fn one_port_of_a_node_is_for_one_pod_at_a_time() {
    // SCHED-25
    World::play(vec![node("a", json!({}))], |world| async move {
        let ports = json!([{"containerPort": 80, "hostPort": 80}]);
        let web = json!({"spec": {"containers": [{"name": "main", "ports": ports}]}});
        world.create(pod("first", web.clone())).await?;
        world.create(pod("second", web)).await?;
        world.rest(1).await;
        let (first, second) = (world.node_of("first").await?, world.node_of("second").await?);
        let (placed, waiting) = if first.is_some() { ("first", "second") } else { ("second", "first") };
        assert!(first.is_some() != second.is_some());
        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        Objects::<Pod>::namespaced(&world.store, "default")?.delete(placed, now).await?;
        world.rest(3).await;
        assert_eq!(world.node_of(waiting).await?.as_deref(), Some("a"));
        world.end().await;
        Ok(())
    });
}

#[test]
fn a_gated_pod_waits_for_its_last_gate() {
    // SCHED-10
    World::play(vec![node("a", json!({}))], |world| async move {
        world.create(pod("p", json!({"spec": {"schedulingGates": [{"name": "g"}]}}))).await?;
        world.rest(400).await;
        assert_eq!(world.node_of("p").await?, None);
        assert!(world.events("p").await?.is_empty());
        let pods = Objects::<Pod>::namespaced(&world.store, "default")?;
        let mut open = Pod::clone(pods.get("p").await?.whole());
        open.spec.as_mut().expect("a spec").scheduling_gates = None;
        pods.replace(open).await?;
        world.rest(1).await;
        assert_eq!(world.node_of("p").await?.as_deref(), Some("a"));
        world.end().await;
        Ok(())
    });
}

#[test]
fn after_a_restart_pods_on_nodes_count() {
    // SCHED-12
    let mut placed = pod("old", requests("3", "64Mi"));
    placed["spec"]["nodeName"] = json!("a");
    let before = vec![node("a", json!({})), placed, pod("new", requests("2", "64Mi"))];
    World::play(before, |world| async move {
        world.rest(1).await;
        assert_eq!(world.node_of("new").await?, None);
        let World { env, store, manager, scheduler } = world;
        scheduler.shut_down().await;
        let now = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
        Objects::<Pod>::namespaced(&store, "default")?.delete("old", now).await?;
        let scheduler = Scheduler::start(&manager.context(), Settings::upstream())?;
        let world = World { env, store, manager, scheduler };
        world.rest(1).await;
        assert_eq!(world.node_of("new").await?.as_deref(), Some("a"));
        world.end().await;
        Ok(())
    });
}

#[test]
fn a_burst_never_overcommits_a_node() {
    // SCHED-12
    let nodes = ["a", "b"].map(|name| node(name, json!({"status": {"allocatable": {"pods": "30"}}}))).into();
    World::play(nodes, |world| async move {
        for number in 0..100 {
            world.create(pod(&format!("p{number}"), json!({}))).await?;
        }
        world.rest(30).await;
        let spread: Vec<usize> = world.spread().await?.into_values().collect();
        assert_eq!(spread, [40, 30, 30]);
        world.end().await;
        Ok(())
    });
}

#[test]
fn replicas_are_spread_although_they_say_nothing_of_it() {
    // SCHED-29: a is nearly empty, and yet its siblings keep the third from going there too.
    use k8s_openapi::api::apps::v1::ReplicaSet;
    let nodes = vec![
        node("a", json!({"status": {"allocatable": {"cpu": "64", "memory": "256Gi"}}})),
        node("b", json!({})),
        node("c", json!({})),
    ];
    World::play(nodes, |world| async move {
        let set = json!({
            "metadata": {"name": "web"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "main", "image": "app:1"}]}}},
        });
        let set: ReplicaSet = serde_json::from_value(set).expect("a ReplicaSet");
        let set = Objects::<ReplicaSet>::namespaced(&world.store, "default")?.create(set).await?;
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "controller": true,
            "uid": set.object().meta().uid.as_ref().map(ToString::to_string)});
        for number in 0..3 {
            let more = json!({"metadata": {"labels": {"app": "web"}, "ownerReferences": [owner]}});
            let mut replica = pod(&format!("p{number}"), requests("1", "1Gi"));
            merge(&mut replica, more);
            world.create(replica).await?;
            world.rest(1).await;
        }
        let spread: Vec<usize> = world.spread().await?.into_values().collect();
        assert_eq!(spread, [1, 1, 1]);
        world.end().await;
        Ok(())
    });
}

#[test]
fn messages_are_cut_between_characters() {
    assert_eq!(shorten("short".to_owned(), 20), "short");
    assert_eq!(shorten("ääääää".to_owned(), 10), "äää ...");
}
