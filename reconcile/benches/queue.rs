//! What one key costs the work queue: one JSON line with nanoseconds per add + pop + done on one thread, the
//! best of several rounds, and allocations per key once warm. The goal is 150 ns and none.
//!
//! `cargo bench -p setpoint-reconcile --bench queue`

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "its output is for the terminal")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as RealInstant;

use setpoint_core::env::{Env, Instant, Simulation};
use setpoint_reconcile::queue::{Config, Key, Lane, Queue, State};

/// Keys per measurement, whatever the number of distinct ones.
const OPERATIONS: usize = 1_000_000;
const ROUNDS: usize = 5;

fn main() {
    let mut cases = Vec::new();
    for keys in [1, 1_000, 100_000] {
        let numbers: Vec<u64> = (0..keys as u64).collect();
        cases.push(case("state", "u64", keys, &mut batches(&numbers)));
        let names: Vec<(Arc<str>, Arc<str>)> =
            (0..keys).map(|number| ("default".into(), format!("web-7d4b9c{number:05}").into())).collect();
        cases.push(case("state", "namespace/name", keys, &mut batches(&names)));
        let sim = Simulation::new(1);
        cases.push(case("handle", "u64", keys, &mut through_handle(&sim.env(), &numbers)));
    }
    println!("{{\"bench\":\"queue add+get+done\",\"cases\":[{}]}}", cases.join(","));
}

/// All keys are added, then all are popped and done: the queue is as deep as there are keys.
fn batches<K: Key>(keys: &[K]) -> impl FnMut() {
    let mut queue = State::new(Config::default());
    move || {
        for key in keys {
            black_box(queue.add(key.clone(), Lane::High, Instant::START)).expect("there is room");
        }
        while let Some(popped) = queue.pop(Instant::START) {
            black_box(queue.done(&popped.key, Instant::START));
        }
    }
}

fn through_handle(env: &Env, keys: &[u64]) -> impl FnMut() {
    let queue = Queue::new(env.clone(), "bench", Config::default());
    move || {
        for &key in keys {
            black_box(queue.add(key, Lane::High)).expect("there is room");
        }
        while let Some(run) = queue.try_next() {
            drop(black_box(run));
        }
    }
}

fn case(what: &str, key: &str, keys: usize, batch: &mut dyn FnMut()) -> String {
    let batches = OPERATIONS / keys;
    batch();
    batch();
    let mut best = f64::INFINITY;
    let counted = allocation_counter::measure(|| {
        for _ in 0..ROUNDS {
            let start = RealInstant::now();
            for _ in 0..batches {
                batch();
            }
            best = best.min(start.elapsed().as_nanos() as f64 / OPERATIONS as f64);
        }
    });
    let allocations = counted.count_total as f64 / (OPERATIONS * ROUNDS) as f64;
    format!(
        "{{\"what\":\"{what}\",\"key\":\"{key}\",\"keys\":{keys},\"ns\":{best:.1},\"allocations\":{allocations}}}"
    )
}
