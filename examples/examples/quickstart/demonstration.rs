use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use setpoint::Objects;
use setpoint::manifest::{Manifest, ParseError};
use setpoint::model::kind::Registry;
use setpoint::model::patch::{Patch, PatchType};
use setpoint::store::request::{DeleteOptions, Propagation, RequestContext};
use setpoint_examples::local_cluster::{LIMIT, LocalCluster};
use setpoint_examples::pods::{PodWatch, Pods, Row};
use setpoint_examples::screen::Screen;
use setpoint_examples::{Failure, web};
use tokio::net::TcpStream;

const MANIFEST: &str = include_str!("../../manifests/web.yaml");
const NAME: &str = "web";
const NAMESPACE: &str = "default";
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The manifest that is shown.
pub(crate) fn manifest() -> Result<Manifest, Failure> {
    let manifest = Manifest::parse("examples/manifests/web.yaml", MANIFEST, &Registry::builtin());
    manifest.map_err(|error: ParseError| error.to_string().into())
}

/// All of it, one after the other. Each step fails if what it shows does not happen in time.
pub(crate) async fn run(
    cluster: &LocalCluster,
    screen: &Screen,
    pods: &PodWatch,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let deployments = cluster.plane().objects::<Deployment>(NAMESPACE)?;
    manifest.apply(&**cluster.plane().store(), &RequestContext::system("quickstart")).await?;
    screen.say("applied examples/manifests/web.yaml: 6 replicas of web:v1");
    until_available(pods, "start", 6, "web:v1").await?;
    screen.say(&format!("6 of 6 are ready; one answers {:?}", ask_one(pods).await?));

    kill_one(screen, pods).await?;

    patch(&deployments, json!({"spec": {"replicas": 9}})).await?;
    screen.say("scaled to 9");
    until_available(pods, "scale", 9, "web:v1").await?;
    screen.say("9 of 9 are ready");

    let image = json!({"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "web:v2"}]}}}});
    roll(&deployments, screen, pods, image, "web:v2").await?;
    screen.say(&format!("one answers {:?}", ask_one(pods).await?));

    let template = template_of_revision(cluster, "1").await?;
    screen.say("rolling back to revision 1");
    roll(&deployments, screen, pods, json!({"spec": {"template": template}}), "web:v1").await?;
    screen.say(&format!("one answers {:?}", ask_one(pods).await?));

    let processes: Vec<u32> = pods.now().rows().filter_map(|row| row.pid).collect();
    let options = DeleteOptions { propagation: Some(Propagation::Foreground), ..DeleteOptions::default() };
    deployments.delete(NAME, options).await?;
    screen.say("deleting the Deployment, its ReplicaSets and pods first");
    pods.until("left", LIMIT, processes.len(), Pods::len, Pods::is_empty).await?;
    if deployments.get_opt(NAME).await?.is_some() {
        // It goes when the last of its dependents has gone.
        cluster.plane().env().sleep(Duration::from_millis(200)).await;
    }
    if deployments.get_opt(NAME).await?.is_some() {
        return Err("the Deployment is still there after its pods".into());
    }
    let left: Vec<&u32> = processes.iter().filter(|pid| is_alive(**pid)).collect();
    if !left.is_empty() {
        return Err(format!("processes {left:?} outlive their pods").into());
    }
    screen.clear();
    summary(screen, processes.len());
    Ok(())
}

async fn until_available(pods: &PodWatch, what: &str, of: usize, image: &str) -> Result<Pods, Failure> {
    let ready = |pods: &Pods| pods.available_of(image);
    pods.until(what, LIMIT, of, ready, |pods| ready(pods) == of && pods.len() == of).await
}

/// Kills the process of one pod, as a crash would, and waits until the pod is back with another.
async fn kill_one(screen: &Screen, pods: &PodWatch) -> Result<(), Failure> {
    let running = pods.now();
    let victim = running.rows().find(|row| row.pid.is_some()).ok_or("no pod has a process")?;
    let pid = victim.pid.ok_or("it has a process")?;
    kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL)?;
    screen.say(&format!("killed process {pid} of {}", victim.name));
    let back = |row: &Row| row.name == victim.name && row.available && row.restarts > victim.restarts;
    let after = pods.until("come back", LIMIT, 6, Pods::available, |pods| pods.rows().any(back)).await?;
    let row = after.rows().find(|row| back(row)).ok_or("it has come back")?;
    let pid = row.pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string());
    screen.say(&format!("{} is back as process {pid}, restarted {} time(s)", row.name, row.restarts));
    Ok(())
}

/// Changes the template and follows the rollout: at every event of the watch there must be enough pods.
async fn roll(
    deployments: &Objects<Deployment>,
    screen: &Screen,
    pods: &PodWatch,
    change: Value,
    image: &str,
) -> Result<(), Failure> {
    let replicas = usize::try_from(deployments.get(NAME).await?.spec.replicas.unwrap_or(1))?;
    // The manifest leaves maxUnavailable at 25 %, which rounds down.
    let floor = replicas - replicas / 4;
    pods.mark();
    patch(deployments, change).await?;
    screen.say(&format!("rolling out {image}: at least {floor} of {replicas} must stay available"));
    let after = until_available(pods, "roll out", replicas, image).await?;
    let fewest = after.fewest_available();
    if fewest < floor {
        return Err(format!("only {fewest} pods were available during the rollout, {floor} must be").into());
    }
    screen.say(&format!("{replicas} of {replicas} run {image}; never fewer than {fewest} were available"));
    Ok(())
}

async fn patch(deployments: &Objects<Deployment>, change: Value) -> Result<(), Failure> {
    deployments.patch(NAME, Patch::decode(PatchType::Strategic, change)?).await?;
    Ok(())
}

/// The template that a ReplicaSet keeps of an earlier revision, without the label that tells it apart.
async fn template_of_revision(cluster: &LocalCluster, revision: &str) -> Result<Value, Failure> {
    let sets = cluster.plane().objects::<ReplicaSet>(NAMESPACE)?.list().await?;
    let is_wanted = |set: &&_| {
        let set: &ReplicaSet = set;
        set.metadata
            .annotations
            .as_ref()
            .and_then(|all| all.get(REVISION))
            .is_some_and(|found| found == revision)
    };
    let set = sets.iter().map(|set| &**set).find(is_wanted).ok_or("there is no such revision")?;
    let mut template = set.spec.template.clone().ok_or("a ReplicaSet has a template")?;
    if let Some(labels) = template.metadata.as_mut().and_then(|meta| meta.labels.as_mut()) {
        labels.remove("pod-template-hash");
    }
    let mut template = serde_json::to_value(template)?;
    template["$patch"] = json!("replace");
    Ok(template)
}

/// What one of the servers says.
async fn ask_one(pods: &PodWatch) -> Result<String, Failure> {
    let running = pods.now();
    let row = running.rows().find(|row| row.available).ok_or("no pod is available")?;
    let stream = TcpStream::connect((row.ip.as_str(), web::PORT)).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/").header("host", &row.ip).body(Empty::<Bytes>::new())?;
    let answer = async {
        let body = sender.send_request(request).await?.into_body().collect().await?;
        // With its only sender gone the connection ends.
        drop(sender);
        Ok::<_, hyper::Error>(body)
    };
    let (answer, _closed) = tokio::join!(answer, connection);
    Ok(String::from_utf8_lossy(&answer?.to_bytes()).trim().to_owned())
}

fn is_alive(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), None).is_ok())
}

fn summary(screen: &Screen, processes: usize) {
    screen.say("summary:");
    for line in [
        "  6 replicas came up, a killed one came back, 9 after scaling",
        "  2 rollouts (to v2 and back), each with enough pods available at every event",
        &format!("  all {processes} processes ended with their pods"),
    ] {
        screen.say(line);
    }
}
