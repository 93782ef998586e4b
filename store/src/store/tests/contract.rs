use std::sync::Arc;

use setpoint_core::env::Simulation;
use setpoint_core::object::Revision;

use crate::{Store, contract};

#[test]
fn a_store_in_memory_keeps_its_contract() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let store = Arc::new(Store::memory(&env));
    let checks = contract::run(&env, store, "memory", Some(Revision(1)));
    sim.block_on(checks).expect("no check waits for ever");
}
