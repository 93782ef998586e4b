//! What a store does: writes alone and together, reads under writes, watchers, and how long it takes to open.
//!
//! ```text
//! cargo bench -p setpoint --bench store -- writes --engine durable --dir /tmp/store
//! cargo bench -p setpoint --bench store -- fill --dir /tmp/large --objects 1000000
//! cargo bench -p setpoint --bench store -- open --dir /tmp/large
//! ```
//!
//! With the feature `etcd`, `versus --dir DIR` writes to the durable engine, to a member of etcd itself that is started for it,
//! on the same disk, and through the engine over it.
//!
//! Prints a line of JSON for each figure. A write is the creation of a pod of a template through all rules; on the
//! durable engine it is on the disk when it counts.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "its output is for the terminal")]

#[cfg(feature = "etcd")]
#[path = "versus/mod.rs"]
mod versus;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};
use setpoint::env::Env;
use setpoint::model::object::Draft;
use setpoint::store::engine::Engine;
use setpoint::store::engine::durable::Disk;
use setpoint::store::request::{RequestContext, Selection, WatchFrom, WatchQuery, Write};
use setpoint::{ObjectStore, Store};

/// Measures a store.
#[derive(Parser)]
struct Arguments {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// Where objects are kept.
    #[arg(long, value_enum, default_value_t = EngineName::Durable)]
    engine: EngineName,
    /// The folder of a durable engine.
    #[arg(long, required_if_eq("engine", "durable"))]
    dir: Option<PathBuf>,
    /// How many objects `fill` makes.
    #[arg(long, default_value_t = 1_000_000)]
    objects: usize,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Writes, reads under writes, watchers.
    Writes,
    /// Fills a folder.
    Fill,
    /// Opens a folder.
    Open,
    /// Writes to the durable engine and to etcd, and to etcd itself.
    #[cfg(feature = "etcd")]
    Versus,
}

#[derive(Clone, Copy, ValueEnum)]
enum EngineName {
    Memory,
    Durable,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let env = Env::tokio();
        match (arguments.what, arguments.engine, &arguments.dir) {
            (What::Writes, EngineName::Memory, _) => writes(Store::memory(&env), "memory", &arguments).await,
            (What::Writes, EngineName::Durable, Some(dir)) => {
                let store = Store::durable(&env, Disk::at(dir)?).await?;
                writes(store.clone(), "durable", &arguments).await?;
                store.engine().close().await;
                Ok(())
            }
            (What::Fill, _, Some(dir)) => fill(&env, Disk::at(dir)?, arguments.objects).await,
            #[cfg(feature = "etcd")]
            (What::Versus, _, Some(dir)) => versus::run(&env, dir, arguments.seconds).await,
            (What::Open, _, Some(dir)) => open(&env, Disk::at(dir)?).await,
            _ => Err("a folder is needed".into()),
        }
    })
}

fn pod(store: &impl ObjectStore, template: usize, namespace: &str) -> Result<Draft, Failure> {
    let kind = store.registry().of::<Pod>().ok_or("pods are built in")?;
    let app = format!("app-{template}");
    let body = json!({
        "metadata": {"generateName": format!("{app}-"), "namespace": namespace, "labels": {"app": app}},
        "spec": {"containers": [{"name": "c", "image": "c:1", "ports": [{"containerPort": 80}]}]},
    });
    Ok(Draft::from_value(kind, body)?)
}

async fn writes<E: Engine>(store: Store<E>, engine: &str, arguments: &Arguments) -> Result<(), Failure> {
    store.ensure_namespace("default").await?;
    let draft = pod(&store, 0, "default")?;
    let time = Duration::from_secs(arguments.seconds);
    let tell = |name: &str, details: Value, figures: Value| {
        println!(
            "{}",
            json!({"bench": "store", "engine": engine, "what": name, "of": details, "figures": figures})
        );
    };
    for writers in [1, 4, 16, 64] {
        let (rate, latencies) = write_for(&store, &draft, writers, 1, time).await?;
        tell(
            "single writes",
            json!({"writers": writers}),
            json!({"writes_per_second": rate, "ms": latencies}),
        );
    }
    let (rate, latencies) = write_for(&store, &draft, 4, 100, time).await?;
    tell("batches of 100", json!({"writers": 4}), json!({"writes_per_second": rate, "batch_ms": latencies}));
    let (reads, rate) = read_under_writes(&store, &draft, time).await?;
    tell(
        "reads under writes",
        json!({"writers": 16}),
        json!({"reads_per_second": reads, "writes_per_second": rate}),
    );
    let figures = watchers(&store, 10_000, time).await?;
    tell("10,000 watchers of a namespace each", json!({"writers": 16}), figures);
    Ok(())
}

/// Writes per second, and how long a call takes.
async fn write_for<E: Engine>(
    store: &Store<E>,
    draft: &Draft,
    writers: usize,
    batch: usize,
    time: Duration,
) -> Result<(f64, Value), Failure> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (store, draft) = (store.clone(), draft.clone());
            store.env().clone().spawn("writer", async move {
                let context = RequestContext::system("bench");
                let mut latencies = Vec::new();
                while start.elapsed() < time {
                    let before = Instant::now();
                    let writes = (0..batch).map(|_| Write::Create(draft.clone())).collect();
                    for result in store.write_batch(&context, writes).await {
                        result.expect("the write is valid");
                    }
                    latencies.push(before.elapsed());
                }
                latencies
            })
        })
        .collect();
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.join().await?);
    }
    let rate = (latencies.len() * batch) as f64 / start.elapsed().as_secs_f64();
    Ok((rate.round(), percentiles(latencies)))
}

fn percentiles(mut latencies: Vec<Duration>) -> Value {
    latencies.sort_unstable();
    let at = |share: f64| {
        let index = (latencies.len().saturating_sub(1) as f64 * share) as usize;
        latencies.get(index).map_or(0.0, |latency| (latency.as_secs_f64() * 1e6).round() / 1e3)
    };
    json!({"p50": at(0.5), "p99": at(0.99), "max": at(1.0)})
}

async fn read_under_writes<E: Engine>(
    store: &Store<E>,
    draft: &Draft,
    time: Duration,
) -> Result<(f64, f64), Failure> {
    let (reads, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let kind = draft.kind().id;
    let reader = {
        let (store, reads, stop) = (store.clone(), Arc::clone(&reads), Arc::clone(&stop));
        tokio::task::spawn_blocking(move || {
            while !stop.load(Ordering::Relaxed) {
                let snapshot = store.engine().snapshot();
                if let Some(first) = snapshot.list(kind).next() {
                    let key = first.key();
                    let found = (0..100).filter(|_| store.engine().snapshot().get(&key).is_some()).count();
                    reads.fetch_add(found as u64, Ordering::Relaxed);
                }
            }
        })
    };
    let start = Instant::now();
    let (rate, _) = write_for(store, draft, 16, 1, time).await?;
    stop.store(true, Ordering::Relaxed);
    reader.await?;
    Ok(((reads.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()).round(), rate))
}

/// Writes to one namespace of many, each of which somebody watches: what the others cost, and how late the one is.
async fn watchers<E: Engine>(store: &Store<E>, count: usize, time: Duration) -> Result<Value, Failure> {
    let context = RequestContext::system("bench");
    let kind = store.registry().of::<Pod>().ok_or("pods are built in")?;
    store.ensure_namespace("watched").await?;
    let mut streams = Vec::with_capacity(count);
    for number in 0..count {
        let namespace = if number == 0 { "watched".to_owned() } else { format!("ns-{number}") };
        let selection = Selection { namespace: Some(namespace.into()), ..Selection::all(kind.id) };
        let query = WatchQuery { selection, from: WatchFrom::Now, bookmarks: false };
        streams.push(store.watch(&context, &query).await?);
    }
    let draft = pod(store, 0, "watched")?;
    let (rate, latencies) = write_for(store, &draft, 16, 1, time).await?;
    let mut seen = 0;
    while let Some(Some(Ok(_))) = streams[0].next().now_or_never() {
        seen += 1;
    }
    Ok(json!({"writes_per_second": rate, "ms": latencies, "seen": seen}))
}

async fn fill(env: &Env, disk: Disk, objects: usize) -> Result<(), Failure> {
    let store = Store::durable(env, disk).await?;
    store.ensure_namespace("default").await?;
    let context = RequestContext::system("bench");
    let start = Instant::now();
    const PER_TEMPLATE: usize = 1_000;
    for template in 0..objects.div_ceil(PER_TEMPLATE) {
        let draft = pod(&store, template, "default")?;
        let count = PER_TEMPLATE.min(objects - template * PER_TEMPLATE);
        for result in
            store.write_batch(&context, (0..count).map(|_| Write::Create(draft.clone())).collect()).await
        {
            result?;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    store.engine().close().await;
    println!(
        "{}",
        json!({"bench": "store", "what": "fill", "objects": objects, "seconds": rounded(seconds)})
    );
    Ok(())
}

async fn open(env: &Env, disk: Disk) -> Result<(), Failure> {
    let folder = disk.folder().to_owned();
    let start = Instant::now();
    let store = Store::durable(env, disk).await?;
    let seconds = start.elapsed().as_secs_f64();
    let kinds = store.registry().kinds();
    let snapshot = store.engine().snapshot();
    let objects: usize = kinds.iter().map(|kind| snapshot.count(kind.id)).sum();
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    let health = store.engine().health();
    let line = json!({
        "bench": "store", "what": "open", "objects": objects, "seconds": rounded(seconds),
        "rss_mb": rounded(status_mb("VmRSS:")), "peak_rss_mb": rounded(status_mb("VmHWM:")),
        "files_mb": rounded(bytes as f64 / 1e6), "snapshots": health.snapshots.len(), "notes": health.notes,
    });
    println!("{line}");
    store.engine().close().await;
    Ok(())
}

fn status_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or_default() * 1024.0 / 1e6
}

fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}
