//! The process runtime, with real processes. Nothing sleeps for a fixed time: all waits are for something.

#[cfg(target_os = "linux")]
mod adoption;
mod contract;
mod execution;
mod logs;
mod network;
mod stopping;
mod world;
