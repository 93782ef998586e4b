//! Starts controllers, tells how they are doing, and joins them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::{Env, Task};
use setpoint_store::ObjectStore;
use setpoint_store::request::RequestContext;
use setpoint_watch::View;

use crate::controller::{Controller, Health, Running};
use crate::events::{EventRecorder, EventSink};
use crate::history::History;
use crate::reconciler::Context;

/// Starts controllers, tells how they are doing, and joins them.
pub struct Manager {
    context: Context,
    sink: Task<()>,
    running: Vec<Running>,
}

impl Manager {
    /// For controllers that read a view and write to the store behind it.
    pub fn new(env: &Env, store: Arc<dyn ObjectStore>, view: Arc<dyn View>) -> Self {
        let (events, sink) = EventSink::start(env, Arc::clone(&store));
        let context = Context {
            env: env.clone(),
            store,
            view,
            events,
            request: RequestContext::system("controller-manager"),
            history: History::off(),
        };
        Self { context, sink, running: Vec::new() }
    }

    /// Records what the controllers do that are made with its context from here on.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.context.history = history;
        self
    }

    /// What to make controllers with.
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    /// Where parts that are no controllers tell of what they do.
    pub fn events(&self) -> &EventRecorder {
        &self.context.events
    }

    /// Starts a controller.
    pub fn start(&mut self, controller: Controller) {
        self.running.push(controller.start());
    }

    /// Brings up to date what grows with time in the metrics of the queues, such as the age of the longest run.
    /// To be called before metrics are read, or now and then.
    pub fn sample_metrics(&self) {
        self.running.iter().for_each(Running::sample_metrics);
    }

    /// How the controllers are doing, in the order in which they were started.
    pub fn health(&self) -> Vec<Health> {
        self.running.iter().map(Running::health).collect()
    }

    /// Ends all controllers, last started first, each within `drain`; then what they told is written.
    pub async fn shut_down(self, drain: Duration) {
        let Self { context, sink, running } = self;
        for controller in running.into_iter().rev() {
            controller.shut_down(&context.env, drain).await;
        }
        context.events.close();
        // What could not be written in time is lost, as events may be.
        let _in_time = context.env.timeout(drain, sink).await;
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("health", &self.health()).finish_non_exhaustive()
    }
}
