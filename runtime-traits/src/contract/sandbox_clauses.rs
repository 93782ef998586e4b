use std::collections::BTreeSet;
use std::time::Duration;

use super::{Bench, Program};
use crate::{ContainerFilter, ContainerState, ErrorKind, SandboxFilter, SandboxId, SandboxState};

/// RUNTIME-04.
pub async fn a_sandbox_is_ready_when_it_was_run(bench: &Bench) {
    let id = bench.sandbox(&bench.pod("web")).await;
    let status = bench.runtime().pod_sandbox_status(&id).await.expect("the sandbox exists");
    assert_eq!(status.sandbox.state, SandboxState::Ready);
}

/// RUNTIME-07: what finds it again is kept as it was given.
pub async fn a_sandbox_is_what_it_was_configured_to_be(bench: &Bench) {
    let pod = bench.pod("web");
    let id = bench.sandbox(&pod).await;
    let status = bench.runtime().pod_sandbox_status(&id).await.expect("the sandbox exists");
    let listed = bench.runtime().list_pod_sandboxes(&SandboxFilter::default()).await.expect("a list");
    assert_eq!(listed, std::slice::from_ref(&status.sandbox));
    assert_eq!(status.sandbox.metadata, pod.metadata);
    assert_eq!(status.sandbox.labels, pod.labels);
    assert_eq!(status.sandbox.annotations, pod.annotations);
    assert!(status.sandbox.created_at <= bench.env.wall());
}

/// RUNTIME-07: as long as it exists; a further attempt, another uid or name are other sandboxes.
pub async fn the_metadata_of_a_sandbox_is_unique(bench: &Bench) {
    let pod = bench.pod("web");
    let first = bench.sandbox(&pod).await;
    let again = bench.runtime().run_pod_sandbox(&pod).await.expect_err("the identity is in use");
    assert_eq!(again.kind, ErrorKind::AlreadyExists, "{again}");

    let mut next = pod.clone();
    next.metadata.attempt = 1;
    let mut other = pod.clone();
    other.metadata.uid = "another".into();
    let ids: BTreeSet<SandboxId> =
        [first.clone(), bench.sandbox(&next).await, bench.sandbox(&other).await].into();
    assert_eq!(ids.len(), 3);

    bench.runtime().stop_pod_sandbox(&first).await.expect("stopped");
    let stopped = bench.runtime().run_pod_sandbox(&pod).await.expect_err("a stopped one keeps its identity");
    assert_eq!(stopped.kind, ErrorKind::AlreadyExists, "{stopped}");
    bench.runtime().remove_pod_sandbox(&first).await.expect("removed");
    assert_ne!(bench.sandbox(&pod).await, first);
}

/// RUNTIME-04.
pub async fn a_stopped_sandbox_is_not_ready_and_stays(bench: &Bench) {
    let id = bench.sandbox(&bench.pod("web")).await;
    bench.runtime().stop_pod_sandbox(&id).await.expect("stopped");
    let status = bench.runtime().pod_sandbox_status(&id).await.expect("it stays until removed");
    assert_eq!(status.sandbox.state, SandboxState::NotReady);
}

/// RUNTIME-05.
pub async fn stopping_and_removing_a_sandbox_is_idempotent(bench: &Bench) {
    let id = bench.sandbox(&bench.pod("web")).await;
    for _ in 0..2 {
        bench.runtime().stop_pod_sandbox(&id).await.expect("stopped");
    }
    for _ in 0..2 {
        bench.runtime().remove_pod_sandbox(&id).await.expect("removed");
    }
    bench.runtime().stop_pod_sandbox(&id).await.expect("gone is stopped");
    let never = SandboxId::from("never-was");
    bench.runtime().stop_pod_sandbox(&never).await.expect("never was is stopped");
    bench.runtime().remove_pod_sandbox(&never).await.expect("never was is removed");
}

/// RUNTIME-05.
pub async fn stopping_a_sandbox_kills_its_containers(bench: &Bench) {
    let (sandbox, container) = bench.started("web", &Program::IgnoreRequests).await;
    bench.runtime().stop_pod_sandbox(&sandbox).await.expect("stopped");
    let status = bench.status(&container).await;
    assert_eq!((status.state(), status.exit_code()), (ContainerState::Exited, Some(137)));
}

/// RUNTIME-05.
pub async fn removing_a_sandbox_removes_its_containers(bench: &Bench) {
    let (sandbox, container) = bench.started("web", &Program::IgnoreRequests).await;
    let (_, other) = bench.started("other", &Program::Forever).await;
    bench.runtime().remove_pod_sandbox(&sandbox).await.expect("removed by force");
    let gone = bench.runtime().container_status(&container).await.expect_err("went with its sandbox");
    assert!(gone.is_not_found(), "{gone}");
    let gone = bench.runtime().pod_sandbox_status(&sandbox).await.expect_err("removed");
    assert!(gone.is_not_found(), "{gone}");
    let left = bench.runtime().list_containers(&ContainerFilter::default()).await.expect("a list");
    assert_eq!(left.iter().map(|container| &container.id).collect::<Vec<_>>(), [&other]);
    bench.runtime().stop_container(&other, Duration::ZERO).await.expect("stopped");
}

/// RUNTIME-07.
pub async fn sandboxes_are_listed_by_filter(bench: &Bench) {
    let web = bench.sandbox(&bench.pod("web")).await;
    let db = bench.sandbox(&bench.pod("db")).await;
    bench.runtime().stop_pod_sandbox(&db).await.expect("stopped");
    let labels = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let all = SandboxFilter::default;
    let table: [(&str, SandboxFilter, &[&SandboxId]); 8] = [
        ("all", all(), &[&web, &db]),
        ("id", SandboxFilter { id: Some(db.clone()), ..all() }, &[&db]),
        ("unknown id", SandboxFilter { id: Some("never-was".into()), ..all() }, &[]),
        ("ready", SandboxFilter { state: Some(SandboxState::Ready), ..all() }, &[&web]),
        ("not ready", SandboxFilter { state: Some(SandboxState::NotReady), ..all() }, &[&db]),
        ("label", SandboxFilter { labels: labels(&[("pod", "web")]), ..all() }, &[&web]),
        (
            "two labels",
            SandboxFilter { labels: labels(&[("pod", "db"), ("common", "yes")]), ..all() },
            &[&db],
        ),
        ("other value", SandboxFilter { labels: labels(&[("pod", "db"), ("common", "no")]), ..all() }, &[]),
    ];
    for (name, filter, expected) in table {
        let listed = bench.runtime().list_pod_sandboxes(&filter).await.expect("a list");
        let listed: BTreeSet<&SandboxId> = listed.iter().map(|sandbox| &sandbox.id).collect();
        assert_eq!(listed, expected.iter().copied().collect(), "{name}");
    }
}

/// RUNTIME-05: and give them back when they stop.
pub async fn pods_have_addresses_of_their_own(bench: &Bench) {
    if !bench.can().pod_network {
        return;
    }
    let web = bench.sandbox(&bench.pod("web")).await;
    let db = bench.sandbox(&bench.pod("db")).await;
    let mut host = bench.pod("host");
    host.host_network = true;
    let host = bench.sandbox(&host).await;
    let ips = async |id| bench.runtime().pod_sandbox_status(id).await.expect("the sandbox exists").ips;
    let (of_web, of_db) = (ips(&web).await, ips(&db).await);
    assert!(!of_web.is_empty() && !of_db.is_empty());
    assert_ne!(of_web, of_db);
    assert!(ips(&host).await.is_empty());
    bench.runtime().stop_pod_sandbox(&web).await.expect("stopped");
    assert!(ips(&web).await.is_empty());
    assert_eq!(ips(&db).await, of_db);
}

/// RUNTIME-06.
pub async fn the_runtime_says_that_it_is_ready(bench: &Bench) {
    let status = bench.runtime().status().await.expect("a status");
    assert!(status.is_runtime_ready() && status.is_network_ready(), "{status:?}");
    let version = bench.runtime().version().await.expect("a version");
    assert!(!version.name.is_empty() && !version.version.is_empty(), "{version:?}");
}
