use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;

use super::{Bench, Program};
use crate::{ContainerEventKind, ContainerFilter, ContainerId, ContainerState, ErrorKind, Exit, SandboxId};

/// RUNTIME-04: CREATED, RUNNING, EXITED, each with its times.
pub async fn a_container_goes_through_its_states(bench: &Bench) {
    let (_, id) = bench.made("web", &Program::ExitWhenAsked(0)).await;
    let created = bench.status(&id).await;
    assert_eq!(created.state(), ContainerState::Created);
    assert_eq!((created.started_at, created.finished_at, created.exit), (None, None, None));

    bench.start(&id).await;
    let running = bench.status(&id).await;
    assert_eq!(running.state(), ContainerState::Running);
    assert_eq!((running.finished_at, running.exit), (None, None));
    assert!(running.started_at >= Some(running.container.created_at));

    bench.runtime().stop_container(&id, bench.patience).await.expect("stopped");
    let exited = bench.status(&id).await;
    assert_eq!((exited.state(), exited.exit), (ContainerState::Exited, Some(Exit::Code(0))));
    assert_eq!(exited.started_at, running.started_at);
    assert!(exited.finished_at >= exited.started_at);
    assert_eq!(exited.reason, "Completed");
}

/// RUNTIME-07: what finds it again is kept as it was given.
pub async fn a_container_is_what_it_was_configured_to_be(bench: &Bench) {
    let pod = bench.pod("web");
    let sandbox = bench.sandbox(&pod).await;
    let mut config = bench.config("main", &Program::Forever).await;
    config.metadata.attempt = 7;
    let id = bench.runtime().create_container(&sandbox, &config, &pod).await.expect("made");
    let status = bench.status(&id).await;
    let listed = bench.runtime().list_containers(&ContainerFilter::default()).await.expect("a list");
    assert_eq!(listed, std::slice::from_ref(&status.container));
    assert_eq!((&status.container.id, &status.container.sandbox_id), (&id, &sandbox));
    assert_eq!(status.container.metadata, config.metadata);
    assert_eq!(status.container.labels, config.labels);
    assert_eq!(status.container.annotations, config.annotations);
    assert_eq!(status.container.image, config.image);
    assert_eq!(Some(status.container.image_id), config.image_id);
}

/// RUNTIME-04.
pub async fn exit_codes_are_told(bench: &Bench) {
    for (code, reason) in [(0, "Completed"), (1, "Error"), (42, "Error")] {
        let (_, id) = bench.started(&format!("exits-with-{code}"), &Program::Exit(code)).await;
        let status = bench.ended(&id).await;
        assert_eq!((status.exit, &*status.reason), (Some(Exit::Code(code)), reason));
    }
}

/// A second start is a conflict, of a running and of an ended container.
pub async fn a_container_starts_once(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::Forever).await;
    let twice = bench.runtime().start_container(&id).await.expect_err("it runs");
    assert_eq!(twice.kind, ErrorKind::Conflict, "{twice}");
    bench.runtime().stop_container(&id, Duration::ZERO).await.expect("stopped");
    let again = bench.runtime().start_container(&id).await.expect_err("it ended");
    assert_eq!(again.kind, ErrorKind::Conflict, "{again}");
    assert_eq!(bench.status(&id).await.state(), ContainerState::Exited);
}

/// RUNTIME-07: as long as it exists.
pub async fn the_metadata_of_a_container_is_unique_in_its_sandbox(bench: &Bench) {
    let pod = bench.pod("web");
    let sandbox = bench.sandbox(&pod).await;
    let config = bench.config("main", &Program::Forever).await;
    let first = bench.runtime().create_container(&sandbox, &config, &pod).await.expect("made");
    let again = bench.runtime().create_container(&sandbox, &config, &pod).await.expect_err("in use");
    assert_eq!(again.kind, ErrorKind::AlreadyExists, "{again}");

    let mut next = config.clone();
    next.metadata.attempt = 1;
    let next = bench.runtime().create_container(&sandbox, &next, &pod).await.expect("another attempt");
    assert_ne!(first, next);
    bench.runtime().remove_container(&first).await.expect("removed");
    let reused = bench.runtime().create_container(&sandbox, &config, &pod).await.expect("free again");
    assert_ne!(reused, first);
}

/// RUNTIME-04.
pub async fn containers_need_a_ready_sandbox(bench: &Bench) {
    let pod = bench.pod("web");
    let config = bench.config("main", &Program::Forever).await;
    let never = SandboxId::from("never-was");
    let missing = bench.runtime().create_container(&never, &config, &pod).await.expect_err("no sandbox");
    assert!(missing.is_not_found(), "{missing}");

    let sandbox = bench.sandbox(&pod).await;
    let made = bench.runtime().create_container(&sandbox, &config, &pod).await.expect("made");
    bench.runtime().stop_pod_sandbox(&sandbox).await.expect("stopped");
    let mut next = config.clone();
    next.metadata.attempt = 1;
    let late = bench.runtime().create_container(&sandbox, &next, &pod).await.expect_err("not ready");
    assert_eq!(late.kind, ErrorKind::Conflict, "{late}");
    let late = bench.runtime().start_container(&made).await.expect_err("not ready");
    assert_eq!(late.kind, ErrorKind::Conflict, "{late}");
}

/// RUNTIME-07.
pub async fn containers_are_listed_by_filter(bench: &Bench) {
    let (web, first) = bench.made("web", &Program::Forever).await;
    let (db, second) = bench.started("db", &Program::Forever).await;
    let labels = |key: &str, value: &str| [(key.to_owned(), value.to_owned())].into();
    let all = ContainerFilter::default;
    let table: [(&str, ContainerFilter, &[&ContainerId]); 8] = [
        ("all", all(), &[&first, &second]),
        ("id", ContainerFilter { id: Some(first.clone()), ..all() }, &[&first]),
        ("sandbox", ContainerFilter { sandbox_id: Some(db), ..all() }, &[&second]),
        ("state", ContainerFilter { state: Some(ContainerState::Created), ..all() }, &[&first]),
        ("no such state", ContainerFilter { state: Some(ContainerState::Exited), ..all() }, &[]),
        ("label", ContainerFilter { labels: labels("container", "main"), ..all() }, &[&first, &second]),
        ("no such label", ContainerFilter { labels: labels("pod", "web"), ..all() }, &[]),
        (
            "all at once",
            ContainerFilter { sandbox_id: Some(web), state: Some(ContainerState::Running), ..all() },
            &[],
        ),
    ];
    for (name, filter, expected) in table {
        let listed = bench.runtime().list_containers(&filter).await.expect("a list");
        let listed: BTreeSet<&ContainerId> = listed.iter().map(|container| &container.id).collect();
        assert_eq!(listed, expected.iter().copied().collect(), "{name}");
    }
}

/// The end of one container touches neither its sandbox nor its neighbours.
pub async fn one_container_ends_alone(bench: &Bench) {
    let pod = bench.pod("web");
    let sandbox = bench.sandbox(&pod).await;
    let lasting = bench.config("lasting", &Program::Forever).await;
    let ending = bench.config("ending", &Program::Exit(1)).await;
    let lasting = bench.runtime().create_container(&sandbox, &lasting, &pod).await.expect("made");
    let ending = bench.runtime().create_container(&sandbox, &ending, &pod).await.expect("made");
    bench.start(&lasting).await;
    bench.start(&ending).await;
    bench.ended(&ending).await;
    assert_eq!(bench.status(&lasting).await.state(), ContainerState::Running);
    let sandbox = bench.runtime().pod_sandbox_status(&sandbox).await.expect("the sandbox exists");
    assert_eq!(sandbox.sandbox.state, crate::SandboxState::Ready);
}

/// Asking for what never was is an error of its own kind, everywhere but in stop and remove.
pub async fn what_does_not_exist_is_not_found(bench: &Bench) {
    let never = ContainerId::from("never-was");
    let errors = [
        bench.runtime().container_status(&never).await.map(drop),
        bench.runtime().start_container(&never).await,
        bench.runtime().pod_sandbox_status(&SandboxId::from("never-was")).await.map(drop),
    ];
    for answer in errors {
        let error = answer.expect_err("it never was");
        assert!(error.is_not_found(), "{error}");
    }
}

/// RUNTIME-10.
pub async fn events_follow_the_life_of_a_container(bench: &Bench) {
    if !bench.can().events {
        return;
    }
    let events = bench.runtime().container_events().await.expect("declared");
    let (sandbox, id) = bench.started("web", &Program::Exit(0)).await;
    bench.ended(&id).await;
    bench.runtime().remove_container(&id).await.expect("removed");
    let events = bench.env.timeout(bench.patience, events.take(4).collect::<Vec<_>>()).await;
    let events: Vec<_> =
        events.expect("four events in time").into_iter().map(|event| event.expect("no error")).collect();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    use ContainerEventKind::{Created, Deleted, Started, Stopped};
    assert_eq!(kinds, [Created, Started, Stopped, Deleted]);
    for event in events {
        assert_eq!((&event.container_id, &event.sandbox_id), (&id, &sandbox));
        assert_eq!(event.pod, bench.pod("web").metadata);
    }
}
