//! The same writes to the durable engine, to etcd itself, and to the engine over etcd.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use setpoint::Store;
use setpoint::env::Env;
use setpoint::model::object::{NoTexts, Object, Revision};
use setpoint::store::engine::durable::Disk;
use setpoint::store::engine::etcd::LocalEtcd;
use setpoint::store::engine::etcd::client::{Client, Compare, CompareOp, Txn, TxnOp};

use crate::{Failure, percentiles, pod, write_for};

pub(crate) async fn run(env: &Env, dir: &Path, seconds: u64) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds);
    let durable = Store::durable(env, Disk::at(dir.join("durable"))?).await?;
    durable.ensure_namespace("default").await?;
    let etcd = LocalEtcd::start(&dir.join("etcd"), 1)?;
    let over = Store::etcd(env, etcd.settings()).await?;
    over.ensure_namespace("default").await?;
    let client = Client::connect(etcd.endpoints(), None).await?;
    let draft = pod(&durable, 0, "default")?;
    let mut value = Vec::new();
    Object::from_draft(draft.clone(), Revision::ZERO).write_json(&NoTexts, &mut value);
    for writers in [1, 16, 64] {
        let (ours, ours_ms) = write_for(&durable, &draft, writers, 1, time).await?;
        let (itself, itself_ms) = creations(env, &client, &value, writers, time).await?;
        let draft = pod(&over, 0, "default")?;
        let (through, through_ms) = write_for(&over, &draft, writers, 1, time).await?;
        let ratio = |rate: f64| (rate / itself * 100.0).round() / 100.0;
        let line = json!({
            "bench": "store", "what": "versus etcd", "of": {"writers": writers, "value_bytes": value.len()},
            "figures": {
                "durable": {"writes_per_second": ours, "ms": ours_ms, "times_etcd": ratio(ours)},
                "etcd": {"writes_per_second": itself, "ms": itself_ms},
                "over etcd": {"writes_per_second": through, "ms": through_ms, "times_etcd": ratio(through)},
            },
        });
        println!("{line}");
    }
    durable.engine().close().await;
    over.engine().close().await;
    Ok(())
}

/// What kube-apiserver does to create an object: a transaction that compares that the key is not there.
async fn creations(
    env: &Env,
    client: &Client,
    value: &[u8],
    writers: usize,
    time: Duration,
) -> Result<(f64, Value), Failure> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..writers)
        .map(|_| {
            let (mut client, value, clock) = (client.kv_client(), value.to_vec(), env.clone());
            env.spawn("writer", async move {
                let mut latencies = Vec::new();
                while start.elapsed() < time {
                    let before = Instant::now();
                    let key = format!("/itself/pods/default/{}", clock.uuid());
                    let txn = Txn::new()
                        .when([Compare::mod_revision(key.as_str(), CompareOp::Equal, 0)])
                        .and_then([TxnOp::put(key, value.as_slice(), None)]);
                    client.txn(txn).await.expect("etcd takes writes");
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
    let rate = latencies.len() as f64 / start.elapsed().as_secs_f64();
    Ok((rate.round(), percentiles(latencies)))
}
