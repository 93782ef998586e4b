//! What runs on a node: its agent, and the runtimes that come with this project.

pub mod agent;
mod image_name;
mod local_volumes;
#[cfg(unix)]
pub mod process;
pub mod simulated;

pub use self::local_volumes::LocalVolumes;
