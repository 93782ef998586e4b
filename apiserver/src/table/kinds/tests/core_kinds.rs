use super::*;

fn of(api_version: &str, kind: &str, more: Value) -> Value {
    let mut value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" } });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn namespaces_config_maps_secrets_leases() {
    check(of("v1", "Namespace", json!({ "status": { "phase": "Active" } })), json!(["x", "Active", "60m"]));
    check(
        of("v1", "ConfigMap", json!({ "data": { "a": "1" }, "binaryData": { "b": "AA==" } })),
        json!(["x", 2, "60m"]),
    );
    check(
        of("v1", "Secret", json!({ "type": "Opaque", "data": { "a": "AA==" } })),
        json!(["x", "Opaque", 1, "60m"]),
    );
    check(
        of("coordination.k8s.io/v1", "Lease", json!({ "spec": { "holderIdentity": "me" } })),
        json!(["x", "me", "60m"]),
    );
    check(
        of("scheduling.k8s.io/v1", "PriorityClass", json!({ "value": 5, "preemptionPolicy": "Never" })),
        json!(["x", 5, false, "60m", "Never"]),
    );
}

#[test]
fn nodes() {
    let node = |ready: &str, unschedulable: bool| {
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": { "name": "x", "labels": {
                "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge", "other": "",
            } },
            "spec": { "unschedulable": unschedulable },
            "status": {
                "conditions": [{ "type": "Ready", "status": ready }],
                "addresses": [{ "type": "InternalIP", "address": "10.0.0.1" }],
                "nodeInfo": {
                    "architecture": "", "bootID": "", "containerRuntimeVersion": "r://1", "kernelVersion": "",
                    "kubeProxyVersion": "", "kubeletVersion": "v1", "machineID": "", "operatingSystem": "",
                    "osImage": "os", "systemUUID": "",
                },
            },
        })
    };
    let rest = |status: &str| {
        json!(["x", status, "edge,worker", "60m", "v1", "10.0.0.1", "<none>", "os", "<unknown>", "r://1"])
    };
    check(node("True", false), rest("Ready"));
    check(node("Unknown", true), rest("NotReady,SchedulingDisabled"));
    let bare = json!(["x", "Unknown", "<none>", "60m", "", "<none>", "<none>"]);
    let unknown = json!(["<unknown>", "<unknown>", "<unknown>"]);
    let all: Value = [bare, unknown].iter().flat_map(|cells| cells.as_array().unwrap().clone()).collect();
    check(of("v1", "Node", json!({})), all);
}

#[test]
fn services() {
    let service = |spec: Value, status: Value| of("v1", "Service", json!({ "spec": spec, "status": status }));
    let port =
        json!([{ "port": 80, "protocol": "TCP" }, { "port": 53, "nodePort": 30053, "protocol": "UDP" }]);
    check(
        service(
            json!({
                "type": "ClusterIP", "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": port,
                "selector": { "a": "b" },
            }),
            json!({}),
        ),
        json!(["x", "ClusterIP", "10.0.0.1", "<none>", "80/TCP,53:30053/UDP", "60m", "a=b"]),
    );
    let balancer = |status: Value, expected: &str| {
        let spec = json!({ "type": "LoadBalancer", "clusterIPs": ["10.0.0.1"] });
        let expected = json!(["x", "LoadBalancer", "10.0.0.1", expected, "<none>", "60m", "<none>"]);
        check(service(spec, status), expected);
    };
    balancer(json!({}), "<pending>");
    balancer(
        json!({ "loadBalancer": { "ingress": [{ "ip": "9.9.9.9" }, { "hostname": "a.b" }] } }),
        "9.9.9.9,a.b",
    );
    check(
        service(json!({ "type": "ExternalName", "externalName": "a.example" }), json!({})),
        json!(["x", "ExternalName", "<none>", "a.example", "<none>", "60m", "<none>"]),
    );
}

#[test]
fn events_are_dated_by_whatever_time_they_have() {
    let event = |more: Value| {
        let mut event = of("v1", "Event", more);
        event["involvedObject"] = json!({ "kind": "Pod", "name": "p", "fieldPath": "spec" });
        event["type"] = json!("Normal");
        event["reason"] = json!("Started");
        event["message"] = json!(" hello\n");
        event
    };
    check(
        event(json!({
            "firstTimestamp": CREATED, "lastTimestamp": "2026-01-01T00:59:00Z", "count": 4,
            "source": { "component": "kubelet", "host": "n1" },
        })),
        json!(["60s", "Normal", "Started", "pod/p", "spec", "kubelet, n1", "hello", "60m", 4, "x"]),
    );
    check(
        event(json!({
            "eventTime": "2026-01-01T00:58:00.000000Z", "reportingComponent": "c", "reportingInstance": "i",
        })),
        json!(["2m", "Normal", "Started", "pod/p", "spec", "c, i", "hello", "2m", 1, "x"]),
    );
    check(
        event(json!({
            "eventTime": "2026-01-01T00:50:00.000000Z",
            "series": { "count": 9, "lastObservedTime": "2026-01-01T00:58:00.000000Z" },
        })),
        json!(["2m", "Normal", "Started", "pod/p", "spec", "", "hello", "10m", 9, "x"]),
    );
}
