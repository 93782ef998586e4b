use std::time::Duration;

use setpoint_runtime_traits::{ContainerMetadata, ContainerState, ErrorKind, Exit, RuntimeService};

use super::world::{PATIENCE, World, is_alive, shell};

const FOREVER: &str = "while :; do sleep 1000 & wait $!; done";

// RUNTIME-11
#[test]
fn children_of_children_end_with_their_container() {
    World::run(|world| async move {
        let script = "sh -c 'sleep 1000 & echo $$ $!; wait' & wait";
        let id = world.shell("web", script).await;
        let pids = world.numbers(&id).await;
        assert!(pids.len() == 2 && pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
        world.runtime.stop_container(&id, PATIENCE).await.expect("stopped");
        world.gone(&pids).await;
        assert_eq!(world.status(&id).await.exit, Some(Exit::Signal(15)));
        world
    });
}

#[test]
fn what_a_container_left_in_the_background_ends_with_it() {
    World::run(|world| async move {
        let id = world.shell("web", "sleep 1000 & echo $!; exit 4").await;
        let pids = world.numbers(&id).await;
        assert_eq!(world.ended(&id).await.exit, Some(Exit::Code(4)));
        world.gone(&pids).await;
        world
    });
}

#[test]
#[cfg(target_os = "linux")]
fn who_left_the_group_of_a_container_ends_with_it() {
    World::run(|world| async move {
        let id = world.shell("web", "setsid sh -c 'echo $$; exec sleep 1000' & wait").await;
        let pids = world.numbers(&id).await;
        world.runtime.stop_container(&id, Duration::ZERO).await.expect("stopped");
        assert!(pids.iter().all(|pid| !is_alive(*pid)), "{pids:?}");
        world
    });
}

// AGENT-15
#[test]
fn who_ignores_term_is_killed_after_the_grace() {
    World::run(|world| async move {
        let id = world.shell("web", &format!("trap '' TERM; echo ready; {FOREVER}")).await;
        world.lines(&id, 1).await;
        let (grace, before) = (Duration::from_millis(50), world.env.now());
        world.runtime.stop_container(&id, grace).await.expect("stopped");
        assert!(world.env.now() - before >= grace);
        let status = world.status(&id).await;
        assert_eq!((status.exit, status.exit_code()), (Some(Exit::Signal(9)), Some(137)));
        world
    });
}

#[test]
fn the_stop_signal_can_be_chosen() {
    World::run(|world| async move {
        let mut config = shell(&format!("trap 'exit 7' USR1; echo ready; {FOREVER}"));
        config.stop_signal = Some("SIGUSR1".to_owned());
        let id = world.create(&world.pod("web"), &config).await.expect("a container");
        world.runtime.start_container(&id).await.expect("started");
        world.lines(&id, 1).await;
        world.runtime.stop_container(&id, PATIENCE).await.expect("stopped");
        assert_eq!(world.status(&id).await.exit, Some(Exit::Code(7)));
        world
    });
}

#[test]
fn a_stop_that_nobody_waits_for_goes_on() {
    World::run(|world| async move {
        let id = world.shell("web", "exec sleep 1000").await;
        let stop = world.runtime.stop_container(&id, Duration::ZERO);
        drop(world.env.timeout(Duration::ZERO, stop).await);
        assert_eq!(world.ended(&id).await.exit, Some(Exit::Signal(9)));
        world
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_container_that_ended_leaves_no_zombie() {
    World::run(|world| async move {
        let id = world.shell("web", "echo $$").await;
        let pids = world.numbers(&id).await;
        world.ended(&id).await;
        assert!(!std::fs::exists(format!("/proc/{}", pids[0])).expect("an answer"));
        world
    });
}

// RUNTIME-04
#[test]
fn what_cannot_be_executed_ends_with_an_error_of_its_start() {
    World::run(|world| async move {
        let pod = world.pod("web");
        type Spoil = fn(&mut setpoint_runtime_traits::ContainerConfig);
        let table: [Spoil; 3] = [
            |config| config.command = vec!["no-such-program".to_owned()],
            |config| config.command = vec!["/etc/passwd".to_owned()],
            |config| config.working_dir = Some("/no/such/folder".into()),
        ];
        for (attempt, spoil) in (0..).zip(table) {
            let mut config = shell("true");
            config.metadata = ContainerMetadata::new("main", attempt);
            spoil(&mut config);
            let id = world.create(&pod, &config).await.expect("a container");
            let error = world.runtime.start_container(&id).await.expect_err("it cannot start");
            assert_eq!(error.kind, ErrorKind::InvalidSpec, "{error}");
            let status = world.status(&id).await;
            assert_eq!((status.state(), status.exit_code()), (ContainerState::Exited, Some(128)));
            assert_eq!((status.started_at, &*status.reason), (None, "StartError"));
            assert!(status.message.contains("cannot execute"), "{}", status.message);
        }
        world
    });
}
