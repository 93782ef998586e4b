//! The scenarios of the reference controllers, and the bugs that must be found.

pub mod bugs;
mod hour;
mod leaders;
mod nodes;
mod workloads;

pub use self::hour::hour;
use crate::Scenario;

/// All of them.
pub fn scenarios() -> Vec<Scenario> {
    let mut scenarios = workloads::workloads();
    scenarios.extend(nodes::nodes());
    scenarios.extend(leaders::leaders());
    scenarios
}

/// One of them.
///
/// # Panics
///
/// If there is none of this name.
pub fn scenario(name: &str) -> Scenario {
    scenarios().into_iter().find(|it| it.name() == name).expect("there is a scenario of this name")
}
