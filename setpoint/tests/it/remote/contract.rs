use std::sync::Arc;

use setpoint::apiserver::ApiServer;
use setpoint::apiserver::serve::Server;
use setpoint::env::Env;
use setpoint::model::object::Revision;
use setpoint::store::contract;
use setpoint::store::remote::Remote;
use setpoint::watch::faulty::{Faults, FaultyStore};

use super::{client, in_process};

#[tokio::test(start_paused = true)]
async fn a_remote_store_keeps_the_contract_of_stores() {
    let env = Env::tokio();
    let (store, remote) = in_process(&env).await;
    // A watch that is cut and one that begins elsewhere are told apart by nothing that a reader sees.
    contract::run(&env, Arc::new(remote), "remote", Some(Revision(1))).await;
    let far = FaultyStore::new(&env, Arc::new(store), Faults::NONE);
    contract::run(&env, Arc::new(far), "far", Some(Revision(1))).await;
}

#[tokio::test]
async fn a_remote_store_over_https_keeps_the_contract_of_stores() {
    let env = Env::tokio();
    let (store, _) = in_process(&env).await;
    let api = ApiServer::builder(&env, Arc::new(store));
    let server = Server::builder(&env, api).start().await.expect("it listens on a free port");
    let remote = Remote::new(&env, client(&server).await.expect("a client"));
    contract::run(&env, Arc::new(remote), "https", Some(Revision(1))).await;
    server.shut_down().await;
}
