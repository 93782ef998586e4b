//! Looks after the files of a durable store that nobody has open:
//!
//! ```text
//! cargo run --release --example store -- check DIR
//! cargo run --release --example store -- backup DIR FILE
//! cargo run --release --example store -- restore FILE DIR
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use setpoint::env::Env;
use setpoint::store::engine::durable::{CheckReport, Disk, backup, check, restore};

/// Checks, saves and restores the files of a store.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads everything and tells what is there, or what is wrong and where. Changes nothing.
    Check {
        /// The store's folder.
        dir: PathBuf,
    },
    /// Writes all objects into one file.
    Backup {
        /// The store's folder.
        dir: PathBuf,
        /// The file, which must not be there.
        file: PathBuf,
    },
    /// Makes a store of such a file. Its revision is far ahead, so that old ones are answered as expired.
    Restore {
        /// The file.
        file: PathBuf,
        /// The folder, which must be new or empty.
        dir: PathBuf,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Check { dir } => show(&check(&existing(&dir)?)?),
        Command::Backup { dir, file } => {
            let (folder, name) = place(&file)?;
            let revision = backup(&existing(&dir)?, &folder, &name)?;
            println!("{} has everything up to revision {revision}", file.display());
        }
        Command::Restore { file, dir } => {
            let (folder, name) = place(&file)?;
            let revision = restore(&Env::tokio(), &folder, &name, &Disk::at(&dir)?)?;
            println!("{} is at revision {revision}", dir.display());
        }
    }
    Ok(())
}

/// A folder that is there: looking at a store must not make one.
fn existing(dir: &Path) -> Result<Disk, Box<dyn Error>> {
    if !dir.is_dir() {
        return Err(format!("{} is no folder", dir.display()).into());
    }
    Ok(Disk::at(dir)?)
}

/// The folder of a file, and its name there.
fn place(file: &Path) -> Result<(Disk, String), Box<dyn Error>> {
    let name = file.file_name().and_then(|name| name.to_str()).ok_or("the file needs a name")?;
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((Disk::at(folder)?, name.to_owned()))
}

fn show(report: &CheckReport) {
    println!("store       {}", report.incarnation);
    println!("revision    {}", report.revision);
    println!("history     from {}", report.history_from);
    if let Some(time) = report.last_write {
        println!("last write  {time}");
    }
    println!("closed      {}", if report.is_closed { "yes" } else { "no" });
    for (name, objects, bytes) in &report.snapshots {
        println!("snapshot    {name}: {objects} objects, {bytes} bytes");
    }
    for name in &report.segments {
        println!("log         {name}");
    }
    for (resource, count) in &report.objects {
        println!("objects     {count} {resource}");
    }
    for note in &report.notes {
        println!("note        {note}");
    }
    println!("{} records read, nothing is damaged", report.records);
}
