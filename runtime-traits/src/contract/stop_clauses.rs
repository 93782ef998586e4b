use std::time::Duration;

use futures::future::join;

use super::{Bench, Program};
use crate::{ContainerId, ContainerState, Exit};

/// AGENT-15: what it does then is its own affair.
pub async fn a_container_is_asked_to_stop_first(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::ExitWhenAsked(3)).await;
    bench.runtime().stop_container(&id, bench.patience).await.expect("stopped");
    let status = bench.status(&id).await;
    assert_eq!((status.state(), status.exit), (ContainerState::Exited, Some(Exit::Code(3))));
}

/// AGENT-15: 137, and not before.
pub async fn a_container_that_does_not_stop_is_killed_when_grace_is_over(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::IgnoreRequests).await;
    let before = bench.env.now();
    bench.runtime().stop_container(&id, bench.grace).await.expect("stopped");
    let took = bench.env.now() - before;
    assert!(took >= bench.grace && took < bench.grace + bench.patience, "{took:?}");
    assert_eq!(bench.status(&id).await.exit_code(), Some(137));
}

/// AGENT-16.
pub async fn without_grace_a_container_is_killed_at_once(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::ExitWhenAsked(3)).await;
    bench.runtime().stop_container(&id, Duration::ZERO).await.expect("stopped");
    assert_eq!(bench.status(&id).await.exit_code(), Some(137));
}

/// AGENT-16.
pub async fn a_shorter_stop_shortens_and_a_longer_one_does_not_lengthen(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::IgnoreRequests).await;
    let before = bench.env.now();
    let long = bench.runtime().stop_container(&id, bench.patience * 100);
    let short = async {
        bench.env.sleep(bench.grace / 2).await;
        let stop = bench.runtime().stop_container(&id, bench.grace / 2);
        let longer = bench.runtime().stop_container(&id, bench.patience * 100);
        join(stop, longer).await
    };
    let (long, (short, longer)) = join(long, short).await;
    for stopped in [long, short, longer] {
        stopped.expect("stopped");
    }
    let took = bench.env.now() - before;
    assert!(took >= bench.grace && took < bench.grace + bench.patience, "{took:?}");
    assert_eq!(bench.status(&id).await.exit_code(), Some(137));
}

/// RUNTIME-05.
pub async fn stopping_and_removing_a_container_is_idempotent(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::Exit(5)).await;
    bench.ended(&id).await;
    for _ in 0..2 {
        bench.runtime().stop_container(&id, bench.grace).await.expect("stopped");
    }
    assert_eq!(bench.status(&id).await.exit, Some(Exit::Code(5)), "the first end counts");
    for _ in 0..2 {
        bench.runtime().remove_container(&id).await.expect("removed");
    }
    bench.runtime().stop_container(&id, bench.grace).await.expect("gone is stopped");
    let never = ContainerId::from("never-was");
    bench.runtime().stop_container(&never, bench.grace).await.expect("never was is stopped");
    bench.runtime().remove_container(&never).await.expect("never was is removed");
}

/// It need not become EXITED, but it may, and it can be removed.
pub async fn a_container_that_was_never_started_can_be_stopped(bench: &Bench) {
    let (_, id) = bench.made("web", &Program::Forever).await;
    bench.runtime().stop_container(&id, bench.grace).await.expect("stopped");
    let status = bench.status(&id).await;
    assert_ne!(status.state(), ContainerState::Running);
    assert_eq!(status.started_at, None);
    bench.runtime().remove_container(&id).await.expect("removed");
    let gone = bench.runtime().container_status(&id).await.expect_err("removed");
    assert!(gone.is_not_found(), "{gone}");
}

/// RUNTIME-05.
pub async fn a_running_container_is_removed_by_force(bench: &Bench) {
    let (_, id) = bench.started("web", &Program::IgnoreRequests).await;
    bench.runtime().remove_container(&id).await.expect("removed");
    let gone = bench.runtime().container_status(&id).await.expect_err("removed");
    assert!(gone.is_not_found(), "{gone}");
}
