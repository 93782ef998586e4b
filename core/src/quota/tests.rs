use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};
use serde_json::{Value, json};

use super::*;
use crate::kind::Registry;
use crate::object::Draft;

fn draft(kind: &str, mut value: Value) -> Draft {
    let kind = Registry::builtin().find_by_any_name(kind).expect("a built-in kind");
    value["metadata"] = json!({"name": "x", "namespace": "ns"});
    Draft::from_value(kind, value).expect("it fits")
}

fn usage(kind: &str, value: Value) -> String {
    let draft = draft(kind, value);
    let usage = Item::from(&draft).usage(Timestamp::UNIX_EPOCH);
    usage.into_iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
}

/// OTHER-06: what each kind uses.
#[test]
fn kinds_use() {
    let container = json!({"name": "c", "image": "i", "resources": {
        "requests": {"cpu": "1", "hugepages-2Mi": "2Mi", "example.com/gpu": "1"},
        "limits": {"cpu": "2", "example.com/gpu": "1"},
    }});
    let rows = [
        ("configmap", json!({}), "configmaps=1,count/configmaps=1"),
        ("lease", json!({}), "count/leases.coordination.k8s.io=1"),
        (
            "pod",
            json!({"spec": {"containers": [container]}}),
            "count/pods=1,cpu=1,hugepages-2Mi=2Mi,limits.cpu=2,pods=1,requests.cpu=1,requests.example.com/gpu=1,\
             requests.hugepages-2Mi=2Mi",
        ),
        ("pod", json!({"spec": {"containers": []}, "status": {"phase": "Failed"}}), "count/pods=1"),
        (
            "service",
            json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 1}, {"port": 2}]}}),
            "count/services=1,services=1,services.loadbalancers=1,services.nodeports=2",
        ),
        (
            "service",
            json!({"spec": {
                "type": "LoadBalancer", "allocateLoadBalancerNodePorts": false,
                "ports": [{"port": 1, "nodePort": 30000}, {"port": 2}],
            }}),
            "count/services=1,services=1,services.loadbalancers=1,services.nodeports=1",
        ),
        (
            "persistentvolumeclaim",
            json!({"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1500m"}}}}),
            "count/persistentvolumeclaims=1,fast.storageclass.storage.k8s.io/persistentvolumeclaims=1,\
             fast.storageclass.storage.k8s.io/requests.storage=2,persistentvolumeclaims=1,requests.storage=2",
        ),
        (
            "persistentvolumeclaim",
            json!({
                "spec": {"resources": {"requests": {"storage": "1Gi"}}},
                "status": {"allocatedResources": {"storage": "2Gi"}},
            }),
            "count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=2Gi",
        ),
    ];
    for (kind, value, expected) in rows {
        assert_eq!(usage(kind, value), expected, "{kind}");
    }
}

/// OTHER-06: a pod that should be gone by now uses nothing but its place.
#[test]
fn pods_past_their_grace_do_not_count() {
    let mut pod = draft("pod", json!({"spec": {"containers": []}}));
    pod.meta_mut().deletion_timestamp = Some(Timestamp::UNIX_EPOCH);
    pod.meta_mut().deletion_grace_period_seconds = Some(30);
    let pods = |second: i64| {
        let now = Timestamp::from_second(second).expect("in range");
        Item::from(&pod).usage(now).contains_key("pods")
    };
    assert!(pods(30) && !pods(31));
}

/// ADM-16: an object is charged for what it adds, and text that is no quantity is no trap.
#[test]
fn what_is_added_is_charged() {
    let spec = ResourceQuotaSpec::default();
    let status = |value: Value| -> ResourceQuotaStatus { serde_json::from_value(value).expect("a status") };
    let map = draft("configmap", json!({}));
    let charge = |status: &ResourceQuotaStatus| {
        charge("q", &spec, status, Item::from(&map), None, Timestamp::UNIX_EPOCH)
    };
    let there = status(json!({"hard": {"configmaps": "2"}, "used": {"configmaps": "1"}}));
    let used = charge(&there).expect("there is room").expect("it counts");
    assert_eq!(used["configmaps"].0, "2");
    let full = status(json!({"hard": {"configmaps": "1"}, "used": {"configmaps": "1"}}));
    assert!(matches!(charge(&full), Err(Refusal::Exceeded { .. })));
    let odd = status(json!({"hard": {"configmaps": "many"}, "used": {"configmaps": "1"}}));
    assert_eq!(charge(&odd), Ok(None));
    assert_eq!(charge(&status(json!({"hard": {"secrets": "1"}}))), Ok(None));
    let given = refund(&used, &there.used.expect("it has"), &used);
    assert_eq!(given["configmaps"].0, "1");
}
