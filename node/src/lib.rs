//! What runs on a node: the runtimes that come with this project.

pub mod simulated;
