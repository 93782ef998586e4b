//! What runs on a node: its agent, and the runtimes that come with this project.

pub mod agent;
mod image_name;
#[cfg(unix)]
pub mod process;
pub mod simulated;
