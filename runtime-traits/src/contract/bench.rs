use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use setpoint_core::env::Env;

use crate::{
    Capabilities, ContainerConfig, ContainerId, ContainerMetadata, ContainerState, ContainerStatus, ImageRef,
    ImageService, NodeRuntime, PodSandboxConfig, PullRequest, RuntimeService, SandboxId, SandboxMetadata,
    StreamingService,
};

/// One clause, ready to run on a bench.
pub type Clause = for<'a> fn(&'a Bench) -> BoxFuture<'a, ()>;

/// Makes a container do as a program says.
pub type WriteProgram = dyn Fn(&Program, &mut ContainerConfig) + Send + Sync;

/// Waits until the program of a container just started has got hold of its requests.
pub type Settle = dyn Fn(ContainerStatus) -> BoxFuture<'static, ()> + Send + Sync;

/// A back end under test, with nothing on it, and what the clauses must know about it.
#[derive(Clone)]
pub struct Bench {
    /// The back end.
    pub node: NodeRuntime,
    /// The environment it was made with.
    pub env: Env,
    /// An image that is there or can be pulled.
    pub image: ImageRef,
    /// Another name of the same image.
    pub image_alias: ImageRef,
    /// An image that cannot be had.
    pub absent_image: ImageRef,
    /// A folder for logs.
    pub log_directory: PathBuf,
    /// How long to wait for what ought to happen at once.
    pub patience: Duration,
    /// The grace given to a container that ignores the request to stop.
    pub grace: Duration,
    /// A command that succeeds in every container.
    pub command_that_succeeds: Vec<String>,
    /// A command that ends with code 1 in every container.
    pub command_that_fails: Vec<String>,
    /// Makes a container do as the program says.
    pub program: Arc<WriteProgram>,
    /// Waits until the program of a container just started has got hold of its requests: a real process needs a
    /// moment before it can do anything but die of them.
    pub settle: Arc<Settle>,
}

/// What a container of a clause does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Runs until it is asked to stop, and stops.
    Forever,
    /// Exits at once with this code.
    Exit(i32),
    /// Runs until it is asked to stop, and then exits with this code.
    ExitWhenAsked(i32),
    /// Runs, whatever it is asked.
    IgnoreRequests,
    /// Prints these lines to standard output, then the second ones to standard error, and exits with code 0.
    Print(Vec<String>, Vec<String>),
}

impl Bench {
    pub(super) fn runtime(&self) -> &dyn RuntimeService {
        &*self.node.runtime
    }

    pub(super) fn images(&self) -> &dyn ImageService {
        &*self.node.images
    }

    pub(super) fn can(&self) -> Capabilities {
        self.runtime().capabilities()
    }

    pub(super) fn streaming(&self) -> &dyn StreamingService {
        self.node.streaming.as_deref().expect("a back end that declares exec or logs has a StreamingService")
    }

    /// The configuration of the sandbox of the pod `name`.
    pub(super) fn pod(&self, name: &str) -> PodSandboxConfig {
        let metadata = SandboxMetadata::new(name, "default", format!("uid-of-{name}"));
        let log_directory = self.log_directory.join(metadata.log_directory_name());
        let labels = [("pod".to_owned(), name.to_owned()), ("common".to_owned(), "yes".to_owned())];
        let mut config = PodSandboxConfig::new(metadata);
        config.log_directory = log_directory;
        config.labels = Arc::new(labels.into());
        config.annotations = Arc::new([("note".to_owned(), "carried".to_owned())].into());
        config
    }

    /// The configuration of a container that runs `program`, its image pulled.
    pub(super) async fn config(&self, name: &str, program: &Program) -> ContainerConfig {
        let image = self.images().pull_image(PullRequest::new(&self.image)).await;
        let mut config = ContainerConfig::new(ContainerMetadata::new(name, 0), self.image.clone());
        config.image_id = Some(image.expect("the bench's image can be pulled"));
        config.labels = Arc::new([("container".to_owned(), name.to_owned())].into());
        (self.program)(program, &mut config);
        config
    }

    pub(super) async fn sandbox(&self, pod: &PodSandboxConfig) -> SandboxId {
        self.runtime().run_pod_sandbox(pod).await.expect("a sandbox runs")
    }

    /// A sandbox of the pod `name` and one container in it, made and not started.
    pub(super) async fn made(&self, name: &str, program: &Program) -> (SandboxId, ContainerId) {
        let pod = self.pod(name);
        let sandbox = self.sandbox(&pod).await;
        let config = self.config("main", program).await;
        let container = self.runtime().create_container(&sandbox, &config, &pod).await;
        (sandbox, container.expect("a container is made"))
    }

    /// The same, started.
    pub(super) async fn started(&self, name: &str, program: &Program) -> (SandboxId, ContainerId) {
        let (sandbox, container) = self.made(name, program).await;
        self.start(&container).await;
        (sandbox, container)
    }

    /// Starts a container and lets its program settle.
    pub(super) async fn start(&self, id: &ContainerId) {
        self.runtime().start_container(id).await.expect("a container starts");
        (self.settle)(self.status(id).await).await;
    }

    pub(super) async fn status(&self, id: &ContainerId) -> ContainerStatus {
        self.runtime().container_status(id).await.expect("the container exists")
    }

    /// Waits until the container has ended.
    pub(super) async fn ended(&self, id: &ContainerId) -> ContainerStatus {
        let ended = async {
            let mut events = self.runtime().container_events().await.ok();
            loop {
                let status = self.status(id).await;
                if status.state() == ContainerState::Exited {
                    return status;
                }
                // Whether an event or the end of the stream: look again.
                let goes_on = match &mut events {
                    Some(stream) => stream.next().await.is_some(),
                    None => {
                        self.env.sleep(self.patience / 100).await;
                        false
                    }
                };
                events = events.filter(|_| goes_on);
            }
        };
        self.env.timeout(self.patience, ended).await.expect("the container ends in time")
    }
}

impl fmt::Debug for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bench").field("node", &self.node).field("env", &self.env).finish_non_exhaustive()
    }
}
