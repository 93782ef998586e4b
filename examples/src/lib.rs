//! What the example programs share: a control plane whose nodes run local processes, a web server to run on it, and
//! a screen.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "programs for people")]
#![allow(missing_debug_implementations, reason = "nobody prints a screen")]

pub mod local_cluster;
pub mod pods;
pub mod screen;
pub mod web;

/// What programs fail with.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Resolves when somebody asks the program to end: Ctrl-C, or TERM.
///
/// # Errors
///
/// If signals cannot be listened to.
pub async fn interrupted() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
