use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use setpoint_node::simulated::SimulatedRuntime;
use setpoint_runtime_traits::{
    Capabilities, Container, ContainerConfig, ContainerEvent, ContainerFilter, ContainerId, ContainerState,
    ContainerStatus, ErrorKind, EventStream, Exit, NodeRuntime, PodSandbox, PodSandboxConfig,
    PodSandboxStatus, Result, RuntimeError, RuntimeService, RuntimeStatus, RuntimeVersion, SandboxFilter,
    SandboxId,
};

use crate::Surroundings;

/// The label that says which pod a container belongs to.
const POD_UID: &str = "io.kubernetes.pod.uid";
/// What goes wrong with a call, in thousandths: it is refused; it is done and not acknowledged; it hangs.
const CHANCES: [u32; 3] = [30, 40, 15];
/// How long a call hangs.
const HANGS: Duration = Duration::from_secs(45);

/// A machine with a container runtime, which runs on whatever becomes of the agent, and whose answers get lost.
///
/// It watches that no container runs twice (INV-RT-01, INV-RT-04).
pub(super) struct Machine {
    name: String,
    outside: Surroundings,
    runtime: Arc<SimulatedRuntime>,
    /// The site of what goes wrong.
    site: String,
    forgets: bool,
}

impl Machine {
    pub(super) fn new(name: &str, outside: &Surroundings) -> Self {
        let runtime = SimulatedRuntime::builder(name, outside.env().clone()).build();
        Self {
            name: name.to_owned(),
            outside: outside.clone(),
            runtime: Arc::new(runtime),
            site: format!("machine/{name}"),
            forgets: false,
        }
    }

    /// A bug: the runtime shows nothing of what ran before its newest caller came.
    pub(super) fn forgetful(mut self) -> Self {
        self.forgets = true;
        self
    }

    /// What the agent works with.
    pub(super) fn node_runtime(self: &Arc<Self>) -> NodeRuntime {
        let mut runtime = self.runtime.node_runtime();
        runtime.runtime = Arc::clone(self) as Arc<dyn RuntimeService>;
        runtime
    }

    /// The power goes: everything that runs ends, and nobody is told.
    pub(super) fn lose_power(&self) {
        for container in self.running_now() {
            // It may have ended by itself this moment.
            let _ended = self.runtime.exit_container(&container.id, Exit::Signal(9));
        }
    }

    /// What runs is what the pods of the node ask for (INV-RT-01).
    pub(super) fn check_at_rest(&self, wanted: &[String]) -> std::result::Result<(), String> {
        let mut running: Vec<String> = self.running_now().iter().map(pod_uid).collect();
        running.sort_unstable();
        let mut wanted = wanted.to_vec();
        wanted.sort_unstable();
        if running == wanted {
            return Ok(());
        }
        Err(format!("on {} run the pods {running:?}, bound are {wanted:?}", self.name))
    }

    fn running_now(&self) -> Vec<Container> {
        let filter = ContainerFilter { state: Some(ContainerState::Running), ..ContainerFilter::default() };
        let listed = self.runtime.list_containers(&filter).now_or_never();
        listed.and_then(Result::ok).unwrap_or_default()
    }

    /// Makes a call, or does not, and answers, or does not.
    async fn call<T: Send>(&self, what: &str, call: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let lost = || RuntimeError::new(ErrorKind::Unavailable, "the runtime did not answer");
        match self.outside.fault(&self.site, &CHANCES) {
            0 => call.await,
            1 => {
                self.outside.note_fault(&self.name, format!("{what} is refused"));
                Err(lost())
            }
            2 => {
                let _unheard = call.await;
                self.outside.note_fault(&self.name, format!("{what} is done and not acknowledged"));
                Err(lost())
            }
            _ => {
                self.outside.note_fault(&self.name, format!("{what} hangs for {HANGS:?}"));
                self.outside.env().sleep(HANGS).await;
                call.await
            }
        }
    }

    fn check_started(&self, id: &ContainerId) {
        let running = self.running_now();
        let Some(started) = running.iter().find(|it| it.id == *id) else { return };
        let same =
            |it: &&Container| pod_uid(it) == pod_uid(started) && it.metadata.name == started.metadata.name;
        let count = running.iter().filter(same).count();
        if count > 1 {
            let message = format!(
                "{count} containers {} of pod {} run on {} at a time",
                started.metadata.name,
                pod_uid(started),
                self.name
            );
            self.outside.violated("INV-RT-01", message);
        }
    }
}

fn pod_uid(container: &Container) -> String {
    container.labels.get(POD_UID).cloned().unwrap_or_default()
}

#[async_trait]
impl RuntimeService for Machine {
    fn capabilities(&self) -> Capabilities {
        self.runtime.capabilities()
    }

    async fn version(&self) -> Result<RuntimeVersion> {
        self.runtime.version().await
    }

    async fn status(&self) -> Result<RuntimeStatus> {
        self.runtime.status().await
    }

    async fn run_pod_sandbox(&self, config: &PodSandboxConfig) -> Result<SandboxId> {
        self.call("making a sandbox", self.runtime.run_pod_sandbox(config)).await
    }

    async fn stop_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.call("stopping a sandbox", self.runtime.stop_pod_sandbox(id)).await
    }

    async fn remove_pod_sandbox(&self, id: &SandboxId) -> Result<()> {
        self.call("removing a sandbox", self.runtime.remove_pod_sandbox(id)).await
    }

    async fn pod_sandbox_status(&self, id: &SandboxId) -> Result<PodSandboxStatus> {
        self.runtime.pod_sandbox_status(id).await
    }

    async fn list_pod_sandboxes(&self, filter: &SandboxFilter) -> Result<Vec<PodSandbox>> {
        if self.forgets {
            return Ok(Vec::new());
        }
        self.runtime.list_pod_sandboxes(filter).await
    }

    async fn create_container(
        &self,
        sandbox: &SandboxId,
        config: &ContainerConfig,
        pod: &PodSandboxConfig,
    ) -> Result<ContainerId> {
        self.call("making a container", self.runtime.create_container(sandbox, config, pod)).await
    }

    async fn start_container(&self, id: &ContainerId) -> Result<()> {
        let started = async {
            let started = self.runtime.start_container(id).await;
            self.check_started(id);
            started
        };
        self.call("starting a container", started).await
    }

    async fn stop_container(&self, id: &ContainerId, grace: Duration) -> Result<()> {
        self.call("stopping a container", self.runtime.stop_container(id, grace)).await
    }

    async fn remove_container(&self, id: &ContainerId) -> Result<()> {
        self.call("removing a container", self.runtime.remove_container(id)).await
    }

    async fn container_status(&self, id: &ContainerId) -> Result<ContainerStatus> {
        self.runtime.container_status(id).await
    }

    async fn list_containers(&self, filter: &ContainerFilter) -> Result<Vec<Container>> {
        if self.forgets {
            return Ok(Vec::new());
        }
        self.runtime.list_containers(filter).await
    }

    async fn container_events(&self) -> Result<EventStream<ContainerEvent>> {
        self.runtime.container_events().await
    }
}
