use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::Failure;
use crate::client::{Target, failure};
use crate::process::{cpu_seconds, peak_rss_mb, rounded};

const PODS: &str = "/api/v1/namespaces/default/pods";

/// Creates pods, each connection one after the other.
pub(crate) async fn create(target: &Arc<Target>, pods: usize, connections: usize) -> Result<Value, Failure> {
    let mut clients = Vec::new();
    for _ in 0..connections {
        clients.push(target.connect().await?);
    }
    let next = Arc::new(AtomicUsize::new(0));
    let (cpu_before, before) = (cpu_seconds(), target.env.now());
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let (env, next) = (target.env.clone(), Arc::clone(&next));
            target.env.spawn("creator", async move {
                let mut times = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pods {
                        return Ok::<_, Failure>(times);
                    }
                    let begin = env.now();
                    client.ask("POST", PODS, pod(number)).await?;
                    times.push(env.now() - begin);
                }
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.join().await??);
    }
    let seconds = (target.env.now() - before).as_secs_f64();
    Ok(json!({
        "bench": "http", "part": "create", "pods": pods, "connections": connections,
        "seconds": rounded(seconds), "requests_per_second": (pods as f64 / seconds).round(),
        "p50_ms": percentile(&mut times, 50), "p99_ms": percentile(&mut times, 99),
        "cpu_seconds": rounded(cpu_seconds() - cpu_before), "peak_rss_mb": rounded(peak_rss_mb()),
    }))
}

/// As much of a list as is looked at: that it is one, of so many. A tree of values would be the larger part of the
/// memory that is measured.
#[derive(serde::Deserialize)]
struct List {
    items: Vec<serde::de::IgnoredAny>,
}

/// Lists them whole, again and again.
pub(crate) async fn list(target: &Arc<Target>, pods: usize, lists: usize) -> Result<Value, Failure> {
    let mut client = target.connect().await?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    let cpu_before = cpu_seconds();
    for at in 0..lists {
        let begin = target.env.now();
        let mut body = client.send("GET", PODS, "").await?.into_body();
        // As `kubectl get --raw` does, which keeps no copy.
        let (mut read, mut found) = (0, Vec::new());
        while let Some(frame) = body.frame().await {
            let data = frame?.into_data().unwrap_or_default();
            read += data.len();
            if at == 0 {
                found.extend_from_slice(&data);
            }
        }
        if at == 0 {
            let List { items } = serde_json::from_slice(&found)?;
            let found = items.len();
            if found != pods {
                return Err(failure(&format_args!("{found} pods are listed, not {pods}")));
            }
        } else {
            times.push(target.env.now() - begin);
        }
        bytes = read;
    }
    Ok(json!({
        "bench": "http", "part": "list", "pods": pods, "lists": times.len(), "megabytes": rounded(bytes as f64 / 1e6),
        "p50_ms": percentile(&mut times, 50), "p99_ms": percentile(&mut times, 99),
        "cpu_seconds": rounded(cpu_seconds() - cpu_before), "peak_rss_mb": rounded(peak_rss_mb()),
    }))
}

/// What percentage of times is no longer than this.
pub(crate) fn percentile(times: &mut [Duration], percentage: usize) -> f64 {
    times.sort_unstable();
    let at = (times.len() * percentage / 100).min(times.len().saturating_sub(1));
    times.get(at).map_or(0.0, |time| rounded(time.as_secs_f64() * 1e3))
}

fn pod(number: usize) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": format!("pod-{number}"), "labels": {"app": format!("app-{}", number % 100)}},
        "spec": {"containers": [{
            "name": "web",
            "image": "registry.example/web:1",
            "ports": [{"containerPort": 8080}],
            "env": [{"name": "LOG", "value": "info"}],
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
        }]},
    })
    .to_string()
}
