//! The API over HTTPS: pods are created by a few connections, listed, and many watch.
//!
//! ```text
//! cargo bench -p setpoint --bench http -- --pods 10000 --connections 8 --watchers 1000
//! ```
//!
//! Server and clients share this process and its two threads, so all figures are those of both. Clients speak HTTP/1.1,
//! keep their connections, and read answers to the end; each watcher has a connection of its own. Prints a line of JSON
//! for each part.

mod client;
mod load;
mod watchers;

#[path = "../process/mod.rs"]
mod process;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::Value;
use setpoint::ControlPlane;
use setpoint::apiserver::authentication::administrator;
use setpoint::apiserver::serve::{Authority, Server};
use setpoint::env::Env;

use crate::client::Target;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a request shows of itself.
const TOKEN: &str = "the-benchmark";

/// Times requests to the API over HTTPS.
#[derive(Parser)]
struct Arguments {
    /// How many pods are created.
    #[arg(long, default_value_t = 10_000)]
    pods: usize,
    /// By how many connections.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// How often they are listed.
    #[arg(long, default_value_t = 9)]
    lists: usize,
    /// How many watch something that changes, and as many something that does not.
    #[arg(long, default_value_t = 1_000)]
    watchers: usize,
    /// How many changes the former see.
    #[arg(long, default_value_t = 200)]
    changes: usize,
    /// How many threads work.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(arguments.threads).enable_all().build();
    match runtime.expect("a runtime can be made").block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "for people")]
            {
                eprintln!("http: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let env = Env::tokio();
    let plane = ControlPlane::builder(&env).start().await?;
    let authority = Authority::new(&env)?;
    let trusted = authority.certificate().to_owned();
    let server = Server::builder(&env, plane.api_server())
        .authority(authority)
        .token(TOKEN, administrator())
        .start()
        .await?;
    let target = Arc::new(Target::new(&env, server.address(), &trusted)?);
    print(&load::create(&target, arguments.pods, arguments.connections).await?);
    print(&load::list(&target, arguments.pods, arguments.lists).await?);
    for line in watchers::watch(&target, arguments.watchers, arguments.changes).await? {
        print(&line);
    }
    server.shut_down().await;
    plane.shut_down().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result")]
fn print(line: &Value) {
    println!("{line}");
}
