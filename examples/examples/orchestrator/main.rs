//! A whole orchestrator in one process, told what to do line by line:
//!
//! ```text
//! cargo run --release --example orchestrator
//! > apply -f examples/manifests/web.yaml
//! > get pods
//! ```
//!
//! It runs until `quit`, the end of its input, or Ctrl-C, and then ends all that it runs. Or it serves the Kubernetes
//! API until TERM:
//!
//! ```text
//! cargo run --release --example orchestrator -- serve --kubeconfig /tmp/config
//! kubectl --kubeconfig /tmp/config get nodes
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

mod command;
mod serve;
mod table;

use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use setpoint::env::Env;
use setpoint::manifest::Manifest;
use setpoint::model::object::{Key, ObjectRef};
use setpoint::store::request::{
    DeleteOptions, ListQuery, Outcome, Propagation, ReadAt, RequestContext, Selection,
};
use setpoint::store::{ObjectStore, ObjectStoreExt};
use setpoint_examples::local_cluster::LocalCluster;
use setpoint_examples::{Failure, interrupted, web};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::command::{Command, Target};
use crate::serve::ServeArguments;

/// A control plane with local nodes that takes commands on its input.
#[derive(Parser)]
struct Arguments {
    /// How many nodes run processes on this machine.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=100))]
    nodes: u8,
    #[command(subcommand)]
    mode: Option<Mode>,
}

#[derive(Subcommand)]
enum Mode {
    Serve(ServeArguments),
}

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let result = runtime.map_err(Failure::from).and_then(|runtime| {
        let result = runtime.block_on(async {
            match web::version_to_serve() {
                Some(version) => web::serve(version).await,
                None => match Arguments::parse() {
                    Arguments { mode: Some(Mode::Serve(arguments)), .. } => serve::run(&arguments).await,
                    arguments => run(&arguments).await,
                },
            }
        });
        // A line that is still waited for on the input keeps nobody.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let env = Env::tokio();
    let cluster = LocalCluster::start(&env, arguments.nodes, &web::images()?).await?;
    println!("{} node(s) are up; `help` lists the commands", arguments.nodes);
    let result = converse(&cluster).await;
    println!("ending");
    cluster.shut_down().await;
    result
}

/// Does what it is told, until it is told to end. What cannot be done is said, and is not the end; but a program
/// that is fed from a file should notice, so its first failure is the result.
async fn converse(cluster: &LocalCluster) -> Result<(), Failure> {
    let is_terminal = std::io::stdin().is_terminal();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    loop {
        if is_terminal {
            print!("> ");
            std::io::stdout().flush()?;
        }
        let line = tokio::select! {
            line = lines.next_line() => line?,
            end = interrupted() => {
                end?;
                return Ok(());
            }
        };
        let Some(line) = line else { return Ok(()) };
        let done = match Command::parse(&line) {
            Ok(None) => Ok(()),
            Ok(Some(Command::Quit)) => return Ok(()),
            Ok(Some(command)) => obey(cluster, command).await,
            Err(failure) => Err(failure.into()),
        };
        match done {
            Err(failure) if is_terminal => eprintln!("{failure}"),
            done => done?,
        }
    }
}

async fn obey(cluster: &LocalCluster, command: Command) -> Result<(), Failure> {
    let store = cluster.plane().store();
    match command {
        Command::Apply { file } => apply(&**store, &file).await,
        Command::Get(target) => get(&**store, &target, cluster.plane().env()).await,
        Command::Delete(target) => delete(&**store, &target).await,
        Command::Wait { target, condition, seconds } => {
            let limit = std::time::Duration::from_secs(seconds);
            let env = cluster.plane().env();
            env.timeout(limit, wait(&**store, env, &target, &condition))
                .await
                .map_err(|_| format!("{}: {condition} is not true within {seconds} s", target.kind))?
        }
        Command::Help => {
            println!("{}", command::HELP);
            Ok(())
        }
        Command::Quit => Ok(()),
    }
}

async fn apply(store: &dyn ObjectStore, file: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let manifest = Manifest::parse(file, &text, store.registry())?;
    for applied in manifest.apply(store, &RequestContext::system("orchestrator")).await? {
        let outcome = match applied.outcome {
            Outcome::Created => "created",
            Outcome::Unchanged => "unchanged",
            _ => "configured",
        };
        println!("{} {outcome}", applied.subject);
        applied.warnings.iter().for_each(|warning| println!("warning: {warning}"));
    }
    Ok(())
}

async fn get(store: &dyn ObjectStore, target: &Target, env: &Env) -> Result<(), Failure> {
    let objects = select(store, target).await?;
    if target.json {
        for object in &objects {
            println!("{}", serde_json::to_string_pretty(&object.to_value())?);
        }
        return Ok(());
    }
    println!("{}", table::of(&objects, env.wall()));
    Ok(())
}

async fn delete(store: &dyn ObjectStore, target: &Target) -> Result<(), Failure> {
    if target.name.is_none() {
        return Err("delete needs a name".into());
    }
    for object in select(store, target).await? {
        let options =
            DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        store.delete(&RequestContext::system("orchestrator"), &object.key(), options).await?;
        println!("{} {:?} deleted", object.kind().names.kind, &*object.meta().name);
    }
    Ok(())
}

/// Waits until all objects have a condition with status True.
async fn wait(store: &dyn ObjectStore, env: &Env, target: &Target, condition: &str) -> Result<(), Failure> {
    loop {
        let objects = select(store, target).await?;
        let holds = |object: &ObjectRef| {
            let value = object.to_value();
            let conditions = value.pointer("/status/conditions").and_then(|all| all.as_array().cloned());
            conditions.into_iter().flatten().any(|one| one["type"] == condition && one["status"] == "True")
        };
        if !objects.is_empty() && objects.iter().all(holds) {
            println!("{condition} is true of {} object(s)", objects.len());
            return Ok(());
        }
        env.sleep(std::time::Duration::from_millis(100)).await;
    }
}

async fn select(store: &dyn ObjectStore, target: &Target) -> Result<Vec<ObjectRef>, Failure> {
    let kind = store
        .registry()
        .find_by_any_name(&target.kind)
        .ok_or_else(|| format!("there is no kind that is called {:?}", target.kind))?;
    let context = RequestContext::system("orchestrator");
    let namespace = kind.is_namespaced().then(|| target.namespace.clone().into());
    match &target.name {
        Some(name) => {
            let key = Key { kind: kind.id, namespace, name: name.as_str().into() };
            Ok(vec![store.get(&context, &key, ReadAt::Newest).await?])
        }
        None => {
            let selection = Selection { namespace, ..Selection::all(kind.id) };
            Ok(store.list(&context, &ListQuery::new(selection)).await?.items)
        }
    }
}
