use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc;
use parking_lot::Mutex;

use super::*;

/// Workers that sleep random times, draw ids and talk over a channel; the trace is what an observer sees.
fn trace_of(seed: u64) -> Vec<String> {
    let sim = Simulation::new(seed);
    let env = sim.env();
    let trace = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&trace);
    let total = sim.block_on(async move {
        let (sender, mut receiver) = mpsc::unbounded();
        let workers: Vec<_> = (0..5)
            .map(|worker| {
                let (env, sender, seen) = (env.clone(), sender.clone(), Arc::clone(&seen));
                env.clone().spawn("worker", async move {
                    for round in 0..20 {
                        env.sleep(Duration::from_millis(env.random_below(5))).await;
                        seen.lock().push(format!("{:?} {worker} {round} {}", env.now(), env.uuid()));
                        sender.unbounded_send(worker).expect("the receiver is alive");
                    }
                })
            })
            .collect();
        drop(sender);
        let mut total = 0;
        while receiver.next().await.is_some() {
            total += 1;
        }
        for worker in workers {
            worker.join().await.expect("workers end");
        }
        total
    });
    assert_eq!(total, Ok(100));
    let mut trace = trace.lock().clone();
    trace.push(sim.steps().to_string());
    trace
}

#[test]
fn one_seed_gives_one_trace() {
    assert_eq!(trace_of(42), trace_of(42));
}

#[test]
fn another_seed_gives_another_order() {
    assert_ne!(trace_of(42), trace_of(43));
}

#[test]
fn a_deadlock_is_told_not_waited_for() {
    let sim = Simulation::new(1);
    let stalled = sim.block_on(futures::future::pending::<()>());
    assert_eq!(stalled, Err(Stalled(Duration::ZERO)));
}

#[test]
fn dropping_a_handle_cancels_the_task() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let reached = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&reached);
    let inner = env.clone();
    let task = env.spawn("late", async move {
        inner.sleep(Duration::from_secs(5)).await;
        *seen.lock() = true;
    });
    sim.run_for(Duration::from_secs(1));
    drop(task);
    sim.run_for(Duration::from_secs(60));
    assert!(!*reached.lock());
    assert!(sim.is_empty());
}

#[test]
fn a_panic_is_told_by_join() {
    let sim = Simulation::new(1);
    let task = sim.env().spawn("bad", async { panic!("boom") });
    let end: Result<(), TaskEnd> = sim.block_on(task.join()).expect("the task ends");
    assert_eq!(end, Err(TaskEnd::Panicked { task: "bad".into(), message: "boom".into() }));
}

#[test]
fn timeout_cuts_off_and_lets_through() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let limit = Duration::from_secs(2);
    let (late, early) = sim
        .block_on(async {
            let late = env.timeout(limit, env.sleep(Duration::from_secs(3))).await;
            let early = env.timeout(limit, env.sleep(Duration::from_secs(1))).await;
            (late, early)
        })
        .expect("timers are pending");
    assert_eq!((late, early), (Err(Elapsed(limit)), Ok(())));
    assert_eq!(env.now().since_start(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn wall_time_follows_tokios_paused_clock() {
    let env = Env::tokio();
    let (now, wall) = (env.now(), env.wall());
    env.sleep(Duration::from_secs(3600)).await;
    assert_eq!(env.now() - now, Duration::from_secs(3600));
    assert_eq!(env.wall().duration_since(wall), jiff::SignedDuration::from_hours(1));
}

#[test]
fn sleeping_for_ever_is_a_stall_not_an_overflow() {
    let sim = Simulation::new(1);
    let env = sim.env();
    assert!(sim.block_on(env.sleep(Duration::MAX)).is_err());
}

#[test]
fn blocking_work_takes_virtual_time_and_goes_on_without_its_caller() {
    let sim = Simulation::new(1);
    let env = sim.env();
    sim.set_blocking_cost(Duration::from_secs(2));
    let answer = sim.block_on(env.blocking("read", || 7)).expect("it ends");
    assert_eq!((answer, env.now().since_start()), (Ok(7), Duration::from_secs(2)));
    let done = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&done);
    drop(env.blocking("write", move || *seen.lock() = true));
    sim.run_for(Duration::from_secs(3));
    assert!(*done.lock());
}

#[tokio::test]
async fn blocking_work_has_a_thread_of_its_own() {
    let env = Env::tokio();
    let here = std::thread::current().id();
    let there = env.blocking("work", || std::thread::current().id()).await;
    assert_ne!(there, Ok(here));
    let end: Result<(), TaskEnd> = env.blocking("bad", || panic!("boom")).await;
    assert_eq!(end, Err(TaskEnd::Panicked { task: "bad".into(), message: "boom".into() }));
}

/// Takes the tasks in turn and counts for entropy.
struct Fair(u64);

impl Choices for Fair {
    fn next_task(&mut self, _ready: usize) -> usize {
        0
    }

    fn bits(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

#[test]
fn choices_can_come_from_elsewhere() {
    let sim = Simulation::with_choices(Fair(0));
    let env = sim.env();
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let order = Arc::clone(&order);
            env.spawn("task", async move { order.lock().push(task) })
        })
        .collect();
    sim.run_for(Duration::from_secs(1));
    assert_eq!(*order.lock(), [0, 1, 2, 3]);
    assert_eq!((env.random_u64(), env.random_below(10)), (1, 2));
    drop(tasks);
}

#[test]
fn a_world_that_spins_or_never_ends_is_ended() {
    let bounds = Bounds { steps_at_once_max: 1000, time_max: Duration::from_secs(60) };
    let sim = Simulation::new(1);
    let spinning: Result<(), Halt> = sim.run(
        std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }),
        bounds,
    );
    assert_eq!(spinning, Err(Halt::Spinning { steps: 1001, at: Duration::ZERO }));
    let env = sim.env();
    // It never waits, and never gives up its turn.
    let napping: Result<(), Halt> = sim.run(
        async {
            loop {
                env.sleep(Duration::ZERO).await;
            }
        },
        bounds,
    );
    assert!(matches!(napping, Err(Halt::Spinning { at: Duration::ZERO, .. })), "{napping:?}");
    let endless: Result<(), Halt> = sim.run(
        async {
            loop {
                env.sleep(Duration::from_secs(7)).await;
            }
        },
        bounds,
    );
    assert_eq!(endless, Err(Halt::OutOfTime(Duration::from_secs(63))));
}
