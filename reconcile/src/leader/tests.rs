//! Candidates against each other on virtual time, under pauses, partitions, late requests and clocks that are wrong
//! (OTHER-13, INV-IN-11, INV-C-09).

mod machine;
mod road;
mod world;

use std::time::Duration;

use setpoint_core::env::Simulation;

use self::world::{Fence, World, check_epochs, check_no_overlap};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn run(seed: u64, fence: Fence, story: impl AsyncFnOnce(&mut World)) -> world::Outcome {
    let sim = Simulation::new(seed);
    let env = sim.env();
    let outcome = sim.block_on(async {
        let mut world = World::new(&env, fence).await;
        story(&mut world).await;
        world.end().await
    });
    let outcome = outcome.expect("nothing waits for ever");
    assert!(sim.is_empty(), "nothing outlives the candidates");
    outcome
}

#[test]
fn one_of_two_leads_and_the_other_follows_when_it_is_shut_down() {
    let outcome = run(1, Fence::Honoured, async |world| {
        world.start("a");
        world.pass(seconds(1)).await;
        world.start("b");
        world.pass(seconds(60)).await;
        assert_eq!(world.leaders(), ["a"]);
        assert_eq!(world.lease().await.transitions, 0);
        world.shut_down("a").await;
        assert_eq!(&*world.lease().await.holder, "", "it is released");
        world.pass(seconds(5)).await;
        assert_eq!(world.leaders(), ["b"], "a released lease is taken at the next attempt");
        assert_eq!(world.lease().await.transitions, 1);
    });
    check_epochs(&outcome);
    assert_eq!(outcome.epochs(), 2, "renewals begin no epoch");
}

#[test]
fn a_crashed_leader_is_followed_within_the_lease_time() {
    let outcome = run(2, Fence::Honoured, async |world| {
        world.start("a");
        world.pass(seconds(1)).await;
        world.start("b");
        world.pass(seconds(30)).await;
        let writes = world.landed().len();
        world.crash("a");
        // The duration of the lease, the last renewal before, and one attempt with jitter.
        world.pass(seconds(15 + 2 + 5)).await;
        assert_eq!(world.leaders(), ["b"]);
        assert!(world.landed().len() > writes);
    });
    check_epochs(&outcome);
}

#[test]
fn a_leader_that_was_paused_writes_nothing_when_it_wakes() {
    for fence in [Fence::Honoured, Fence::Absent] {
        let outcome = run(3, fence, async |world| {
            world.start("a");
            world.pass(seconds(1)).await;
            world.start("b");
            world.pass(seconds(30)).await;
            world.pause("a");
            world.pass(seconds(60)).await;
            assert_eq!(world.leaders(), ["a", "b"], "a sleeps and does not know better");
            world.wake("a");
            world.pass(seconds(30)).await;
            assert_eq!(world.leaders(), ["b"]);
        });
        check_epochs(&outcome);
        check_no_overlap(&outcome);
    }
}

#[test]
fn what_was_sent_in_time_and_comes_late_is_refused_by_the_fence() {
    let late = async |world: &mut World| {
        world.start("a");
        world.pass(seconds(1)).await;
        world.start("b");
        world.pass(seconds(30)).await;
        // Its requests go nowhere for a while, and then arrive all the same.
        world.hold("a");
        world.pass(seconds(60)).await;
        assert_eq!(world.leaders(), ["b"]);
        world.release_held("a");
        world.pass(seconds(30)).await;
    };
    let outcome = run(4, Fence::Honoured, late);
    check_epochs(&outcome);
    assert!(outcome.refused > 0, "something came late");
    let unfenced = run(4, Fence::Absent, late);
    assert!(unfenced.has_overlap(), "without a fence it lands: the test can see it");
}

#[test]
fn a_leader_that_cannot_reach_the_store_stops_before_another_begins() {
    for fence in [Fence::Honoured, Fence::Absent] {
        let outcome = run(5, fence, async |world| {
            world.start("a");
            world.pass(seconds(1)).await;
            world.start("b");
            world.pass(seconds(30)).await;
            world.cut("a");
            world.pass(seconds(13)).await;
            assert_eq!(world.leaders(), ["a"], "its work is told to end, which takes it some time");
            world.pass(seconds(2)).await;
            assert_eq!(world.leaders(), Vec::<&str>::new());
            world.pass(seconds(20)).await;
            assert_eq!(world.leaders(), ["b"]);
            world.mend("a");
            world.pass(seconds(30)).await;
            assert_eq!(world.leaders(), ["b"]);
        });
        check_epochs(&outcome);
        check_no_overlap(&outcome);
    }
}

#[test]
fn clocks_that_are_hours_apart_change_nothing() {
    let outcome = run(6, Fence::Honoured, async |world| {
        world.start_with_clock("a", -7_200, 1.0);
        world.pass(seconds(1)).await;
        world.start_with_clock("b", 7_200, 1.0);
        world.pass(seconds(300)).await;
        assert_eq!(world.leaders(), ["a"]);
    });
    assert_eq!(outcome.epochs(), 1);
}

#[test]
fn an_epoch_that_somebody_removes_is_begun_anew() {
    let outcome = run(7, Fence::Honoured, async |world| {
        world.start("a");
        world.pass(seconds(10)).await;
        world.remove_epoch().await;
        let writes = world.landed().len();
        world.pass(seconds(30)).await;
        assert_eq!(world.leaders(), ["a"]);
        assert!(world.landed().len() > writes, "it writes again");
    });
    assert_eq!(outcome.epochs(), 2);
    check_epochs(&outcome);
}

#[test]
fn work_that_returns_gives_up_and_work_that_panics_competes_again() {
    run(8, Fence::Honoured, async |world| {
        world.start_returning("a", seconds(20));
        world.pass(seconds(1)).await;
        world.start("b");
        world.pass(seconds(30)).await;
        assert_eq!(world.leaders(), ["b"]);
        world.shut_down("b").await;
        world.start_panicking("c", seconds(5));
        world.pass(seconds(12)).await;
        assert_eq!(&*world.lease().await.holder, "", "it has given way");
        world.pass(seconds(10)).await;
        assert_eq!(&*world.lease().await.holder, "c", "and competes again");
    });
}

/// Many histories of faults by chance: there is never a write of an epoch after another epoch has begun, and in the
/// end somebody leads.
#[test]
fn at_most_one_writes_whatever_happens() {
    for seed in 0..40 {
        let outcome = run(seed, Fence::Honoured, async |world| {
            for (name, offset, rate) in [("a", 0, 1.0), ("b", -3_600, 1.02), ("c", 86_400, 0.98)] {
                world.start_with_clock(name, offset, rate);
            }
            for _ in 0..12 {
                world.something_happens().await;
            }
            world.heal();
            world.pass(seconds(60)).await;
            assert_eq!(world.leaders().len(), 1, "seed {seed}");
        });
        check_epochs(&outcome);
    }
}

/// Without a fence, and without requests that come late, clocks alone keep writers apart.
#[test]
fn clocks_keep_writers_apart_when_nothing_comes_late() {
    for seed in 0..40 {
        let outcome = run(seed, Fence::Absent, async |world| {
            for (name, offset, rate) in [("a", 0, 1.0), ("b", -3_600, 1.02), ("c", 86_400, 0.98)] {
                world.start_with_clock(name, offset, rate);
            }
            for _ in 0..12 {
                world.something_happens_in_time().await;
            }
            world.heal();
            world.pass(seconds(60)).await;
            assert_eq!(world.leaders().len(), 1, "seed {seed}");
        });
        check_no_overlap(&outcome);
    }
}
