//! A control plane, three nodes and a Deployment of real processes, from the manifest to the last process:
//!
//! ```text
//! cargo run --release --example quickstart
//! cargo run --release --example quickstart -- -f my.yaml
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod demonstration;
mod own_manifest;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use setpoint::env::Env;
use setpoint::node::process::ImageTable;
use setpoint_examples::local_cluster::LocalCluster;
use setpoint_examples::pods::PodWatch;
use setpoint_examples::screen::Screen;
use setpoint_examples::{Failure, interrupted, web};

/// Runs a Deployment on three local nodes: kills a process, scales, rolls out, rolls back, deletes.
#[derive(Parser)]
struct Arguments {
    /// Runs this manifest instead, until Ctrl-C. Images: `web:v1`, `web:v2`, and `host`, which is no program of
    /// its own but runs the container's command on this machine.
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            match web::version_to_serve() {
                Some(version) => web::serve(version).await,
                None => run(Arguments::parse()).await,
            }
        })
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let env = Env::tokio();
    let screen = Arc::new(Screen::new(&env));
    let images = ImageTable::with_host()
        .with_image("web:v1", web::image("web v1")?)
        .with_image("web:v2", web::image("web v2")?);
    let manifest = match &arguments.file {
        // Read before anything is started: what is wrong with it should be seen at once.
        Some(path) => own_manifest::read(path)?,
        None => demonstration::manifest()?,
    };
    let cluster = LocalCluster::start(&env, 3, &images).await?;
    screen.say("a control plane with 3 nodes is up");
    let pods = PodWatch::start(cluster.plane(), Arc::clone(&screen), cluster.process_of()).await?;
    let result = match arguments.file {
        Some(_) => own_manifest::run(&cluster, &screen, &pods, &manifest).await,
        None => tokio::select! {
            result = demonstration::run(&cluster, &screen, &pods, &manifest) => result,
            end = interrupted() => end.map_err(Failure::from).and(Err("interrupted".into())),
        },
    };
    screen.clear();
    drop(pods);
    cluster.shut_down().await;
    if result.is_ok() {
        screen.say("everything has ended, nothing is left running");
    }
    result
}
