//! Addresses and node ports, of which two servers on one etcd give none out twice.

use std::collections::BTreeSet;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};
use setpoint_core::kind::Registry;
use setpoint_core::object::Obj;

use super::super::{Etcd, EtcdSettings};
use super::world::{World, with_etcd};
use crate::admission::Chain;
use crate::engine::Engine;
use crate::request::DeleteOptions;
use crate::service_network::ServiceNetwork;
use crate::{Objects, Store};

/// As many addresses as a range of 28 bits has for services, and so many ports.
const COUNT: usize = 14;

async fn store(world: &World, settings: &EtcdSettings) -> Store<Etcd> {
    let network =
        ServiceNetwork { ranges: vec!["10.0.0.0/28".parse().expect("a range")], node_ports: 30_000..=30_013 };
    let engine = world.open(settings).await;
    let store = Store::with_service_network(&world.env, engine, Registry::builtin(), Chain::empty(), network);
    store.ensure_namespace("ns").await.expect("it can be made");
    store
}

fn services(store: &Store<Etcd>) -> Objects<Service> {
    Objects::namespaced(store, "ns").expect("a built-in kind")
}

fn service(name: &str, more: Value) -> Service {
    let mut spec = json!({"type": "NodePort", "ports": [{"port": 80}]});
    spec.as_object_mut().expect("a spec").extend(more.as_object().cloned().unwrap_or_default());
    serde_json::from_value(json!({"metadata": {"name": name}, "spec": spec})).expect("a service")
}

/// Its address and its port.
fn given(service: &Obj<Service>) -> (String, i32) {
    let spec = service.spec.as_ref().expect("it has one");
    let port = spec.ports.as_ref().and_then(|ports| ports[0].node_port);
    (spec.cluster_ip.clone().expect("it has one"), port.expect("it has one"))
}

/// The keys of addresses and ports, past the engine.
async fn claims(world: &World, settings: &EtcdSettings) -> usize {
    let options = etcd_client::GetOptions::new().with_prefix().with_count_only();
    let prefix = format!("{}setpoint-claims/", settings.prefix);
    let got = world.client.kv_client().get(prefix, Some(options)).await.expect("it answers");
    usize::try_from(got.count()).expect("a count")
}

#[test]
fn two_servers_give_out_each_address_and_port_once() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (store(world, &settings).await, store(world, &settings).await);
        for round in 0..3 {
            // Until nothing is left, from both at once.
            let made = (0..COUNT).map(|number| {
                let services = services(if number % 2 == 0 { &a } else { &b });
                async move { services.create(service(&format!("s{number}"), json!({}))).await }
            });
            let made = join_all(made).await.into_iter().collect::<Result<Vec<_>, _>>();
            let made = made.unwrap_or_else(|error| panic!("round {round}: {error}"));
            let addresses: BTreeSet<String> = made.iter().map(|service| given(service).0).collect();
            let ports: BTreeSet<i32> = made.iter().map(|service| given(service).1).collect();
            assert_eq!((addresses.len(), ports.len()), (COUNT, COUNT), "round {round}: {made:?}");
            let full =
                services(&a).create(service("one-more", json!({}))).await.expect_err("all are given out");
            assert!(full.to_string().contains("range is full"), "{full}");
            assert_eq!(claims(world, &settings).await, 2 * COUNT);
            assert_eq!(b.engine().health().unknown, 0, "the keys of values are no objects");
            // Who deletes is not who made it.
            for number in 0..COUNT {
                let services = services(if number % 2 == 0 { &b } else { &a });
                services.delete(&format!("s{number}"), DeleteOptions::default()).await.expect("it is there");
            }
            assert_eq!(claims(world, &settings).await, 0, "what is deleted is free");
        }
    });
}

#[test]
fn of_two_that_ask_for_one_address_one_gets_it() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (store(world, &settings).await, store(world, &settings).await);
        for round in 0..5 {
            let wanted = json!({"clusterIP": "10.0.0.5", "ports": [{"port": 80, "nodePort": 30_005}]});
            let (one, other) = (services(&a), services(&b));
            let (one, other) = futures::join!(
                one.create(service("one", wanted.clone())),
                other.create(service("other", wanted))
            );
            let (name, error) = match (one, other) {
                (Ok(_), Err(error)) => ("one", error),
                (Err(error), Ok(_)) => ("other", error),
                (one, other) => panic!("round {round}: {one:?}, {other:?}"),
            };
            assert!(error.is_invalid(), "{error}");
            assert!(error.to_string().contains("already allocated"), "{error}");
            services(&b).delete(name, DeleteOptions::default()).await.expect("it is there");
        }
    });
}

/// What somebody else removed who knows nothing of the keys of values is free for the next.
#[test]
fn a_value_whose_object_is_gone_is_taken_over() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (store(world, &settings).await, store(world, &settings).await);
        let wanted = json!({"clusterIP": "10.0.0.5", "ports": [{"port": 80, "nodePort": 30_005}]});
        services(&a).create(service("gone", wanted.clone())).await.expect("it is free");
        let path = format!("{}services/specs/ns/gone", settings.prefix);
        world.client.kv_client().delete(path, None).await.expect("it answers");
        assert_eq!(claims(world, &settings).await, 2);
        b.engine().catch_up().await.expect("it answers");
        let made = services(&b).create(service("next", wanted)).await.expect("it is free");
        assert_eq!(given(&made), ("10.0.0.5".to_owned(), 30_005));
        assert_eq!(claims(world, &settings).await, 2);
        services(&a).delete("next", DeleteOptions::default()).await.expect("it is there");
        assert_eq!(claims(world, &settings).await, 0);
    });
}

#[test]
fn a_service_that_changes_its_type_gives_back_and_takes() {
    with_etcd(async |world: &World| {
        let settings = world.settings();
        let (a, b) = (store(world, &settings).await, store(world, &settings).await);
        let made = services(&a).create(service("s", json!({}))).await.expect("it is new");
        let (address, port) = given(&made);
        assert_eq!(claims(world, &settings).await, 2);
        let mut plain = Service::clone(&made);
        let spec = plain.spec.as_mut().expect("it has one");
        spec.type_ = Some("ClusterIP".to_owned());
        spec.ports.iter_mut().flatten().for_each(|each| each.node_port = None);
        services(&b).replace(plain).await.expect("it is valid");
        assert_eq!(claims(world, &settings).await, 1, "the port is given back");
        let wanted = json!({"ports": [{"port": 80, "nodePort": port}]});
        let next = services(&a).create(service("next", wanted)).await.expect("it is free");
        assert_ne!(given(&next).0, address);
    });
}
