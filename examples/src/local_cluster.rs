//! A control plane with nodes that run local processes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use setpoint::env::Env;
use setpoint::node::agent::AgentSettings;
use setpoint::node::process::{ImageTable, ProcessRuntime};
use setpoint::node::simulated::SimulatedRuntime;
use setpoint::runtime::ContainerId;
use setpoint::{ControlPlane, ControlPlaneBuilder};
use tempfile::TempDir;

use crate::Failure;
use crate::pods::ProcessOf;

/// How long processes that are left at the end get.
const GRACE: Duration = Duration::from_secs(2);

/// How many pods a node takes, and how many addresses it has for them.
const PODS_MAX: u32 = 110;

/// A control plane with nodes that run local processes, and all that it leaves on disk in one temporary folder.
pub struct LocalCluster {
    plane: ControlPlane,
    runtimes: Vec<Arc<ProcessRuntime>>,
    folder: TempDir,
}

/// What a cluster is made of.
pub struct ClusterSettings {
    /// How many nodes it has.
    pub nodes: u8,
    /// What pods are there.
    pub kind: NodeKind,
    /// What can be run on nodes of processes. On others everything can.
    pub images: ImageTable,
    /// Whether pods are put on nodes.
    pub scheduler: bool,
}

/// What pods are on a node.
#[derive(Clone, Copy)]
pub enum NodeKind {
    /// Processes of this machine.
    Process,
    /// Nothing but a state.
    Simulated,
}

impl LocalCluster {
    /// Starts all controllers, the scheduler and `nodes` nodes on which these images can be run.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a part cannot be started.
    pub async fn start(env: &Env, nodes: u8, images: &ImageTable) -> Result<Self, Failure> {
        let settings =
            ClusterSettings { nodes, kind: NodeKind::Process, images: images.clone(), scheduler: true };
        Self::start_on(ControlPlane::builder(env), env, &settings).await
    }

    /// Starts a cluster on what is there of a control plane: a store, say.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a part cannot be started.
    pub async fn start_on(
        builder: ControlPlaneBuilder,
        env: &Env,
        settings: &ClusterSettings,
    ) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("setpoint-")?;
        let mut builder =
            builder.workload_controllers().quota_controller().disruption_controller().node_controllers();
        if settings.scheduler {
            builder = builder.scheduler();
        }
        let mut runtimes = Vec::new();
        for number in 1..=settings.nodes {
            let agent = agent_settings(number, folder.path())?;
            let runtime = match settings.kind {
                NodeKind::Process => {
                    let home = folder.path().join(&agent.node_name);
                    let runtime = ProcessRuntime::builder(home.join("runtime"), env.clone())
                        .images(settings.images.clone())
                        .addresses([127, 1, number, 1].into(), PODS_MAX)
                        .open()?;
                    let runtime = Arc::new(runtime);
                    runtimes.push(Arc::clone(&runtime));
                    runtime.node_runtime()
                }
                NodeKind::Simulated => {
                    let runtime = SimulatedRuntime::builder(agent.node_name.as_str(), env.clone())
                        .addresses([10, 1, number, 1].into(), PODS_MAX)
                        .build();
                    Arc::new(runtime).node_runtime()
                }
            };
            builder = builder.node(agent, runtime);
        }
        Ok(Self { plane: builder.start().await?, runtimes, folder })
    }

    /// The control plane.
    pub fn plane(&self) -> &ControlPlane {
        &self.plane
    }

    /// Where logs are.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Finds the process of a container by the id in a pod's status.
    pub fn process_of(&self) -> ProcessOf {
        let runtimes = self.runtimes.clone();
        Arc::new(move |container| {
            let id = ContainerId::new(container.split_once("://")?.1);
            runtimes.iter().find_map(|runtime| runtime.process_id(&id))
        })
    }

    /// Ends everything, pods that are still there included, and removes the folder.
    pub async fn shut_down(self) {
        self.plane.shut_down().await;
        for runtime in &self.runtimes {
            if let Err(error) = runtime.stop_all(GRACE).await {
                eprintln!("{error}");
            }
            runtime.shutdown().await;
        }
    }
}

fn agent_settings(number: u8, folder: &Path) -> Result<AgentSettings, Failure> {
    let name = format!("node-{number}");
    let home = folder.join(&name);
    let mut settings = AgentSettings::new(&name)
        .with_capacity("cpu", "4".parse()?)
        .with_capacity("memory", "4Gi".parse()?)
        .with_capacity("ephemeral-storage", "10Gi".parse()?);
    settings.pods_max = PODS_MAX;
    settings.addresses = vec![format!("127.1.{number}.254")];
    settings.log_directory = home.join("logs");
    settings.volume_directory = home.join("volumes");
    Ok(settings)
}

/// How long a part of a demonstration may take.
pub const LIMIT: Duration = Duration::from_secs(20);
