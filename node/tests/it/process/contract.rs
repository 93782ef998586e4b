use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::FutureExt;
use nix::sys::stat::Mode;
use setpoint_core::env::Env;
use setpoint_node::process::{ImageTable, ProcessImage, ProcessRuntime};
use setpoint_runtime_traits::contract::{Bench, Clause, Program};
use setpoint_runtime_traits::{ContainerConfig, ContainerStatus};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use super::world::{Folder, PATIENCE, run};

/// The annotation with the pipe by which a program says that it listens to signals.
const READY: &str = "ready-pipe";

fn on_a_bench(clause: Clause) {
    run(async move {
        let (env, folder) = (Env::tokio(), Folder::new());
        let images = ImageTable::new().with_image("shell", ProcessImage::program("/bin/sh"));
        let builder = ProcessRuntime::builder(folder.path().join("state"), env.clone()).images(images);
        let runtime = Arc::new(builder.open().expect("a runtime"));
        let command = |word: &str| vec![word.to_owned()];
        let pipes = folder.path().to_owned();
        let bench = Bench {
            node: runtime.node_runtime(),
            env,
            image: "shell".into(),
            image_alias: "shell:latest".into(),
            absent_image: "absent".into(),
            log_directory: folder.path().join("logs"),
            patience: PATIENCE,
            grace: Duration::from_millis(100),
            command_that_succeeds: command("true"),
            command_that_fails: command("false"),
            program: Arc::new(move |program, config| write_program(program, config, &pipes)),
            settle: Arc::new(|status| settle(status).boxed()),
        };
        clause(&bench).await;
        runtime.stop_all(Duration::ZERO).await.expect("stopped");
        runtime.shutdown().await;
    });
}

setpoint_runtime_traits::runtime_contract!(on_a_bench);

fn write_program(program: &Program, config: &mut ContainerConfig, pipes: &Path) {
    let lines = |lines: &[String], to: &str| {
        lines.iter().map(|line| format!("echo '{line}' >&{to}\n")).collect::<String>()
    };
    // What runs beside the shell is killed with it, and `wait` can be interrupted.
    let forever = "while :; do sleep 1000 & wait $!; done";
    let (script, listens) = match program {
        Program::Forever => ("exec sleep 1000".to_owned(), false),
        Program::Exit(code) => (format!("exit {code}"), false),
        Program::ExitWhenAsked(code) => {
            (format!("trap 'exit {code}' TERM; echo > \"$READY\"; {forever}"), true)
        }
        Program::IgnoreRequests => (format!("trap '' TERM; echo > \"$READY\"; {forever}"), true),
        Program::Print(stdout, stderr) => (lines(stdout, "1") + &lines(stderr, "2"), false),
    };
    config.args = vec!["-c".to_owned(), script];
    if listens {
        static PIPES: AtomicU32 = AtomicU32::new(0);
        let path = pipes.join(format!("ready-{}", PIPES.fetch_add(1, Ordering::Relaxed)));
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).expect("a pipe");
        let path = path.to_string_lossy().into_owned();
        config.env.push(setpoint_runtime_traits::EnvVar::new("READY", &path));
        config.annotations = Arc::new([(READY.to_owned(), path)].into());
    }
}

async fn settle(status: ContainerStatus) {
    let Some(path) = status.container.annotations.get(READY) else { return };
    let mut ready = pipe::OpenOptions::new().open_receiver(path).expect("the pipe of the program");
    ready.read_u8().await.expect("the program is there");
}
