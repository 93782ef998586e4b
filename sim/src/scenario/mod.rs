//! What is simulated: which processes there are, what people do, what must hold.

mod executor;
#[cfg(feature = "paused-tokio")]
mod paused;
mod process_spec;
mod run;

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use kube_core::CustomResourceExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use setpoint_core::Result;
use setpoint_core::kind::Registry;
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::reconciler::Context;
use setpoint_store::tables::Snapshot;

use crate::checks::{self, Check, Kinds};
use crate::choices::Stream;
use crate::search::KnownExpectations;
use crate::user::User;
use crate::world::{Surroundings, Syncs};

pub(crate) use self::executor::Executor;
#[cfg(feature = "paused-tokio")]
use self::paused::Paused;
pub use self::process_spec::ProcessSpec;
pub use self::run::View;
pub(crate) use self::run::{Plan, Run, Source, run};

type RegisterKind = Arc<dyn Fn(&Registry) + Send + Sync>;
type MakeRegistry = Arc<dyn Fn() -> Registry + Send + Sync>;
type MakeProcess = Arc<dyn Fn(&Surroundings) -> ProcessSpec + Send + Sync>;
type MakeChecks = Arc<dyn Fn(Kinds) -> Vec<Box<dyn Check>> + Send + Sync>;
type Script = Arc<dyn Fn(User) -> BoxFuture<'static, Result<()>> + Send + Sync>;

/// A world to be tried out: its processes, what people do in it, and what must hold.
///
/// ```
/// # use setpoint_sim::Scenario;
/// # use k8s_openapi::api::core::v1::ConfigMap;
/// let summary = Scenario::new("nothing to do")
///     .user(|user| async move {
///         let mut map = ConfigMap::default();
///         map.metadata.name = Some("a".to_owned());
///         user.objects::<ConfigMap>(Some("default"))?.create(map).await?;
///         Ok(())
///     })
///     .random(0..3)
///     .expect("nobody is there to do anything wrong");
/// assert_eq!(summary.runs, 3);
/// ```
#[derive(Clone)]
pub struct Scenario {
    pub(crate) name: String,
    pub(crate) kinds: Vec<RegisterKind>,
    pub(crate) plane: ProcessSpec,
    pub(crate) processes: Vec<MakeProcess>,
    pub(crate) kubelet: bool,
    /// Whether the store is one in files, which crashes.
    pub(crate) durable: Option<Syncs>,
    #[cfg(feature = "paused-tokio")]
    on_tokio: bool,
    pub(crate) checks: Vec<MakeChecks>,
    pub(crate) script: Script,
    /// Whether every way leads to the same state, the past included.
    pub(crate) exact: bool,
    /// The kinds of the store; all built-in ones if nothing is said.
    pub(crate) registry: Option<MakeRegistry>,
    /// What runs without faults came to.
    pub(crate) expectations: Arc<KnownExpectations>,
}

impl Scenario {
    /// A world with a store, a control plane without controllers, and a user who does nothing.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kinds: Vec::new(),
            plane: ProcessSpec::new("control-plane"),
            processes: Vec::new(),
            kubelet: false,
            durable: None,
            #[cfg(feature = "paused-tokio")]
            on_tokio: false,
            checks: vec![Arc::new(checks::of_everybody)],
            script: Arc::new(|_| async { Ok(()) }.boxed()),
            exact: true,
            registry: None,
            expectations: Arc::default(),
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The store knows this kind too.
    #[must_use]
    pub fn kind<K>(mut self) -> Self
    where
        K: CustomResourceExt + Serialize + DeserializeOwned + Send + Sync + 'static,
    {
        self.kinds.push(Arc::new(|registry| {
            // A second registration of the same kind finds it there.
            let _registered = registry.register::<K>();
        }));
        self
    }

    /// The store knows only these kinds, and those of [`Scenario::kind`]: a world with fewer kinds is faster.
    /// Pods, Nodes, Namespaces, ReplicaSets and Deployments must be among them.
    #[must_use]
    pub fn registry(mut self, make: impl Fn() -> Registry + Send + Sync + 'static) -> Self {
        self.registry = Some(Arc::new(make));
        self
    }

    /// The control plane runs this controller; it is made anew at each start of the process.
    #[must_use]
    pub fn controller(
        mut self,
        make: impl Fn(Context) -> Result<Controller> + Send + Sync + 'static,
    ) -> Self {
        self.plane = self.plane.controller(make);
        self
    }

    /// The control plane's process is put together otherwise.
    #[must_use]
    pub fn control_plane(mut self, change: impl FnOnce(ProcessSpec) -> ProcessSpec) -> Self {
        self.plane = change(self.plane);
        self
    }

    /// There is another process. `make` is called once for each run; what it makes with the surroundings'
    /// environment outlives the process's crashes, as containers outlive a node's agent.
    #[must_use]
    pub fn process(mut self, make: impl Fn(&Surroundings) -> ProcessSpec + Send + Sync + 'static) -> Self {
        self.processes.push(Arc::new(make));
        self
    }

    /// Pods become ready and end by themselves, without a scheduler and nodes.
    #[must_use]
    pub fn with_kubelet(mut self) -> Self {
        self.kubelet = true;
        self
    }

    /// The store is the one in files, on a disk that loses what was not synced; it crashes at any use of it, and all
    /// processes with it.
    #[must_use]
    pub fn with_durable_store(mut self) -> Self {
        self.durable = Some(Syncs::Honest);
        self
    }

    /// The same, and nothing is ever synced: a bug that must be found.
    #[cfg(feature = "suite")]
    #[must_use]
    pub(crate) fn with_store_never_synced(mut self) -> Self {
        self.durable = Some(Syncs::Never);
        self
    }

    /// The world runs on tokio with its clock paused, not on the simulation's own executor: for reconcilers and parts
    /// that use tokio's timers, or a kube client over [`Context::store`].
    ///
    /// What goes wrong is chosen as ever. What is lost is the search over the order of tasks, of which each seed has
    /// one, and with libraries that draw random numbers of their own, that a seed gives the same run twice. Tasks that
    /// are spawned past [`Context::env`] do not end with a crash of their process.
    #[cfg(feature = "paused-tokio")]
    #[must_use]
    pub fn on_paused_tokio(mut self) -> Self {
        self.on_tokio = true;
        self
    }

    pub(crate) fn executor(&self, choices: &Stream) -> Executor {
        #[cfg(feature = "paused-tokio")]
        if self.on_tokio {
            return Executor::Tokio(Paused::new(choices));
        }
        Executor::simulation(choices)
    }

    /// What people do, from the start. It may wait, and choose by [`User::choose`]; an error fails the run.
    #[must_use]
    pub fn user<F>(mut self, script: impl Fn(User) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        self.script = Arc::new(move |user| script(user).boxed());
        self
    }

    /// These checks too.
    #[must_use]
    pub fn checks(mut self, make: impl Fn(Kinds) -> Vec<Box<dyn Check>> + Send + Sync + 'static) -> Self {
        self.checks.push(Arc::new(make));
        self
    }

    /// This must hold after every change.
    #[must_use]
    pub fn always(
        self,
        name: &'static str,
        holds: impl Fn(&Snapshot) -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        self.checks(move |_| vec![Box::new(Always { name, holds: holds.clone() })])
    }

    /// This must hold when everything has come to rest after the last fault.
    #[must_use]
    pub fn finally(
        self,
        name: &'static str,
        holds: impl Fn(&Snapshot) -> bool + Clone + Send + Sync + 'static,
    ) -> Self {
        self.checks(move |_| vec![Box::new(Finally { name, holds: holds.clone() })])
    }

    /// The end state may keep traces of the way that led there: only what follows from what is asked for is
    /// compared with that of a run without faults.
    #[must_use]
    pub fn in_essence(mut self) -> Self {
        self.exact = false;
        self
    }

    pub(crate) fn make_checks(&self, registry: &Registry) -> Vec<Box<dyn Check>> {
        let kinds = Kinds::of(registry);
        self.checks.iter().flat_map(|make| make(kinds)).collect()
    }
}

struct Always<F> {
    name: &'static str,
    holds: F,
}

impl<F: Fn(&Snapshot) -> bool + Send> Check for Always<F> {
    fn id(&self) -> &'static str {
        self.name
    }

    fn step(&mut self, step: &crate::world::Step<'_>) -> Result<(), String> {
        let key = step.object().key();
        if (self.holds)(step.truth) {
            Ok(())
        } else {
            Err(format!("does not hold after the change of {key}"))
        }
    }
}

struct Finally<F> {
    name: &'static str,
    holds: F,
}

impl<F: Fn(&Snapshot) -> bool + Send> Check for Finally<F> {
    fn id(&self) -> &'static str {
        self.name
    }

    fn rest(&mut self, truth: &Snapshot) -> Result<(), String> {
        if (self.holds)(truth) { Ok(()) } else { Err("does not hold in the end".to_owned()) }
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scenario").field("name", &self.name).finish_non_exhaustive()
    }
}
