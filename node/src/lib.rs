//! What runs on a node: its agent, and the runtimes that come with this project.

pub mod agent;
pub mod simulated;
