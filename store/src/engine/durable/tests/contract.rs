use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::Registry;

use crate::engine::contract;
use crate::engine::durable::{Disk, Durable, Faulty, Settings, Storage};

async fn open(env: &Env, storage: impl Storage) -> Durable {
    Durable::open(env, storage, &Registry::builtin(), Settings::STANDARD).await.expect("a new store opens")
}

#[test]
fn keeps_the_contract_on_the_faulty_twin() {
    let sim = Simulation::new(1);
    let env = sim.env();
    sim.block_on(contract::run(|| open(&env, Faulty::new()))).expect("no check waits for ever");
}

#[tokio::test]
async fn keeps_the_contract_on_a_disk() {
    let folders = tempfile::tempdir().expect("a folder can be made");
    let env = Env::tokio();
    let next = std::sync::atomic::AtomicU32::new(0);
    contract::run(|| {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let disk = Disk::at(folders.path().join(number.to_string())).expect("a folder can be made");
        open(&env, disk)
    })
    .await;
}

#[test]
fn a_store_over_it_keeps_its_contract() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = crate::Store::durable(&env, Faulty::new()).await.expect("a new store opens");
        crate::contract::run(
            &env,
            std::sync::Arc::new(store),
            "durable",
            Some(setpoint_core::object::Revision(1)),
        )
        .await;
    });
    done.expect("no check waits for ever");
}
