use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use setpoint_node::process::{EXEC_OUTPUT_BYTES_MAX, EXECS_MAX};
use setpoint_runtime_traits::{
    ContainerConfig, ContainerMetadata, EnvVar, ErrorKind, Exit, ImageService, Mount, PullRequest,
    RuntimeService, StatsProvider, StreamingService,
};

use super::world::{PATIENCE, World, shell};

fn words(script: &str) -> Vec<String> {
    ["/bin/sh", "-c", script].map(str::to_owned).into()
}

#[test]
fn an_image_is_a_program_with_its_defaults() {
    World::run(|world| async move {
        let pod = world.pod("web");
        let config = ContainerConfig::new(ContainerMetadata::new("plain", 0), "greeter:v1");
        let plain = world.create(&pod, &config).await.expect("a container");
        let mut config = ContainerConfig::new(ContainerMetadata::new("own", 0), "greeter:v1");
        config.env = vec![EnvVar::new("NAME", "pod")];
        let own = world.create(&pod, &config).await.expect("a container");
        for (id, expected) in [(plain, "hello from image"), (own, "hello from pod")] {
            world.runtime.start_container(&id).await.expect("started");
            assert_eq!(world.lines(&id, 1).await, [expected]);
            world.ended(&id).await;
        }
        world
    });
}

// AGENT-30
#[test]
fn images_that_cannot_be_had_say_so_and_are_not_run() {
    World::run(|world| async move {
        for name in ["unknown", "broken"] {
            let pull = world.runtime.pull_image(PullRequest::new(&name.into())).await;
            let error = pull.expect_err("it cannot be had");
            assert_eq!(error.kind, ErrorKind::ImagePull, "{error}");
            let config = ContainerConfig::new(ContainerMetadata::new("main", 0), name);
            let error = world.create(&world.pod("web"), &config).await.expect_err("there is no image");
            assert!(error.is_not_found(), "{error}");
        }
        let config = ContainerConfig::new(ContainerMetadata::new("main", 0), "host");
        let error = world.create(&world.pod("web"), &config).await.expect_err("there is no command");
        assert_eq!(error.kind, ErrorKind::InvalidSpec, "{error}");
        world
    });
}

#[test]
fn nothing_of_the_agents_environment_reaches_a_container() {
    World::run(|world| async move {
        let id = world.shell("web", "env | cut -d= -f1 | sort | tr '\\n' ' '; echo").await;
        let names = world.lines(&id, 1).await.concat();
        let shells_own = ["OLDPWD", "PWD", "SHLVL", "_"];
        let names: Vec<&str> = names.split_whitespace().filter(|name| !shells_own.contains(name)).collect();
        let expected =
            ["HOME", "HOSTNAME", "PATH", "POD_IP", "SETPOINT_CONTAINER_ID", "SETPOINT_CONTAINER_ROOT"];
        assert_eq!(names, expected);
        world.ended(&id).await;
        world
    });
}

#[test]
fn a_container_starts_in_a_folder_of_its_own_that_goes_with_it() {
    World::run(|world| async move {
        fs::write(world.folder().path().join("settings"), "content").expect("written");
        let mut config = shell("pwd; echo kept > file; cat etc/app/settings; echo");
        config.mounts = vec![Mount::new(world.folder().path().join("settings"), "/etc/app/settings")];
        let id = world.create(&world.pod("web"), &config).await.expect("a container");
        world.runtime.start_container(&id).await.expect("started");
        let lines = world.lines(&id, 2).await;
        world.ended(&id).await;
        let [own, content] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(content, "content");
        assert_eq!(fs::read_to_string(format!("{own}/file")).expect("its file"), "kept\n");
        assert_eq!(fs::metadata(own).expect("its folder").permissions().mode() & 0o777, 0o700);
        world.runtime.remove_container(&id).await.expect("removed");
        assert!(!fs::exists(own).expect("an answer"));
        assert!(world.folder().path().join("settings").exists());
        world
    });
}

#[test]
fn paths_that_lead_out_of_their_folder_are_refused() {
    World::run(|world| async move {
        let pod = world.pod("web");
        for crafted in ["../../../etc/log", "/etc/log", "main/../../log"] {
            let mut config = shell("true");
            config.log_path = crafted.into();
            let error = world.create(&pod, &config).await.expect_err(crafted);
            assert_eq!(error.kind, ErrorKind::InvalidSpec, "{error}");
        }
        let mut relative = world.pod("relative");
        relative.log_directory = "logs".into();
        let error = world.runtime.run_pod_sandbox(&relative).await.expect_err("relative");
        assert_eq!(error.kind, ErrorKind::InvalidSpec, "{error}");
        // Names are only names.
        let crafted = world.pod("../../..");
        world.runtime.run_pod_sandbox(&crafted).await.expect("a sandbox like any other");
        world
    });
}

#[test]
fn standard_input_stays_open_if_it_is_wanted() {
    World::run(|world| async move {
        let without = world.shell("web", "cat; echo end").await;
        assert_eq!(world.lines(&without, 1).await, ["end"]);
        world.ended(&without).await;

        let mut config = shell("echo ready; exec cat");
        config.stdin = true;
        let with = world.create(&world.pod("db"), &config).await.expect("a container");
        world.runtime.start_container(&with).await.expect("started");
        assert_eq!(world.lines(&with, 1).await, ["ready"]);
        world.runtime.stop_container(&with, PATIENCE).await.expect("stopped");
        assert_eq!(world.status(&with).await.exit, Some(Exit::Signal(15)), "it did not end by itself");
        world
    });
}

// RUNTIME-02
#[test]
fn a_command_has_the_environment_of_its_container() {
    World::run(|world| async move {
        let mut config = shell("exec sleep 1000");
        config.env = vec![EnvVar::new("LEVEL", "debug")];
        config.working_dir = Some("/".into());
        let id = world.create(&world.pod("web"), &config).await.expect("a container");
        world.runtime.start_container(&id).await.expect("started");
        let script = "echo $LEVEL; pwd; echo problem >&2; exit 3";
        let output = world.runtime.exec_sync(&id, &words(script), Some(PATIENCE)).await.expect("it ran");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "debug\n/\n");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "problem\n");
        assert_eq!(output.exit, Exit::Code(3));
        for impossible in [vec![], vec!["no-such-program".to_owned()]] {
            let error = world.runtime.exec_sync(&id, &impossible, None).await.expect_err("impossible");
            assert_eq!(error.kind, ErrorKind::InvalidSpec, "{error}");
        }
        world
    });
}

#[test]
fn a_command_past_its_time_is_killed_with_its_children() {
    World::run(|world| async move {
        let id = world.shell("web", "exec sleep 1000").await;
        let marker = world.folder().path().join("pids");
        let script = format!("sleep 1000 & echo $$ $! > {}; wait", marker.display());
        let limit = Some(Duration::from_millis(300));
        let error = world.runtime.exec_sync(&id, &words(&script), limit).await.expect_err("too long");
        assert_eq!(error.kind, ErrorKind::Timeout, "{error}");
        let pids = fs::read_to_string(marker).unwrap_or_default();
        let pids: Vec<i32> = pids.split_whitespace().map(|pid| pid.parse().expect("a number")).collect();
        world.gone(&pids).await;
        world
    });
}

#[test]
fn a_command_ends_with_its_container_and_does_not_wait_for_its_background() {
    World::run(|world| async move {
        let id = world.shell("web", "exec sleep 1000").await;
        let background = words("sleep 1000 & echo $!");
        let output = world.runtime.exec_sync(&id, &background, Some(PATIENCE)).await.expect("it ran");
        let pid: i32 = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number");
        assert!(output.exit.is_success());
        world.gone(&[pid]).await;

        let lasting = words("sleep 1000");
        let command = world.runtime.exec_sync(&id, &lasting, Some(PATIENCE));
        let stop = async {
            while world.folder().processes().len() < 3 {
                world.env.sleep(Duration::from_millis(2)).await;
            }
            world.runtime.stop_container(&id, Duration::ZERO).await
        };
        let (output, stopped) = futures::future::join(command, stop).await;
        stopped.expect("stopped");
        assert_eq!(output.expect("it ran").exit, Exit::Signal(9));
        world
    });
}

#[test]
fn the_output_of_a_command_is_cut_at_its_limit() {
    World::run(|world| async move {
        let id = world.shell("web", "exec sleep 1000").await;
        let script = |bytes: usize| words(&format!("head -c {bytes} /dev/zero"));
        for (written, kept) in [
            (EXEC_OUTPUT_BYTES_MAX, EXEC_OUTPUT_BYTES_MAX),
            (EXEC_OUTPUT_BYTES_MAX + 100_000, EXEC_OUTPUT_BYTES_MAX),
        ] {
            let output = world.runtime.exec_sync(&id, &script(written), None).await.expect("it ran");
            assert_eq!((output.stdout.len(), output.exit), (kept, Exit::Code(0)));
        }
        world
    });
}

// RUNTIME-06
#[test]
fn a_runtime_without_its_directory_is_not_ready() {
    World::run(|world| async move {
        let ready = async || world.runtime.status().await.expect("a status").is_runtime_ready();
        assert!(ready().await);
        let state = world.folder().path().join("state");
        fs::rename(&state, state.with_extension("elsewhere")).expect("moved");
        assert!(!ready().await);
        let error = world.runtime.run_pod_sandbox(&world.pod("web")).await.expect_err("nowhere to keep it");
        assert_eq!(error.kind, ErrorKind::Other, "{error}");
        fs::rename(state.with_extension("elsewhere"), &state).expect("moved back");
        assert!(ready().await);
        world.runtime.shutdown().await;
        assert!(!ready().await);
        world
    });
}

#[test]
fn commands_at_a_time_are_limited() {
    World::run(|world| async move {
        let id = world.shell("web", "exec sleep 1000").await;
        let lasting = words("exec sleep 1000");
        let commands = (0..EXECS_MAX).map(|_| world.runtime.exec_sync(&id, &lasting, Some(PATIENCE)));
        let rest = async {
            let one_more = world.runtime.exec_sync(&id, &lasting, None).await;
            world.runtime.stop_container(&id, Duration::ZERO).await.expect("stopped");
            one_more.expect_err("one too many").kind
        };
        let (outputs, refused) = futures::future::join(futures::future::join_all(commands), rest).await;
        assert_eq!(refused, ErrorKind::OutOfResources);
        assert!(outputs.iter().all(|output| output.as_ref().is_ok_and(|output| !output.exit.is_success())));
        world
    });
}

#[test]
fn a_node_takes_no_more_than_its_limits() {
    World::run_with(
        |builder| builder.containers_max(1).sandboxes_max(2),
        |world| async move {
            let first = world.shell("web", "true").await;
            let pod = world.pod("db");
            let error = world.create(&pod, &shell("true")).await.expect_err("one too many");
            assert_eq!(error.kind, ErrorKind::OutOfResources, "{error}");
            let error = world.runtime.run_pod_sandbox(&world.pod("third")).await.expect_err("one too many");
            assert_eq!(error.kind, ErrorKind::OutOfResources, "{error}");
            world.runtime.remove_container(&first).await.expect("removed");
            world.create(&pod, &shell("true")).await.expect("room again");
            world
        },
    );
}

#[test]
#[cfg(target_os = "linux")]
fn figures_are_those_of_all_processes_of_a_container() {
    World::run(|world| async move {
        let id = world.shell("web", "sleep 1000 & echo ready; wait").await;
        world.lines(&id, 1).await;
        let pods = world.runtime.pods().await.expect("figures");
        let [pod] = &pods[..] else { panic!("{pods:?}") };
        let [container] = &pod.containers[..] else { panic!("{pod:?}") };
        assert_eq!((&container.id, &*container.name, &*pod.pod.name), (&id, "main", "web"));
        assert_eq!(container.usage.processes, Some(2));
        assert!(container.usage.memory_working_set_bytes > Some(0) && container.usage == pod.usage);
        let node = world.runtime.node().await.expect("figures");
        assert!(node.usage.memory_working_set_bytes > container.usage.memory_working_set_bytes);
        world.runtime.stop_container(&id, Duration::ZERO).await.expect("stopped");
        assert_eq!(world.runtime.pods().await.expect("figures"), []);
        world
    });
}
