//! The engine over an etcd of its own. Without a program `etcd` these tests say so and pass.

mod decoding;
mod keys;
mod model;
mod proxy;
mod shared;
mod world;

use crate::engine::contract;
use world::{World, with_etcd};

/// INV-ST-01, INV-ST-05 to INV-ST-10: the contract of engines.
#[test]
fn it_keeps_the_contract() {
    with_etcd(async |world: &World| {
        contract::run_unordered(&async || world.engine().await).await;
    });
}
