//! A slow oracle: the same rules over sorted maps and lists that are searched from end to end.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use setpoint_core::env::Instant;

use super::*;
use crate::backoff::{Backoff, RateLimiter};

const MS: Duration = Duration::from_millis(1);
const KEYS_MAX: u32 = 5;

fn config(gate: Gate) -> Config {
    let backoff = Backoff::try_new(MS * 3, 2.0, MS * 30, 0.5).expect("sensible");
    let retry_limit = Some(RateLimiter::try_new(MS * 4, 3).expect("sensible"));
    Config { backoff, retry_limit, gate, keys_max: KEYS_MAX }
}

#[derive(Debug, Clone)]
struct Known {
    failures: u32,
    backoff_until: Instant,
    running_since: Option<Instant>,
    /// When and in which lane it is wanted, unless it is ready.
    wanted: Option<(Instant, Lane)>,
}

struct Model {
    config: Config,
    known: BTreeMap<u8, Known>,
    /// In the order in which they became ready or moved up.
    ready: Vec<(u8, Lane, Instant)>,
    /// Deadlines with the order in which they were set.
    timers: BTreeMap<u8, (Instant, u64)>,
    set: u64,
    passed_over: BTreeMap<Lane, u32>,
    shutdown: Option<Shutdown>,
}

impl Model {
    fn new(config: Config) -> Self {
        Self {
            config,
            known: BTreeMap::new(),
            ready: Vec::new(),
            timers: BTreeMap::new(),
            set: 0,
            passed_over: BTreeMap::new(),
            shutdown: None,
        }
    }

    fn admit(&mut self, key: u8) -> bool {
        if self.shutdown.is_some() {
            return false;
        }
        let room = self.known.len() < KEYS_MAX as usize;
        let new = Known { failures: 0, backoff_until: Instant::START, running_since: None, wanted: None };
        if room {
            self.known.entry(key).or_insert(new);
        }
        self.known.contains_key(&key)
    }

    fn want(&mut self, key: u8, at: Instant, lane: Lane, now: Instant) {
        let gate = self.config.gate;
        let known = self.known.get_mut(&key).expect("admitted");
        if let Some(index) = self.ready.iter().position(|ready| ready.0 == key) {
            let (_, before, since) = self.ready[index];
            if gate == Gate::Respect && known.backoff_until > now {
                self.ready.remove(index);
                known.wanted = Some((since, before));
            } else {
                if lane > before && at <= now {
                    self.ready.remove(index);
                    self.ready.push((key, lane, since));
                }
                return;
            }
        } else {
            known.wanted = Some(known.wanted.map_or((at, lane), |old| (old.0.min(at), old.1.max(lane))));
        }
        self.place(key, now);
    }

    fn place(&mut self, key: u8, now: Instant) {
        let known = self.known.get_mut(&key).expect("known");
        let Some((at, lane)) = known.wanted.filter(|_| known.running_since.is_none()) else { return };
        let due = if self.config.gate == Gate::Respect { at.max(known.backoff_until) } else { at };
        if due <= now {
            known.wanted = None;
            self.timers.remove(&key);
            self.ready.push((key, lane, due));
        } else if self.timers.get(&key).is_none_or(|timer| timer.0 != due) {
            self.set += 1;
            self.timers.insert(key, (due, self.set));
        }
    }

    fn add_rate_limited(&mut self, key: u8, random: u64, now: Instant) {
        let known = self.known.get_mut(&key).expect("admitted");
        if known.running_since.unwrap_or(now) >= known.backoff_until {
            let own = self.config.backoff.delay(known.failures, random);
            let shared = self.config.retry_limit.as_mut().expect("set").reserve(now);
            known.failures += 1;
            known.backoff_until = now + own.max(shared);
        }
        let at = known.backoff_until;
        self.want(key, at, Lane::Normal, now);
    }

    fn forget(&mut self, key: u8) {
        let Some(known) = self.known.get_mut(&key) else { return };
        known.failures = 0;
        known.backoff_until = Instant::START;
        if let (Some(timer), Some((at, _))) = (self.timers.get_mut(&key), known.wanted)
            && timer.0 != at
        {
            self.set += 1;
            *timer = (at, self.set);
        }
        self.release(key);
    }

    fn release(&mut self, key: u8) {
        let Some(known) = self.known.get(&key) else { return };
        let is_ready = self.ready.iter().any(|ready| ready.0 == key);
        let kept = known.failures > 0 && self.shutdown.is_none();
        if known.running_since.is_none() && known.wanted.is_none() && !is_ready && !kept {
            self.known.remove(&key);
        }
    }

    fn pop(&mut self, now: Instant) -> Option<Popped<u8>> {
        while let Some((&key, _)) =
            self.timers.iter().filter(|(_, timer)| timer.0 <= now).min_by_key(|(_, timer)| **timer)
        {
            self.timers.remove(&key);
            self.place(key, now);
        }
        let has = |lane| self.ready.iter().any(|ready| ready.1 == lane);
        let passed = |lane| self.passed_over.get(&lane).copied().unwrap_or(0);
        let overdue =
            [(Lane::Low, 15), (Lane::Normal, 3)].into_iter().find(|&(lane, max)| passed(lane) >= max);
        let best = Lane::ALL.into_iter().rev().find(|&lane| has(lane));
        let lane = overdue.map(|(lane, _)| lane).or(best)?;
        for other in Lane::ALL.into_iter().filter(|&other| has(other) && other != lane).collect::<Vec<_>>() {
            *self.passed_over.entry(other).or_default() += 1;
        }
        self.passed_over.remove(&lane);
        let index = self.ready.iter().position(|ready| ready.1 == lane).expect("its turn");
        let (key, lane, since) = self.ready.remove(index);
        self.known.get_mut(&key).expect("known").running_since = Some(now);
        Some(Popped { key, lane, waited: now - since })
    }

    /// A lane that became empty has not been passed over.
    fn tidy(&mut self) {
        let ready = &self.ready;
        self.passed_over.retain(|lane, _| ready.iter().any(|ready| ready.1 == *lane));
    }

    fn done(&mut self, key: u8, now: Instant) -> Option<Duration> {
        let known = self.known.get_mut(&key)?;
        let since = known.running_since.take()?;
        let due = known.wanted.map(|(at, _)| match self.config.gate {
            Gate::Respect => at.max(known.backoff_until),
            Gate::Pass => at,
        });
        let dropped = match self.shutdown {
            None => false,
            Some(Shutdown::Drain) => due.is_none_or(|due| due > now),
            Some(Shutdown::Now) => true,
        };
        if dropped {
            self.known.remove(&key);
        } else {
            self.place(key, now);
            self.release(key);
        }
        Some(now - since)
    }

    fn shut_down(&mut self, how: Shutdown) {
        let how = if self.shutdown == Some(Shutdown::Now) { Shutdown::Now } else { how };
        self.shutdown = Some(how);
        self.timers.clear();
        if how == Shutdown::Now {
            self.ready.clear();
        }
        let ready = &self.ready;
        self.known
            .retain(|key, known| known.running_since.is_some() || ready.iter().any(|ready| ready.0 == *key));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, Lane),
    AddAfter(u8, u32),
    AddRateLimited(u8, u64),
    Forget(u8),
    Pop,
    Done(u8),
    Advance(u32),
    ShutDown(Shutdown),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0u8..7;
    let lane = prop::sample::select(&Lane::ALL[..]);
    prop_oneof![
        40 => (key.clone(), lane).prop_map(|(key, lane)| Step::Add(key, lane)),
        20 => (key.clone(), 0u32..20).prop_map(|(key, delay)| Step::AddAfter(key, delay)),
        20 => (key.clone(), any::<u64>()).prop_map(|(key, random)| Step::AddRateLimited(key, random)),
        10 => key.clone().prop_map(Step::Forget),
        40 => Just(Step::Pop),
        40 => key.prop_map(Step::Done),
        20 => (0u32..15).prop_map(Step::Advance),
        1 => prop::sample::select(&[Shutdown::Drain, Shutdown::Now][..]).prop_map(Step::ShutDown),
    ]
}

fn agree(gate: Gate, steps: &[Step]) -> Result<(), TestCaseError> {
    let (mut queue, mut model) = (State::new(config(gate)), Model::new(config(gate)));
    let mut now = Instant::START;
    for step in steps {
        match *step {
            Step::Add(key, lane) => {
                let admitted = model.admit(key);
                if admitted {
                    model.want(key, now, lane, now);
                }
                prop_assert_eq!(queue.add(key, lane, now).is_ok(), admitted || model.shutdown.is_some());
            }
            Step::AddAfter(key, delay) => {
                if model.admit(key) {
                    model.want(key, now + MS * delay, Lane::Normal, now);
                }
                let full = !model.known.contains_key(&key) && model.shutdown.is_none();
                prop_assert_eq!(queue.add_after(key, MS * delay, now).is_err(), full);
            }
            Step::AddRateLimited(key, random) => {
                if model.admit(key) {
                    model.add_rate_limited(key, random, now);
                }
                let full = !model.known.contains_key(&key) && model.shutdown.is_none();
                prop_assert_eq!(queue.add_rate_limited(key, random, now).is_err(), full);
            }
            Step::Forget(key) => {
                model.forget(key);
                queue.forget(&key);
            }
            Step::Pop => prop_assert_eq!(queue.pop(now), model.pop(now)),
            Step::Done(key) => prop_assert_eq!(queue.done(&key, now), model.done(key, now)),
            Step::Advance(millis) => now += MS * millis,
            Step::ShutDown(how) => {
                model.shut_down(how);
                queue.shut_down(how);
            }
        }
        model.tidy();
        let runs = model.known.values().filter(|known| known.running_since.is_some());
        prop_assert_eq!(queue.running(), runs.clone().count());
        let running_for = runs.filter_map(|known| known.running_since).map(|since| now - since);
        prop_assert_eq!(queue.unfinished(now), running_for.clone().sum::<Duration>());
        prop_assert_eq!(queue.longest_running(now), running_for.max().unwrap_or_default());
        prop_assert_eq!(queue.len(), model.known.len());
        prop_assert_eq!(queue.ready(), model.ready.len());
        prop_assert_eq!(queue.waiting(), model.timers.len());
        prop_assert_eq!(queue.next_deadline(), model.timers.values().map(|timer| timer.0).min());
        for key in 0..7 {
            prop_assert_eq!(queue.retries(&key), model.known.get(&key).map_or(0, |known| known.failures));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_slow_queue_when_events_pass(steps in prop::collection::vec(step(), 1..200)) {
        agree(Gate::Pass, &steps)?;
    }

    #[test]
    fn agrees_with_the_slow_queue_when_backoff_is_respected(steps in prop::collection::vec(step(), 1..200)) {
        agree(Gate::Respect, &steps)?;
    }

    /// Whatever is added, a key that is first in its lane is passed over a bounded number of times.
    #[test]
    fn no_key_starves(adds in prop::collection::vec(prop::collection::vec(0usize..3, 0..4), 1..200)) {
        let mut queue = State::new(Config::default());
        let mut lanes: [std::collections::VecDeque<(usize, u32)>; 3] = Default::default();
        let mut heads = [0u32; 3];
        let mut number = 0;
        for batch in adds {
            for lane in batch {
                number += 1;
                queue.add(number, Lane::ALL[lane], Instant::START).expect("there is room");
                lanes[lane].push_back((lane, number));
            }
            let Some(popped) = queue.pop(Instant::START) else { continue };
            let lane = popped.lane as usize;
            prop_assert_eq!(lanes[lane].pop_front(), Some((lane, popped.key)), "first in, first out");
            for other in 0..3 {
                heads[other] = if other == lane || lanes[other].is_empty() { 0 } else { heads[other] + 1 };
                prop_assert!(heads[other] < Lane::ALL[other].pops_max());
            }
        }
    }
}
