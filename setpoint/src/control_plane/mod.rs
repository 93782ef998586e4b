//! An orchestrator in one value: how it is put together, what of it is led, how it starts and ends.

mod builder;
mod chosen;
mod led;
mod part;
mod start;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::Result;
use setpoint_core::env::{Env, Task};
use setpoint_core::object::Key;
use setpoint_reconcile::controller::{Controller, Health};
use setpoint_reconcile::events::EventRecorder;
use setpoint_reconcile::history::Why;
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::reconciler::Context;
use setpoint_store::{Definitions, ObjectStore, ObjectStoreExt, Objects};
use setpoint_watch::{InformerHealth, InformerView};

pub use self::builder::ControlPlaneBuilder;
use self::chosen::Close;
use self::led::Led;
use self::part::Part;
#[cfg(feature = "node")]
use self::part::Streams;

/// How long each part gets to end what it is doing.
const DRAIN: Duration = Duration::from_secs(10);

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

impl ControlPlane {
    /// Begins to put one together. Without anything else it is a store in memory.
    pub fn builder(env: &Env) -> ControlPlaneBuilder {
        ControlPlaneBuilder::new(env)
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

    /// Why an object is as it is, or why it is gone: its newest write, the run of a controller that made it, the changes
    /// that woke that run, the writes that made those, and so on back, within what [`ControlPlaneBuilder::history`] keeps.
    /// Without that nothing is known. `namespace` is `None` for cluster-scoped kinds.
    ///
    /// Of users, clients of the API, schedulers and node agents it is known what they wrote here and when, not why;
    /// [`history`](setpoint_reconcile::history) says what is not recorded.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use k8s_openapi::api::apps::v1::Deployment;
    /// use k8s_openapi::api::core::v1::Pod;
    /// use setpoint::ControlPlane;
    /// use setpoint::env::Simulation;
    /// use setpoint::reconcile::history::History;
    ///
    /// # let web: Deployment = serde_json::from_value(serde_json::json!({"metadata": {"name": "web"}, "spec": {
    /// #     "selector": {"matchLabels": {"app": "web"}},
    /// #     "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "app"}]}},
    /// # }})).expect("a Deployment");
    /// let sim = Simulation::new(1);
    /// let env = sim.env();
    /// let why = sim.block_on(async {
    ///     let history = History::keeping(History::RECORDS);
    ///     let plane = ControlPlane::builder(&env).history(history).workload_controllers().start().await?;
    ///     plane.objects::<Deployment>("default")?.create(web).await?;
    ///     env.sleep(Duration::from_secs(1)).await;
    ///     let pods = plane.objects::<Pod>("default")?.list().await?;
    ///     let why = plane.why::<Pod>(Some("default"), &pods[0].object().meta().name)?;
    ///     plane.shut_down().await;
    ///     Ok::<_, setpoint::Error>(why)
    /// }).expect("nothing waits for ever")?;
    ///
    /// print!("{why}"); // create pods ..., since replicasets ... changed, create replicasets ..., and so on
    /// let chain: Vec<&str> = why.steps.iter().map(|step| step.write.user.name.as_str()).collect();
    /// assert_eq!(chain, ["system:replicaset-controller", "system:deployment-controller", "system:objects"]);
    /// # Ok::<(), setpoint::Error>(())
    /// ```
    pub fn why<K: 'static>(&self, namespace: Option<&str>, name: &str) -> Result<Why> {
        let kind = self.store.kind_of::<K>()?.id;
        let key = Key { kind, namespace: namespace.map(Into::into), name: name.into() };
        Ok(self.manager.context().history.why(&key).named(self.store.registry()))
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

impl fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane").field("manager", &self.manager).finish_non_exhaustive()
    }
}
