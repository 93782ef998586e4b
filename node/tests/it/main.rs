//! The runtimes as their users see them.

#[cfg(unix)]
mod process;
