use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures::FutureExt;
use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStore;
use setpoint_store::tables::Snapshot;
use setpoint_watch::View;

use crate::checks::Kinds;
use crate::world::{Part, Parts};

/// What a simulated process consists of.
#[derive(Clone)]
pub struct ProcessSpec(pub(crate) Parts);

impl ProcessSpec {
    /// A process without anything.
    pub fn new(name: impl Into<String>) -> Self {
        Self(Parts { name: name.into(), ..Parts::default() })
    }

    /// It runs this controller; it is made anew at each start.
    #[must_use]
    pub fn controller(
        mut self,
        make: impl Fn(Context) -> Result<Controller> + Send + Sync + 'static,
    ) -> Self {
        self.0.controllers.push(Arc::new(make));
        self
    }

    /// It runs this part, such as a scheduler or a node's agent, until it ends; made anew at each start, and
    /// tried again each second until that succeeds.
    #[must_use]
    pub fn part<F, P>(mut self, make: impl Fn(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<P>> + Send + 'static,
        P: Send + 'static,
    {
        self.0.parts.push(Arc::new(move |context| {
            let made = make(context);
            async move { Ok(Box::new(made.await?) as Part) }.boxed()
        }));
        self
    }

    /// It reaches the store through this.
    #[must_use]
    pub fn store(
        mut self,
        wrap: impl Fn(&Env, Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync + 'static,
    ) -> Self {
        self.0.store = Some(Arc::new(wrap));
        self
    }

    /// It sees the store through this.
    #[must_use]
    pub fn view(mut self, wrap: impl Fn(Arc<dyn View>) -> Arc<dyn View> + Send + Sync + 'static) -> Self {
        self.0.view = Some(Arc::new(wrap));
        self
    }
}

impl ProcessSpec {
    /// Its machine can lose power: this happens then, with a crash of the process.
    #[must_use]
    pub fn on_power_loss(mut self, act: impl Fn() + Send + Sync + 'static) -> Self {
        self.0.on_power_loss = Some(Arc::new(act));
        self
    }

    /// This must hold of it when everything has come to rest after the last fault (INV-RT-01).
    #[must_use]
    pub fn at_rest(
        mut self,
        check: impl Fn(&Snapshot, Kinds) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.0.at_rest = Some(Arc::new(check));
        self
    }
}

impl fmt::Debug for ProcessSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessSpec").field("name", &self.0.name).finish_non_exhaustive()
    }
}
