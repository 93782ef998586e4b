//! A control plane with nodes that run local processes.

use std::sync::Arc;
use std::time::Duration;

use setpoint::ControlPlane;
use setpoint::env::Env;
use setpoint::node::agent::AgentSettings;
use setpoint::node::process::{ImageTable, ProcessRuntime};
use setpoint::runtime::ContainerId;
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

impl LocalCluster {
    /// Starts all controllers, the scheduler and `nodes` nodes on which these images can be run.
    ///
    /// # Errors
    ///
    /// If a folder cannot be made or a part cannot be started.
    pub async fn start(env: &Env, nodes: u8, images: &ImageTable) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("setpoint-")?;
        let mut builder = ControlPlane::builder(env).workload_controllers().node_controllers().scheduler();
        let mut runtimes = Vec::new();
        for number in 1..=nodes {
            let name = format!("node-{number}");
            let home = folder.path().join(&name);
            let runtime = ProcessRuntime::builder(home.join("runtime"), env.clone())
                .images(images.clone())
                .addresses([127, 1, number, 1].into(), PODS_MAX)
                .open()?;
            let runtime = Arc::new(runtime);
            let mut settings = AgentSettings::new(&name)
                .with_capacity("cpu", "4".parse()?)
                .with_capacity("memory", "4Gi".parse()?)
                .with_capacity("ephemeral-storage", "10Gi".parse()?);
            settings.pods_max = PODS_MAX;
            settings.addresses = vec![format!("127.1.{number}.254")];
            settings.log_directory = home.join("logs");
            settings.volume_directory = home.join("volumes");
            builder = builder.node(settings, runtime.node_runtime());
            runtimes.push(runtime);
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

/// How long a part of a demonstration may take.
pub const LIMIT: Duration = Duration::from_secs(20);
