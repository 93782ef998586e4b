//! `orchestrator serve`: the control plane as a server, for kubectl and other clients.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use setpoint::ControlPlaneBuilder;
use setpoint::apiserver::authentication::administrator;
use setpoint::apiserver::serve::Authority;
use setpoint::env::Env;
use setpoint::reconcile::leader::ElectionSettings;
use setpoint::store::Store;
use setpoint::store::engine::durable::Disk;
use setpoint_examples::local_cluster::{ClusterSettings, LocalCluster, NodeKind};
use setpoint_examples::{Failure, interrupted, web};

/// Serves the Kubernetes API until TERM or Ctrl-C, and prints one line when clients can connect.
#[derive(Args)]
pub(crate) struct ServeArguments {
    /// Where to listen.
    #[arg(long, default_value = "127.0.0.1:6443")]
    listen: SocketAddr,
    /// The file to write that tells kubectl how to connect. Only its owner can read it.
    #[arg(long)]
    kubeconfig: PathBuf,
    /// Lets in who shows this token, as an administrator. Without it the file holds a client certificate.
    #[arg(long)]
    token: Option<String>,
    /// Keeps the server's authority in this folder, so that clients still believe it after a restart.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// Where objects are kept.
    #[arg(long, value_enum, default_value_t = StoreKind::Memory)]
    store: StoreKind,
    /// The folder of a durable store: what was there is there again.
    #[arg(long, required_if_eq("store", "durable"))]
    dir: Option<PathBuf>,
    /// A member of the etcd that is the store, such as `http://127.0.0.1:2379`; may be given several times.
    #[cfg(feature = "etcd")]
    #[arg(long = "etcd-endpoints", required_if_eq("store", "etcd"), value_delimiter = ',')]
    etcd_endpoints: Vec<String>,
    /// Runs controllers and scheduler only while it leads all who share the store, by a lease in kube-system.
    #[arg(long)]
    leader_elect: bool,
    /// How many nodes there are.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(0..=100))]
    nodes: u8,
    /// What pods are on the nodes: processes of this machine, or nothing but a state.
    #[arg(long, value_enum, default_value_t = RuntimeKind::Process)]
    runtime: RuntimeKind,
    /// Who may do what: everybody everything, or what roles allow that are bound to them.
    #[arg(long, value_enum, default_value_t = Authorization::AlwaysAllow)]
    authorization: Authorization,
    /// Pods are not put on nodes.
    #[arg(long)]
    no_scheduler: bool,
    /// Gives each namespace the account `default` and the config map `kube-root-ca.crt`, which a whole cluster has.
    #[arg(long)]
    namespace_furniture: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum StoreKind {
    Memory,
    /// In files: what is acknowledged survives a crash.
    Durable,
    /// In etcd: several processes can share it.
    #[cfg(feature = "etcd")]
    Etcd,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Authorization {
    AlwaysAllow,
    Rbac,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RuntimeKind {
    Process,
    Simulated,
    /// There are no nodes.
    None,
}

impl ServeArguments {
    /// The control plane on the store that was chosen.
    fn with_store(&self, env: &Env, builder: ControlPlaneBuilder) -> Result<ControlPlaneBuilder, Failure> {
        #[cfg(feature = "etcd")]
        if matches!(self.store, StoreKind::Etcd) {
            let endpoints = self.etcd_endpoints.iter().cloned();
            return Ok(builder.etcd(setpoint::store::engine::etcd::EtcdSettings::new(endpoints)));
        }
        Ok(match (self.store, &self.dir) {
            (StoreKind::Durable, Some(dir)) => builder.durable(Disk::at(dir)?),
            _ => builder.store(Store::memory(env)),
        })
    }

    /// Who certifies the server and its clients: always the same if it is kept in a folder.
    fn authority(&self, env: &Env) -> Result<Authority, Failure> {
        Ok(match &self.authority {
            Some(folder) => Authority::open(env, folder)?,
            None => Authority::new(env)?,
        })
    }

    /// The same, one of several that lead by turns.
    fn with_election(&self, env: &Env, builder: ControlPlaneBuilder) -> ControlPlaneBuilder {
        if !self.leader_elect {
            return builder;
        }
        let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
        let identity = format!("{}_{}", host.trim(), env.uuid());
        builder.leader_election(ElectionSettings::new("kube-system", "setpoint", identity))
    }

    fn settings(&self) -> Result<ClusterSettings, Failure> {
        let kind =
            if self.runtime == RuntimeKind::Simulated { NodeKind::Simulated } else { NodeKind::Process };
        let nodes = if self.runtime == RuntimeKind::None { 0 } else { self.nodes };
        Ok(ClusterSettings { nodes, kind, images: web::images()?, scheduler: !self.no_scheduler })
    }
}

/// Serves until somebody asks it to end.
pub(crate) async fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let env = Env::tokio();
    let authority = arguments.authority(&env)?;
    let mut builder = arguments.with_store(&env, setpoint::ControlPlane::builder(&env))?;
    builder = arguments.with_election(&env, builder);
    if arguments.namespace_furniture {
        builder = builder.namespace_furniture(authority.certificate());
    }
    if arguments.authorization == Authorization::Rbac {
        builder = builder.rbac();
    }
    let cluster = LocalCluster::start_on(builder, &env, &arguments.settings()?).await?;
    let result = serve(arguments, authority, &cluster).await;
    cluster.shut_down().await;
    result
}

async fn serve(
    arguments: &ServeArguments,
    authority: Authority,
    cluster: &LocalCluster,
) -> Result<(), Failure> {
    let mut builder = cluster.plane().server().listen(arguments.listen).authority(authority);
    if let Some(token) = &arguments.token {
        builder = builder.token(token, administrator());
    }
    let server = builder.start().await?;
    let written = server.kubeconfig().write(&arguments.kubeconfig);
    let result = match written {
        Ok(()) => {
            println!("serving https://{} ({})", server.address(), arguments.kubeconfig.display());
            interrupted().await.map_err(Failure::from)
        }
        Err(error) => Err(error.into()),
    };
    server.shut_down().await;
    result
}
