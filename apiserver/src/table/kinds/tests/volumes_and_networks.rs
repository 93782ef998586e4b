use super::*;

fn of(api_version: &str, kind: &str, more: Value) -> Value {
    let mut value = json!({ "apiVersion": api_version, "kind": kind, "metadata": { "name": "x" } });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

#[test]
fn kinds_of_storage() {
    check(
        of(
            "v1",
            "PersistentVolume",
            json!({
                "spec": {
                    "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Retain", "claimRef": { "namespace": "n", "name": "c" },
                    "hostPath": { "path": "/" },
                },
                "status": { "phase": "Bound" },
            }),
        ),
        json!(["x", "1Gi", "RWO", "Retain", "Bound", "n/c", "", "<unset>", "", "60m", "<unset>"]),
    );
    check(
        of(
            "v1",
            "PersistentVolumeClaim",
            json!({
                "spec": { "accessModes": ["ReadWriteOnce"], "volumeName": "v", "storageClassName": "fast" },
                "status": { "phase": "Bound", "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"] },
            }),
        ),
        json!(["x", "Bound", "v", "1Gi", "RWO", "fast", "<unset>", "60m", "<unset>"]),
    );
    check(
        of("storage.k8s.io/v1", "StorageClass", json!({ "provisioner": "p" })),
        json!(["x", "p", "Delete", "Immediate", false, "60m"]),
    );
    check(
        of("storage.k8s.io/v1", "CSIDriver", json!({ "spec": { "volumeLifecycleModes": ["Persistent"] } })),
        json!(["x", true, false, false, "<unset>", false, "Persistent", "60m"]),
    );
    check(
        of(
            "storage.k8s.io/v1",
            "CSINode",
            json!({ "spec": { "drivers": [{ "name": "d", "nodeID": "1" }] } }),
        ),
        json!(["x", 1, "60m"]),
    );
    check(
        of(
            "storage.k8s.io/v1",
            "VolumeAttachment",
            json!({
                "spec": { "attacher": "d", "nodeName": "n", "source": { "persistentVolumeName": "v" } },
                "status": { "attached": true },
            }),
        ),
        json!(["x", "d", "v", "n", true, "60m"]),
    );
}

#[test]
fn kinds_of_networks() {
    check(
        of(
            "v1",
            "Endpoints",
            json!({
                "subsets": [{ "addresses": [{ "ip": "10.0.0.1" }], "ports": [{ "port": 80 }] }],
            }),
        ),
        json!(["x", "10.0.0.1:80", "60m"]),
    );
    check(
        of(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            json!({
                "addressType": "IPv4", "endpoints": [{ "addresses": ["10.0.0.1"] }], "ports": [{ "port": 80 }],
            }),
        ),
        json!(["x", "IPv4", "80", "10.0.0.1", "60m"]),
    );
    check(
        of(
            "networking.k8s.io/v1",
            "Ingress",
            json!({
                "spec": { "ingressClassName": "c", "rules": [{ "host": "a.example.com" }] },
            }),
        ),
        json!(["x", "c", "a.example.com", "", "80", "60m"]),
    );
    check(
        of(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            json!({
                "spec": { "podSelector": { "matchLabels": { "a": "b" } } },
            }),
        ),
        json!(["x", "a=b", "60m"]),
    );
}

#[test]
fn accounts_templates_and_autoscalers() {
    check(of("v1", "ServiceAccount", json!({})), json!(["x", "60m"]));
    check(of("node.k8s.io/v1", "RuntimeClass", json!({ "handler": "h" })), json!(["x", "h", "60m"]));
    check(
        of(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            json!({
                "spec": {
                    "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "minReplicas": 1, "maxReplicas": 5,
                    "metrics": [{ "type": "Resource", "resource": {
                        "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 80 },
                    } }],
                },
                "status": { "currentReplicas": 2, "desiredReplicas": 2 },
            }),
        ),
        json!(["x", "Deployment/web", "cpu: <unknown>/80%", "1", 5, 2, "60m"]),
    );
}
