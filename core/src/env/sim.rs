use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use jiff::Timestamp;
use parking_lot::Mutex;

use super::choices::{Choices, SeededChoices};
use super::{Env, Environment, Instant};

/// A single-threaded executor on virtual time, whose every choice follows from a seed.
///
/// Among the tasks that can run it picks one at random (by the seed); when none can, it moves the clock to
/// the next timer. So an hour of waiting costs nothing, and a race is found by trying seeds. Tokio's own
/// timers, sockets and processes do not work inside; its channels and locks do.
///
/// With [`Simulation::with_choices`] the choices come from somewhere else, such as a record of an earlier run.
pub struct Simulation {
    world: Arc<World>,
}

/// How long a simulated world may go on, see [`Simulation::run`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Steps without any time going by: more are a loop that never waits. Sleeps that are over at once are steps too, since a
    /// task can go round these without ever coming to an end.
    pub steps_at_once_max: u64,
    /// Virtual time from the start of the world.
    pub time_max: Duration,
}

impl Bounds {
    /// None.
    pub const NONE: Self = Self { steps_at_once_max: u64::MAX, time_max: Duration::MAX };
}

/// Why a simulated world was ended before what was waited for was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// It waits for nothing.
    #[error(transparent)]
    Stalled(#[from] Stalled),
    /// It never waits.
    #[error("{steps} steps were made at {at:?} after the start, and no time went by")]
    Spinning {
        /// How many.
        steps: u64,
        /// When.
        at: Duration,
    },
    /// It goes on for too long.
    #[error("it was not done {0:?} after the start")]
    OutOfTime(Duration),
}

/// Nothing can run, no timer is pending, and what was waited for is not done: a deadlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("every task waits and no timer is pending, {0:?} after the start")]
pub struct Stalled(pub Duration);

/// The main future's place in the ready list; tasks count from 1.
const MAIN: u64 = 0;

struct World {
    state: Mutex<State>,
    wall_at_start: Timestamp,
}

struct State {
    now: Instant,
    blocking_cost: Duration,
    choices: Box<dyn Choices>,
    next_task: u64,
    next_timer: u64,
    steps: u64,
    /// How many steps there were when time last went on.
    steps_before: u64,
    /// How many sleeps were over at once since then.
    naps: u64,
    /// After so many of them there are no more.
    naps_max: u64,
    /// Futures that are not being polled right now.
    tasks: BTreeMap<u64, BoxFuture<'static, ()>>,
    /// Ids to poll, each at most once.
    ready: Vec<u64>,
    timers: BTreeMap<(Instant, u64), Waker>,
}

impl Simulation {
    /// What blocking work takes unless told otherwise: about what a disk needs for a sync.
    pub const BLOCKING_COST: Duration = Duration::from_micros(200);

    /// A world of its own, at virtual 2026-01-01T00:00:00Z.
    pub fn new(seed: u64) -> Self {
        Self::with_choices(SeededChoices::new(seed))
    }

    /// The same, with choices that come from elsewhere.
    pub fn with_choices(choices: impl Choices + 'static) -> Self {
        let wall_at_start = Timestamp::from_second(1_767_225_600).expect("within jiff's range");
        let state = State {
            now: Instant::START,
            blocking_cost: Self::BLOCKING_COST,
            choices: Box::new(choices),
            next_task: MAIN + 1,
            next_timer: 0,
            steps: 0,
            steps_before: 0,
            naps: 0,
            naps_max: u64::MAX,
            tasks: BTreeMap::new(),
            ready: Vec::new(),
            timers: BTreeMap::new(),
        };
        Self { world: Arc::new(World { state: Mutex::new(state), wall_at_start }) }
    }

    /// The environment to hand to everything that runs inside.
    pub fn env(&self) -> Env {
        Env::new(Handle(Arc::downgrade(&self.world)))
    }

    /// Runs `future` and all tasks until `future` is done.
    ///
    /// Tasks that are still alive then stay where they are and go on with the next call.
    ///
    /// # Errors
    ///
    /// [`Stalled`] if nothing can run any more.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Stalled> {
        self.run(future, Bounds::NONE).map_err(|halt| match halt {
            Halt::Stalled(stalled) => stalled,
            Halt::Spinning { at, .. } | Halt::OutOfTime(at) => Stalled(at),
        })
    }

    /// The same within bounds, for worlds that may go wrong.
    ///
    /// # Errors
    ///
    /// What keeps the future from being done.
    pub fn run<F: Future>(&self, future: F, bounds: Bounds) -> Result<F::Output, Halt> {
        let mut future = std::pin::pin!(future);
        self.world.make_ready(MAIN);
        self.world.begin(bounds);
        loop {
            self.world.check(bounds)?;
            match self.world.pick() {
                Some(MAIN) => {
                    if let Poll::Ready(output) = self.world.poll(MAIN, future.as_mut()) {
                        return Ok(output);
                    }
                }
                Some(id) => self.world.run_task(id),
                None if self.world.advance() => {}
                None => return Err(Stalled(self.world.state.lock().now.since_start()).into()),
            }
        }
    }

    /// Lets everything run for `duration` of virtual time.
    pub fn run_for(&self, duration: Duration) {
        let env = self.env();
        self.block_on(async move { env.sleep(duration).await }).expect("a sleep has a timer");
    }

    /// The virtual time that [`Env::blocking`] work takes.
    pub fn blocking_cost(&self) -> Duration {
        self.world.state.lock().blocking_cost
    }

    /// From now on blocking work takes this much virtual time, as on a slow disk.
    pub fn set_blocking_cost(&self, cost: Duration) {
        self.world.state.lock().blocking_cost = cost;
    }

    /// Whether neither tasks nor timers are left.
    pub fn is_empty(&self) -> bool {
        let state = self.world.state.lock();
        state.tasks.is_empty() && state.timers.is_empty()
    }

    /// How many times a future was polled so far. Two runs of one seed agree.
    pub fn steps(&self) -> u64 {
        self.world.state.lock().steps
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.world.state.lock();
        f.debug_struct("Simulation")
            .field("now", &state.now)
            .field("steps", &state.steps)
            .field("tasks", &state.tasks.len())
            .finish_non_exhaustive()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        // Futures may hold wakers and environments that lead back here: end them in order of birth.
        loop {
            let task = self.world.state.lock().tasks.pop_first();
            match task {
                Some((_, future)) => drop(future),
                None => break,
            }
        }
        let timers = std::mem::take(&mut self.world.state.lock().timers);
        drop(timers);
    }
}

impl World {
    fn make_ready(&self, id: u64) {
        let mut state = self.state.lock();
        if !state.ready.contains(&id) {
            state.ready.push(id);
        }
    }

    fn begin(&self, bounds: Bounds) {
        let state = &mut *self.state.lock();
        (state.steps_before, state.naps, state.naps_max) = (state.steps, 0, bounds.steps_at_once_max);
    }

    fn check(&self, bounds: Bounds) -> Result<(), Halt> {
        let state = self.state.lock();
        let at = state.now.since_start();
        let steps = (state.steps - state.steps_before).saturating_add(state.naps);
        if steps > bounds.steps_at_once_max {
            return Err(Halt::Spinning { steps, at });
        }
        if at > bounds.time_max { Err(Halt::OutOfTime(at)) } else { Ok(()) }
    }

    fn pick(&self) -> Option<u64> {
        let state = &mut *self.state.lock();
        match state.ready.len() {
            0 => None,
            1 => state.ready.pop(),
            // The others keep their order: who always takes the first lets each have its turn.
            ready => {
                let choice = state.choices.next_task(ready).min(ready - 1);
                Some(state.ready.remove(choice))
            }
        }
    }

    fn poll<F: Future + ?Sized>(self: &Arc<Self>, id: u64, future: Pin<&mut F>) -> Poll<F::Output> {
        self.state.lock().steps += 1;
        let waker = Waker::from(Arc::new(TaskWaker { id, world: Arc::downgrade(self) }));
        future.poll(&mut Context::from_waker(&waker))
    }

    fn run_task(self: &Arc<Self>, id: u64) {
        // Woken after its end: nothing to do.
        let Some(mut future) = self.state.lock().tasks.remove(&id) else { return };
        if self.poll(id, future.as_mut()).is_pending() {
            self.state.lock().tasks.insert(id, future);
        }
    }

    /// Moves the clock to the next timer and fires all that are due. False if there is none.
    fn advance(&self) -> bool {
        let due = {
            let state = &mut *self.state.lock();
            let Some((&(at, _), _)) = state.timers.first_key_value() else { return false };
            if at > state.now {
                state.now = at;
                (state.steps_before, state.naps) = (state.steps, 0);
            }
            let later = state.timers.split_off(&(at + Duration::from_nanos(1), 0));
            std::mem::replace(&mut state.timers, later)
        };
        due.into_values().for_each(Waker::wake);
        true
    }
}

struct TaskWaker {
    id: u64,
    world: Weak<World>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        if let Some(world) = self.world.upgrade() {
            world.make_ready(self.id);
        }
    }
}

/// What environments of this world hold. Weak, since the world's own tasks hold environments.
struct Handle(Weak<World>);

impl Handle {
    fn world(&self) -> Arc<World> {
        self.0.upgrade().expect("the simulation outlives the tasks that run in it")
    }
}

impl Environment for Handle {
    fn now(&self) -> Instant {
        // While the simulation is being dropped, destructors may still look at the clock.
        self.0.upgrade().map_or(Instant::START, |world| world.state.lock().now)
    }

    fn wall(&self) -> Timestamp {
        let world = self.world();
        let now = world.state.lock().now;
        world.wall_at_start.saturating_add(now.since_start()).unwrap_or(Timestamp::MAX)
    }

    fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        Sleep { world: self.0.clone(), at, timer: None }.boxed()
    }

    fn spawn(&self, _name: &str, task: BoxFuture<'static, ()>) {
        let Some(world) = self.0.upgrade() else { return };
        let state = &mut *world.state.lock();
        let id = state.next_task;
        state.next_task += 1;
        state.tasks.insert(id, task);
        state.ready.push(id);
    }

    fn spawn_blocking(&self, name: &str, work: Box<dyn FnOnce() + Send>) {
        let Some(world) = self.0.upgrade() else { return };
        let done = {
            let state = world.state.lock();
            state.now + state.blocking_cost
        };
        let wait = self.sleep_until(done);
        self.spawn(
            name,
            async move {
                wait.await;
                work();
            }
            .boxed(),
        );
    }

    fn random_u64(&self) -> u64 {
        self.world().state.lock().choices.bits()
    }
}

struct Sleep {
    world: Weak<World>,
    at: Instant,
    timer: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(world) = self.world.upgrade() else { return Poll::Pending };
        let state = &mut *world.state.lock();
        if state.now >= self.at {
            state.naps += 1;
            // Whoever goes round and round without a wait is stopped here, and the run with it.
            return if state.naps > state.naps_max { Poll::Pending } else { Poll::Ready(()) };
        }
        if self.at == Instant::NEVER {
            return Poll::Pending;
        }
        let timer = self.timer.unwrap_or_else(|| {
            state.next_timer += 1;
            state.next_timer
        });
        self.timer = Some(timer);
        state.timers.insert((self.at, timer), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let (Some(timer), Some(world)) = (self.timer, self.world.upgrade()) {
            let waker = world.state.lock().timers.remove(&(self.at, timer));
            // Dropped after the lock: a waker may be the last owner of a future.
            drop(waker);
        }
    }
}
