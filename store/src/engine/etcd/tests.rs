//! The engine over an etcd of its own. Without a program `etcd` these tests say so and pass.

mod decoding;
mod keys;
mod model;
mod proxy;
mod secure;
mod services;
mod shared;
mod world;

use crate::engine::contract;
use world::{World, with_etcd};

/// INV-ST-01, INV-ST-05 to INV-ST-10: the contract of engines.
#[test]
fn it_keeps_the_contract() {
    with_etcd(async |world: &World| {
        contract::run_short(&async || world.engine().await).await;
    });
}

/// The contract of stores, on the store that another process would have.
#[test]
fn a_store_over_it_keeps_its_contract() {
    with_etcd(async |world: &World| {
        let store = world.store(&world.settings()).await;
        let expired = Some(setpoint_core::object::Revision(1));
        crate::contract::run(&world.env, std::sync::Arc::new(store), "etcd", expired).await;
    });
}
