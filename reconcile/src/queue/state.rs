use std::time::Duration;

use setpoint_core::env::Instant;

use super::chain::{Chain, Links};
use super::lane::Lanes;
use super::slots::{Place, Slots};
use super::timers::Timers;
use super::{Config, Full, Gate, Key, Lane, Shutdown};

/// The work queue as a state machine: no task, no clock, no lock.
///
/// Who drives it calls [`State::pop`] after every other call and again at [`State::next_deadline`], until it
/// gives nothing; and [`State::done`] once for every key it got. `now` should not go back; where it does,
/// durations count as zero.
///
/// In steady state, that is below the highest number of keys so far, nothing allocates.
#[derive(Debug)]
pub struct State<K> {
    config: Config,
    slots: Slots<K>,
    links: Links,
    ready: Lanes,
    timers: Timers,
    /// In order of their start.
    running: Chain,
    /// The sum of the starts of all that run, in nanoseconds.
    started_sum: u128,
    /// How many of those that run are wanted again.
    reruns: u32,
    ready_total: u64,
    shutdown: Option<Shutdown>,
}

/// A key to work on, given by [`State::pop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Popped<K> {
    /// The key. It will not be given again before [`State::done`].
    pub key: K,
    /// The lane it was in.
    pub lane: Lane,
    /// How long it was due.
    pub waited: Duration,
}

impl<K: Key> State<K> {
    /// An empty queue.
    pub fn new(config: Config) -> Self {
        Self {
            slots: Slots::new(config.keys_max),
            config,
            links: Links::default(),
            ready: Lanes::default(),
            timers: Timers::default(),
            running: Chain::default(),
            started_sum: 0,
            reruns: 0,
            ready_total: 0,
            shutdown: None,
        }
    }

    /// Asks for one run of `key` that starts after now.
    ///
    /// A ready key stays where it is, or moves to the end of a more urgent lane. A waiting key becomes ready,
    /// and its delay is used up, unless [`Gate::Respect`] holds it until the end of its backoff. A running key
    /// runs once more when it is done. After shutdown nothing happens.
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add(&mut self, key: K, lane: Lane, now: Instant) -> Result<(), Full> {
        if self.shutdown.is_some() {
            return Ok(());
        }
        let slot = self.slots.find_or_insert(key)?;
        self.want(slot, now, lane, now);
        Ok(())
    }

    /// Asks for one run of `key` after `delay`, in the normal lane. Of several requests the earliest wins; to
    /// a ready key this adds nothing. A run that starts earlier for another reason uses the delay up.
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add_after(&mut self, key: K, delay: Duration, now: Instant) -> Result<(), Full> {
        if self.shutdown.is_some() {
            return Ok(());
        }
        let slot = self.slots.find_or_insert(key)?;
        self.want(slot, now + delay, Lane::Normal, now);
        Ok(())
    }

    /// Counts a failure of `key` and asks for a run when its backoff, and the limit for all keys, allow.
    ///
    /// If the failed run began before the end of the last backoff, because [`Gate::Pass`] let an event through,
    /// it counts as no failure and the backoff ends when it would have. `random` decides the jitter.
    ///
    /// # Errors
    ///
    /// [`Full`] if the key is new and there is no room for it.
    pub fn add_rate_limited(&mut self, key: K, random: u64, now: Instant) -> Result<(), Full> {
        if self.shutdown.is_some() {
            return Ok(());
        }
        let slot = self.slots.find_or_insert(key)?;
        let entry = self.slots.get_mut(slot);
        let began = if entry.place == Place::Running { entry.since } else { now };
        if began >= entry.backoff_until {
            let own = self.config.backoff.delay(entry.failures, random);
            let shared = self.config.retry_limit.as_mut().map_or(Duration::ZERO, |limit| limit.reserve(now));
            entry.failures = entry.failures.saturating_add(1);
            entry.backoff_until = now + own.max(shared);
        }
        let at = entry.backoff_until;
        self.want(slot, at, Lane::Normal, now);
        Ok(())
    }

    /// Clears the failures and the backoff of `key`. A run that is asked for stays so.
    pub fn forget(&mut self, key: &K) {
        let Some(slot) = self.slots.find(key) else { return };
        let entry = self.slots.get_mut(slot);
        entry.failures = 0;
        entry.backoff_until = Instant::START;
        match (entry.place, entry.wanted) {
            (Place::Waiting, Some(at)) => self.timers.set(slot, at),
            (Place::Idle, _) => self.slots.remove(slot),
            _ => {}
        }
    }

    /// How many failures [`State::add_rate_limited`] counted for `key` since it was last forgotten.
    pub fn retries(&self, key: &K) -> u32 {
        self.slots.find(key).map_or(0, |slot| self.slots.get(slot).failures)
    }

    /// The key whose turn it is. [`Lane::pops_max`] says how long a key can be passed over.
    pub fn pop(&mut self, now: Instant) -> Option<Popped<K>> {
        while let Some(slot) = self.timers.pop_due(now) {
            self.slots.get_mut(slot).place = Place::Idle;
            self.place(slot, now);
        }
        let (lane, slot) = self.ready.pop(&mut self.links)?;
        let entry = self.slots.get_mut(slot);
        let waited = now - entry.since;
        entry.place = Place::Running;
        entry.since = now;
        self.running.push(&mut self.links, slot);
        self.started_sum += now.since_start().as_nanos();
        Some(Popped { key: entry.key.clone(), lane, waited })
    }

    /// Ends the run of `key` and tells how long it took; `None` if it did not run.
    pub fn done(&mut self, key: &K, now: Instant) -> Option<Duration> {
        let slot = self.slots.find(key)?;
        let entry = self.slots.get_mut(slot);
        if entry.place != Place::Running {
            return None;
        }
        let started = entry.since;
        entry.place = Place::Idle;
        self.running.remove(&mut self.links, slot);
        self.started_sum -= started.since_start().as_nanos();
        if entry.wanted.is_some() {
            self.reruns -= 1;
            self.place(slot, now);
        } else {
            self.release(slot);
        }
        Some(now - started)
    }

    /// The moment at which a waiting key becomes ready. It may have passed.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.timers.first()
    }

    /// Ends the queue. The first call decides how, except that [`Shutdown::Now`] overrules a drain.
    pub fn shut_down(&mut self, how: Shutdown) {
        if self.shutdown != Some(Shutdown::Now) {
            self.shutdown = Some(how);
        }
        for slot in self.slots.numbers() {
            let entry = self.slots.get_mut(slot);
            match entry.place {
                Place::Running => {}
                Place::Ready if how == Shutdown::Drain => {}
                Place::Ready => {
                    let lane = entry.lane;
                    self.ready.remove(&mut self.links, lane, slot);
                    self.slots.remove(slot);
                }
                Place::Waiting | Place::Idle => {
                    self.timers.remove(slot);
                    self.slots.remove(slot);
                }
            }
        }
    }

    /// Whether no key will be given any more.
    pub fn is_finished(&self) -> bool {
        match self.shutdown {
            None => false,
            Some(Shutdown::Now) => true,
            Some(Shutdown::Drain) => self.ready.len() == 0 && self.reruns == 0,
        }
    }

    /// Whether no key will be given any more and none runs.
    pub fn is_drained(&self) -> bool {
        self.is_finished() && self.running.is_empty()
    }

    /// How many keys were ready at the last [`State::pop`] or became so since.
    pub fn ready(&self) -> usize {
        self.ready.len() as usize
    }

    /// How many keys wait for their time.
    pub fn waiting(&self) -> usize {
        self.timers.len()
    }

    /// How many keys run.
    pub fn running(&self) -> usize {
        self.running.len() as usize
    }

    /// How many keys are known: ready, waiting, running, or kept for their failures.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether no key is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many times a key became ready.
    pub fn ready_total(&self) -> u64 {
        self.ready_total
    }

    /// How long the key that runs longest has been running.
    pub fn longest_running(&self, now: Instant) -> Duration {
        self.running.first().map_or(Duration::ZERO, |slot| now - self.slots.get(slot).since)
    }

    /// How long all keys that run have been running, together.
    pub fn unfinished(&self, now: Instant) -> Duration {
        let now_sum = now.since_start().as_nanos().saturating_mul(u128::from(self.running.len()));
        let nanos = now_sum.saturating_sub(self.started_sum);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// Notes that the key is wanted at `at` in `lane`, and places it unless it runs.
    fn want(&mut self, slot: u32, at: Instant, lane: Lane, now: Instant) {
        if self.slots.get(slot).place == Place::Ready {
            self.want_ready(slot, at, lane, now);
            return;
        }
        let entry = self.slots.get_mut(slot);
        match entry.wanted {
            Some(before) => {
                entry.wanted = Some(before.min(at));
                entry.lane = entry.lane.max(lane);
            }
            None => {
                entry.wanted = Some(at);
                entry.lane = lane;
                self.reruns += u32::from(entry.place == Place::Running);
            }
        }
        if entry.place != Place::Running {
            self.place(slot, now);
        }
    }

    /// What is wanted of a ready key changes at most its lane, or it has failed before it could run.
    fn want_ready(&mut self, slot: u32, at: Instant, lane: Lane, now: Instant) {
        let gate = self.config.gate;
        let entry = self.slots.get_mut(slot);
        let before = entry.lane;
        if gate == Gate::Respect && entry.backoff_until > now {
            entry.place = Place::Idle;
            entry.wanted = Some(entry.since);
            self.ready.remove(&mut self.links, before, slot);
            self.place(slot, now);
        } else if lane > before && at <= now {
            // A delay asks for a later run than the one that is due anyway, so its lane does not count.
            entry.lane = lane;
            self.ready.remove(&mut self.links, before, slot);
            self.ready.push(&mut self.links, lane, slot);
        }
    }

    /// Puts a wanted key that is idle or waiting where it belongs.
    fn place(&mut self, slot: u32, now: Instant) {
        let entry = self.slots.get_mut(slot);
        let Some(wanted) = entry.wanted else { return };
        let due = match self.config.gate {
            Gate::Respect => wanted.max(entry.backoff_until),
            Gate::Pass => wanted,
        };
        let was_waiting = entry.place == Place::Waiting;
        let stays = match self.shutdown {
            None => true,
            Some(Shutdown::Drain) => due <= now,
            Some(Shutdown::Now) => false,
        };
        if !stays {
            self.slots.remove(slot);
        } else if due <= now {
            entry.place = Place::Ready;
            entry.wanted = None;
            entry.since = due;
            let lane = entry.lane;
            self.ready_total += 1;
            self.ready.push(&mut self.links, lane, slot);
            if was_waiting {
                self.timers.remove(slot);
            }
        } else {
            entry.place = Place::Waiting;
            self.timers.set(slot, due);
        }
    }

    /// Removes an idle key unless its failures still count.
    fn release(&mut self, slot: u32) {
        if self.shutdown.is_some() || self.slots.get(slot).failures == 0 {
            self.slots.remove(slot);
        }
    }
}
