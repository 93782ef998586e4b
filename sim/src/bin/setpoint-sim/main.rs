//! Long searches: as many random runs of the suite's scenarios as one likes, sweeps, and replays.
//!
//! ```text
//! cargo run --release -p setpoint-sim -- --seeds 10000
//! cargo run --release -p setpoint-sim -- --sweep
//! cargo run --release -p setpoint-sim -- --replay failure.txt
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use parking_lot::Mutex;
use setpoint_sim::{Recording, Scenario, Summary, Sweep, View, Violation, suite, trace_of};

use self::progress::{Progress, now};

mod progress;

/// Makes things go wrong in simulated worlds, and tells what did not stand it.
#[derive(Parser)]
struct Arguments {
    /// How many random runs.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Only this scenario.
    #[arg(long)]
    scenario: Option<String>,
    /// Every single fault at every place in place of random runs.
    #[arg(long)]
    sweep: bool,
    /// Looks for the seeded bugs, and tells how fast each is found.
    #[arg(long)]
    bugs: bool,
    /// One recorded run in place of random ones.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Prints the fingerprint of each seed's run in place of looking for what goes wrong.
    #[arg(long)]
    trace: bool,
    /// How many threads; what a seed does is the same on each.
    #[arg(long, default_value_t = 1)]
    threads: u64,
}

/// What went wrong, by scenario and check, with the seeds that show it.
type Found = BTreeMap<(String, String), Vec<u64>>;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let wanted =
        |scenario: &Scenario| arguments.scenario.as_deref().is_none_or(|name| name == scenario.name());
    let scenarios: Vec<Scenario> = suite::scenarios().into_iter().filter(wanted).collect();
    if scenarios.is_empty() {
        println!("there is no such scenario");
        return ExitCode::FAILURE;
    }
    let good = if let Some(file) = &arguments.replay {
        replay(&suite::scenarios(), file)
    } else if arguments.trace {
        print_traces(&scenarios, &arguments)
    } else if arguments.bugs {
        hunt()
    } else if arguments.sweep {
        sweep(&scenarios)
    } else {
        search(&scenarios, &arguments)
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn replay(scenarios: &[Scenario], file: &PathBuf) -> bool {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            println!("{} cannot be read: {error}", file.display());
            return false;
        }
    };
    let recording: Recording = match text.parse() {
        Ok(recording) => recording,
        Err(error) => {
            println!("{}: {error}", file.display());
            return false;
        }
    };
    let Some(scenario) = scenarios.iter().find(|it| it.name() == recording.scenario) else {
        println!("there is no scenario {}", recording.scenario);
        return false;
    };
    match scenario.replay(&recording) {
        Ok(_) => {
            println!("nothing goes wrong");
            true
        }
        Err(failure) => {
            println!("{failure}");
            false
        }
    }
}

fn print_traces(scenarios: &[Scenario], arguments: &Arguments) -> bool {
    for scenario in scenarios {
        for seed in arguments.from..arguments.from + arguments.seeds {
            println!("{} {seed} {:016x}", scenario.name(), trace_of(scenario, seed));
        }
    }
    true
}

fn hunt() -> bool {
    let mut good = true;
    for bug in suite::bugs::bugs() {
        let where_from = format!("{} ({}) in {}", bug.name, bug.history, bug.scenario.name());
        match bug.find() {
            Ok((runs, Violation { check, message, .. })) => {
                println!("{where_from}: found by run {runs}, {check}: {message}");
            }
            Err(runs) => {
                good = false;
                println!("{where_from}: not found in {runs} runs");
            }
        }
    }
    good
}

fn sweep(scenarios: &[Scenario]) -> bool {
    let mut good = true;
    for scenario in scenarios {
        for view in [View::Informers, View::Direct] {
            let begun = now();
            match scenario.sweep(Sweep::full(view)) {
                Ok(summary) => {
                    println!(
                        "{} {view:?}: {}",
                        scenario.name(),
                        speed(&summary, begun.elapsed().as_secs_f64())
                    );
                }
                Err(failure) => {
                    println!("{failure}\n");
                    good = false;
                }
            }
        }
    }
    good
}

/// Each seed is that of one scenario, in turn.
fn search(scenarios: &[Scenario], arguments: &Arguments) -> bool {
    let progress = Progress::new(arguments.seeds);
    let next = AtomicU64::new(arguments.from);
    let end = arguments.from + arguments.seeds;
    let total = Mutex::new(Summary::default());
    let found: Mutex<Found> = Mutex::default();
    std::thread::scope(|threads| {
        for _ in 0..arguments.threads.max(1) {
            threads.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let scenario = &scenarios[usize::try_from(seed).unwrap_or(0) % scenarios.len()];
                    let mut summary = Summary::default();
                    let verdict = scenario.try_seed(seed, &mut summary);
                    let total = {
                        let mut total = total.lock();
                        total.add(&summary);
                        *total
                    };
                    let mut found = found.lock();
                    if let Err(violation) = verdict {
                        // At once: a long search may be ended early.
                        let what = violation.message.lines().next().unwrap_or_default();
                        progress.say(&format!("{} {seed}: {}: {what}", scenario.name(), violation.check));
                        let key = (scenario.name().to_owned(), violation.check.clone());
                        found.entry(key).or_default().push(seed);
                    }
                    let findings = found.values().map(Vec::len).sum();
                    progress.seed(&total, findings);
                }
            });
        }
    });
    println!("{}", speed(&total.lock(), progress.finish()));
    let mut found = found.into_inner();
    for ((name, check), seeds) in &mut found {
        seeds.sort_unstable();
        let listed: Vec<String> = seeds.iter().map(u64::to_string).collect();
        println!("\n{name}: {check} by {} seeds: {}", seeds.len(), listed.join(" "));
        let scenario = scenarios.iter().find(|it| it.name() == name);
        if let (Some(seed), Some(scenario)) = (seeds.first(), scenario)
            && let Err(failure) = scenario.random_one(*seed, &mut Summary::default())
        {
            println!("{failure}");
        }
    }
    found.is_empty()
}

fn speed(summary: &Summary, seconds: f64) -> String {
    let Summary { runs, lasted, faults } = summary;
    let hours = lasted.as_secs_f64() / 3600.0;
    let (per_second, hours_per_second) = (*runs as f64 / seconds, hours / seconds);
    format!(
        "{runs} runs with {faults} faults in {seconds:.1} s: {per_second:.0} runs/s, {hours:.0} virtual hours, {hours_per_second:.0} per second"
    )
}
