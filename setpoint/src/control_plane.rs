use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Namespace;
use setpoint_core::env::{Env, Task};
use setpoint_core::{Reason, Result};
#[cfg(feature = "node")]
use setpoint_node::agent::{Agent, AgentSettings, Shutdown};
use setpoint_reconcile::controller::{Controller, Health};
use setpoint_reconcile::events::EventRecorder;
use setpoint_reconcile::leader::{Election, ElectionSettings};
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::reconciler::Context;
#[cfg(feature = "node")]
use setpoint_runtime_traits::NodeRuntime;
use setpoint_store::engine::Engine;
use setpoint_store::{Definitions, ObjectStore, Objects, Store};
use setpoint_watch::{DirectView, InformerHealth, InformerView, View};

use crate::led::{Led, LedPart, MakeController};

/// Namespaces that are there from the start (NS-06, OTHER-15).
const NAMESPACES: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// How long events are kept (STORE-30).
const EVENT_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);
/// How coarse their expiry is.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);
/// How long each part gets to end what it is doing.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);

/// The parts of an orchestrator at work on one store. [`ControlPlane::shut_down`] joins them all; dropping
/// it cancels them.
pub struct ControlPlane {
    env: Env,
    store: Arc<dyn ObjectStore>,
    manager: Manager,
    parts: Vec<Box<dyn Part>>,
    /// What runs only while this control plane leads, if it takes part in an election.
    led: Option<Led>,
    expiry: Option<Task<()>>,
    /// Makes kinds of the definitions in the store.
    definitions: Definitions,
    /// What the view is made of, if the store is somewhere else.
    informers: Option<InformerView>,
    /// Where the containers of each node are talked to.
    #[cfg(feature = "node")]
    streams: Streams,
    /// Closes the store, if it is this one's own.
    close: Option<Close>,
    #[cfg(feature = "apiserver")]
    honours_roles: bool,
}

/// Nodes and where their containers are talked to.
#[cfg(feature = "node")]
type Streams = Vec<(String, Arc<dyn setpoint_runtime_traits::StreamingService>)>;

/// A part that is no controller, such as a scheduler or a node agent.
pub(crate) trait Part: Send {
    /// Ends it, within the time it needs.
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// The agent of a node, and how it is to end.
#[cfg(feature = "node")]
struct NodePart {
    agent: Agent,
    how: Shutdown,
    limit: Duration,
}

#[cfg(feature = "node")]
impl Part for NodePart {
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()> {
        let Self { agent, how, limit } = *self;
        Box::pin(agent.shut_down(how, limit))
    }
}

#[cfg(feature = "scheduler")]
impl Part for setpoint_scheduler::Scheduler {
    fn shut_down(self: Box<Self>) -> BoxFuture<'static, ()> {
        Box::pin(setpoint_scheduler::Scheduler::shut_down(*self))
    }
}

/// What a [`ControlPlane`] is made of.
pub struct ControlPlaneBuilder {
    env: Env,
    store: Option<OpenStore>,
    controllers: Vec<MakeController>,
    parts: Vec<MakePart>,
    led_parts: Vec<LedPart>,
    election: Option<ElectionSettings>,
    #[cfg(feature = "node")]
    streams: Streams,
    #[cfg(feature = "apiserver")]
    honours_roles: bool,
}

/// A store, how its events expire, if it is one that lets them, and how it is closed, if it is the control plane's own.
struct Chosen {
    store: Arc<dyn ObjectStore>,
    expire: Option<Expire>,
    close: Option<Close>,
}

type OpenStore = Box<dyn FnOnce(Env) -> BoxFuture<'static, Result<Chosen>> + Send>;
type Close = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>;

type Expire = Arc<dyn Fn() -> BoxFuture<'static, Result<usize>> + Send + Sync>;
type MakePart = Box<dyn FnOnce(Context) -> BoxFuture<'static, Result<Box<dyn Part>>> + Send>;

impl ControlPlane {
    /// Begins to put one together. Without anything else it is a store in memory.
    pub fn builder(env: &Env) -> ControlPlaneBuilder {
        ControlPlaneBuilder {
            env: env.clone(),
            store: None,
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

    /// The store that all parts share.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The environment that all parts share.
    pub fn env(&self) -> &Env {
        &self.env
    }

    /// Who leads, as far as is known; `None` also if there is no election.
    pub fn leader(&self) -> Option<setpoint_core::object::Text> {
        self.led.as_ref().and_then(Led::leader)
    }

    /// Whether its controllers run here: it leads, or there is no election.
    pub fn is_leading(&self) -> bool {
        self.led.as_ref().is_none_or(Led::is_leading)
    }

    /// What controllers are made with that run whether this control plane leads or not.
    pub fn context(&self) -> Context {
        self.manager.context()
    }

    /// Where to tell people something about an object.
    pub fn events(&self) -> &EventRecorder {
        self.manager.events()
    }

    /// The objects of a kind in a namespace.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn objects<K: Send + Sync + 'static>(&self, namespace: &str) -> Result<Objects<K>> {
        Objects::over(Arc::clone(&self.store), Some(namespace.into()))
    }

    /// The objects of a kind in all namespaces, or of a cluster-scoped kind.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn all_objects<K: Send + Sync + 'static>(&self) -> Result<Objects<K>> {
        Objects::over(Arc::clone(&self.store), None)
    }

    /// Starts one more controller, which runs whether this control plane leads or not.
    pub fn start(&mut self, controller: Controller) {
        self.manager.start(controller);
    }

    /// Brings up to date what grows with time in the metrics of the controllers' queues, such as the age of the
    /// longest run. To be called before metrics are read, or now and then.
    pub fn sample_metrics(&self) {
        self.manager.sample_metrics();
        self.led.iter().for_each(Led::sample_metrics);
    }

    /// How the controllers are doing.
    pub fn health(&self) -> Vec<Health> {
        let led = self.led.iter().flat_map(Led::health);
        self.manager.health().into_iter().chain(led).collect()
    }

    /// How the informers are doing, if the store is somewhere else.
    pub fn informer_health(&self) -> Vec<InformerHealth> {
        self.informers.as_ref().map(InformerView::health).unwrap_or_default()
    }

    /// Begins to put together the Kubernetes API over the store, with the logs of the nodes that run here, and
    /// sessions in their containers.
    ///
    /// In process, a client gets a service by `plane.api_server().build()`: `kube::Client::new(service, "default")` works
    /// on it as on a cluster.
    #[cfg(feature = "apiserver")]
    pub fn api_server(&self) -> setpoint_apiserver::ApiServerBuilder {
        use setpoint_apiserver::ApiServer;
        use setpoint_apiserver::authorization::RbacAuthorizer;

        let mut builder = ApiServer::builder(&self.env, Arc::clone(&self.store));
        if self.honours_roles {
            builder = builder.authorizer(RbacAuthorizer::new(Arc::clone(&self.store)));
        }
        #[cfg(feature = "node")]
        let builder = if self.streams.is_empty() {
            builder
        } else {
            builder
                .logs(setpoint_apiserver::RuntimeLogs::of_nodes(self.streams.clone()))
                .sessions(setpoint_apiserver::RuntimeSessions::of_nodes(self.streams.clone()))
        };
        builder
    }

    /// Begins to put together a server of that API, for kubectl and other programs. It is to be shut down before the
    /// control plane is.
    ///
    /// ```
    /// use setpoint::ControlPlane;
    /// use setpoint::env::Env;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let plane = ControlPlane::builder(&Env::tokio()).start().await?;
    /// let server = plane.server().start().await?; // on a free port of this machine
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("config");
    /// server.kubeconfig().write(&path)?; // KUBECONFIG=path kubectl get namespaces
    /// server.shut_down().await;
    /// plane.shut_down().await;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "serve")]
    pub fn server(&self) -> setpoint_apiserver::serve::ServerBuilder {
        setpoint_apiserver::serve::Server::builder(&self.env, self.api_server())
    }

    /// Ends everything, the last part first, and waits until it has ended.
    pub async fn shut_down(self) {
        let Self { manager, parts, led, expiry, definitions, informers, close, .. } = self;
        for part in parts.into_iter().rev() {
            part.shut_down().await;
        }
        if let Some(led) = led {
            led.shut_down().await;
        }
        manager.shut_down(DRAIN).await;
        if let Some(informers) = informers {
            informers.shut_down().await;
        }
        definitions.shut_down().await;
        if let Some(expiry) = expiry {
            expiry.cancel();
            // Cancelled is how it ends.
            let _end = expiry.join().await;
        }
        if let Some(close) = close {
            close().await;
        }
    }
}

impl Chosen {
    fn engine<E: Engine>(store: Store<E>) -> Self {
        let expiring = store.clone();
        let expire: Expire = Arc::new(move || {
            let store = expiring.clone();
            Box::pin(async move { store.expire_events(EVENT_AGE_MAX).await })
        });
        Self { store: Arc::new(store), expire: Some(expire), close: None }
    }
}

impl ControlPlaneBuilder {
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
        self.store = Some(Box::new(move |env| {
            Box::pin(async move {
                let store = Store::durable(&env, storage).await.map_err(setpoint_core::Error::internal)?;
                let closing = store.clone();
                let close: Close = Box::new(move || Box::pin(async move { closing.engine().close().await }));
                Ok(Chosen { close: Some(close), ..Chosen::engine(store) })
            })
        }));
        self
    }

    /// Works on a store in etcd, with the built-in kinds. It is opened when the control plane starts, which fails if no
    /// member of it answers. Several can share it: see [`ControlPlaneBuilder::leader_election`].
    #[cfg(feature = "etcd")]
    #[must_use]
    pub fn etcd(mut self, settings: setpoint_store::engine::etcd::EtcdSettings) -> Self {
        self.store = Some(Box::new(move |env| {
            Box::pin(async move {
                let store = Store::etcd(&env, settings).await?;
                let closing = store.clone();
                let close: Close = Box::new(move || Box::pin(async move { closing.engine().close().await }));
                // Events are etcd's to expire.
                Ok(Chosen { store: Arc::new(store), expire: None, close: Some(close) })
            })
        }));
        self
    }

    /// Works on a store of another make, whose events are its own to expire.
    #[must_use]
    pub fn shared_store(mut self, store: Arc<dyn ObjectStore>) -> Self {
        let chosen = Chosen { store, expire: None, close: None };
        self.store = Some(Box::new(move |_| Box::pin(async move { Ok(chosen) })));
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

    /// Starts everything: first the namespaces the system lives in, then the controllers, then the rest.
    ///
    /// # Errors
    ///
    /// What the store answers, settings of an election that make none, and what a part needs and does not find; what was
    /// started is ended then.
    pub async fn start(self) -> Result<ControlPlane> {
        #[cfg(feature = "node")]
        let streams = self.streams;
        #[cfg(feature = "apiserver")]
        let honours_roles = self.honours_roles;
        let Self { env, store, controllers, parts, led_parts, election, .. } = self;
        let Chosen { store, expire, close } = match store {
            Some(open) => open(env.clone()).await?,
            None => Chosen::engine(Store::memory(&env)),
        };
        ensure_namespaces(&store).await?;
        #[cfg(feature = "apiserver")]
        if honours_roles {
            setpoint_apiserver::authorization::ensure_default_roles(&store).await?;
        }
        let mut informers = None;
        let view: Arc<dyn View> = match DirectView::new(Arc::clone(&store)) {
            Some(view) => Arc::new(view),
            None => Arc::new(informers.insert(InformerView::new(&env, Arc::clone(&store))).clone()),
        };
        let manager = Manager::new(&env, Arc::clone(&store), view);
        let expiry = expire.map(|expire| start_expiry(&env, expire));
        let definitions = Definitions::start(&env, Arc::clone(&store));
        let mut plane = ControlPlane {
            env,
            store,
            manager,
            parts: Vec::new(),
            led: None,
            expiry,
            definitions,
            informers,
            close,
            #[cfg(feature = "node")]
            streams,
            #[cfg(feature = "apiserver")]
            honours_roles,
        };
        let started = match election {
            Some(settings) => plane.compete(settings, controllers, led_parts),
            None => plane.run(controllers, led_parts),
        };
        let started = match started {
            Ok(()) => plane.add(parts).await,
            Err(error) => Err(error),
        };
        match started {
            Ok(()) => Ok(plane),
            Err(error) => {
                plane.shut_down().await;
                Err(error)
            }
        }
    }
}

impl ControlPlane {
    /// Runs what would be led, since there is no election.
    fn run(&mut self, controllers: Vec<MakeController>, parts: Vec<LedPart>) -> Result<()> {
        for make in controllers {
            self.start(make(self.context())?);
        }
        for make in parts {
            let part = make(self.context())?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn compete(
        &mut self,
        settings: ElectionSettings,
        controllers: Vec<MakeController>,
        parts: Vec<LedPart>,
    ) -> Result<()> {
        // What cannot be made is told now, not when it would lead.
        for make in &controllers {
            make(self.context())?;
        }
        let election = Election::new(&self.env, Arc::clone(&self.store), settings)
            .map_err(|error| setpoint_core::Error::bad_request(error.to_string()))?
            .with_events(self.events());
        self.led = Some(Led::start(&self.env, election, &self.manager.context().view, controllers, parts));
        Ok(())
    }

    async fn add(&mut self, parts: Vec<MakePart>) -> Result<()> {
        for make in parts {
            let part = make(self.context()).await?;
            self.parts.push(part);
        }
        Ok(())
    }
}

async fn ensure_namespaces(store: &Arc<dyn ObjectStore>) -> Result<()> {
    // A store without namespaces needs none.
    let Ok(namespaces) = Objects::<Namespace>::over(Arc::clone(store), None) else { return Ok(()) };
    for name in NAMESPACES {
        let mut namespace = Namespace::default();
        namespace.metadata.name = Some(name.to_owned());
        match namespaces.create(namespace).await {
            // A cluster has them, though this one may not be allowed to ask.
            Err(error) if error.reason() == Reason::Forbidden && store.snapshot().is_none() => {}
            Err(error) if !error.is_already_exists() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn start_expiry(env: &Env, expire: Expire) -> Task<()> {
    let clock = env.clone();
    env.spawn("event-expiry", async move {
        loop {
            clock.sleep(EXPIRY_INTERVAL).await;
            if let Err(error) = expire().await {
                tracing::warn!(%error, "events could not be expired");
            }
        }
    })
}

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").field("manager", &self.manager).finish_non_exhaustive()
    }
}

impl fmt::Debug for ControlPlaneBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlaneBuilder")
            .field("controllers", &self.controllers.len())
            .finish_non_exhaustive()
    }
}
