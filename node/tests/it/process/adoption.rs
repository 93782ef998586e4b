use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures::StreamExt;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use setpoint_core::env::Env;
use setpoint_node::process::{OpenError, ProcessRuntime};
use setpoint_runtime_traits::{
    ContainerId, ContainerState, EnvVar, ErrorKind, Exit, LogOptions, PodSandboxConfig, RuntimeService,
    SandboxMetadata, StreamingService,
};

use super::world::{PATIENCE, World, is_alive, run, shell};

// AGENT-38
#[test]
fn containers_outlive_their_agent_and_are_found_again() {
    World::run(|world| async move {
        // What a shell says of its children that were killed is not looked at.
        let script = "exec 2>/dev/null; trap 'echo asked; exit 3' TERM; echo $$; while :; do sleep 1000 & wait $!; done";
        let id = world.shell("web", script).await;
        let pids = world.numbers(&id).await;
        let before = world.status(&id).await;
        let pod = world.pod("web");
        let sandbox = world.sandbox(&pod).await;
        let address = world.runtime.pod_sandbox_status(&sandbox).await.expect("it exists").ips;

        let world = world.restarted();
        assert_eq!(world.status(&id).await, before);
        assert!(pids.iter().all(|pid| is_alive(*pid)));
        let sandbox = world.runtime.pod_sandbox_status(&sandbox).await.expect("it exists");
        assert_eq!(sandbox.ips, address);
        let other = world.sandbox(&world.pod("db")).await;
        let other = world.runtime.pod_sandbox_status(&other).await.expect("it exists");
        assert_ne!(other.ips, address, "an address in use is not given again");

        // It can be worked with as before, and what it writes is in its log.
        let output = world.runtime.exec_sync(&id, &["true".to_owned()], None).await.expect("it ran");
        assert!(output.exit.is_success());
        world.runtime.stop_container(&id, PATIENCE).await.expect("stopped");
        assert_eq!(world.lines(&id, 9).await, [pids[0].to_string(), "asked".to_owned()]);
        let status = world.status(&id).await;
        assert_eq!((status.exit, &*status.reason), (Some(Exit::Unknown), "ContainerStatusUnknown"));
        world.gone(&pids).await;
        world
    });
}

#[test]
fn an_adopted_container_that_is_killed_was_killed() {
    World::run(|world| async move {
        let id = world.shell("web", "trap '' TERM; echo $$; while :; do sleep 1000 & wait $!; done").await;
        let pids = world.numbers(&id).await;
        let world = world.restarted();
        world.runtime.stop_container(&id, Duration::from_millis(20)).await.expect("stopped");
        assert_eq!(world.status(&id).await.exit, Some(Exit::Signal(9)));
        world.gone(&pids).await;
        world
    });
}

// AGENT-11
#[test]
fn how_a_container_ended_while_nobody_watched_is_not_known() {
    World::run(|world| async move {
        let leader = world.shell("web", "sleep 1000 & echo $$ $!; wait").await;
        let pids = world.numbers(&leader).await;
        let lasting = world.shell("db", "exec sleep 1000").await;
        let ended = world.shell("job", "exit 5").await;
        world.ended(&ended).await;
        let pod = world.pod("new");
        let made = world.create(&pod, &shell("true")).await.expect("a container");
        // Nobody watches from here on.
        world.runtime.shutdown().await;
        killpg(Pid::from_raw(pids[0]), Signal::SIGKILL).expect("killed");
        world.gone(&pids).await;

        let world = world.restarted();
        let status = world.status(&leader).await;
        assert_eq!((status.exit, status.exit_code()), (Some(Exit::Unknown), Some(137)));
        assert!(status.finished_at >= status.started_at && status.started_at.is_some());
        assert_eq!(world.status(&lasting).await.state(), ContainerState::Running);
        assert_eq!(world.status(&ended).await.exit, Some(Exit::Code(5)), "what was known stays known");
        assert_eq!(world.status(&made).await.state(), ContainerState::Created);
        world.runtime.start_container(&made).await.expect("it can still be started");
        world.ended(&made).await;
        world
    });
}

#[test]
fn what_a_dead_container_left_running_is_ended_at_the_next_start() {
    World::run(|world| async move {
        let id = world.shell("web", "sleep 1000 & echo $$ $!; wait").await;
        let pids = world.numbers(&id).await;
        world.runtime.shutdown().await;
        nix::sys::signal::kill(Pid::from_raw(pids[0]), Signal::SIGKILL).expect("killed");
        world.gone(&pids[..1]).await;
        assert!(is_alive(pids[1]));
        let world = world.restarted();
        assert_eq!(world.status(&id).await.exit, Some(Exit::Unknown));
        world.gone(&pids).await;
        world
    });
}

// A crash between the start of a process and the record of it.
#[test]
fn a_container_whose_start_was_not_recorded_is_found_by_its_mark() {
    World::run(|world| async move {
        let id = world.shell("web", "echo $$; exec sleep 1000").await;
        let lost = world.shell("db", "echo $$; exec sleep 1000").await;
        let pids = [world.numbers(&id).await, world.numbers(&lost).await].concat();
        world.runtime.shutdown().await;
        killpg(Pid::from_raw(pids[1]), Signal::SIGKILL).expect("killed");
        world.gone(&pids[1..]).await;
        for (id, pod) in [(&id, "web"), (&lost, "db")] {
            let sandbox = world.sandbox(&world.pod(pod)).await;
            let folder = world.folder().path().join("state/sandboxes").join(sandbox.as_str());
            let path = folder.join(id.as_str()).join("container.json");
            let record = std::fs::read_to_string(&path).expect("the record");
            let mut record: serde_json::Value = serde_json::from_str(&record).expect("JSON");
            record["phase"] = serde_json::json!({"starting": {"at": "2026-01-01T00:00:00Z"}});
            std::fs::write(&path, record.to_string()).expect("written");
        }

        let world = world.restarted();
        assert_eq!(world.status(&id).await.state(), ContainerState::Running);
        let status = world.status(&lost).await;
        assert_eq!((status.exit, status.started_at), (Some(Exit::Unknown), None));
        world.runtime.stop_container(&id, PATIENCE).await.expect("stopped");
        world.gone(&pids).await;
        world
    });
}

#[test]
fn output_of_the_time_without_an_agent_is_not_lost() {
    World::run(|world| async move {
        let go = world.folder().path().join("go");
        let done = world.folder().path().join("done");
        nix::unistd::mkfifo(&go, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let script =
            format!("echo one; cat {}; echo two; : > {}; exec sleep 1000", go.display(), done.display());
        let id = world.shell("web", &script).await;
        assert_eq!(world.lines(&id, 1).await, ["one"]);
        world.runtime.shutdown().await;
        tokio::fs::write(&go, "").await.expect("it reads");
        let written = async {
            while !done.exists() {
                world.env.sleep(Duration::from_millis(2)).await;
            }
        };
        world.env.timeout(PATIENCE, written).await.expect("it writes");
        let world = world.restarted();
        assert_eq!(world.lines(&id, 2).await, ["one", "two"]);
        world
    });
}

#[test]
fn a_directory_in_use_is_refused() {
    World::run(|world| async move {
        let second = ProcessRuntime::builder(world.folder().path().join("state"), Env::tokio()).open();
        assert!(matches!(second, Err(OpenError::InUse(_))), "{second:?}");
        world
    });
}

#[test]
fn after_a_shutdown_nobody_waits_in_vain() {
    World::run(|world| async move {
        let id = world.shell("web", "trap '' TERM; echo ready; while :; do sleep 1000 & wait $!; done").await;
        world.lines(&id, 1).await;
        let stop = world.runtime.stop_container(&id, PATIENCE * 100);
        let (stopped, ()) = futures::future::join(stop, world.runtime.shutdown()).await;
        assert_eq!(stopped.expect_err("nobody watches").kind, ErrorKind::Unavailable);
        let late = world.runtime.stop_container(&id, Duration::ZERO).await.expect_err("nobody watches");
        assert!(late.kind == ErrorKind::Unavailable && late.is_outcome_unknown(), "{late}");
        let late = world.runtime.run_pod_sandbox(&world.pod("new")).await.expect_err("nobody watches");
        assert_eq!(late.kind, ErrorKind::Unavailable);
        world.restarted()
    });
}

/// Tells the test below, run as a process of its own, where to be an agent.
const AGENT_DIRECTORY: &str = "SETPOINT_TEST_AGENT_DIRECTORY";

/// Only something if the test after it starts it.
#[test]
fn an_agent_that_will_be_killed() {
    let Ok(directory) = std::env::var(AGENT_DIRECTORY) else { return };
    run(async {
        let folder = Path::new(&directory);
        let runtime = ProcessRuntime::builder(folder.join("state"), Env::tokio()).open().expect("a runtime");
        let mut pod = PodSandboxConfig::new(SandboxMetadata::new("web", "default", "uid"));
        pod.log_directory = folder.join("logs");
        let sandbox = runtime.run_pod_sandbox(&pod).await.expect("a sandbox");
        let script = "echo $$; cat \"$GO\"; echo two; : > \"$GO.done\"; exec sleep 1000";
        let mut config = shell(script);
        config.env = vec![EnvVar::new("GO", format!("{directory}/go"))];
        let id = runtime.create_container(&sandbox, &config, &pod).await.expect("a container");
        runtime.start_container(&id).await.expect("started");
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let mut log = runtime.logs(&id, &follow).await.expect("a log");
        log.next().await.expect("a line").expect("no error");
        std::fs::write(folder.join("id.new"), id.as_str()).expect("written");
        std::fs::rename(folder.join("id.new"), folder.join("id")).expect("renamed");
        std::future::pending::<()>().await;
    });
}

// AGENT-38
#[test]
fn containers_outlive_an_agent_that_is_killed() {
    World::run(|world| async move {
        let folder = world.folder().path().join("of-agent");
        std::fs::create_dir(&folder).expect("a folder");
        nix::unistd::mkfifo(&folder.join("go"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        let exists = async |name: &str| {
            while !folder.join(name).exists() {
                world.env.sleep(Duration::from_millis(2)).await;
            }
        };
        let mut agent = tokio::process::Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "process::adoption::an_agent_that_will_be_killed"])
            .env(AGENT_DIRECTORY, &folder)
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("an agent");
        world.env.timeout(PATIENCE, exists("id")).await.expect("the agent starts it in time");
        agent.kill().await.expect("killed");
        // It goes on without an agent, and what it writes waits for the next one.
        tokio::fs::write(folder.join("go"), "").await.expect("it reads");
        world.env.timeout(PATIENCE, exists("go.done")).await.expect("it writes");

        let id = ContainerId::from(std::fs::read_to_string(folder.join("id")).expect("its id"));
        let next = ProcessRuntime::builder(folder.join("state"), world.env.clone()).open();
        let next = next.expect("the lock went with the agent");
        let status = next.container_status(&id).await.expect("it is found");
        assert_eq!(status.state(), ContainerState::Running);
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let log = next.logs(&id, &follow).await.expect("a log");
        next.stop_container(&id, Duration::ZERO).await.expect("stopped");
        let lines: Vec<_> = log.map(|line| line.expect("no error").text).collect().await;
        assert_eq!((lines.len(), lines.last().map(|line| &**line)), (2, Some(&b"two"[..])));
        let pid = String::from_utf8_lossy(&lines[0]).parse().expect("a number");
        world.gone(&[pid]).await;
        assert_eq!(next.container_status(&id).await.expect("it is found").exit, Some(Exit::Signal(9)));
        world
    });
}
