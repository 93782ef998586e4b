//! The remote store against this project's own API: in process, where nothing takes time and connections are cut at will,
//! and over HTTPS.

mod contract;
mod controllers;
mod cuts;
mod kinds;
mod served;

use std::sync::Arc;

use kube::Client;
use serde_json::json;
use setpoint::apiserver::ApiServer;
use setpoint::apiserver::serve::Server;
use setpoint::env::Env;
use setpoint::model::object::Draft;
use setpoint::store::remote::{Config, Remote};
use setpoint::{ObjectStore, Result, Store};

/// A store and the remote store of its API, in process.
async fn in_process(env: &Env) -> (Store, Remote) {
    let store = Store::memory(env);
    store.ensure_namespace("default").await.expect("it is new");
    let api = ApiServer::new(env, Arc::new(store.clone()));
    (store, Remote::new(env, Client::new(api, "default")))
}

/// A client of a server, as its kubeconfig says.
async fn client(server: &Server) -> Result<Client> {
    let kubeconfig =
        kube::config::Kubeconfig::from_yaml(&server.kubeconfig().to_yaml()).expect("a kubeconfig");
    let options = kube::config::KubeConfigOptions::default();
    Remote::client(Config::from_custom_kubeconfig(kubeconfig, &options).await.expect("a configuration"))
}

/// A Deployment of so many pods.
fn deployment(store: &dyn ObjectStore, replicas: usize) -> Draft {
    let kind = store.registry().find("Deployment", "apps/v1").expect("a built-in kind");
    let body = json!({
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    });
    Draft::from_value(kind, body).expect("a Deployment")
}
