//! Why objects are as they are: the chain of writes, runs and causes behind each.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use serde_json::json;
use setpoint::env::{Env, Simulation};
use setpoint::node::agent::AgentSettings;
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::reconcile::history::{History, Why};
use setpoint::reconcile::leader::ElectionSettings;
use setpoint::store::request::{DeleteOptions, Propagation};
use setpoint::{ControlPlane, ControlPlaneBuilder, Result};

const REPLICA_SETS: &str = "system:replicaset-controller";
const DEPLOYMENTS: &str = "system:deployment-controller";
const USER: &str = "system:objects";

/// Plays a scene in a control plane that records this much.
fn play<F: Future<Output = Result<()>>>(
    history: History,
    parts: impl FnOnce(&Env, ControlPlaneBuilder) -> ControlPlaneBuilder,
    scene: impl FnOnce(Env, Rc<ControlPlane>) -> F,
) {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let builder = ControlPlane::builder(&env).history(history).workload_controllers();
        let plane = Rc::new(parts(&env, builder).start().await?);
        scene(env.clone(), Rc::clone(&plane)).await?;
        Rc::into_inner(plane).expect("the scene has ended").shut_down().await;
        Result::<()>::Ok(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
}

fn recorded() -> History {
    History::keeping(History::RECORDS)
}

fn map(name: &str) -> ConfigMap {
    let mut map = ConfigMap::default();
    map.metadata.name = Some(name.to_owned());
    map
}

/// Makes a Deployment, and gives the name of one of its pods.
async fn deploy(env: &Env, plane: &ControlPlane) -> Result<String> {
    let web = json!({
        "metadata": {"name": "web"},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "app:1"}]}}},
    });
    let web = serde_json::from_value(web).expect("a Deployment");
    plane.objects::<Deployment>("default")?.create(web).await?;
    env.sleep(Duration::from_secs(20)).await;
    let pods = plane.objects::<Pod>("default")?.list().await?;
    Ok(pods[0].object().meta().name.to_string())
}

/// Each step as `depth verb name user`.
fn chain(why: &Why) -> Vec<String> {
    let steps = why.steps.iter();
    let step = |it: &setpoint::reconcile::history::WhyStep| {
        let name = it.write.object.name.split('-').next().unwrap_or_default().to_owned();
        format!("{} {} {name} {}", it.depth, it.write.verb, it.write.user.name)
    };
    steps.map(step).collect()
}

fn created() -> Vec<String> {
    vec![
        format!("0 create web {REPLICA_SETS}"),
        format!("1 create web {DEPLOYMENTS}"),
        format!("2 create web {USER}"),
    ]
}

#[test]
fn a_pod_is_there_for_a_replica_set_for_a_deployment_for_a_user() {
    play(
        recorded(),
        |_, it| it,
        async |env, plane| {
            let pod = deploy(&env, &plane).await?;
            let why = plane.why::<Pod>(Some("default"), &pod)?;
            assert_eq!(chain(&why), created(), "{why}");
            let text = why.to_string();
            for part in [
                &*format!("create pods default/{pod} @"),
                " in a run of replicaset-controller for default/web-",
                "  since replicasets default/web-",
                " in a run of deployment-controller for default/web, ",
                "    since deployments default/web changed @",
            ] {
                assert!(text.contains(part), "{part} in\n{text}");
            }
            Ok(())
        },
    );
}

#[test]
fn what_schedulers_and_agents_write_comes_before_what_made_the_pod() {
    let node = |env: &Env, it: ControlPlaneBuilder| {
        let settings = ["cpu", "memory", "ephemeral-storage"]
            .into_iter()
            .fold(AgentSettings::new("node-1"), |settings, resource| {
                settings.with_capacity(resource, "8Gi".parse().expect("a quantity"))
            });
        let runtime = SimulatedRuntime::builder("node-1", env.clone()).build();
        it.node_controllers().scheduler().node(settings, Arc::new(runtime).node_runtime())
    };
    play(recorded(), node, async |env, plane| {
        let pod = deploy(&env, &plane).await?;
        let why = plane.why::<Pod>(Some("default"), &pod)?;
        let verbs: Vec<&str> = why.steps.iter().map(|step| step.write.verb).collect();
        // The scheduler had told of it first that there was no node yet.
        let expected = ["update status", "bind", "update status", "create", "create", "create"];
        assert_eq!(verbs, expected, "{why}");
        let bound = &why.steps[1].write;
        assert_eq!((&*bound.user.name, bound.run), ("system:kube-scheduler", None), "{why}");
        Ok(())
    });
}

#[test]
fn users_are_why_there_is_what_only_they_write() {
    play(
        recorded(),
        |_, it| it,
        async |_, plane| {
            let maps = plane.objects::<ConfigMap>("default")?;
            maps.create(map("a")).await?;
            let edited =
                |text: &str| ConfigMap { data: Some([(text.to_owned(), String::new())].into()), ..map("a") };
            maps.replace(edited("one")).await?;
            // Changes nothing, so it is no reason.
            maps.replace(edited("one")).await?;
            maps.delete("a", DeleteOptions::default()).await?;
            maps.create(map("a")).await?;
            let why = plane.why::<ConfigMap>(Some("default"), "a")?;
            assert_eq!(
                chain(&why),
                [format!("0 create a {USER}")],
                "another life is another object's: {why}"
            );
            maps.delete("a", DeleteOptions::default()).await?;
            maps.create(map("b")).await?;
            maps.replace(ConfigMap { metadata: map("b").metadata, ..edited("one") }).await?;
            let expected = [format!("0 delete a {USER}"), format!("1 create a {USER}")];
            assert_eq!(chain(&plane.why::<ConfigMap>(Some("default"), "a")?), expected);
            let expected = [format!("0 update b {USER}"), format!("1 create b {USER}")];
            assert_eq!(chain(&plane.why::<ConfigMap>(Some("default"), "b")?), expected);
            Ok(())
        },
    );
}

#[test]
fn what_is_collected_went_since_its_owner_did() {
    play(
        recorded(),
        |_, it| it,
        async |env, plane| {
            let pod = deploy(&env, &plane).await?;
            let options =
                DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
            plane.objects::<Deployment>("default")?.delete("web", options).await?;
            env.sleep(Duration::from_secs(60)).await;
            assert_eq!(plane.objects::<Pod>("default")?.list().await?.len(), 0);
            let why = plane.why::<Pod>(Some("default"), &pod)?;
            let collector = "system:garbage-collector-controller";
            let steps = chain(&why);
            assert_eq!(
                steps[..2],
                [format!("0 delete web {collector}"), format!("1 delete web {collector}")],
                "{why}"
            );
            assert!(steps[2..].contains(&format!("2 delete web {USER}")), "{why}");
            Ok(())
        },
    );
}

#[test]
fn what_was_in_a_namespace_went_with_it() {
    play(
        recorded(),
        |_, it| it,
        async |env, plane| {
            let mut team = Namespace::default();
            team.metadata.name = Some("team".to_owned());
            plane.all_objects::<Namespace>()?.create(team).await?;
            plane.objects::<ConfigMap>("team")?.create(map("a")).await?;
            plane.all_objects::<Namespace>()?.delete("team", DeleteOptions::default()).await?;
            env.sleep(Duration::from_secs(60)).await;
            let why = plane.why::<ConfigMap>(Some("team"), "a")?;
            let steps = chain(&why);
            assert_eq!(steps[0], "0 delete collection a system:namespace-controller", "{why}");
            assert!(steps[1..].contains(&format!("1 delete team {USER}")), "{why}");
            Ok(())
        },
    );
}

#[test]
fn leaders_are_asked_too() {
    let led = |_: &Env, it: ControlPlaneBuilder| {
        it.leader_election(ElectionSettings::new("kube-system", "it", "a"))
    };
    play(recorded(), led, async |env, plane| {
        env.sleep(Duration::from_secs(1)).await;
        let pod = deploy(&env, &plane).await?;
        let why = plane.why::<Pod>(Some("default"), &pod)?;
        assert_eq!(chain(&why), created(), "{why}");
        Ok(())
    });
}

#[test]
fn nothing_is_known_of_what_is_not_kept() {
    play(
        History::off(),
        |_, it| it,
        async |env, plane| {
            let pod = deploy(&env, &plane).await?;
            assert_eq!(plane.why::<Pod>(Some("default"), &pod)?.steps, []);
            Ok(())
        },
    );
    let history = History::keeping(8);
    let kept = history.clone();
    play(
        history,
        |_, it| it,
        async |env, plane| {
            let pod = deploy(&env, &plane).await?;
            let maps = plane.objects::<ConfigMap>("default")?;
            for number in 0..20 {
                maps.create(map(&format!("map-{number}"))).await?;
            }
            assert!(kept.runs().len() <= 8 && kept.writes().len() == 8);
            assert_eq!(plane.why::<Pod>(Some("default"), &pod)?.steps, []);
            assert_eq!(plane.why::<ConfigMap>(Some("default"), "map-19")?.steps.len(), 1);
            Ok(())
        },
    );
}
