use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Either, FutureExt, select};
use k8s_openapi::api::coordination::v1::Lease;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Task, TaskEnd};
use setpoint_core::kind::{End, Kind};
use setpoint_core::object::{Key, Revision, Text};
use setpoint_core::{Error, Result};
use setpoint_store::ObjectStore;
use setpoint_store::request::RequestContext;

use super::lock::Lock;
use super::term::Term;
use super::{ElectionSettings, Elector, JITTER, Leadership, Step, UnsoundSettings, epoch};
use crate::events::{EventRecorder, EventText, Regarding};

/// An election that a candidate is about to take part in.
pub struct Election {
    env: Env,
    store: Arc<dyn ObjectStore>,
    kind: Arc<Kind>,
    settings: ElectionSettings,
    events: Option<EventRecorder>,
    on_new_leader: Option<OnNewLeader>,
}

type OnNewLeader = Box<dyn FnMut(&str) + Send>;
type Lead = Box<dyn FnMut(Leadership) -> BoxFuture<'static, ()> + Send>;

/// A candidate at work. Dropping it cancels what it leads, and leaves the lease to run out.
#[derive(Debug)]
#[must_use = "a candidate is cancelled when it is dropped"]
pub struct Candidate {
    state: Arc<Mutex<State>>,
    stop: Arc<End>,
    task: Task<()>,
}

/// What a candidate's handle tells.
#[derive(Debug, Default)]
struct State {
    leader: Option<Text>,
    leads: bool,
    epoch: Option<Revision>,
}

impl Election {
    /// For a store that has leases.
    ///
    /// # Errors
    ///
    /// If the settings make no sound election.
    pub fn new(
        env: &Env,
        store: Arc<dyn ObjectStore>,
        settings: ElectionSettings,
    ) -> Result<Self, UnsoundSettings> {
        settings.check()?;
        let kind = store.registry().of::<Lease>().ok_or(UnsoundSettings::NoLeases)?;
        Ok(Self { env: env.clone(), store, kind, settings, events: None, on_new_leader: None })
    }

    /// Tells people when it begins and ceases to lead.
    #[must_use]
    pub fn with_events(mut self, events: &EventRecorder) -> Self {
        self.events = Some(events.from_source(&self.settings.identity));
        self
    }

    /// Calls this whenever another leads than before, this candidate included.
    #[must_use]
    pub fn on_new_leader(mut self, tell: impl FnMut(&str) + Send + 'static) -> Self {
        self.on_new_leader = Some(Box::new(tell));
        self
    }

    /// Competes until it is shut down or the work returns. `lead` gives the work to do each time it leads; what ends
    /// without having been told to gives leadership up for good, what panics gives it up and competes again.
    pub fn start<F, W>(self, mut lead: F) -> Candidate
    where
        F: FnMut(Leadership) -> W + Send + 'static,
        W: Future<Output = ()> + Send + 'static,
    {
        let Self { env, store, kind, settings, events, on_new_leader } = self;
        let key = Key::namespaced(kind.id, Arc::clone(&settings.namespace), Arc::clone(&settings.name));
        let context = RequestContext::system("leader-election");
        let (state, stop) = (Arc::new(Mutex::new(State::default())), Arc::new(End::default()));
        let driver = Driver {
            env: env.clone(),
            elector: Elector::new(settings.clone()),
            settings,
            lock: Lock::new(store, kind, key, context),
            events,
            on_new_leader,
            state: Arc::clone(&state),
            stop: Arc::clone(&stop),
        };
        let lead: Lead = Box::new(move |leadership| lead(leadership).boxed());
        let task = env.spawn("leader-election", driver.run(lead));
        Candidate { state, stop, task }
    }
}

impl Candidate {
    /// Who leads, as far as is known.
    pub fn leader(&self) -> Option<Text> {
        self.state.lock().leader.clone()
    }

    /// Whether this candidate leads.
    pub fn is_leading(&self) -> bool {
        self.state.lock().leads
    }

    /// The revision that marks its leadership, see [`Leadership::epoch`].
    pub fn epoch(&self) -> Option<Revision> {
        self.state.lock().epoch
    }

    /// Ends what it leads, gives up the lease, and waits until that is done.
    pub async fn shut_down(self) {
        self.stop.set();
        // However it ended, it has.
        let _end = self.task.join().await;
    }

    /// Waits until the work has returned.
    pub async fn join(self) {
        // However it ended, it has.
        let _end = self.task.join().await;
    }
}

/// Does what the [`Elector`] says.
struct Driver {
    env: Env,
    settings: ElectionSettings,
    elector: Elector,
    lock: Lock,
    events: Option<EventRecorder>,
    on_new_leader: Option<OnNewLeader>,
    state: Arc<Mutex<State>>,
    stop: Arc<End>,
}

/// How a leadership ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// The lease was not renewed in time, or is another's.
    Lost,
    /// It was told to stop, or the work is done.
    Done,
    /// The work panicked.
    Failed,
}

impl Driver {
    async fn run(mut self, mut lead: Lead) {
        loop {
            let stop = self.stop.wait();
            let won = match select(pin!(self.win()), stop).await {
                Either::Left((term, _)) => Some(term),
                Either::Right(_) => None,
            };
            let Some(term) = won else { break };
            let leadership = Leadership::new(Arc::clone(&term), Arc::clone(&self.lock.store));
            let work = self.env.spawn("led-work", lead(leadership));
            match self.lead(&term, work).await {
                Over::Lost => self.elector.step_down(),
                Over::Done => break,
                Over::Failed => {
                    self.release().await;
                    self.env.sleep(self.settings.lease_duration).await;
                }
            }
        }
        if self.settings.release_on_shut_down {
            self.release().await;
        }
    }

    /// Competes until it has the lease, and an epoch if the store can compare one.
    async fn win(&mut self) -> Arc<Term> {
        loop {
            while !self.attempt().await {
                self.env.sleep(self.env.jitter(self.settings.retry_period, JITTER)).await;
            }
            if let Some(term) = self.take_over().await {
                return term;
            }
        }
    }

    /// Begins an epoch, as long as the lease can be kept.
    async fn take_over(&mut self) -> Option<Arc<Term>> {
        if !self.lock.store.honours_guards() {
            tracing::warn!(lease = %self.lock.key, "the store cannot fence the writes of a leader that was deposed");
            return Some(Term::new(&self.env, None, self.elector.is_over()?));
        }
        loop {
            let guard = self.lock.guard(self.elector.held_at()?);
            let begun = epoch::begin(&self.lock, guard, &self.settings.identity, self.env.wall());
            match within(&self.env, self.settings.request_limit(), begun).await {
                Ok(epoch) => return Some(Term::new(&self.env, Some(epoch), self.elector.is_over()?)),
                Err(error) => tracing::debug!(lease = %self.lock.key, %error, "no epoch was begun"),
            }
            self.env.sleep(self.settings.retry_period).await;
            if !self.attempt().await && self.env.now() >= self.elector.ends()? {
                self.elector.step_down();
                return None;
            }
        }
    }

    /// Tries once to get or keep the lease.
    async fn attempt(&mut self) -> bool {
        let outcome = self.try_once().await;
        self.tell();
        outcome.unwrap_or_else(|error| {
            tracing::debug!(lease = %self.lock.key, %error, "the lease was not written");
            false
        })
    }

    async fn try_once(&mut self) -> Result<bool> {
        let limit = self.settings.request_limit();
        let mut has_read = false;
        let mut step = self.elector.begin(self.env.now(), self.env.wall());
        loop {
            match step {
                Step::Wait => return Ok(false),
                Step::Read => {
                    let found = within(&self.env, limit, self.lock.read()).await?;
                    has_read = true;
                    step = self.elector.read(self.env.now(), self.env.wall(), found);
                }
                Step::Write(record, over) => {
                    let began = self.env.now();
                    match within(&self.env, limit, self.lock.write(&record, over)).await {
                        Ok(revision) => {
                            self.elector.wrote(began, &record, revision);
                            return Ok(true);
                        }
                        Err(error) if !has_read && is_answer_of_another(&error) => step = Step::Read,
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// Keeps the lease until the work is over, or the work until the lease is lost.
    async fn lead(&mut self, term: &Arc<Term>, mut work: Task<()>) -> Over {
        self.announce("became leader");
        {
            let state = &mut *self.state.lock();
            state.leads = true;
            state.epoch = term.guards.first().map(|guard| guard.revision);
        }
        let (env, stop, limit) = (self.env.clone(), Arc::clone(&self.stop), self.settings.lease_duration);
        let over = {
            let ending = pin!(ending(&env, &stop, term, &mut work, limit));
            let renewing = pin!(self.keep(term));
            match select(ending, renewing).await {
                Either::Left((over, _)) => over,
                Either::Right(((), _)) => Over::Lost,
            }
        };
        term.end();
        if over == Over::Lost {
            let left = self.elector.is_over().map(|until| until - env.now()).unwrap_or_default();
            // What has not ended by then is cancelled.
            let _in_time = env.timeout(left, &mut work).await;
        }
        work.cancel();
        // However it ended, it has.
        let _end = work.join().await;
        term.close();
        *self.state.lock() = State { leader: self.elector.holder().map(Into::into), ..State::default() };
        self.announce("stopped leading");
        over
    }

    /// Renews the lease; returns when that has failed for too long.
    async fn keep(&mut self, term: &Term) {
        loop {
            self.env.sleep(self.settings.retry_period).await;
            loop {
                let Some(ends) = self.elector.ends() else { return };
                let left = ends - self.env.now();
                let env = self.env.clone();
                match env.timeout(left, self.attempt()).await {
                    Ok(true) => break,
                    Ok(false) => {}
                    Err(_) => return,
                }
                if self.env.now() + self.settings.retry_period >= ends {
                    self.env.sleep_until(ends).await;
                    return;
                }
                self.env.sleep(self.settings.retry_period).await;
            }
            if let Some(until) = self.elector.is_over() {
                term.extend(until);
            }
        }
    }

    /// Gives the lease up, if it is still this candidate's.
    async fn release(&mut self) {
        let limit = self.settings.request_limit();
        for _ in 0..2 {
            let Some((record, revision)) = self.elector.release(self.env.wall()) else { return };
            let began = self.env.now();
            match within(&self.env, limit, self.lock.write(&record, Some(revision))).await {
                Ok(revision) => {
                    self.elector.wrote(began, &record, revision);
                    self.tell();
                    return;
                }
                Err(error) => tracing::debug!(lease = %self.lock.key, %error, "the lease was not released"),
            }
            match within(&self.env, limit, self.lock.read()).await {
                // What is to be done with it is decided by `release`.
                Ok(found) => drop(self.elector.read(self.env.now(), self.env.wall(), found)),
                Err(_) => return,
            }
        }
    }

    /// Tells the handle, and whoever wants to know, who leads.
    fn tell(&mut self) {
        let leader = self.elector.holder();
        let state = &mut *self.state.lock();
        if state.leader.as_deref() == leader {
            return;
        }
        state.leader = leader.map(Into::into);
        if let (Some(leader), Some(tell)) = (leader, &mut self.on_new_leader) {
            tell(leader);
        }
    }

    fn announce(&self, what: &str) {
        let identity = &self.settings.identity;
        tracing::info!(lease = %self.lock.key, %identity, "{what}");
        if let (Some(events), Some(lease)) = (&self.events, self.lock.last()) {
            let message = format!("{identity} {what}");
            let regarding = Regarding::object(lease);
            events.record(EventText::normal(regarding, "LeaderElection", message), None);
        }
    }
}

/// Waits until the work is to be over for another reason than the lease.
async fn ending(env: &Env, stop: &End, term: &Term, work: &mut Task<()>, limit: Duration) -> Over {
    let of = |end: Result<(), TaskEnd>| match end {
        Ok(()) | Err(TaskEnd::Cancelled(_)) => Over::Done,
        Err(TaskEnd::Panicked { message, .. }) => {
            tracing::error!(message, "the work of a leader panicked");
            Over::Failed
        }
    };
    match select(&mut *work, select(stop.wait(), term.is_fenced())).await {
        Either::Left((end, _)) => of(end),
        Either::Right((Either::Left(_), _)) => {
            term.end();
            env.timeout(limit, work).await.map_or(Over::Done, of)
        }
        Either::Right((Either::Right(_), _)) => Over::Lost,
    }
}

/// Whether a write was refused because the lease is not as it was.
fn is_answer_of_another(error: &Error) -> bool {
    error.is_conflict() || error.is_not_found() || error.is_already_exists()
}

/// One request, within its time. What was asked for may still happen after it.
async fn within<T>(env: &Env, limit: Duration, request: impl Future<Output = Result<T>>) -> Result<T> {
    match env.timeout(limit, request).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(Error::outcome_unknown(elapsed.to_string())),
    }
}

impl fmt::Debug for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Election").field("settings", &self.settings).finish_non_exhaustive()
    }
}
