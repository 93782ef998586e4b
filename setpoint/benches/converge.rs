//! How long until Deployments have all their pods, from the first write to the last count.
//!
//! ```text
//! cargo bench -p setpoint --bench converge -- --deployments 100 --replicas 100
//! cargo bench -p setpoint --bench converge -- --engine durable --dir /tmp/store
//! cargo bench -p setpoint --bench converge -- --engine remote
//! ```
//!
//! With `--engine etcd --dir DIR` (feature `etcd`) a member of etcd is started, whose memory and CPU are not in the figures.
//!
//! With `--engine remote` the controllers see a store in memory over HTTPS, through this project's own API server: server
//! and clients share the process, so all figures are those of both.
//!
//! All rules, field ownership, events and watch history are on. A watcher that is no part of the control
//! plane counts every pod, and waits until the statuses of the ReplicaSets count them too. Prints one line of
//! JSON. With `--delete background` or `--delete foreground` the Deployments are deleted again then, and a second
//! line tells how long it took until everything that depends on them was collected.

#[path = "process/mod.rs"]
mod process;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use futures::StreamExt;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet, ReplicaSetStatus};
use k8s_openapi::api::core::v1::Pod;
use kube::config::{KubeConfigOptions, Kubeconfig};
use rustc_hash::FxHashMap;
use serde_json::json;
use setpoint::apiserver::authentication::administrator;
use setpoint::apiserver::serve::Server;
use setpoint::controllers::deployment::DeploymentController;
use setpoint::controllers::garbage_collector::GarbageCollector;
use setpoint::controllers::replica_set::ReplicaSetController;
use setpoint::env::Env;
use setpoint::model::object::{Draft, Key};
use setpoint::reconcile::controller::Settings;
use setpoint::store::engine::durable::Disk;
use setpoint::store::remote::{Config, Remote};
use setpoint::store::request::{
    DeleteOptions, Propagation, RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery, Write,
};
use setpoint::store::{ObjectStoreExt, WatchStream};
use setpoint::{ControlPlane, ObjectStore, Result};

use crate::process::{cpu_seconds, peak_rss_mb, rounded};

/// Times Deployments on their way to all their pods.
#[derive(Parser)]
struct Arguments {
    /// How many Deployments.
    #[arg(long, default_value_t = 100)]
    deployments: usize,
    /// How many pods each of them gets.
    #[arg(long, default_value_t = 100)]
    replicas: usize,
    /// Where objects are kept.
    #[arg(long, value_enum, default_value_t = EngineName::Memory)]
    engine: EngineName,
    /// The folder of a durable engine, or of etcd, which is to be new or empty.
    #[arg(long, required_if_eq_any([("engine", "durable"), ("engine", "etcd")]))]
    dir: Option<std::path::PathBuf>,
    /// How many keys each controller works on at a time: 5, and 32 on an engine that takes its time.
    #[arg(long)]
    workers: Option<usize>,
    /// Whether the Deployments are deleted again, and what comes first then.
    #[arg(long, value_enum)]
    delete: Option<Policy>,
    /// How many threads work.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    Memory,
    Durable,
    /// A member of etcd that is started for it.
    #[cfg(feature = "etcd")]
    Etcd,
    Remote,
}

impl EngineName {
    fn as_str(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Durable => "durable",
            #[cfg(feature = "etcd")]
            Self::Etcd => "etcd",
            Self::Remote => "remote",
        }
    }
}

/// The server that a remote engine is, and the control plane around its store, which has no controllers.
struct Served {
    server: Server,
    plane: ControlPlane,
}

#[derive(Clone, Copy, ValueEnum)]
enum Policy {
    Background,
    Foreground,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut builder = match arguments.threads {
        0 | 1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    if arguments.threads > 1 {
        builder.worker_threads(arguments.threads);
    }
    let runtime = builder.enable_all().build().expect("a runtime can be made");
    match runtime.block_on(run(&arguments)) {
        Ok(line) => {
            #[expect(clippy::print_stdout, reason = "the result")]
            {
                println!("{line}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "for people")]
            {
                eprintln!("converge: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<String> {
    let env = Env::tokio();
    let mut beside = Beside::default();
    let served = match arguments.engine {
        EngineName::Remote => {
            let (remote, served) = serve(&env).await?;
            beside.remote = Some(remote);
            Some(served)
        }
        _ => None,
    };
    #[cfg(feature = "etcd")]
    if let (EngineName::Etcd, Some(dir)) = (arguments.engine, &arguments.dir) {
        let started = setpoint::store::engine::etcd::LocalEtcd::start(dir, 1);
        beside.etcd = Some(started.map_err(setpoint::Error::internal)?);
    }
    let plane = start(&env, arguments, &beside).await?;
    let store = Arc::clone(plane.store());
    let wanted = arguments.deployments * arguments.replicas;
    let pods = watch::<Pod>(&store).await?;
    let sets = watch::<ReplicaSet>(&store).await?;
    let kind = store.kind_of::<Deployment>()?;
    let drafts = (0..arguments.deployments).map(|number| {
        let draft = Draft::from_whole(Arc::clone(&kind), deployment(number, arguments.replicas));
        draft.map(Write::Create).map_err(setpoint::Error::internal)
    });
    let writes = drafts.collect::<Result<Vec<Write>>>()?;

    let cpu_before = cpu_seconds();
    let before = env.now();
    let count =
        env.spawn("count", async move { futures::join!(count_pods(pods, wanted), count_sets(sets, wanted)) });
    let context = RequestContext::system("converge");
    for result in store.write_batch(&context, writes).await {
        result?;
    }
    let (pods, counted) = count.join().await.map_err(setpoint::Error::internal)?;
    let seconds = (env.now() - before).as_secs_f64();
    let cpu = cpu_seconds() - cpu_before;
    assert_eq!((pods, counted), (wanted, wanted), "a watch ended early");
    let line = json!({
        "bench": "converge",
        "engine": arguments.engine.as_str(),
        "workers": workers(arguments),
        "deployments": arguments.deployments,
        "replicas": arguments.replicas,
        "threads": arguments.threads,
        "seconds": rounded(seconds),
        "pods_per_second": (wanted as f64 / seconds).round(),
        "cpu_seconds": rounded(cpu),
        "peak_rss_mb": rounded(peak_rss_mb()),
    });
    let mut lines = vec![line.to_string()];
    if let Some(policy) = arguments.delete {
        lines.push(collect(arguments, policy, &env, &store).await?);
    }
    plane.shut_down().await;
    if let Some(Served { server, plane }) = served {
        server.shut_down().await;
        plane.shut_down().await;
    }
    Ok(lines.join("\n"))
}

/// Deletes all Deployments, and waits until their last dependent is gone.
async fn collect(
    arguments: &Arguments,
    policy: Policy,
    env: &Env,
    store: &Arc<dyn ObjectStore>,
) -> Result<String> {
    let (word, propagation) = match policy {
        Policy::Background => ("background", Propagation::Background),
        Policy::Foreground => ("foreground", Propagation::Foreground),
    };
    let wanted = arguments.deployments * arguments.replicas;
    let (pods, sets, owners) =
        (watch::<Pod>(store).await?, watch::<ReplicaSet>(store).await?, watch::<Deployment>(store).await?);
    let kind = store.kind_of::<Deployment>()?;
    let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
    let writes = (0..arguments.deployments).map(|number| {
        Write::Delete(Key::namespaced(kind.id, "default", format!("app-{number}")), options.clone())
    });
    let (cpu_before, before, number) = (cpu_seconds(), env.now(), arguments.deployments);
    let count = env.spawn("count", async move {
        futures::join!(count_gone(pods, wanted), count_gone(sets, number), count_gone(owners, number))
    });
    let context = RequestContext::system("converge");
    for result in store.write_batch(&context, writes.collect()).await {
        result?;
    }
    let gone = count.join().await.map_err(setpoint::Error::internal)?;
    let seconds = (env.now() - before).as_secs_f64();
    assert_eq!(gone, (wanted, number, number), "a watch ended early");
    let line = json!({
        "bench": "collect",
        "policy": word,
        "deployments": number,
        "replicas": arguments.replicas,
        "threads": arguments.threads,
        "seconds": rounded(seconds),
        "dependents_per_second": ((wanted + number) as f64 / seconds).round(),
        "cpu_seconds": rounded(cpu_seconds() - cpu_before),
        "peak_rss_mb": rounded(peak_rss_mb()),
    });
    Ok(line.to_string())
}

/// Counts objects until all are gone.
async fn count_gone(mut events: WatchStream, wanted: usize) -> usize {
    let mut count = 0;
    while count < wanted {
        match events.next().await {
            Some(Ok(WatchEvent::Deleted(_))) => count += 1,
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    count
}

fn workers(arguments: &Arguments) -> usize {
    arguments.workers.unwrap_or(match arguments.engine {
        EngineName::Memory => Settings::default().workers,
        #[cfg(feature = "etcd")]
        EngineName::Etcd => 32,
        EngineName::Durable | EngineName::Remote => 32,
    })
}

/// A server over a store in memory, on a free port of this machine, and the store that it is to its clients.
async fn serve(env: &Env) -> Result<(Remote, Served)> {
    let plane = ControlPlane::builder(env).start().await?;
    let server = Server::builder(env, plane.api_server()).token("the-benchmark", administrator());
    let server = server.start().await.map_err(setpoint::Error::internal)?;
    let config = Kubeconfig::from_yaml(&server.kubeconfig().to_yaml()).map_err(setpoint::Error::internal)?;
    let config = Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await;
    let client = Remote::client(config.map_err(setpoint::Error::internal)?)?;
    Ok((Remote::new(env, client), Served { server, plane }))
}

/// What is started beside the control plane.
#[derive(Default)]
struct Beside {
    remote: Option<Remote>,
    #[cfg(feature = "etcd")]
    etcd: Option<setpoint::store::engine::etcd::LocalEtcd>,
}

async fn start(env: &Env, arguments: &Arguments, beside: &Beside) -> Result<ControlPlane> {
    #[cfg(feature = "etcd")]
    let etcd = &beside.etcd;
    let settings = Settings { workers: workers(arguments), ..Settings::default() };
    let same = settings.clone();
    let builder = ControlPlane::builder(env)
        .controller(|context| Ok(GarbageCollector::controller(context)))
        .controller(move |context| {
            Ok(ReplicaSetController::controller(context)?.with_settings(settings.clone()))
        })
        .controller(
            move |context| Ok(DeploymentController::controller(context)?.with_settings(same.clone())),
        );
    let builder = match (arguments.engine, &arguments.dir) {
        #[cfg(feature = "etcd")]
        (EngineName::Etcd, _) => {
            let settings = etcd.as_ref().map(setpoint::store::engine::etcd::LocalEtcd::settings);
            builder.etcd(settings.ok_or_else(|| setpoint::Error::internal("etcd was not started"))?)
        }
        (EngineName::Durable, Some(dir)) => {
            builder.durable(Disk::at(dir).map_err(setpoint::Error::internal)?)
        }
        _ => builder,
    };
    let builder = match &beside.remote {
        Some(remote) => builder.shared_store(Arc::new(remote.clone())),
        None => builder,
    };
    builder.start().await
}

async fn watch<K: 'static>(store: &Arc<dyn ObjectStore>) -> Result<WatchStream> {
    let selection = Selection::all(store.kind_of::<K>()?.id);
    let query = WatchQuery { selection, from: WatchFrom::Now, bookmarks: false };
    store.watch(&RequestContext::system("converge-watcher"), &query).await
}

/// Counts pods until all are there.
async fn count_pods(mut events: WatchStream, wanted: usize) -> usize {
    let mut count = 0;
    while count < wanted {
        match events.next().await {
            Some(Ok(WatchEvent::Added(_))) => count += 1,
            Some(Ok(_)) => {}
            Some(Err(_)) | None => break,
        }
    }
    count
}

/// Adds up what the statuses of ReplicaSets say until all pods are counted.
async fn count_sets(mut events: WatchStream, wanted: usize) -> usize {
    let mut counts: FxHashMap<String, i32> = FxHashMap::default();
    let mut sum = 0;
    while sum < wanted {
        let Some(Ok(event)) = events.next().await else { break };
        let Some(object) = event.object() else { continue };
        let replicas = object.status::<ReplicaSetStatus>().map_or(0, |status| status.replicas);
        let before = counts.insert(object.meta().name.to_string(), replicas).unwrap_or_default();
        sum =
            sum + usize::try_from(replicas).unwrap_or_default() - usize::try_from(before).unwrap_or_default();
    }
    sum
}

fn deployment(number: usize, replicas: usize) -> Deployment {
    let app = format!("app-{number}");
    serde_json::from_value(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": app, "namespace": "default", "labels": {"app": app}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": app}},
            "template": {
                "metadata": {"labels": {"app": app}},
                "spec": {"containers": [{
                    "name": "web",
                    "image": "registry.example/web:1",
                    "ports": [{"containerPort": 8080}],
                    "env": [{"name": "LOG", "value": "info"}],
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
                }]},
            },
        },
    }))
    .expect("it is a Deployment")
}
