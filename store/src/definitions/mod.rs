//! Makes kinds of the definitions in a store, while it runs (CRD-01, CRD-11).
//!
//! What is to be done with a definition is [decided](setpoint_core::custom::lifecycle) in core; here it is done.

mod driver;
mod known;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use setpoint_core::env::{Env, Task};

use self::driver::Driver;
use crate::object_store::ObjectStore;

/// Follows the `CustomResourceDefinition` objects of a store: accepts their names, registers and removes their kinds,
/// and deletes the objects of those that go.
///
/// An API server and a control plane each start one on their store; several on one registry take turns, so that one
/// works at a time. What is established in the store already is served when [`start`](Self::start) returns, if the
/// store is in this process.
///
/// ```
/// use std::sync::Arc;
///
/// use setpoint_core::env::Simulation;
/// use setpoint_store::{Definitions, Store};
///
/// let sim = Simulation::new(1);
/// let store = Store::memory(&sim.env());
/// let definitions = Definitions::start(&sim.env(), Arc::new(store));
/// sim.block_on(definitions.shut_down()).expect("nothing waits");
/// ```
#[derive(Debug)]
pub struct Definitions {
    /// `None` if the store has no kind of definitions.
    task: Option<Task<()>>,
}

impl Definitions {
    /// Begins. Dropping what this gives ends it.
    pub fn start(env: &Env, store: Arc<dyn ObjectStore>) -> Self {
        let Some(mut driver) = Driver::new(env, store) else { return Self { task: None } };
        driver.serve_what_is_established();
        Self { task: Some(env.spawn("definitions", driver.run())) }
    }

    /// Ends it, and waits until it has ended.
    pub async fn shut_down(self) {
        let Some(task) = self.task else { return };
        task.cancel();
        // Cancelled is how it ends.
        let _end = task.join().await;
    }
}
