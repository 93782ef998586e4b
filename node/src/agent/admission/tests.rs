use serde_json::{Value, json};

use super::super::fixtures::spec;
use super::*;

fn room() -> NodeRoom {
    let allocatable = [("cpu", "2"), ("memory", "1Gi"), ("pods", "3")];
    let taint = json!({"key": "gpu", "value": "yes", "effect": "NoExecute"});
    NodeRoom {
        name: "node-1".to_owned(),
        labels: TextMap::from_iter([("zone", "a"), ("size", "4")]),
        taints: vec![serde_json::from_value(taint).expect("a taint")],
        allocatable: allocatable
            .map(|(name, text)| (name.to_owned(), text.parse().expect("a quantity")))
            .into_iter()
            .collect(),
    }
}

fn pod(fields: Value) -> PodSpec {
    let mut all = json!({"tolerations": [{"operator": "Exists"}]});
    all.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    spec(&["web"], &[], all)
}

fn asking(cpu: &str, memory: &str) -> PodSpec {
    let resources = json!({"requests": {"cpu": cpu, "memory": memory}});
    pod(json!({"containers": [{"name": "web", "image": "image", "resources": resources}]}))
}

fn reason(spec: &PodSpec, taken: &[PodSpec]) -> Option<String> {
    let mut all = Taken::default();
    taken.iter().for_each(|spec| all.add(spec));
    refusal(spec, &room(), &all).map(|failure| failure.reason.to_string())
}

#[test]
fn what_does_not_fit_is_refused_by_its_name() {
    // AGENT-26
    assert_eq!(reason(&asking("2", "1Gi"), &[]), None);
    assert_eq!(reason(&asking("2", "1Gi"), &[asking("1m", "0")]).as_deref(), Some("OutOfcpu"));
    assert_eq!(reason(&asking("1", "1Gi"), &[asking("1", "1")]).as_deref(), Some("OutOfmemory"));
    let full = [pod(json!({})), pod(json!({})), pod(json!({}))];
    assert_eq!(reason(&pod(json!({})), &full).as_deref(), Some("OutOfpods"));
    let refused = refusal(&asking("1500m", "0"), &room(), &{
        let mut taken = Taken::default();
        taken.add(&asking("1", "0"));
        taken
    });
    let message = "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    assert_eq!(refused.map(|it| it.message).as_deref(), Some(message));
}

#[test]
fn the_node_must_be_one_the_pod_asks_for() {
    // AGENT-26
    let term = |expression: Value| {
        json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}})
    };
    let rows = [
        (json!({"nodeSelector": {"zone": "a"}}), true),
        (json!({"nodeSelector": {"zone": "b"}}), false),
        (term(json!({"key": "zone", "operator": "In", "values": ["a", "b"]})), true),
        (term(json!({"key": "zone", "operator": "NotIn", "values": ["a"]})), false),
        (term(json!({"key": "rack", "operator": "DoesNotExist"})), true),
        (term(json!({"key": "size", "operator": "Gt", "values": ["3"]})), true),
        (term(json!({"key": "size", "operator": "Lt", "values": ["4"]})), false),
    ];
    for (fields, fits) in rows {
        let expected = (!fits).then(|| "NodeAffinity".to_owned());
        assert_eq!(reason(&pod(fields.clone()), &[]), expected, "{fields}");
    }
}

#[test]
fn a_port_of_the_node_has_one_holder_per_address() {
    // AGENT-26
    let at = |ip: &str, protocol: &str| {
        let port = json!({"containerPort": 80, "hostPort": 80, "hostIP": ip, "protocol": protocol});
        pod(json!({"containers": [{"name": "web", "image": "image", "ports": [port]}]}))
    };
    let rows = [
        ("", "TCP", "", "TCP", true),
        ("", "TCP", "", "UDP", false),
        ("192.0.2.1", "TCP", "192.0.2.2", "TCP", false),
        ("192.0.2.1", "TCP", "0.0.0.0", "TCP", true),
    ];
    for (ip, protocol, other_ip, other_protocol, conflict) in rows {
        let seen = reason(&at(ip, protocol), &[at(other_ip, other_protocol)]);
        assert_eq!(seen.as_deref() == Some("NodePorts"), conflict, "{ip} {other_ip}");
    }
}

#[test]
fn no_execute_taints_are_to_be_tolerated() {
    // AGENT-26
    assert_eq!(reason(&spec(&["web"], &[], json!({})), &[]).as_deref(), Some("TaintToleration"));
    let tolerations = json!([{"key": "gpu", "value": "yes", "effect": "NoExecute"}]);
    assert_eq!(reason(&spec(&["web"], &[], json!({"tolerations": tolerations})), &[]), None);
}
