//! How long a simulated hour takes of a control plane with many pods.
//!
//! ```text
//! cargo bench -p setpoint-sim --bench hour -- --deployments 50 --replicas 20
//! ```
//!
//! The controllers are on informers, as against a remote store, or on the store's own snapshots; the checks that hold of
//! everybody are on. The hour begins with an empty store, and twenty minutes of silence follow it, which count. Prints
//! a line of JSON for each view.
#![allow(clippy::print_stdout, reason = "a program for people")]

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use setpoint_sim::{View, suite};

/// Times a simulated hour.
#[derive(Parser)]
struct Arguments {
    /// How many Deployments.
    #[arg(long, default_value_t = 50)]
    deployments: usize,
    /// How many pods each of them has.
    #[arg(long, default_value_t = 20)]
    replicas: usize,
    /// What cargo passes to benches.
    #[arg(long)]
    bench: bool,
}

fn main() -> ExitCode {
    let Arguments { deployments, replicas, .. } = Arguments::parse();
    for (name, view) in [("informers", View::Informers), ("direct", View::Direct)] {
        let begun = now();
        let summary = match suite::hour(deployments, replicas).plain(view) {
            Ok(summary) => summary,
            Err(violation) => {
                println!("{violation:?}");
                return ExitCode::FAILURE;
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        let (hours, pods) = (summary.lasted.as_secs_f64() / 3600.0, deployments * replicas);
        println!(
            "{{\"view\":\"{name}\",\"pods\":{pods},\"seconds\":{seconds:.3},\"virtual_hours\":{hours:.3},\"seconds_per_hour\":{:.3}}}",
            seconds / hours
        );
    }
    ExitCode::SUCCESS
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}
