use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use parking_lot::Mutex;
use setpoint_core::Result;
use setpoint_core::env::{Env, Environment, Instant};
use setpoint_core::object::Revision;
use setpoint_reconcile::controller::{Controller, Health};
use setpoint_reconcile::history::History;
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStore;
use setpoint_store::tables::Snapshot;
use setpoint_watch::{DirectView, InformerView, View};

use super::process_env::Skew;
use super::{Life, ProcessEnv, Rate, WatchedView, World};
use crate::checks::Kinds;
use crate::link::Link;

/// A part of a process that is no controller, such as a scheduler or a node's agent.
pub type Part = Box<dyn Any + Send>;

type MakeController = Arc<dyn Fn(Context) -> Result<Controller> + Send + Sync>;
type MakePart = Arc<dyn Fn(Context) -> BoxFuture<'static, Result<Part>> + Send + Sync>;
type WrapStore = Arc<dyn Fn(&Env, Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> + Send + Sync>;
type OnPowerLoss = Arc<dyn Fn() + Send + Sync>;
type AtRest = Arc<dyn Fn(&Snapshot, Kinds) -> std::result::Result<(), String> + Send + Sync>;
type WrapView = Arc<dyn Fn(Arc<dyn View>) -> Arc<dyn View> + Send + Sync>;

/// What a process consists of; made anew at each start.
#[derive(Clone, Default)]
pub(crate) struct Parts {
    pub(crate) name: String,
    pub(crate) controllers: Vec<MakeController>,
    pub(crate) parts: Vec<MakePart>,
    pub(crate) store: Option<WrapStore>,
    pub(crate) view: Option<WrapView>,
    /// Whether it reads the store's own snapshots.
    pub(crate) direct: bool,
    pub(crate) on_power_loss: Option<OnPowerLoss>,
    pub(crate) at_rest: Option<AtRest>,
}

/// A process that can crash, be paused and be cut off, and that has nothing but its memory.
pub(crate) struct Process {
    parts: Parts,
    world: Arc<World>,
    skew: Skew,
    history: History,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    life: Arc<Life>,
    running: bool,
    lives: u64,
    manager: Option<Arc<Mutex<Option<Manager>>>>,
    view: Option<Arc<WatchedView>>,
    /// A server's cache that lags behind, which this life is connected to: what it shows, and until when.
    behind: Option<(Revision, Instant)>,
    panics: u64,
}

/// How a process comes back after a crash.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Restart {
    pub(crate) after: Duration,
    /// How many changes its view is behind at first, and for how long.
    pub(crate) behind: Option<(usize, Duration)>,
}

/// How much a clock's rate is off, in thousandths.
const RATE_OFF: u32 = 20;
/// Runs and writes of which the causes are kept.
const HISTORY_MAX: usize = 10_000;

impl Process {
    pub(crate) fn new(world: &Arc<World>, parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            parts,
            world: Arc::clone(world),
            skew: Skew::default(),
            history: History::keeping(HISTORY_MAX),
            state: Mutex::default(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.parts.name
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// What this life's lists and watches show of the past, while they do.
    pub(crate) fn behind(&self) -> Option<(Revision, Instant)> {
        self.state.lock().behind.filter(|(_, until)| self.world.env.now() < *until)
    }

    /// Starts it, unless it runs.
    pub(crate) fn start(self: &Arc<Self>) {
        let life = {
            let state = &mut *self.state.lock();
            if state.running {
                return;
            }
            state.running = true;
            state.lives += 1;
            state.life = Arc::default();
            state.manager = Some(Arc::default());
            Arc::clone(&state.life)
        };
        self.world.note(self.name(), "starts".to_owned());
        let env = ProcessEnv::around(&self.world.env, &life, &self.skew, self.rate());
        let main = Arc::clone(self).live(env.clone(), Arc::clone(&life));
        // It ends with its life.
        Environment::spawn(&env, self.name(), main.boxed());
    }

    /// How fast this life's clock runs.
    fn rate(&self) -> Rate {
        if !self.world.is_faulty() {
            return Rate::EXACT;
        }
        let chance = self.world.faults.process.clock_rate;
        let site = self.world.choices.site(&format!("rate/{}", self.name()));
        let (per_mille, what) = match self.world.choices.weighted(site, &[chance, chance]) {
            0 => return Rate::EXACT,
            1 => (1000 + RATE_OFF, "fast"),
            _ => (1000 - RATE_OFF, "slow"),
        };
        self.world.note_fault(self.name(), format!("has a clock that is {what} by {RATE_OFF} in 1000"));
        Rate::from_now(self.world.env.now(), per_mille)
    }

    async fn live(self: Arc<Self>, env: Env, life: Arc<Life>) {
        let link: Arc<dyn ObjectStore> = Arc::new(Link::new(&self.world, &self, &life, self.parts.direct));
        let store = match &self.parts.store {
            Some(wrap) => wrap(&env, Arc::clone(&link)),
            None => link,
        };
        let view: Arc<dyn View> = match DirectView::new(Arc::clone(&store)) {
            Some(view) => Arc::new(view),
            None => Arc::new(InformerView::new(&env, Arc::clone(&store))),
        };
        let behind = self.behind().map(|(revision, _)| revision);
        let watched = Arc::new(WatchedView::new(&self.world, self.name(), behind, view));
        self.state.lock().view = Some(Arc::clone(&watched));
        let view: Arc<dyn View> = match &self.parts.view {
            Some(wrap) => wrap(watched),
            None => watched,
        };
        let mut manager = Manager::new(&env, store, view).with_history(self.history.clone());
        for make in &self.parts.controllers {
            match make(manager.context()) {
                Ok(controller) => {
                    self.world.set_roots(controller.name(), controller.roots());
                    manager.start(controller);
                }
                Err(error) => self.world.violated("start", format!("a controller did not start: {error}")),
            }
        }
        let context = manager.context();
        let slot = self.state.lock().manager.clone();
        if let Some(slot) = slot {
            *slot.lock() = Some(manager);
        }
        let mut kept = Vec::new();
        for make in &self.parts.parts {
            loop {
                match make(context.clone()).await {
                    Ok(part) => break kept.push(part),
                    Err(error) => self.world.note(self.name(), format!("a part did not start: {error}")),
                }
                env.sleep(Duration::from_secs(1)).await;
            }
        }
        futures::future::pending::<()>().await;
    }

    /// Ends it at once, with all that it knows. Its requests that are under way may still arrive.
    pub(crate) fn crash(self: &Arc<Self>, restart: Restart) {
        let manager = {
            let state = &mut *self.state.lock();
            if !state.running {
                return;
            }
            state.running = false;
            state.life.end();
            state.behind = restart.behind.and_then(|(back, lasts)| {
                let earlier = self.world.earlier();
                let revision = earlier.iter().rev().nth(back).or(earlier.first())?;
                Some((*revision, self.world.env.now() + restart.after + lasts))
            });
            state.view = None;
            state.manager.take()
        };
        let manager = manager.and_then(|slot| slot.lock().take());
        self.note_panics(manager.as_ref());
        drop(manager);
        let behind = match self.state.lock().behind {
            Some((revision, _)) => format!(", then sees the state of {} at first", self.world.at(revision)),
            None => String::new(),
        };
        self.world.note_fault(self.name(), format!("crashes for {:?}{behind}", restart.after));
        let (process, env) = (Arc::clone(self), self.world.env.clone());
        let again = async move {
            env.sleep(restart.after).await;
            // Who crashed on the way to a store's crash would be back before the store.
            process.world.up().await;
            process.start();
        };
        Environment::spawn(&self.world.env, "restart", again.boxed());
    }

    /// Its machine has no power for a while. What has no machine of its own crashes.
    pub(crate) fn lose_power(self: &Arc<Self>, lasts: Duration) {
        if let Some(act) = &self.parts.on_power_loss {
            self.world.note_fault(self.name(), "loses power".to_owned());
            act();
        }
        self.crash(Restart { after: lasts, behind: None });
    }

    /// Stops it for a while; it goes on as if nothing had happened.
    pub(crate) fn pause(self: &Arc<Self>, lasts: Duration) {
        self.world.note_fault(self.name(), format!("is paused for {lasts:?}"));
        let life = Arc::clone(&self.state.lock().life);
        life.pause(true);
        self.later(lasts, move || life.pause(false));
    }

    /// Cuts it off from the store for a while.
    pub(crate) fn partition(self: &Arc<Self>, lasts: Duration) {
        self.world.note_fault(self.name(), format!("is cut off for {lasts:?}"));
        let life = Arc::clone(&self.state.lock().life);
        life.partition(true);
        self.later(lasts, move || life.partition(false));
    }

    /// Moves its wall clock.
    pub(crate) fn shift_clock(&self, by: SignedDuration) {
        self.world.note_fault(self.name(), format!("has its clock moved by {by:?}"));
        self.skew.shift(by);
    }

    fn later(&self, after: Duration, act: impl FnOnce() + Send + 'static) {
        let env = self.world.env.clone();
        let task = async move {
            env.sleep(after).await;
            act();
        };
        Environment::spawn(&self.world.env, "later", task.boxed());
    }

    /// Ends all that is wrong with it.
    pub(crate) fn heal(self: &Arc<Self>) {
        self.skew.correct();
        let life = Arc::clone(&self.state.lock().life);
        life.pause(false);
        life.partition(false);
        self.start();
    }

    /// Lets the checks compare what it sees with what is true.
    pub(crate) fn check_at_rest(&self) {
        let view = self.state.lock().view.clone();
        if let Some(view) = view {
            view.check_at_rest();
        }
        if let Some(check) = &self.parts.at_rest
            && let Err(message) = check(&self.world.snapshot(), Kinds::of(self.world.store.registry()))
        {
            self.world.violated("INV-RT-01", message);
        }
    }

    /// How its controllers are doing.
    pub(crate) fn health(&self) -> Vec<Health> {
        let slot = self.state.lock().manager.clone();
        slot.and_then(|slot| slot.lock().as_ref().map(Manager::health)).unwrap_or_default()
    }

    fn note_panics(&self, manager: Option<&Manager>) {
        let panics: u64 = manager.iter().flat_map(|manager| manager.health()).map(|it| it.panics).sum();
        self.state.lock().panics += panics;
    }

    /// Ends it for good. What it works with knows it, and would live as long as it does.
    pub(crate) fn end(&self) {
        let (view, manager) = {
            let state = &mut *self.state.lock();
            state.life.end();
            (state.view.take(), state.manager.take())
        };
        drop((view, manager));
    }

    /// How often its controllers have panicked in all its lives.
    pub(crate) fn panics(&self) -> u64 {
        let now: u64 = self.health().iter().map(|it| it.panics).sum();
        self.state.lock().panics + now
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("name", &self.parts.name).finish_non_exhaustive()
    }
}
