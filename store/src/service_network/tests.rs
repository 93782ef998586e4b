use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, from_value, json};
use setpoint_core::Result;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::Registry;

use super::ServiceNetwork;
use crate::admission::Chain;
use crate::engine::Memory;
use crate::request::{DeleteOptions, RequestContext, Write};
use crate::{ObjectStore, Objects, Store};

fn store(env: &Env, range: &str, ports: std::ops::RangeInclusive<u16>) -> Store {
    let network = ServiceNetwork { ranges: vec![range.parse().expect("a range")], node_ports: ports };
    Store::with_service_network(env, Memory::new(env), Registry::builtin(), Chain::empty(), network)
}

fn service(name: &str, spec: Value) -> Service {
    from_value(json!({"metadata": {"name": name, "namespace": "ns"}, "spec": spec})).expect("a service")
}

fn ports(more: Value) -> Value {
    let mut spec = json!({"ports": [{"port": 80}]});
    spec.as_object_mut().expect("a spec").extend(more.as_object().cloned().unwrap_or_default());
    spec
}

/// Does something with services of a store.
fn run<T>(seed: u64, range: &str, work: impl AsyncFnOnce(&Store, &Objects<Service>) -> T) -> T {
    let sim = Simulation::new(seed);
    let store = store(&sim.env(), range, 30_000..=30_031);
    let services = Objects::<Service>::namespaced(&store, "ns").expect("services are there");
    sim.block_on(async { work(&store, &services).await }).expect("nothing waits for ever")
}

fn spec(service: &Service) -> Value {
    serde_json::to_value(&service.spec).expect("JSON")
}

async fn refused(services: &Objects<Service>, name: &str, spec: Value) -> String {
    services.create(service(name, spec)).await.expect_err("it is refused").to_string()
}

#[test]
fn services_get_an_address_and_a_port() {
    run(1, "10.0.0.0/24", async |_, services| {
        let plain = services.create(service("plain", ports(json!({})))).await.expect("it is valid");
        let given = spec(&plain);
        let address: IpAddr = given["clusterIP"].as_str().expect("one").parse().expect("an address");
        assert!(address > IpAddr::from([10, 0, 0, 16]), "low addresses are left: {address}");
        assert_eq!(given["clusterIPs"], json!([address]));
        assert_eq!(
            (&given["ipFamilies"], &given["ipFamilyPolicy"]),
            (&json!(["IPv4"]), &json!("SingleStack"))
        );
        let open = services.create(service("open", ports(json!({"type": "NodePort"})))).await.expect("valid");
        let port = spec(&open)["ports"][0]["nodePort"].as_i64().expect("a port");
        assert!((30_000..=30_031).contains(&port));
        let headless = ports(json!({"clusterIP": "None", "selector": {"a": "b"}}));
        let headless = services.create(service("headless", headless)).await.expect("valid");
        assert_eq!(spec(&headless)["clusterIPs"], json!(["None"]));
        let outside = json!({"type": "ExternalName", "externalName": "example.com"});
        let outside = services.create(service("outside", outside)).await.expect("valid");
        assert_eq!(spec(&outside).get("clusterIP"), None);
    });
}

#[test]
fn what_is_asked_for_must_be_free_and_in_range() {
    run(2, "10.0.0.0/24", async |_, services| {
        let wanted = ports(json!({"clusterIP": "10.0.0.5", "type": "NodePort"}));
        let first = services.create(service("a", wanted)).await.expect("it is free");
        assert_eq!(spec(&first)["clusterIP"], "10.0.0.5");
        assert_eq!(
            refused(services, "b", ports(json!({"clusterIP": "10.0.0.5"}))).await,
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.0.0.5\"]: failed to allocate IP \
             10.0.0.5: provided IP is already allocated"
        );
        assert_eq!(
            refused(services, "b", ports(json!({"clusterIP": "10.1.0.5"}))).await,
            "Service \"b\" is invalid: spec.clusterIPs: Invalid value: [\"10.1.0.5\"]: failed to allocate IP \
             10.1.0.5: the provided network does not match the current range"
        );
        let port = spec(&first)["ports"][0]["nodePort"].as_i64().expect("a port");
        let same = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": port}]});
        assert_eq!(
            refused(services, "b", same).await,
            format!(
                "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: {port}: provided port is already \
                 allocated"
            )
        );
        let far = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]});
        assert_eq!(
            refused(services, "b", far).await,
            "Service \"b\" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid \
             range. The range of valid ports is 30000-30031"
        );
        // What was refused holds nothing.
        services.delete("a", DeleteOptions::default()).await.expect("it goes");
        let again = services.create(service("b", ports(json!({"clusterIP": "10.0.0.5"})))).await;
        assert_eq!(spec(&again.expect("it is free again"))["clusterIP"], "10.0.0.5");
    });
}

#[test]
fn the_last_address_is_given_out_and_no_more() {
    run(3, "10.0.0.0/29", async |_, services| {
        let mut seen = BTreeSet::new();
        for index in 0..6 {
            let name = format!("s{index}");
            let created = services.create(service(&name, ports(json!({})))).await.expect("there is one left");
            assert!(seen.insert(spec(&created)["clusterIP"].to_string()));
        }
        let error = refused(services, "more", ports(json!({}))).await;
        assert!(error.contains("failed to allocate a serviceIP: range is full"), "{error}");
    });
}

#[test]
fn many_at_once_have_nothing_in_common() {
    run(4, "10.0.0.0/26", async |store, services| {
        let create = |index: usize| {
            let services = services.clone();
            async move { services.create(service(&format!("s{index}"), ports(json!({"type": "NodePort"})))).await }
        };
        let created = join_all((0..32).map(create)).await;
        let (mut addresses, mut open) = (BTreeSet::new(), BTreeSet::new());
        for result in created {
            let given = spec(&result.expect("there is enough"));
            assert!(addresses.insert(given["clusterIP"].to_string()));
            assert!(open.insert(given["ports"][0]["nodePort"].to_string()));
        }
        // And in a batch.
        let kind = store.registry().of::<Service>().expect("it is registered");
        let draft = |index: usize| {
            let service = service(&format!("b{index}"), ports(json!({})));
            Write::Create(
                setpoint_core::object::Draft::from_whole(Arc::clone(&kind), service).expect("it fits"),
            )
        };
        let context = RequestContext::system("test");
        for result in store.write_batch(&context, (0..30).map(draft).collect()).await {
            let object = result.expect("there is enough").object;
            assert!(addresses.insert(object.to_value()["spec"]["clusterIP"].to_string()));
        }
        assert_eq!(addresses.len(), 62);
    });
}

#[test]
fn changes_of_type_give_and_take() {
    run(5, "10.0.0.0/24", async |_, services| {
        let change = async |name: &str, spec: Value| -> Result<Value> {
            let changed = services.replace(service(name, spec)).await?;
            Ok(serde_json::to_value(&changed.spec).expect("JSON"))
        };
        let created = services.create(service("a", ports(json!({})))).await.expect("valid");
        let address = spec(&created)["clusterIP"].clone();
        let open = change("a", ports(json!({"type": "NodePort"}))).await.expect("valid");
        assert_eq!(open["clusterIP"], address, "it stays");
        let port = open["ports"][0]["nodePort"].clone();
        let again = change("a", ports(json!({"type": "NodePort"}))).await.expect("valid");
        assert_eq!(again["ports"][0]["nodePort"], port, "it stays");
        let outside = json!({"type": "ExternalName", "externalName": "example.com"});
        let outside = change("a", outside).await.expect("valid");
        assert_eq!((outside.get("clusterIP"), outside.get("ports")), (None, None));
        let taken = services.create(service("b", ports(json!({"clusterIP": address})))).await;
        assert_eq!(spec(&taken.expect("it is free again"))["clusterIP"], address);
        let back = change("a", ports(json!({}))).await.expect("valid");
        assert_ne!(back["clusterIP"], address);
        let error = change("a", ports(json!({"clusterIP": "10.0.0.99"}))).await.expect_err("it may not move");
        assert!(error.to_string().contains("may not change once set"), "{error}");
    });
}

#[test]
fn a_dry_run_takes_nothing_and_choices_follow_the_seed() {
    let play = |seed| {
        run(seed, "10.0.0.0/29", async |store, services| {
            let kind = store.registry().of::<Service>().expect("it is registered");
            let context = RequestContext { dry_run: true, ..RequestContext::system("test") };
            for _ in 0..20 {
                let draft = service("dry", ports(json!({})));
                let draft =
                    setpoint_core::object::Draft::from_whole(Arc::clone(&kind), draft).expect("it fits");
                let shown = store.write(&context, Write::Create(draft)).await.expect("it is valid").object;
                assert!(shown.to_value()["spec"]["clusterIP"].is_string());
            }
            let mut all = Vec::new();
            for index in 0..6 {
                let created = services.create(service(&format!("s{index}"), ports(json!({})))).await;
                all.push(spec(&created.expect("nothing is taken"))["clusterIP"].clone());
            }
            all
        })
    };
    assert_eq!(play(6), play(6));
    assert_ne!(play(6), play(7));
}

#[test]
fn ranges_are_read_strictly() {
    use super::{AddressRange, RangeError};
    let range: AddressRange = "10.96.1.2/12".parse().expect("a range");
    assert_eq!(range.to_string(), "10.96.0.0/12");
    assert!(range.contains("10.111.255.254".parse().expect("an address")));
    for outside in ["10.96.0.0", "10.111.255.255", "10.112.0.1", "fd00::1"] {
        assert!(!range.contains(outside.parse().expect("an address")), "{outside}");
    }
    let six: AddressRange = "fd00::/108".parse().expect("a range");
    assert!(six.contains("fd00::ffff".parse().expect("an address")));
    for bad in ["", "10.0.0.0", "10.0.0.0/x", "10.0.0.0/8", "10.0.0.0/31", "fd00::/16"] {
        assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
    }
    assert_eq!("x/1".parse::<AddressRange>(), Err(RangeError::Malformed("x/1".to_owned())));
}
