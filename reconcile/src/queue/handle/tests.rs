use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Simulation};

use crate::backoff::Backoff;
use crate::queue::{Config, Lane, Queue, Shutdown};

const MS: Duration = Duration::from_millis(1);

fn config() -> Config {
    Config { backoff: Backoff::try_new(MS * 5, 2.0, MS * 1000, 0.0).expect("sensible"), ..Config::default() }
}

fn queue(env: &Env) -> Queue<u32> {
    Queue::new(env.clone(), "test", config())
}

#[test]
fn a_waiting_worker_gets_a_key_that_is_added_later() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    let producer = queue.clone();
    let inner = env.clone();
    let task = env.spawn("producer", async move {
        inner.sleep(MS * 10).await;
        producer.add(7, Lane::High)
    });
    let key = sim.block_on(async { queue.next().await.map(|run| *run.key()) });
    assert_eq!((key, env.now().since_start()), (Ok(Some(7)), MS * 10));
    drop(task);
}

#[test]
fn delays_and_backoffs_come_at_their_time() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    queue.add_after(1, MS * 30).expect("there is room");
    queue.add_rate_limited(2).expect("there is room");
    let seen = sim.block_on(async {
        let mut seen = Vec::new();
        while seen.len() < 4 {
            let run = queue.next().await.expect("not shut down");
            seen.push((*run.key(), env.now().since_start()));
            if *run.key() == 2 {
                queue.add_rate_limited(2).expect("there is room");
            }
        }
        seen
    });
    assert_eq!(seen, Ok(vec![(2, MS * 5), (2, MS * 15), (1, MS * 30), (2, MS * 35)]));
    assert_eq!(queue.retries(&2), 4);
    queue.forget(&2);
    assert_eq!(queue.retries(&2), 0);
}

#[test]
fn a_panic_ends_the_run() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    queue.add(1, Lane::High).expect("there is room");
    let worker = queue.clone();
    let task = env.spawn("worker", async move {
        let _run = worker.next().await;
        panic!("boom");
    });
    let end: Result<(), _> = sim.block_on(task.join()).expect("it ends");
    assert!(end.is_err());
    queue.add(1, Lane::High).expect("there is room");
    assert!(queue.try_next().is_some(), "the key is free again");
}

#[test]
fn dropping_a_woken_worker_wakes_another() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    let worker = queue.clone();
    let got = sim.block_on(async {
        let mut first = Box::pin(queue.next());
        assert!(futures::poll!(&mut first).is_pending());
        let second = env.spawn("second", async move { worker.next().await.map(|run| *run.key()) });
        env.sleep(MS).await;
        // The first has waited longest, so it is the one woken.
        queue.add(1, Lane::High).expect("there is room");
        drop(first);
        second.join().await
    });
    assert_eq!(got, Ok(Ok(Some(1))));
}

#[test]
fn dropping_the_worker_that_watches_a_deadline_passes_the_watch_on() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    let worker = queue.clone();
    let task = env.spawn("patient", async move { worker.next().await.map(|run| *run.key()) });
    let got = sim.block_on(async {
        let mut impatient = Box::pin(queue.next());
        assert!(futures::poll!(&mut impatient).is_pending());
        env.sleep(MS).await;
        queue.add_after(1, MS * 10).expect("there is room");
        env.sleep(MS).await;
        drop(impatient);
        task.join().await
    });
    assert_eq!((got, env.now().since_start()), (Ok(Ok(Some(1))), MS * 11));
}

#[test]
fn a_drain_ends_workers_and_waits_for_their_runs() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    for key in 0..6 {
        queue.add(key, Lane::High).expect("there is room");
    }
    queue.add_after(9, MS).expect("there is room");
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (queue, inner) = (queue.clone(), env.clone());
            env.spawn("worker", async move {
                let mut runs = 0;
                while let Some(_run) = queue.next().await {
                    inner.sleep(MS * 10).await;
                    runs += 1;
                }
                runs
            })
        })
        .collect();
    let total = sim.block_on(async {
        queue.shut_down(Shutdown::Drain);
        futures::future::join(queue.drained(), queue.drained()).await;
        assert_eq!(env.now().since_start(), MS * 20);
        let mut total = 0;
        for worker in workers {
            total += worker.join().await.expect("workers end");
        }
        total
    });
    assert_eq!(total, Ok(6));
    assert!(sim.is_empty() && queue.is_empty());
}

#[test]
fn shutdown_now_ends_idle_workers_at_once() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let queue = queue(&env);
    queue.add_after(1, MS * 1000).expect("there is room");
    let workers: Vec<_> = (0..3)
        .map(|_| {
            let queue = queue.clone();
            env.spawn("worker", async move { queue.next().await.is_none() })
        })
        .collect();
    let ended = sim.block_on(async {
        env.sleep(MS).await;
        queue.shut_down(Shutdown::Now);
        futures::future::join_all(workers).await
    });
    assert_eq!((ended, env.now().since_start()), (Ok(vec![Ok(true); 3]), MS));
}

#[test]
fn abandoned_waits_leave_nothing_behind() {
    let sim = Simulation::new(1);
    let queue = queue(&sim.env());
    queue.add_after(1, MS * 10).expect("there is room");
    sim.block_on(async {
        for _ in 0..100 {
            assert!(queue.next().now_or_never().is_none());
            assert!(queue.drained().now_or_never().is_none());
        }
    })
    .expect("nothing waits");
    assert!(sim.is_empty(), "no timer is left");
}

/// Producers and workers on every seed: nobody hangs, no key runs twice at a time, and every add is followed by
/// a run that starts after it.
#[test]
fn no_wake_up_is_lost_on_any_schedule() {
    for seed in 0..200 {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let queue = queue(&env);
        let world: Arc<Mutex<World>> = Arc::default();
        let workers: Vec<_> = (0..3).map(|_| worker(&env, &queue, &world)).collect();
        let producers: Vec<_> = (0..3).map(|_| producer(&env, &queue, &world)).collect();
        let outcome = sim.block_on(async {
            for producer in producers {
                producer.join().await.expect("producers end");
            }
            env.sleep(Duration::from_secs(10)).await;
            assert!(queue.is_empty(), "SEED={seed}: some key was not given to anybody");
            queue.shut_down(Shutdown::Drain);
            queue.drained().await;
            for worker in workers {
                worker.join().await.expect("workers end");
            }
        });
        assert_eq!(outcome, Ok(()), "SEED={seed}");
        let world = world.lock();
        assert_eq!(world.seen, world.written, "SEED={seed}");
    }
}

/// A level per key, as writers left it and as runs last saw it.
#[derive(Default)]
struct World {
    written: [u32; 4],
    seen: [u32; 4],
    running: [bool; 4],
}

fn producer(env: &Env, queue: &Queue<u32>, world: &Arc<Mutex<World>>) -> setpoint_core::env::Task<()> {
    let (env, queue, world) = (env.clone(), queue.clone(), Arc::clone(world));
    env.clone().spawn("producer", async move {
        for _ in 0..20 {
            env.sleep(MS * env.random_below(4) as u32).await;
            let key = env.random_below(4) as usize;
            world.lock().written[key] += 1;
            let added = match env.random_below(3) {
                0 => queue.add_after(key as u32, MS * env.random_below(9) as u32),
                1 => queue.add_rate_limited(key as u32),
                _ => queue.add(key as u32, Lane::ALL[env.random_below(3) as usize]),
            };
            added.expect("there is room");
        }
    })
}

fn worker(env: &Env, queue: &Queue<u32>, world: &Arc<Mutex<World>>) -> setpoint_core::env::Task<()> {
    let (env, queue, world) = (env.clone(), queue.clone(), Arc::clone(world));
    env.clone().spawn("worker", async move {
        for attempt in 0.. {
            // Impatient at first: giving up must lose nothing, and later nobody comes back to look.
            let patience = if attempt < 8 { MS * (1 + env.random_below(3) as u32) } else { Duration::MAX };
            let run = match env.timeout(patience, queue.next()).await {
                Ok(Some(run)) => run,
                Ok(None) => return,
                Err(_) => continue,
            };
            let key = *run.key() as usize;
            let level = {
                let world = &mut *world.lock();
                assert!(!std::mem::replace(&mut world.running[key], true), "one run per key");
                world.written[key]
            };
            env.sleep(MS * env.random_below(5) as u32).await;
            let world = &mut *world.lock();
            world.running[key] = false;
            world.seen[key] = level;
            queue.forget(run.key());
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_runs_once_with_workers_on_two_threads() {
    let env = Env::tokio();
    let queue = queue(&env);
    let seen: Arc<Mutex<Vec<u32>>> = Arc::default();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let (queue, seen) = (queue.clone(), Arc::clone(&seen));
            env.spawn("worker", async move {
                while let Some(run) = queue.next().await {
                    seen.lock().push(*run.key());
                }
            })
        })
        .collect();
    for key in 0..2000 {
        queue.add(key, Lane::High).expect("there is room");
    }
    queue.shut_down(Shutdown::Drain);
    queue.drained().await;
    for worker in workers {
        worker.join().await.expect("workers end");
    }
    let mut seen = std::mem::take(&mut *seen.lock());
    seen.sort_unstable();
    assert_eq!(seen, (0..2000).collect::<Vec<_>>());
}
