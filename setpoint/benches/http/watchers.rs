use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use setpoint::env::{Instant, Task};

use crate::Failure;
use crate::client::{Target, failure};
use crate::load::percentile;
use crate::process::{cpu_seconds, peak_rss_mb, rounded};

/// Nothing happens for so long.
const REST: Duration = Duration::from_secs(5);
const BUSY: &str = "/api/v1/namespaces/default/configmaps";
const IDLE: &str = "/api/v1/namespaces/default/secrets";

/// As many watchers of what changes as of what does not.
pub(crate) async fn watch(target: &Arc<Target>, count: usize, changes: usize) -> Result<[Value; 2], Failure> {
    let (busy_sender, mut busy) = unbounded();
    let (idle_sender, mut idle) = unbounded();
    let mut watchers = Vec::new();
    for _ in 0..count {
        watchers.push(start(target, &format!("{BUSY}?watch=true"), busy_sender.clone()).await?);
        watchers.push(start(target, &format!("{IDLE}?watch=true"), idle_sender.clone()).await?);
    }
    let cpu_before = cpu_seconds();
    target.env.sleep(REST).await;
    let at_rest = json!({
        "bench": "http", "part": "rest", "watchers": 2 * count, "seconds": REST.as_secs(),
        "cpu_seconds": rounded(cpu_seconds() - cpu_before), "peak_rss_mb": rounded(peak_rss_mb()),
    });
    let told = tell(target, &mut busy, count, changes).await?;
    if idle.try_recv().is_ok() {
        return Err(failure(&"a watcher was told of what it does not watch"));
    }
    for watcher in watchers {
        watcher.cancel();
        // Cancelled is how it ends.
        drop(watcher.join().await);
    }
    Ok([at_rest, told])
}

/// Opens a watch, which tells when each event comes.
async fn start(
    target: &Arc<Target>,
    path: &str,
    told: UnboundedSender<Instant>,
) -> Result<Task<()>, Failure> {
    let mut client = target.connect().await?;
    let mut body = client.send("GET", path, "").await?.into_body();
    let env = target.env.clone();
    Ok(target.env.spawn("watcher", async move {
        // Its connection lives as long as it does.
        let _client = client;
        while let Some(Ok(frame)) = body.frame().await {
            let data = frame.into_data().unwrap_or_default();
            for _ in data.iter().filter(|byte| **byte == b'\n') {
                // Nobody counts any more at the end.
                drop(told.unbounded_send(env.now()));
            }
        }
    }))
}

/// Makes changes, one after the other, each when all have been told of the one before.
async fn tell(
    target: &Arc<Target>,
    busy: &mut UnboundedReceiver<Instant>,
    count: usize,
    changes: usize,
) -> Result<Value, Failure> {
    let mut client = target.connect().await?;
    let mut times = Vec::with_capacity(count * changes);
    let (cpu_before, before) = (cpu_seconds(), target.env.now());
    for number in 0..changes {
        let map = json!({"metadata": {"name": format!("map-{number}")}, "data": {"text": "x".repeat(200)}});
        let begin = target.env.now();
        client.ask("POST", BUSY, map.to_string()).await?;
        for _ in 0..count {
            let at = busy.next().await.ok_or_else(|| failure(&"a watch ended"))?;
            times.push(at - begin);
        }
    }
    let seconds = (target.env.now() - before).as_secs_f64();
    Ok(json!({
        "bench": "http", "part": "watch", "watchers": count, "changes": changes,
        "seconds": rounded(seconds), "events_per_second": (times.len() as f64 / seconds).round(),
        "p50_ms": percentile(&mut times, 50), "p99_ms": percentile(&mut times, 99),
        "cpu_seconds": rounded(cpu_seconds() - cpu_before), "peak_rss_mb": rounded(peak_rss_mb()),
    }))
}
