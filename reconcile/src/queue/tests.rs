use std::time::Duration;

use super::*;
use crate::backoff::{Backoff, RateLimiter};
use setpoint_core::env::Instant;

const MS: Duration = Duration::from_millis(1);

fn at(millis: u32) -> Instant {
    Instant::after_start(MS * millis)
}

fn queue() -> State<&'static str> {
    State::new(Config { retry_limit: None, ..Config::default() })
}

fn respecting() -> State<&'static str> {
    State::new(Config { retry_limit: None, gate: Gate::Respect, ..Config::default() })
}

impl State<&'static str> {
    fn put(&mut self, key: &'static str, lane: Lane, millis: u32) {
        self.add(key, lane, at(millis)).expect("there is room");
    }

    fn later(&mut self, key: &'static str, delay: u32, millis: u32) {
        self.add_after(key, MS * delay, at(millis)).expect("there is room");
    }

    fn fail(&mut self, key: &'static str, millis: u32) {
        self.add_rate_limited(key, 0, at(millis)).expect("there is room");
    }

    fn take(&mut self, millis: u32) -> Option<&'static str> {
        self.pop(at(millis)).map(|popped| popped.key)
    }

    fn end(&mut self, key: &'static str, millis: u32) {
        self.done(&key, at(millis)).expect("it runs");
    }

    fn deadline_ms(&self) -> Option<u128> {
        self.next_deadline().map(|at| at.since_start().as_millis())
    }
}

#[test]
fn keys_of_one_lane_run_in_order() {
    let mut queue = queue();
    for key in ["a", "b", "c"] {
        queue.put(key, Lane::High, 0);
    }
    assert_eq!(
        [queue.take(0), queue.take(0), queue.take(0), queue.take(0)],
        [Some("a"), Some("b"), Some("c"), None]
    );
}

#[test]
fn a_key_added_many_times_runs_once() {
    let mut queue = queue();
    for _ in 0..5 {
        queue.put("a", Lane::High, 0);
    }
    assert_eq!((queue.take(0), queue.take(0)), (Some("a"), None));
    queue.end("a", 1);
    assert!(queue.is_empty());
}

#[test]
fn a_key_added_while_it_runs_runs_exactly_once_more() {
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.put("a", Lane::High, 1);
    queue.put("a", Lane::High, 2);
    assert_eq!(queue.take(2), None, "a key is with one worker at a time");
    queue.end("a", 5);
    let again = queue.pop(at(7)).expect("it is ready");
    assert_eq!((again.key, again.waited), ("a", MS * 6), "it waits since it was asked for");
    queue.end("a", 8);
    assert_eq!((queue.take(9), queue.len()), (None, 0));
}

#[test]
fn done_of_what_does_not_run_changes_nothing() {
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    assert_eq!((queue.done(&"a", at(1)), queue.done(&"b", at(1))), (None, None));
    assert_eq!(queue.take(1), Some("a"));
}

#[test]
fn a_more_urgent_add_moves_a_ready_key_up_and_a_less_urgent_one_leaves_it() {
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    queue.put("b", Lane::Low, 0);
    queue.put("c", Lane::Normal, 0);
    queue.put("b", Lane::High, 0);
    queue.put("a", Lane::Low, 0);
    assert_eq!([queue.take(0), queue.take(0), queue.take(0)], [Some("a"), Some("b"), Some("c")]);
}

#[test]
fn the_earliest_deadline_wins_and_is_the_only_one() {
    let mut queue = queue();
    queue.later("a", 50, 0);
    queue.later("a", 20, 0);
    queue.later("a", 90, 0);
    assert_eq!((queue.waiting(), queue.deadline_ms()), (1, Some(20)));
    assert_eq!(queue.take(19), None);
    assert_eq!(queue.pop(at(25)).map(|popped| popped.waited), Some(MS * 5));
    assert_eq!(queue.next_deadline(), None);
}

#[test]
fn an_event_uses_the_delay_up() {
    let mut queue = queue();
    queue.later("a", 50, 0);
    queue.put("a", Lane::High, 10);
    assert_eq!(queue.take(10), Some("a"));
    queue.end("a", 11);
    assert_eq!((queue.take(100), queue.len()), (None, 0));
}

#[test]
fn a_delay_asked_for_during_a_run_starts_after_it() {
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.later("a", 5, 1);
    assert_eq!(queue.take(50), None, "it still runs");
    queue.end("a", 50);
    assert_eq!(queue.pop(at(51)).map(|popped| (popped.lane, popped.waited)), Some((Lane::Normal, MS * 45)));
}

#[test]
fn equal_deadlines_run_in_the_order_in_which_they_were_set() {
    let mut queue = queue();
    for key in ["c", "a", "b"] {
        queue.later(key, 10, 0);
    }
    assert_eq!([queue.take(10), queue.take(10), queue.take(10)], [Some("c"), Some("a"), Some("b")]);
}

#[test]
fn failures_back_off_from_5_ms_doubling_until_forgotten() {
    // DEP-08, RS-04
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    let mut now = 0;
    for (attempt, wait) in [5, 10, 20, 40, 80].into_iter().enumerate() {
        assert_eq!(queue.take(now), Some("a"));
        assert_eq!(queue.retries(&"a") as usize, attempt);
        queue.fail("a", now);
        queue.end("a", now);
        assert_eq!(queue.take(now + wait - 1), None);
        now += wait;
    }
    assert_eq!(queue.take(now), Some("a"));
    queue.forget(&"a");
    queue.end("a", now);
    assert_eq!((queue.retries(&"a"), queue.len()), (0, 0));
    queue.fail("a", now);
    assert_eq!(queue.deadline_ms(), Some(u128::from(now) + 5));
}

#[test]
fn fifteen_retries_take_the_time_upstream_takes() {
    // DEP-08: the fifteenth and last wait is 5 ms · 2¹⁴.
    let mut queue = queue();
    let mut now = 0;
    for _ in 0..15 {
        queue.fail("a", now);
        now = queue.deadline_ms().expect("it waits") as u32;
        assert_eq!(queue.take(now), Some("a"));
        queue.end("a", now);
    }
    assert_eq!((queue.retries(&"a"), now), (15, 5 * ((1 << 15) - 1)));
}

#[test]
fn all_retries_share_ten_a_second_after_a_hundred() {
    // DEP-08, RS-04
    let mut queue = State::new(Config::default());
    for key in 0..103 {
        queue.add_rate_limited(key, 0, at(0)).expect("there is room");
    }
    let mut ready = |millis| std::iter::from_fn(|| queue.pop(at(millis))).count();
    assert_eq!([ready(4), ready(5), ready(99), ready(100), ready(200), ready(300)], [0, 100, 0, 1, 1, 1]);
}

#[test]
fn an_event_passes_a_backoff_or_respects_it() {
    for (gate, runs_at) in [(Gate::Pass, 1), (Gate::Respect, 5)] {
        let mut queue = State::new(Config { retry_limit: None, gate, ..Config::default() });
        queue.fail("a", 0);
        queue.put("a", Lane::High, 1);
        let first = (1..10).find(|&millis| queue.take(millis).is_some());
        assert_eq!(first, Some(runs_at), "{gate:?}");
        queue.end("a", 10);
        assert_eq!(queue.take(1000), None, "{gate:?}: one run for both");
    }
}

#[test]
fn a_respected_backoff_holds_an_event_that_came_during_the_run() {
    let mut queue = respecting();
    queue.put("a", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.put("a", Lane::High, 1);
    queue.fail("a", 2);
    queue.end("a", 3);
    assert_eq!((queue.take(6), queue.pop(at(7)).map(|popped| popped.lane)), (None, Some(Lane::High)));
}

#[test]
fn a_respected_backoff_holds_a_key_that_was_ready_again() {
    let mut queue = respecting();
    queue.put("a", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.put("a", Lane::High, 1);
    queue.end("a", 2);
    queue.fail("a", 2);
    assert_eq!((queue.take(6), queue.take(7)), (None, Some("a")));
}

#[test]
fn forgetting_opens_a_respected_backoff_for_the_event_behind_it() {
    let mut queue = respecting();
    queue.fail("a", 0);
    queue.put("a", Lane::High, 1);
    queue.forget(&"a");
    assert_eq!((queue.deadline_ms(), queue.take(2)), (Some(1), Some("a")));
}

#[test]
fn early_runs_do_not_drive_the_backoff_up() {
    let mut queue = queue();
    for _ in 0..3 {
        queue.fail("a", 0);
    }
    assert_eq!((queue.retries(&"a"), queue.deadline_ms()), (1, Some(5)), "one backoff, one failure");
    for millis in 1..5 {
        queue.put("a", Lane::High, millis);
        assert_eq!(queue.take(millis), Some("a"));
        queue.fail("a", 6);
        queue.end("a", 6);
        assert_eq!(queue.retries(&"a"), 1, "the run began within the backoff");
        assert_eq!(queue.take(6), Some("a"), "which is over, so the retry is due");
        queue.later("a", 1000, 6);
        queue.end("a", 6);
    }
    queue.put("a", Lane::High, 7);
    assert_eq!(queue.take(7), Some("a"));
    queue.fail("a", 7);
    assert_eq!(queue.retries(&"a"), 2);
}

#[test]
fn failures_are_kept_while_the_key_is_nowhere() {
    let mut queue = queue();
    queue.fail("a", 0);
    assert_eq!(queue.take(5), Some("a"));
    queue.end("a", 5);
    assert_eq!((queue.len(), queue.retries(&"a")), (1, 1));
    queue.forget(&"a");
    assert!(queue.is_empty());
}

#[test]
fn the_key_past_the_limit_is_refused_and_known_ones_are_not() {
    let mut queue = State::new(Config { keys_max: 2, ..Config::default() });
    queue.put("a", Lane::High, 0);
    queue.later("b", 10, 0);
    let full = Full { keys_max: 2 };
    assert_eq!(queue.add("c", Lane::High, at(0)), Err(full));
    assert_eq!(queue.add_after("c", MS, at(0)), Err(full));
    assert_eq!(queue.add_rate_limited("c", 0, at(0)), Err(full));
    assert_eq!(full.to_string(), "the queue already holds 2 keys");
    queue.put("b", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    assert_eq!(queue.add("c", Lane::High, at(0)), Err(full), "a key that runs has its place");
    queue.end("a", 0);
    queue.put("c", Lane::High, 0);
    assert_eq!(queue.len(), 2);
}

#[test]
fn a_drain_runs_what_is_ready_and_drops_what_waits() {
    let mut queue = queue();
    for key in ["a", "b"] {
        queue.put(key, Lane::High, 0);
    }
    queue.later("c", 10, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.put("a", Lane::High, 0);
    queue.shut_down(Shutdown::Drain);
    queue.put("d", Lane::High, 0);
    queue.fail("d", 0);
    queue.later("d", 1, 0);
    assert_eq!((queue.take(0), queue.take(0)), (Some("b"), None));
    assert!(!queue.is_finished(), "a is wanted again");
    queue.end("a", 1);
    assert_eq!(queue.take(1), Some("a"));
    assert!(queue.is_finished() && !queue.is_drained());
    queue.end("b", 2);
    queue.end("a", 2);
    assert!(queue.is_drained() && queue.is_empty());
    assert_eq!(queue.next_deadline(), None);
}

#[test]
fn a_drain_drops_the_delay_of_a_key_that_runs() {
    let mut queue = queue();
    queue.put("a", Lane::High, 0);
    assert_eq!(queue.take(0), Some("a"));
    queue.fail("a", 0);
    queue.shut_down(Shutdown::Drain);
    queue.end("a", 1);
    assert!(queue.is_drained() && queue.is_empty());
}

#[test]
fn shutdown_now_runs_nothing_and_overrules_a_drain() {
    let mut queue = queue();
    for key in ["a", "b"] {
        queue.put(key, Lane::High, 0);
    }
    assert_eq!(queue.take(0), Some("a"));
    queue.put("a", Lane::High, 0);
    queue.shut_down(Shutdown::Drain);
    queue.shut_down(Shutdown::Now);
    queue.shut_down(Shutdown::Drain);
    assert_eq!(queue.take(0), None);
    assert!(queue.is_finished() && !queue.is_drained());
    queue.end("a", 0);
    assert!(queue.is_drained() && queue.is_empty());
}

/// Pops until `key` comes, while new keys of all other lanes come in all the time.
fn pops_until(key: &'static str, lane: Lane, before: u32) -> u32 {
    let mut queue: State<(&str, u32)> = State::new(Config::default());
    let now = at(0);
    for number in 0..before {
        queue.add(("same", number), lane, now).expect("there is room");
    }
    queue.add((key, 0), lane, now).expect("there is room");
    for pops in 1.. {
        for other in Lane::ALL.into_iter().filter(|&other| other != lane) {
            queue.add((["low", "normal", "high"][other as usize], pops), other, now).expect("there is room");
        }
        let popped = queue.pop(now).expect("keys are ready").key;
        queue.done(&popped, now);
        if popped.0 == key {
            return pops;
        }
    }
    unreachable!("the loop has no end")
}

#[test]
fn every_lane_gets_its_turns_under_load() {
    for lane in Lane::ALL {
        for before in [0, 1, 10, 100] {
            let pops = pops_until("it", lane, before);
            assert!(pops <= (before + 1) * lane.pops_max(), "{lane:?} behind {before}: {pops} pops");
        }
    }
    assert_eq!(pops_until("it", Lane::Low, 0), Lane::Low.pops_max(), "the bound is tight");
}

#[test]
fn what_runs_is_measured() {
    let mut queue = queue();
    for key in ["a", "b"] {
        queue.put(key, Lane::High, 0);
    }
    assert_eq!((queue.take(10), queue.take(30)), (Some("a"), Some("b")));
    assert_eq!((queue.longest_running(at(50)), queue.unfinished(at(50))), (MS * 40, MS * 60));
    assert_eq!(queue.done(&"a", at(60)), Some(MS * 50));
    assert_eq!((queue.longest_running(at(60)), queue.unfinished(at(60))), (MS * 30, MS * 30));
    assert_eq!((queue.running(), queue.ready_total()), (1, 2));
}

#[test]
fn a_clock_that_goes_back_gives_zero_not_a_panic() {
    let mut queue = queue();
    queue.put("a", Lane::High, 100);
    assert_eq!(queue.pop(at(50)).map(|popped| popped.waited), Some(Duration::ZERO));
    assert_eq!(queue.unfinished(at(10)), Duration::ZERO);
    assert_eq!(queue.done(&"a", at(20)), Some(Duration::ZERO));
}

#[test]
fn delays_for_ever_saturate() {
    let mut queue = queue();
    queue.add_after("a", Duration::MAX, at(5)).expect("there is room");
    assert_eq!((queue.next_deadline(), queue.take(u32::MAX)), (Some(Instant::NEVER), None));
}

#[test]
fn one_limit_for_all_can_be_switched_off_and_changed() {
    let backoff = Backoff::try_new(MS, 3.0, MS * 5, 0.0).expect("sensible");
    let retry_limit = Some(RateLimiter::try_new(MS * 50, 1).expect("sensible"));
    let mut queue = State::new(Config { backoff, retry_limit, ..Config::default() });
    queue.fail("a", 0);
    queue.fail("b", 0);
    assert_eq!(queue.deadline_ms(), Some(1));
    assert_eq!((queue.take(1), queue.take(49), queue.take(50)), (Some("a"), None, Some("b")));
}
