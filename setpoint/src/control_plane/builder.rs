use std::fmt;
use std::sync::Arc;

use setpoint_core::Result;
use setpoint_core::env::Env;
#[cfg(feature = "node")]
use setpoint_node::agent::{Agent, AgentSettings};
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::history::History;
use setpoint_reconcile::leader::ElectionSettings;
use setpoint_reconcile::reconciler::Context;
#[cfg(feature = "node")]
use setpoint_runtime_traits::NodeRuntime;
use setpoint_store::engine::Engine;
use setpoint_store::{ObjectStore, Store};

use super::chosen::{Chosen, OpenStore};
use super::led::{LedPart, MakeController};
use super::part::MakePart;
#[cfg(any(feature = "node", feature = "scheduler"))]
use super::part::Part;
#[cfg(feature = "node")]
use super::part::{NodePart, Streams};

/// What a [`ControlPlane`](super::ControlPlane) is made of.
pub struct ControlPlaneBuilder {
    pub(super) env: Env,
    pub(super) store: Option<OpenStore>,
    pub(super) history: History,
    pub(super) controllers: Vec<MakeController>,
    pub(super) parts: Vec<MakePart>,
    pub(super) led_parts: Vec<LedPart>,
    pub(super) election: Option<ElectionSettings>,
    #[cfg(feature = "node")]
    pub(super) streams: Streams,
    #[cfg(feature = "apiserver")]
    pub(super) honours_roles: bool,
}

impl ControlPlaneBuilder {
    pub(super) fn new(env: &Env) -> Self {
        Self {
            env: env.clone(),
            store: None,
            history: History::off(),
            controllers: Vec::new(),
            parts: Vec::new(),
            led_parts: Vec::new(),
            election: None,
            #[cfg(feature = "node")]
            streams: Vec::new(),
            #[cfg(feature = "apiserver")]
            honours_roles: false,
        }
    }

    /// Works on this store. Without it, on an empty one in memory.
    #[must_use]
    pub fn store<E: Engine>(mut self, store: Store<E>) -> Self {
        self.store = Some(Box::new(move |_| Box::pin(async move { Ok(Chosen::engine(store)) })));
        self
    }

    /// Works on a store in files, such as those of a [`Disk`](setpoint_store::engine::durable::Disk), with the built-in
    /// kinds: what it acknowledges survives a crash. It is opened when the control plane starts, which fails if that
    /// does, and closed when the control plane has ended.
    #[cfg(feature = "durable")]
    #[must_use]
    pub fn durable(mut self, storage: impl setpoint_store::engine::durable::Storage) -> Self {
        self.store = Some(Box::new(move |env| Box::pin(async move { Chosen::durable(&env, storage).await })));
        self
    }

    /// Works on a store in etcd, with the built-in kinds. It is opened when the control plane starts, which fails if no
    /// member of it answers. Several can share it: see [`ControlPlaneBuilder::leader_election`].
    #[cfg(feature = "etcd")]
    #[must_use]
    pub fn etcd(mut self, settings: setpoint_store::engine::etcd::EtcdSettings) -> Self {
        self.store = Some(Box::new(move |env| Box::pin(async move { Chosen::etcd(&env, settings).await })));
        self
    }

    /// Works on a store of another make, whose events are its own to expire.
    #[must_use]
    pub fn shared_store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        let chosen = Chosen { store, expire: None, close: None };
        self.store = Some(Box::new(move |_| Box::pin(async move { Ok(chosen) })));
        self
    }

    /// Records what is written through this control plane, and why its controllers write, for [`ControlPlane::why`](super::ControlPlane::why):
    /// the newest of it, a bounded number of records, such as
    /// [`History::keeping(History::RECORDS)`](History::keeping). Without this, nothing.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// Runs controllers and schedulers only while this control plane leads, so that several can share a store that is
    /// elsewhere. Nodes, the API and what makes kinds of definitions run all the same.
    ///
    /// Whoever is deposed ends its controllers before another begins, and what it still writes is refused by the store, if
    /// that can ([`leader`](setpoint_reconcile::leader)). It then competes again.
    #[must_use]
    pub fn leader_election(mut self, settings: ElectionSettings) -> Self {
        self.election = Some(settings);
        self
    }

    /// Runs a controller. With an election it is made anew each time that this control plane leads.
    #[must_use]
    pub fn controller(
        mut self,
        make: impl Fn(Context) -> Result<Controller> + Send + Sync + 'static,
    ) -> Self {
        self.controllers.push(Arc::new(make));
        self
    }

    /// Runs the reference controllers.
    #[cfg(feature = "controllers")]
    #[must_use]
    pub fn workload_controllers(self) -> Self {
        use setpoint_controllers::deployment::DeploymentController;
        use setpoint_controllers::garbage_collector::GarbageCollector;
        use setpoint_controllers::namespace::NamespaceController;
        use setpoint_controllers::replica_set::ReplicaSetController;
        use setpoint_controllers::replication_controller;

        self.controller(|context| Ok(GarbageCollector::controller(context)))
            .controller(NamespaceController::controller)
            .controller(ReplicaSetController::controller)
            .controller(replication_controller::controller)
            .controller(DeploymentController::controller)
    }

    /// Runs the controller that keeps disruption budgets up to date: without it every eviction of a pod that has
    /// one is refused.
    #[cfg(feature = "controllers")]
    #[must_use]
    pub fn disruption_controller(self) -> Self {
        self.controller(setpoint_controllers::disruption::DisruptionController::controller)
    }

    /// Runs the controllers that give each namespace what it has from the beginning: the account `default`, and
    /// the config map `kube-root-ca.crt` with these certificates in PEM.
    #[cfg(feature = "controllers")]
    #[must_use]
    pub fn namespace_furniture(self, root_certificates: impl Into<String>) -> Self {
        use setpoint_controllers::furniture::Furniture;

        let pem = root_certificates.into();
        self.controller(Furniture::default_account)
            .controller(move |context| Furniture::root_certificate(context, &pem))
    }

    /// Runs the controller that counts what quotas limit: until it has, a quota lets nothing in that it limits.
    #[cfg(feature = "controllers")]
    #[must_use]
    pub fn quota_controller(self) -> Self {
        self.controller(setpoint_controllers::resource_quota::ResourceQuotaController::controller)
    }

    /// Runs the controllers without which no new node gets any pods: a node is tainted until it is ready.
    #[cfg(feature = "controllers")]
    #[must_use]
    pub fn node_controllers(self) -> Self {
        self.controller(setpoint_controllers::node_taints::NodeTaints::controller)
    }

    /// Lets users of the API do what roles allow that are bound to them (RBAC). The default roles are made at the start
    /// and kept up to date. Without this, everybody who is known may do everything.
    #[cfg(all(feature = "apiserver", feature = "controllers"))]
    #[must_use]
    pub fn rbac(mut self) -> Self {
        use setpoint_controllers::cluster_role_aggregation::ClusterRoleAggregation;

        self.honours_roles = true;
        self.controller(ClusterRoleAggregation::controller)
    }

    /// Runs the agent of a node, with what that node can do; for several nodes, once for each.
    ///
    /// When the control plane ends, its pods are left or stopped as the settings say. For the scheduler to
    /// use the node, [`ControlPlaneBuilder::node_controllers`] must run, here or elsewhere.
    #[cfg(feature = "node")]
    #[must_use]
    pub fn node(mut self, settings: AgentSettings, runtime: NodeRuntime) -> Self {
        self.streams.extend(runtime.streaming.clone().map(|stream| (settings.node_name.clone(), stream)));
        self.part(Box::new(move |context| {
            Box::pin(async move {
                let (how, limit) = (settings.shutdown, settings.shutdown_limit);
                let agent = Agent::start(&context, settings, runtime).await?;
                Ok(Box::new(NodePart { agent, how, limit }) as Box<dyn Part>)
            })
        }))
    }

    /// Runs the scheduler, as upstream's default scheduler.
    #[cfg(feature = "scheduler")]
    #[must_use]
    pub fn scheduler(self) -> Self {
        self.scheduler_with(setpoint_scheduler::Settings::upstream())
    }

    /// Runs a scheduler. Several with different names may run side by side.
    #[cfg(feature = "scheduler")]
    #[must_use]
    pub fn scheduler_with(mut self, settings: setpoint_scheduler::Settings) -> Self {
        use setpoint_scheduler::Scheduler;

        self.led_parts.push(Arc::new(move |context| {
            let scheduler = Scheduler::start(&context, settings.clone())?;
            Ok(Box::new(scheduler) as Box<dyn Part>)
        }));
        self
    }

    #[cfg(feature = "node")]
    fn part(mut self, make: MakePart) -> Self {
        self.parts.push(make);
        self
    }
}

impl fmt::Debug for ControlPlaneBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlaneBuilder")
            .field("controllers", &self.controllers.len())
            .finish_non_exhaustive()
    }
}
