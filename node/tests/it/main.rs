//! The runtimes as their users see them.

#[cfg(unix)]
mod agent;
#[cfg(unix)]
mod process;
