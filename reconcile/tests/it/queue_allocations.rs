//! The queue's promise that nothing allocates in steady state, held against the global allocator.

use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_reconcile::queue::{Config, Gate, Lane, State};

const KEYS: u64 = 1000;

/// One round of everything a controller does: all keys come, are delayed, fail, back off, and are forgotten.
fn round(queue: &mut State<u64>, now: &mut Instant) {
    for key in 0..KEYS {
        let lane = Lane::ALL[(key % 3) as usize];
        queue.add(key, lane, *now).expect("there is room");
        queue.add_after(key + KEYS, Duration::from_millis(key % 17), *now).expect("there is room");
    }
    for pass in 0..3 {
        while let Some(popped) = queue.pop(*now) {
            match (popped.key + pass) % 3 {
                0 => queue.add_rate_limited(popped.key, popped.key << 40, *now).expect("there is room"),
                1 => queue.add(popped.key + 2 * KEYS, Lane::Low, *now).expect("there is room"),
                _ => queue.forget(&popped.key),
            }
            queue.done(&popped.key, *now);
            if popped.key >= 2 * KEYS {
                break;
            }
        }
        *now += Duration::from_secs(2000);
    }
    while let Some(popped) = queue.pop(*now) {
        queue.forget(&popped.key);
        queue.done(&popped.key, *now);
    }
    for key in 0..5 * KEYS {
        queue.forget(&key);
    }
}

#[test]
fn nothing_allocates_in_steady_state() {
    for gate in [Gate::Pass, Gate::Respect] {
        let mut queue = State::new(Config { gate, ..Config::default() });
        let mut now = Instant::START;
        for _ in 0..4 {
            round(&mut queue, &mut now);
        }
        assert!(queue.is_empty(), "a round leaves nothing behind");
        let counted = allocation_counter::measure(|| {
            for _ in 0..10 {
                round(&mut queue, &mut now);
            }
        });
        assert_eq!(counted.count_total, 0, "{gate:?}");
    }
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8])));
    assert_eq!(counted.count_total, 1);
}
