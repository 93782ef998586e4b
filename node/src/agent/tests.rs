use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Event, Node, Pod, PodStatus};
use serde_json::{Value, json};
use setpoint_core::conditions::{find, is_true};
use setpoint_core::env::{Env, Simulation};
use setpoint_core::object::Obj;
use setpoint_core::{Error, Result};
use setpoint_reconcile::manager::Manager;
use setpoint_runtime_traits::{ContainerFilter, ContainerState, Exit, RuntimeService, SandboxFilter};
use setpoint_store::request::DeleteOptions;
use setpoint_store::{ObjectStore, Objects, Store};
use setpoint_watch::DirectView;

use self::behind::Behind;
use super::*;
use crate::simulated::SimulatedRuntime;

mod behind;

const SECOND: Duration = Duration::from_secs(1);

/// A store, a simulated runtime, and the agent of `node-1` between them.
struct World {
    env: Env,
    store: Store,
    runtime: Arc<SimulatedRuntime>,
    manager: Manager,
    agent: Option<Agent>,
}

impl World {
    /// Plays a scene to its end.
    fn play<F: Future<Output = Result<()>>>(scene: impl FnOnce(Self) -> F) {
        Self::play_seed(1, scene);
    }

    fn play_seed<F: Future<Output = Result<()>>>(seed: u64, scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            for namespace in ["default", "kube-node-lease"] {
                store.ensure_namespace(namespace).await?;
            }
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let manager = Manager::new(&env, shared, Arc::new(view));
            let runtime =
                SimulatedRuntime::builder("node-1", env.clone()).image_nonexistent("absent:1").build();
            let mut world = Self { env, store, runtime: Arc::new(runtime), manager, agent: None };
            world.start_agent().await?;
            scene(world).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    fn settings() -> AgentSettings {
        let mut settings = AgentSettings::new("node-1");
        settings.addresses = vec!["192.0.2.1".to_owned()];
        for (name, amount) in [("cpu", "4"), ("memory", "8Gi"), ("ephemeral-storage", "10Gi")] {
            settings = settings.with_capacity(name, amount.parse().expect("a quantity"));
        }
        settings.pods_max = 2000;
        settings
    }

    async fn start_agent(&mut self) -> Result<()> {
        let context = self.manager.context();
        let agent = Agent::start(&context, Self::settings(), self.runtime.node_runtime()).await?;
        self.agent = Some(agent);
        Ok(())
    }

    async fn stop_agent(&mut self, how: Shutdown) {
        if let Some(agent) = self.agent.take() {
            agent.shut_down(how, SECOND * 60).await;
        }
    }

    fn pods(&self) -> Result<Objects<Pod>> {
        Objects::namespaced(&self.store, "default")
    }

    /// Creates a pod that is bound to the node. `script` is what its containers do.
    async fn create(&self, name: &str, spec: Value, script: &[(&str, &str)]) -> Result<Obj<Pod>> {
        let annotation = |(name, value): &(&str, &str)| match name.split_once('/') {
            Some((container, name)) => (format!("{container}.simulated.setpoint.dev/{name}"), json!(value)),
            None => (format!("simulated.setpoint.dev/{name}"), json!(value)),
        };
        let annotations: serde_json::Map<String, Value> = script.iter().map(annotation).collect();
        let mut all = json!({"nodeName": "node-1", "containers": [{"name": "web", "image": "web:1"}]});
        all.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let pod = json!({"metadata": {"name": name, "annotations": annotations}, "spec": all});
        self.pods()?.create(serde_json::from_value(pod).expect("a pod")).await
    }

    async fn status(&self, name: &str) -> Result<PodStatus> {
        Ok(self.pods()?.get(name).await?.status.clone().unwrap_or_default())
    }

    /// Waits until the status is as wanted.
    async fn until(&self, name: &str, wanted: impl Fn(&PodStatus) -> bool) -> Result<PodStatus> {
        for _ in 0..100_000 {
            let status = self.status(name).await?;
            if wanted(&status) {
                return Ok(status);
            }
            self.env.sleep(Duration::from_millis(100)).await;
        }
        panic!("{name} never became what it should: {:?}", self.status(name).await?)
    }

    async fn until_gone(&self, name: &str) -> Result<()> {
        for _ in 0..10_000 {
            if self.pods()?.get_opt(name).await?.is_none() {
                return Ok(());
            }
            self.env.sleep(Duration::from_millis(100)).await;
        }
        panic!("{name} stays")
    }

    async fn delete(&self, name: &str, grace: Option<i64>) -> Result<()> {
        let options = DeleteOptions { grace_period_seconds: grace, ..DeleteOptions::default() };
        self.pods()?.delete(name, options).await.map(drop)
    }

    /// What was told of a pod: reason and message, in order of the names of the events.
    async fn events(&self, name: &str) -> Result<Vec<(String, String)>> {
        // The sink writes in its own time.
        self.env.sleep(SECOND).await;
        let events = Objects::<Event>::namespaced(&self.store, "default")?.list().await?;
        let of_pod = events.iter().filter(|event| event.involved_object.name.as_deref() == Some(name));
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        Ok(of_pod.map(|event| (text(&event.reason), text(&event.message))).collect())
    }

    fn kill(&self, pod: &str, exit: Exit) {
        let id = self.runtime.find_container("default", pod, "web").expect("a container");
        self.runtime.exit_container(&id, exit).expect("it runs");
    }
}

fn is_ready(status: &PodStatus) -> bool {
    is_true(status.conditions.iter().flatten(), "Ready")
}

fn phase(status: &PodStatus) -> &str {
    status.phase.as_deref().unwrap_or_default()
}

fn restarts(status: &PodStatus) -> i32 {
    status.container_statuses.iter().flatten().map(|it| it.restart_count).sum()
}

fn waiting(status: &PodStatus) -> &str {
    let state = status.container_statuses.as_ref().and_then(|it| it.first()).and_then(|it| it.state.as_ref());
    state.and_then(|it| it.waiting.as_ref()).and_then(|it| it.reason.as_deref()).unwrap_or_default()
}

#[test]
fn a_pod_runs_becomes_ready_and_says_what_happened() {
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[("start-delay", "2s")]).await?;
        let created = world.until("web-0", |it| waiting(it) == "ContainerCreating").await?;
        assert_eq!(phase(&created), "Pending");
        let status = world.until("web-0", is_ready).await?;
        assert_eq!(phase(&status), "Running");
        assert_eq!(status.pod_ip.as_deref(), Some("10.0.0.1"));
        assert_eq!(status.host_ip.as_deref(), Some("192.0.2.1"));
        let events = world.events("web-0").await?;
        let reasons: Vec<&str> = events.iter().map(|(reason, _)| reason.as_str()).collect();
        assert_eq!(reasons, ["Pulling", "Pulled", "Created", "Started"]);
        Ok(())
    });
}

#[test]
fn a_node_registers_and_keeps_its_heartbeats() {
    World::play(async |world: World| {
        let nodes = Objects::<Node>::cluster(&world.store)?;
        let node = nodes.get("node-1").await?;
        let status = node.status.clone().expect("a status");
        let ready = find(status.conditions.iter().flatten(), "Ready").expect("reported");
        assert_eq!(ready.status, "True");
        assert_eq!(node.metadata.labels.as_ref().expect("labels")["kubernetes.io/hostname"], "node-1");
        // NODE-03
        let leases = Objects::<Lease>::namespaced(&world.store, "kube-node-lease")?;
        world.env.sleep(SECOND).await;
        let first = leases.get("node-1").await?;
        assert_eq!(first.spec.as_ref().and_then(|spec| spec.lease_duration_seconds), Some(40));
        world.env.sleep(SECOND * 10).await;
        let second = leases.get("node-1").await?;
        assert!(
            second.spec.as_ref().and_then(|it| it.renew_time.clone())
                > first.spec.as_ref().and_then(|it| it.renew_time.clone())
        );
        // NODE-04
        let before = nodes.get("node-1").await?.object().revision();
        world.env.sleep(SECOND * 200).await;
        assert_eq!(nodes.get("node-1").await?.object().revision(), before, "nothing has changed");
        world.env.sleep(SECOND * 110).await;
        assert_ne!(nodes.get("node-1").await?.object().revision(), before);
        // NODE-05
        world.runtime.set_network_ready(false);
        world.env.sleep(SECOND * 11).await;
        let status = nodes.get("node-1").await?.status.clone().expect("a status");
        assert!(!is_true(status.conditions.iter().flatten(), "Ready"));
        // NODE-01
        nodes.delete("node-1", DeleteOptions::default()).await?;
        world.env.sleep(SECOND * 11).await;
        nodes.get("node-1").await?;
        Ok(())
    });
}

#[test]
fn a_node_with_images_whose_size_is_not_known_is_reported_as_seldom_as_any() {
    // NODE-04: what a store leaves out of a status, such as a size of zero, is no change.
    World::play(async |world: World| {
        world.create("a", json!({"containers": [{"name": "main", "image": "app:1"}]}), &[]).await?;
        world.env.sleep(SECOND * 30).await;
        let nodes = Objects::<Node>::cluster(&world.store)?;
        let node = nodes.get("node-1").await?;
        let images = node.status.as_ref().and_then(|status| status.images.as_ref()).map_or(0, Vec::len);
        assert_eq!(images, 1, "its image is told of");
        world.env.sleep(SECOND * 200).await;
        assert_eq!(nodes.get("node-1").await?.object().revision(), node.object().revision());
        Ok(())
    });
}

#[test]
fn a_crashing_container_restarts_ever_later() {
    // AGENT-09
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[("crash", "always")]).await?;
        let start = world.env.now();
        let mut at = Vec::new();
        for count in 1..=5 {
            world.until("web-0", |it| restarts(it) == count).await?;
            at.push((world.env.now() - start).as_secs());
        }
        assert_eq!(at, [0, 10, 30, 70, 150]);
        let status = world.until("web-0", |it| waiting(it) == "CrashLoopBackOff").await?;
        assert_eq!(phase(&status), "Running");
        let web = &status.container_statuses.as_ref().expect("statuses")[0];
        let uid = world.pods()?.get("web-0").await?.metadata.uid.clone().expect("a uid");
        let message = web.state.as_ref().and_then(|it| it.waiting.as_ref()).and_then(|it| it.message.clone());
        let expected = format!("back-off 2m40s restarting failed container=web pod=web-0_default({uid})");
        assert_eq!(message, Some(expected));
        let last = web.last_state.as_ref().and_then(|it| it.terminated.as_ref()).expect("it ended");
        assert_eq!((last.exit_code, last.reason.as_deref()), (1, Some("Error")));
        let left = world.runtime.list_containers(&ContainerFilter::default()).await.expect("listed");
        assert!(left.len() <= 2, "AGENT-32: dead instances are removed");
        Ok(())
    });
}

#[test]
fn a_container_killed_from_outside_is_started_again_at_once() {
    // AGENT-04
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[]).await?;
        world.until("web-0", is_ready).await?;
        world.kill("web-0", Exit::Signal(9));
        world.env.sleep(SECOND).await;
        let status = world.status("web-0").await?;
        assert!(is_ready(&status) && restarts(&status) == 1);
        let last = status.container_statuses.as_ref().expect("statuses")[0].last_state.clone();
        assert_eq!(last.and_then(|it| it.terminated).map(|it| it.exit_code), Some(137));
        Ok(())
    });
}

#[test]
fn a_pod_that_has_ended_is_over() {
    // AGENT-10
    for (code, policy, expected) in
        [("0", "Never", "Succeeded"), ("3", "Never", "Failed"), ("0", "OnFailure", "Succeeded")]
    {
        World::play(async |world: World| {
            let script = [("run-for", "5s"), ("exit-code", code)];
            world.create("job-0", json!({"restartPolicy": policy}), &script).await?;
            world.until("job-0", |it| phase(it) == "Running").await?;
            let status = world.until("job-0", |it| phase(it) == expected).await?;
            let ready = find(status.conditions.iter().flatten(), "Ready").expect("reported");
            let reason = if expected == "Failed" { "PodFailed" } else { "PodCompleted" };
            assert_eq!((ready.status.as_str(), ready.reason.as_deref()), ("False", Some(reason)));
            let ended = status.container_statuses.as_ref().expect("statuses")[0].state.clone();
            let ended = ended.and_then(|it| it.terminated).expect("it ended");
            assert_eq!(ended.exit_code.to_string(), code);
            world.env.sleep(SECOND * 600).await;
            assert_eq!(phase(&world.status("job-0").await?), expected);
            Ok(())
        });
    }
}

#[test]
fn a_deleted_pod_goes_when_its_containers_have_ended() {
    // AGENT-14
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[("stop-delay", "5s")]).await?;
        world.until("web-0", is_ready).await?;
        world.delete("web-0", None).await?;
        world.env.sleep(SECOND * 4).await;
        let status = world.status("web-0").await?;
        assert_eq!(phase(&status), "Running", "it still runs");
        world.until_gone("web-0").await?;
        world.env.sleep(SECOND).await;
        let runtime = &world.runtime;
        assert_eq!(runtime.list_containers(&ContainerFilter::default()).await.expect("listed"), []);
        assert_eq!(runtime.list_pod_sandboxes(&SandboxFilter::default()).await.expect("listed"), []);
        Ok(())
    });
}

#[test]
fn who_ignores_the_request_to_end_is_killed_after_the_grace() {
    // AGENT-15, AGENT-16
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[("stop-delay", "never")]).await?;
        world.until("web-0", is_ready).await?;
        let start = world.env.now();
        world.delete("web-0", Some(20)).await?;
        world.until_gone("web-0").await?;
        assert_eq!((world.env.now() - start).as_secs(), 20);

        world.create("web-1", json!({}), &[("stop-delay", "never")]).await?;
        world.until("web-1", is_ready).await?;
        let start = world.env.now();
        world.delete("web-1", Some(300)).await?;
        world.env.sleep(SECOND).await;
        world.delete("web-1", Some(5)).await?;
        world.until_gone("web-1").await?;
        assert!(world.env.now() - start < SECOND * 8, "the shorter grace holds");
        Ok(())
    });
}

#[test]
fn a_pod_removed_by_force_is_stopped_all_the_same() {
    // AGENT-16
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[("stop-delay", "never")]).await?;
        world.until("web-0", is_ready).await?;
        world.delete("web-0", Some(0)).await?;
        assert!(world.pods()?.get_opt("web-0").await?.is_none());
        world.env.sleep(SECOND * 3).await;
        let left = world.runtime.list_containers(&ContainerFilter::default()).await.expect("listed");
        assert_eq!(left, []);
        Ok(())
    });
}

#[test]
fn probes_decide_who_is_ready_and_who_is_restarted() {
    // AGENT-07, AGENT-21
    World::play(async |world: World| {
        let probe = json!({"httpGet": {"port": 80}, "periodSeconds": 2, "failureThreshold": 2});
        let container = json!({"name": "web", "image": "web:1", "readinessProbe": probe});
        world.create("web-0", json!({"containers": [container]}), &[("ready-after", "10s")]).await?;
        let status = world.until("web-0", |it| phase(it) == "Running").await?;
        assert!(!is_ready(&status));
        world.env.sleep(SECOND * 8).await;
        assert!(!is_ready(&world.status("web-0").await?));
        world.env.sleep(SECOND * 4).await;
        assert!(is_ready(&world.status("web-0").await?));
        let events = world.events("web-0").await?;
        assert!(events.contains(&(
            "Unhealthy".to_owned(),
            "Readiness probe failed: 10.0.0.1 refused the connection".to_owned()
        )));

        let container = json!({"name": "web", "image": "web:1", "livenessProbe": probe});
        world.create("web-1", json!({"containers": [container]}), &[]).await?;
        world.until("web-1", is_ready).await?;
        let id = world.runtime.find_container("default", "web-1", "web").expect("a container");
        world.runtime.set_ready(&id, false).expect("it is there");
        let status = world.until("web-1", |it| restarts(it) == 1).await?;
        assert!(is_ready(&status));
        let events = world.events("web-1").await?;
        let killing = "Container web failed liveness probe, will be restarted";
        assert!(events.contains(&("Killing".to_owned(), killing.to_owned())), "{events:?}");
        Ok(())
    });
}

#[test]
fn a_new_agent_takes_over_what_runs() {
    // AGENT-38, INV-RT-04
    World::play(async |mut world: World| {
        let probe = json!({"exec": {"command": ["ready"]}, "periodSeconds": 100});
        let container = json!({"name": "web", "image": "web:1", "readinessProbe": probe});
        world.create("web-0", json!({"containers": [container]}), &[]).await?;
        world.create("web-1", json!({}), &[]).await?;
        world.until("web-0", is_ready).await?;
        world.until("web-1", is_ready).await?;
        let before = world.pods()?.get("web-0").await?;
        world.stop_agent(Shutdown::LeavePods).await;
        // While nobody looks, one pod goes and one crashes.
        world.delete("web-1", Some(0)).await?;
        world.start_agent().await?;
        world.env.sleep(SECOND * 5).await;
        let after = world.pods()?.get("web-0").await?;
        assert_eq!(before.object().revision(), after.object().revision(), "nothing has changed");
        let containers = world.runtime.list_containers(&ContainerFilter::default()).await.expect("listed");
        assert_eq!(containers.len(), 1, "what no pod asks for is removed");
        world.kill("web-0", Exit::Code(1));
        world.until("web-0", |it| restarts(it) == 1).await?;
        Ok(())
    });
}

/// Restarts the agent on a view that is older than a pod which runs; the pod must go on as it is.
fn a_new_agent_sees_its_pods_late(behind: impl Fn(Behind) -> Behind) {
    World::play(async |mut world: World| {
        let first = world.store.snapshot().expect("it is in this process");
        world.create("web-0", json!({}), &[]).await?;
        world.until("web-0", is_ready).await?;
        // Its second sandbox, so that another first one would be in nobody's way.
        let sandboxes = world.runtime.list_pod_sandboxes(&SandboxFilter::default()).await.expect("listed");
        world.runtime.break_sandbox(&sandboxes[0].id).expect("it is there");
        let before = world.until("web-0", |it| restarts(it) == 1 && is_ready(it)).await?;
        world.runtime.remove_pod_sandbox(&sandboxes[0].id).await.expect("it is there");
        world.stop_agent(Shutdown::LeavePods).await;
        let store = behind(Behind::new(world.store.clone(), world.env.clone(), first));
        let view = DirectView::new(Arc::new(world.store.clone())).expect("the store is in this process");
        world.manager = Manager::new(&world.env, Arc::new(store), Arc::new(view));
        world.start_agent().await?;
        world.env.sleep(SECOND * 600).await;
        let after = world.status("web-0").await?;
        let ids = |status: &PodStatus| {
            let containers = status.container_statuses.clone().unwrap_or_default();
            containers.into_iter().map(|it| it.container_id).collect::<Vec<_>>()
        };
        assert_eq!((ids(&before), restarts(&after)), (ids(&after), 1), "it was not touched");
        let containers = world.runtime.list_containers(&ContainerFilter::default()).await.expect("listed");
        let running = containers.iter().filter(|it| it.state == ContainerState::Running).count();
        assert_eq!(running, 1, "it runs once");
        Ok(())
    });
}

#[test]
fn a_pod_that_is_missing_from_an_old_view_is_looked_up_before_it_is_removed() {
    // INV-RT-01, INV-RT-04: found by simulation. Upstream stops it.
    a_new_agent_sees_its_pods_late(|behind| behind);
}

#[test]
fn what_runs_of_a_pod_that_could_not_be_looked_up_is_found_again() {
    for seconds in [0, 5] {
        a_new_agent_sees_its_pods_late(|behind| behind.refuses_after(SECOND * seconds));
    }
}

#[test]
fn a_pod_that_is_gone_has_no_report_that_is_tried_again() {
    // INV-IN-09: found by simulation. A deadline that was over and was nobody's kept the agent busy for ever.
    World::play(async |world: World| {
        let pod = world.create("web-0", json!({}), &[]).await?;
        let uid = pod.object().meta().uid.clone().expect("it is stored");
        let mut pods = pods::Pods::default();
        pods.insert(uid.clone(), pod, memory::PodMemory::default());
        pods.report(&uid);
        let now = world.env.now();
        let begun = pods.jobs(now);
        assert!(begun.contains(&(uid.clone(), pods::Job::Publish)), "{begun:?}");
        let (abort, _registration) = futures::future::AbortHandle::new_pair();
        pods.began(&uid, pods::Job::Sync, abort);
        pods.published(&uid, false, now + SECOND);
        pods.remove(&uid);
        pods.jobs(now + SECOND);
        assert!(pods.next_deadline() > now + SECOND);
        Ok(())
    });
}

#[test]
fn pods_can_be_stopped_with_the_agent() {
    World::play(async |mut world: World| {
        world.create("web-0", json!({}), &[("stop-delay", "5s")]).await?;
        world.until("web-0", is_ready).await?;
        world.stop_agent(Shutdown::StopPods).await;
        let status = world.status("web-0").await?;
        assert_eq!((phase(&status), status.reason.as_deref()), ("Failed", Some("Terminated")));
        Ok(())
    });
}

#[test]
fn an_image_that_cannot_be_had_is_asked_for_ever_later() {
    // AGENT-30
    World::play(async |world: World| {
        let container = json!({"name": "web", "image": "absent:1"});
        world.create("web-0", json!({"containers": [container]}), &[]).await?;
        world.until("web-0", |it| waiting(it) == "ErrImagePull").await?;
        let status = world.until("web-0", |it| waiting(it) == "ImagePullBackOff").await?;
        assert_eq!(phase(&status), "Pending");
        world.env.sleep(SECOND * 100).await;
        let events = world.events("web-0").await?;
        let pulls = Objects::<Event>::namespaced(&world.store, "default")?.list().await?;
        let pulls = pulls.iter().find(|it| it.reason.as_deref() == Some("Pulling")).and_then(|it| it.count);
        assert_eq!(pulls, Some(4), "after 0, 10, 30 and 70 seconds: {events:?}");

        let container = json!({"name": "web", "image": "web:9", "imagePullPolicy": "Never"});
        world.create("web-1", json!({"containers": [container]}), &[]).await?;
        world.until("web-1", |it| waiting(it) == "ErrImageNeverPull").await?;
        Ok(())
    });
}

#[test]
fn what_a_container_refers_to_is_waited_for() {
    // AGENT-31
    World::play(async |world: World| {
        let env = json!([{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "x"}}}]);
        let container = json!({"name": "web", "image": "web:1", "env": env});
        world.create("web-0", json!({"containers": [container]}), &[]).await?;
        world.until("web-0", |it| waiting(it) == "CreateContainerConfigError").await?;
        let map = json!({"metadata": {"name": "settings"}, "data": {"x": "1"}});
        let maps = Objects::<ConfigMap>::namespaced(&world.store, "default")?;
        maps.create(serde_json::from_value(map).expect("a map")).await?;
        world.until("web-0", is_ready).await?;
        let container = json!({"name": "web", "image": "web:1"});
        world.create("web-1", json!({"containers": [container]}), &[("fail-create", "1")]).await?;
        world.until("web-1", |it| waiting(it) == "CreateContainerError").await?;
        world.create("web-2", json!({"containers": [container]}), &[("fail-start", "always")]).await?;
        let status = world.until("web-2", |it| waiting(it) == "CrashLoopBackOff").await?;
        let last = status.container_statuses.as_ref().expect("statuses")[0].last_state.clone();
        assert_eq!(last.and_then(|it| it.terminated).and_then(|it| it.reason).as_deref(), Some("StartError"));
        Ok(())
    });
}

#[test]
fn init_containers_run_one_after_the_other_and_sidecars_beside() {
    // AGENT-23, AGENT-24
    World::play(async |world: World| {
        let spec = json!({
            "restartPolicy": "Never",
            "initContainers": [
                {"name": "first", "image": "init:1"},
                {"name": "side", "image": "side:1", "restartPolicy": "Always"},
                {"name": "last", "image": "init:1"},
            ],
        });
        let script = [("first/run-for", "2s"), ("last/run-for", "3s"), ("web/run-for", "4s")];
        world.create("job-0", spec, &script).await?;
        let start = world.env.now();
        let status = world.until("job-0", |it| phase(it) == "Running").await?;
        assert_eq!((world.env.now() - start).as_secs(), 5);
        assert!(is_true(status.conditions.iter().flatten(), "Initialized"));
        world.until("job-0", |it| phase(it) == "Succeeded").await?;
        assert_eq!((world.env.now() - start).as_secs(), 9);
        let left = world.runtime.find_container("default", "job-0", "side").expect("it is there");
        let side = world.runtime.container_status(&left).await.expect("it is there");
        assert_eq!(side.state(), setpoint_runtime_traits::ContainerState::Exited);
        Ok(())
    });
}

#[test]
fn a_pod_that_does_not_fit_is_refused() {
    // AGENT-26
    World::play(async |world: World| {
        let resources = json!({"requests": {"cpu": "3"}});
        let container = json!({"name": "web", "image": "web:1", "resources": resources});
        for name in ["web-0", "web-1"] {
            world.create(name, json!({"containers": [container]}), &[]).await?;
        }
        world.until("web-0", is_ready).await?;
        let status = world.until("web-1", |it| phase(it) == "Failed").await?;
        assert_eq!(status.reason.as_deref(), Some("OutOfcpu"));
        let message = "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000";
        assert_eq!(status.message.as_deref(), Some(message));
        world.delete("web-1", None).await?;
        world.until_gone("web-1").await
    });
}

#[test]
fn a_pod_past_its_deadline_fails() {
    // AGENT-35
    World::play(async |world: World| {
        world.create("web-0", json!({"activeDeadlineSeconds": 30}), &[]).await?;
        world.until("web-0", is_ready).await?;
        let status = world.until("web-0", |it| phase(it) == "Failed").await?;
        assert_eq!(status.reason.as_deref(), Some("DeadlineExceeded"));
        Ok(())
    });
}

#[test]
fn a_broken_sandbox_is_replaced() {
    // AGENT-06
    World::play(async |world: World| {
        world.create("web-0", json!({}), &[]).await?;
        world.until("web-0", is_ready).await?;
        let sandboxes = world.runtime.list_pod_sandboxes(&SandboxFilter::default()).await.expect("listed");
        world.runtime.break_sandbox(&sandboxes[0].id).expect("it is there");
        let status = world.until("web-0", |it| restarts(it) == 1 && is_ready(it)).await?;
        assert_eq!(status.pod_ip.as_deref(), Some("10.0.0.2"));
        let events = world.events("web-0").await?;
        assert!(events.iter().any(|(reason, _)| reason == "SandboxChanged"), "{events:?}");
        Ok(())
    });
}

#[test]
fn a_runtime_that_does_not_answer_for_a_while_is_waited_for() {
    for seed in 0..10 {
        World::play_seed(seed, async |world: World| {
            world.create("web-0", json!({}), &[("start-delay", "3s")]).await?;
            world.env.sleep(SECOND).await;
            world.runtime.set_available(false);
            world.create("web-1", json!({}), &[]).await?;
            world.env.sleep(SECOND * 30).await;
            world.runtime.set_available(true);
            for name in ["web-0", "web-1"] {
                world.until(name, is_ready).await?;
            }
            let containers =
                world.runtime.list_containers(&ContainerFilter::default()).await.expect("listed");
            let running = containers.iter().filter(|it| it.state == ContainerState::Running);
            assert_eq!(running.count(), 2, "nothing runs twice");
            Ok(())
        });
    }
}

#[test]
fn hooks_run_after_the_start_and_before_the_end() {
    // AGENT-15, AGENT-17
    World::play(async |world: World| {
        let lifecycle = json!({"preStop": {"sleep": {"seconds": 5}}});
        let container = json!({"name": "web", "image": "web:1", "lifecycle": lifecycle});
        world.create("web-0", json!({"containers": [container]}), &[]).await?;
        world.until("web-0", is_ready).await?;
        let start = world.env.now();
        world.delete("web-0", None).await?;
        world.until_gone("web-0").await?;
        assert_eq!((world.env.now() - start).as_secs(), 5);

        let lifecycle = json!({"postStart": {"exec": {"command": ["false"]}}});
        let container = json!({"name": "web", "image": "web:1", "lifecycle": lifecycle});
        world.create("web-1", json!({"containers": [container]}), &[]).await?;
        world.until("web-1", |it| waiting(it) == "CrashLoopBackOff").await?;
        let events = world.events("web-1").await?;
        let told = |reason: &str, message: &str| events.contains(&(reason.to_owned(), message.to_owned()));
        assert!(
            told("FailedPostStartHook", "PostStartHook failed") && told("Killing", "FailedPostStartHook")
        );
        Ok(())
    });
}

#[test]
fn volumes_are_there_before_containers_or_their_absence_is_told() {
    // AGENT-05
    World::play(async |world: World| {
        let volumes = json!([{"name": "settings", "configMap": {"name": "settings"}}]);
        let mounts = json!([{"name": "settings", "mountPath": "/etc/settings"}]);
        let container = json!({"name": "web", "image": "web:1", "volumeMounts": mounts});
        world.create("web-0", json!({"volumes": volumes, "containers": [container]}), &[]).await?;
        world.env.sleep(SECOND * 5).await;
        let events = world.events("web-0").await?;
        let message = "MountVolume.SetUp failed for volume \"settings\" : configmap \"settings\" not found";
        assert!(events.contains(&("FailedMount".to_owned(), message.to_owned())), "{events:?}");
        assert_eq!(waiting(&world.status("web-0").await?), "ContainerCreating");
        let map = json!({"metadata": {"name": "settings"}, "data": {"x": "1"}});
        let maps = Objects::<ConfigMap>::namespaced(&world.store, "default")?;
        maps.create(serde_json::from_value(map).expect("a map")).await?;
        world.until("web-0", is_ready).await?;
        let id = world.runtime.find_container("default", "web-0", "web").expect("a container");
        let mounted = world.runtime.container_status(&id).await.expect("it is there").mounts;
        assert!(mounted[0].host_path.ends_with("volumes/kubernetes.io~configmap/settings"));
        Ok(())
    });
}

#[test]
fn a_thousand_pods_at_rest_cost_nothing() {
    World::play(async |world: World| {
        for index in 0..1000 {
            world.create(&format!("web-{index}"), json!({}), &[]).await?;
        }
        for index in 0..1000 {
            world.until(&format!("web-{index}"), is_ready).await?;
        }
        world.env.sleep(SECOND * 3600).await;
        Ok::<(), Error>(())
    });
}
