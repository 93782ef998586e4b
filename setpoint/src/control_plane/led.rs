use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_core::object::Text;
use setpoint_reconcile::controller::{Controller, Health};
use setpoint_reconcile::history::History;
use setpoint_reconcile::leader::{Candidate, Election, Leadership};
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::reconciler::Context;
use setpoint_watch::View;

use super::DRAIN;
use super::part::Part;

/// Makes a controller each time that there is one to run.
pub(super) type MakeController = Arc<dyn Fn(Context) -> Result<Controller> + Send + Sync>;
/// The same for another part.
pub(super) type LedPart = Arc<dyn Fn(Context) -> Result<Box<dyn Part>> + Send + Sync>;

/// What runs only while a control plane leads.
pub(super) struct Led {
    candidate: Candidate,
    manager: Running,
}

/// The manager of the controllers that run now, if any do.
type Running = Arc<Mutex<Option<Manager>>>;

impl Led {
    /// Competes, and runs these whenever it leads, with the context's view and history.
    pub(super) fn start(
        env: &Env,
        election: Election,
        context: &Context,
        controllers: Vec<MakeController>,
        parts: Vec<LedPart>,
    ) -> Self {
        let manager = Running::default();
        let work = Arc::new(Work {
            env: env.clone(),
            view: Arc::clone(&context.view),
            history: context.history.clone(),
            controllers,
            parts,
            manager: Arc::clone(&manager),
        });
        let candidate = election.start(move |leadership| {
            let work = Arc::clone(&work);
            async move { work.lead(leadership).await }
        });
        Self { candidate, manager }
    }

    pub(super) fn leader(&self) -> Option<Text> {
        self.candidate.leader()
    }

    pub(super) fn is_leading(&self) -> bool {
        self.candidate.is_leading()
    }

    pub(super) fn health(&self) -> Vec<Health> {
        self.manager.lock().as_ref().map(Manager::health).unwrap_or_default()
    }

    pub(super) fn sample_metrics(&self) {
        self.manager.lock().iter().for_each(Manager::sample_metrics);
    }

    pub(super) async fn shut_down(self) {
        self.candidate.shut_down().await;
    }
}

struct Work {
    env: Env,
    view: Arc<dyn View>,
    history: History,
    controllers: Vec<MakeController>,
    parts: Vec<LedPart>,
    manager: Running,
}

impl Work {
    /// Runs everything until it is told to end.
    async fn lead(&self, leadership: Leadership) {
        let seat = Seat(&self.manager);
        let manager = Manager::new(&self.env, leadership.store(), Arc::clone(&self.view));
        let mut manager = manager.with_history(self.history.clone());
        let mut running = Vec::new();
        for make in &self.controllers {
            match make(manager.context()) {
                Ok(controller) => manager.start(controller),
                Err(error) => tracing::error!(%error, "a controller could not be started"),
            }
        }
        for make in &self.parts {
            match make(manager.context()) {
                Ok(part) => running.push(part),
                Err(error) => tracing::error!(%error, "a part of the control plane could not be started"),
            }
        }
        *seat.0.lock() = Some(manager);
        leadership.ended().await;
        for part in running.into_iter().rev() {
            part.shut_down().await;
        }
        let manager = seat.0.lock().take();
        if let Some(manager) = manager {
            manager.shut_down(DRAIN).await;
        }
    }
}

/// The controllers go with the work that runs them, also if it is cancelled.
struct Seat<'a>(&'a Running);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let manager = self.0.lock().take();
        drop(manager);
    }
}
