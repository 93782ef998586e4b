use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use setpoint_core::env::Env;
use setpoint_node::process::{ImageTable, ProcessImage, ProcessRuntime, ProcessRuntimeBuilder};
use setpoint_runtime_traits::{
    ContainerConfig, ContainerId, ContainerMetadata, ContainerState, ContainerStatus, LogOptions,
    PodSandboxConfig, Result, RuntimeService, SandboxFilter, SandboxId, SandboxMetadata, StreamingService,
};

/// How long to wait for what ought to happen at once, on a machine with other things to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// A runtime in a folder of its own, which leaves nothing behind.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) runtime: Arc<ProcessRuntime>,
    folder: Folder,
}

/// A temporary folder, and an end to all processes that belong to it.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// All living processes that have a variable with a path in this folder.
    pub(super) fn processes(&self) -> Vec<i32> {
        let path = self.path().to_string_lossy().into_owned();
        let is_ours = |pid: &i32| {
            let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&path) && is_alive(*pid)
        };
        let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
        let ids = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ids.filter(is_ours).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let left = self.processes();
        for pid in &left {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
        }
        assert!(left.is_empty() || std::thread::panicking(), "left running: {left:?}");
    }
}

/// Whether there is such a process and it is not a dead one.
pub(super) fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

pub(super) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a tokio runtime").block_on(test);
}

impl World {
    /// Runs a test in a world of its own; what still runs at its end is killed.
    pub(super) fn run<F: Future<Output = Self>>(test: impl FnOnce(Self) -> F) {
        Self::run_with(|builder| builder, test);
    }

    pub(super) fn run_with<F: Future<Output = Self>>(
        set_up: impl FnOnce(ProcessRuntimeBuilder) -> ProcessRuntimeBuilder,
        test: impl FnOnce(Self) -> F,
    ) {
        run(async {
            let (env, folder) = (Env::tokio(), Folder::new());
            let builder = ProcessRuntime::builder(folder.path().join("state"), env.clone()).images(images());
            let runtime = Arc::new(set_up(builder).open().expect("a runtime"));
            let world = test(Self { env, runtime, folder }).await;
            world.end().await;
        });
    }

    async fn end(self) {
        self.runtime.stop_all(Duration::ZERO).await.expect("stopped");
        self.runtime.shutdown().await;
        // The folder looks for what is left.
    }

    /// A runtime after this one, as after a crash: nobody told it to end.
    #[cfg(target_os = "linux")]
    pub(super) fn restarted(self) -> Self {
        let Self { env, runtime, folder } = self;
        drop(Arc::into_inner(runtime).expect("nobody else has the runtime"));
        let builder = ProcessRuntime::builder(folder.path().join("state"), env.clone()).images(images());
        let runtime = Arc::new(builder.open().expect("a runtime"));
        Self { env, runtime, folder }
    }

    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(super) fn log_directory(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    pub(super) fn pod(&self, name: &str) -> PodSandboxConfig {
        let metadata = SandboxMetadata::new(name, "default", format!("uid-of-{name}"));
        let log_directory = self.log_directory().join(metadata.log_directory_name());
        let mut pod = PodSandboxConfig::new(metadata);
        pod.log_directory = log_directory;
        pod
    }

    /// The sandbox of the pod, made if it is not there.
    pub(super) async fn sandbox(&self, pod: &PodSandboxConfig) -> SandboxId {
        let listed = self.runtime.list_pod_sandboxes(&SandboxFilter::default()).await.expect("a list");
        match listed.into_iter().find(|sandbox| sandbox.metadata == pod.metadata) {
            Some(sandbox) => sandbox.id,
            None => self.runtime.run_pod_sandbox(pod).await.expect("a sandbox"),
        }
    }

    pub(super) async fn create(
        &self,
        pod: &PodSandboxConfig,
        config: &ContainerConfig,
    ) -> Result<ContainerId> {
        let sandbox = self.sandbox(pod).await;
        self.runtime.create_container(&sandbox, config, pod).await
    }

    /// A started container with this shell script, in the pod of this name.
    pub(super) async fn shell(&self, pod: &str, script: &str) -> ContainerId {
        let pod = self.pod(pod);
        let id = self.create(&pod, &shell(script)).await.expect("a container");
        self.runtime.start_container(&id).await.expect("started");
        id
    }

    pub(super) async fn status(&self, id: &ContainerId) -> ContainerStatus {
        self.runtime.container_status(id).await.expect("it exists")
    }

    /// Waits for the end of a container.
    pub(super) async fn ended(&self, id: &ContainerId) -> ContainerStatus {
        let ended = async {
            let mut events = self.runtime.container_events().await.expect("events");
            loop {
                let status = self.status(id).await;
                if status.state() == ContainerState::Exited {
                    return status;
                }
                events.next().await.expect("the runtime is there").expect("no error");
            }
        };
        self.env.timeout(PATIENCE, ended).await.expect("it ends in time")
    }

    /// The text of the next `count` lines of a container's log, waited for.
    pub(super) async fn lines(&self, id: &ContainerId, count: usize) -> Vec<String> {
        let follow = LogOptions { follow: true, ..LogOptions::default() };
        let log = self.runtime.logs(id, &follow).await.expect("a log");
        let lines = self.env.timeout(PATIENCE, log.take(count).collect::<Vec<_>>()).await;
        let text = |line: setpoint_runtime_traits::LogLine| String::from_utf8_lossy(&line.text).into_owned();
        lines.expect("lines in time").into_iter().map(|line| text(line.expect("no error"))).collect()
    }

    /// The numbers in the first line of a container's log.
    pub(super) async fn numbers(&self, id: &ContainerId) -> Vec<i32> {
        let line = self.lines(id, 1).await.concat();
        line.split_whitespace().map(|number| number.parse().expect("a number")).collect()
    }

    /// Waits until none of these processes lives.
    pub(super) async fn gone(&self, pids: &[i32]) {
        let gone = async {
            while pids.iter().any(|pid| is_alive(*pid)) {
                self.env.sleep(Duration::from_millis(2)).await;
            }
        };
        self.env.timeout(PATIENCE, gone).await.expect("they end in time");
    }
}

fn images() -> ImageTable {
    let greeter = ProcessImage::program("/bin/sh").with_args(["-c", "echo hello from $NAME"]);
    ImageTable::with_host()
        .with_image("greeter:v1", greeter.with_env("NAME", "image"))
        .with_image("broken", ProcessImage::program("/no/such/program"))
}

/// A container with this shell script.
pub(super) fn shell(script: &str) -> ContainerConfig {
    let mut config = ContainerConfig::new(ContainerMetadata::new("main", 0), "host");
    config.command = ["/bin/sh", "-c", script].map(str::to_owned).into();
    config
}
