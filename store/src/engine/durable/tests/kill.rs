//! A real process on a real disk, killed at random under load: nothing that it told is missing.
//!
//! Two seconds in an ordinary test run; `SETPOINT_KILL_SECONDS=60` for more.

#![expect(clippy::print_stdout, reason = "the child tells its parent what was acknowledged")]
#![expect(clippy::disallowed_methods, reason = "a real process has real time")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use setpoint_core::env::{Env, Random};

use super::world::{SMALL, World};
use crate::engine::Engine;
use crate::engine::durable::{Disk, Durable, check};

/// Says in the child's environment where its store is.
const FOLDER: &str = "SETPOINT_KILL_FOLDER";
const WRITERS: usize = 8;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made")
}

/// The child: writes until it is killed, and tells each write once it is acknowledged. Without a parent it does nothing.
#[test]
fn child_that_writes() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let settings = SMALL.with_segment_bytes(20_000).with_snapshots_after(60_000, 1 << 20);
    runtime().block_on(async {
        let env = Env::tokio();
        let world = World::new();
        let disk = Disk::at(folder).expect("the folder is there");
        let engine =
            Durable::open(&env, disk, &world.registry, settings).await.expect("a killed store opens");
        let (world, engine) = (&world, &engine);
        let writers = (0..WRITERS).map(|writer| async move {
            for round in 0u64.. {
                let name = format!("w{writer}-{}", round % 5);
                let label = format!("{writer}-{round}");
                let committed = match round % 7 {
                    6 => world.remove(engine, &name).await,
                    _ => world.put(engine, &name, &label).await,
                };
                if let Ok(committed) = committed {
                    let label = if round % 7 == 6 { "-" } else { &label };
                    println!("acknowledged {} {name} {label}", committed.revision);
                }
            }
        });
        futures::future::join_all(writers).await;
    });
}

#[test]
fn a_killed_process_has_lost_nothing_it_told() {
    let seconds = std::env::var("SETPOINT_KILL_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut random = Random::seeded(1);
    // The newest acknowledged change of each name.
    let mut told: BTreeMap<String, (u64, String)> = BTreeMap::new();
    let (mut kills, mut acknowledged) = (0, 0);
    while Instant::now() < until || kills < 3 {
        let lines = run_child(folder.path(), Duration::from_millis(60 + random.next_u64() % 400));
        acknowledged += lines.len();
        for (revision, name, label) in lines {
            let newest = told.entry(name).or_default();
            assert!(revision != newest.0, "INV-ST-01: revision {revision} was given twice");
            if revision > newest.0 {
                *newest = (revision, label);
            }
        }
        kills += 1;
        verify(folder.path(), &told);
    }
    println!("{{\"test\":\"kill\",\"kills\":{kills},\"acknowledged\":{acknowledged},\"lost\":0}}");
    assert!(acknowledged > 0, "the child has written something");
}

/// Runs the child for a while and kills it; the answer is what it told.
fn run_child(folder: &Path, time: Duration) -> Vec<(u64, String, String)> {
    let itself = std::env::current_exe().expect("a process knows its program");
    let mut child = Command::new(itself)
        .args(["--exact", "engine::durable::tests::kill::child_that_writes", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the child starts");
    let output = child.stdout.take().expect("it is piped");
    let reader = std::thread::Builder::new().spawn(move || {
        // The last line may be cut off: it was not told then.
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        let parse = |line: String| {
            let mut words = line.strip_prefix("acknowledged ")?.split(' ').map(str::to_owned);
            Some((words.next()?.parse().ok()?, words.next()?, words.next()?))
        };
        lines.filter_map(parse).collect::<Vec<(u64, String, String)>>()
    });
    std::thread::sleep(time);
    child.kill().expect("it runs");
    child.wait().expect("it is a child");
    reader.expect("a thread can be made").join().expect("reading does not panic")
}

/// Opens the store as the next process would, and looks for everything that was told.
fn verify(folder: &Path, told: &BTreeMap<String, (u64, String)>) {
    let disk = Disk::at(folder).expect("the folder is there");
    check(&disk).expect("what a killed process leaves is whole");
    runtime().block_on(async {
        let world = World::new();
        let engine = Durable::open(&Env::tokio(), disk, &world.registry, SMALL).await.expect("it opens");
        let objects = world.objects(&engine);
        for (name, (revision, label)) in told {
            // What was written after the last acknowledgement may be there or not, but it is newer.
            match objects.get(name) {
                Some((found, text)) => {
                    assert!(found.0 >= *revision, "{name}: {found} is older than {revision}, which was told");
                    assert!(
                        found.0 > *revision || text == label || label == "-",
                        "{name} has {text}, not {label}"
                    );
                    assert!(found.0 > *revision || label != "-", "{name} was removed at {revision}");
                }
                None => {
                    let newest = engine.snapshot().revision().0;
                    assert!(newest >= *revision, "INV-ST-02: {revision} was told, {newest} is there");
                    assert!(label == "-" || newest > *revision, "{name} was there at {revision}");
                }
            }
        }
        engine.close().await;
    });
}
