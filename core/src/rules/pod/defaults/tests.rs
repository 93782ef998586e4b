use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn defaulted(spec: Value) -> Value {
    let mut spec: PodSpec = serde_json::from_value(spec).expect("a pod spec");
    default(&mut spec);
    let mut twice = spec.clone();
    default(&mut twice);
    assert_eq!(twice, spec, "defaulting twice changes nothing more");
    serde_json::to_value(spec).expect("JSON")
}

#[test]
fn a_minimal_pod_is_as_recorded() {
    // ADM-04, as recorded in api-defaults; the tolerations and priority there are admission's.
    let expected = json!({
        "containers": [{
            "image": "app:1", "imagePullPolicy": "IfNotPresent", "name": "c", "resources": {},
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        }],
        "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
        "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
    });
    assert_eq!(defaulted(json!({"containers": [{"name": "c", "image": "app:1"}]})), expected);
}

#[test]
fn parts_of_containers_are_filled() {
    let container = json!({
        "name": "c", "image": "app:1",
        "livenessProbe": {"httpGet": {"port": 80}},
        "readinessProbe": {"grpc": {"port": 80}, "periodSeconds": 5},
        "lifecycle": {"preStop": {"httpGet": {"port": 80}, "sleep": null}, "stopSignal": "SIGTERM"},
        "env": [
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "B", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        ],
        "resources": {"limits": {"cpu": "0.5", "memory": "1Gi"}, "requests": {"cpu": "100m"}},
        "ports": [{"containerPort": 80}],
    });
    let spec = defaulted(json!({"containers": [container], "hostNetwork": true}));
    let container = &spec["containers"][0];
    let probe = |action: Value, period: i32| {
        let mut probe = json!({"failureThreshold": 3, "periodSeconds": period, "successThreshold": 1, "timeoutSeconds": 1});
        probe.as_object_mut().expect("a probe").extend(action.as_object().expect("an action").clone());
        probe
    };
    let http = json!({"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}});
    assert_eq!(container["livenessProbe"], probe(http.clone(), 10));
    assert_eq!(container["readinessProbe"], probe(json!({"grpc": {"port": 80, "service": ""}}), 5));
    assert_eq!(container["lifecycle"], json!({"preStop": http}));
    assert_eq!(container["env"][0]["valueFrom"]["fieldRef"]["apiVersion"], "v1");
    assert_eq!(container["env"][1]["valueFrom"]["resourceFieldRef"]["divisor"], "0");
    assert_eq!(container["ports"], json!([{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]));
    let resources = json!({
        "limits": {"cpu": "500m", "memory": "1Gi"}, "requests": {"cpu": "100m", "memory": "1Gi"},
    });
    assert_eq!(container["resources"], resources);
}

#[test]
fn templates_get_less_than_pods() {
    let mut template = PodTemplateSpec {
        spec: serde_json::from_value(json!({
            "hostNetwork": true, "terminationGracePeriodSeconds": -1,
            "containers": [{"name": "c", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1"}}}],
        }))
        .expect("a pod spec"),
        ..PodTemplateSpec::default()
    };
    default_template(&mut template);
    let spec = template.spec.expect("a spec");
    assert_eq!(spec.enable_service_links, None);
    assert_eq!(spec.termination_grace_period_seconds, Some(-1));
    let container = &spec.containers[0];
    assert_eq!(container.ports.as_ref().expect("ports")[0].host_port, None);
    assert_eq!(container.resources.as_ref().expect("resources").requests, None);
}

#[test]
fn volumes_are_filled() {
    let volumes = json!([
        {"name": "a"},
        {"name": "b", "secret": {"secretName": "s"}},
        {"name": "c", "hostPath": {"path": "/x"}},
        {"name": "d", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}},
        {"name": "e", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
        {"name": "f", "image": {"reference": "x"}},
    ]);
    let spec = defaulted(json!({"containers": [], "volumes": volumes}));
    let expected = json!([
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
        {"name": "c", "hostPath": {"path": "/x", "type": ""}},
        {"name": "d", "projected": {
            "defaultMode": 420, "sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}],
        }},
        {"name": "e", "ephemeral": {"volumeClaimTemplate": {
            "metadata": {},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {}, "volumeMode": "Filesystem"},
        }}},
        {"name": "f", "image": {"reference": "x", "pullPolicy": "Always"}},
    ]);
    assert_eq!(spec["volumes"], expected);
}

#[test]
fn the_old_name_of_the_account_follows_the_new() {
    let account = |spec: Value| {
        let spec = defaulted(spec);
        (spec["serviceAccountName"].clone(), spec["serviceAccount"].clone())
    };
    let both = |name: &str| (json!(name), json!(name));
    assert_eq!(account(json!({"containers": [], "serviceAccount": "old"})), both("old"));
    let spec = json!({"containers": [], "serviceAccount": "old", "serviceAccountName": "new"});
    assert_eq!(account(spec), both("new"));
}

#[test]
fn pod_level_requests_come_from_limits_and_containers() {
    let containers = json!([{"name": "c", "resources": {"requests": {"cpu": "100m"}}}]);
    let limits = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
    let spec = defaulted(json!({"containers": containers, "resources": limits}));
    assert_eq!(spec["resources"]["requests"], json!({"cpu": "100m", "memory": "1Gi"}));
}

#[test]
fn addresses_of_a_pod_follow_each_other() {
    let status = |value: Value| {
        let mut status: PodStatus = serde_json::from_value(value).expect("a status");
        default_status(&mut status);
        serde_json::to_value(status).expect("JSON")
    };
    let both = json!({"podIP": "1.2.3.4", "podIPs": [{"ip": "1.2.3.4"}]});
    assert_eq!(status(json!({"podIP": "1.2.3.4"})), both);
    assert_eq!(status(json!({"podIPs": [{"ip": "1.2.3.4"}]})), both);
    assert_eq!(status(json!({"podIP": "1.2.3.4", "podIPs": [{"ip": "5.6.7.8"}]})), both);
}

/// Values that defaulting has to look at, valid or not.
fn quantity() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,4}(m|k|Ki|Mi|Gi)?", "[0-9]\\.[0-9]{1,4}", "[a-z ]{0,3}"]
}

proptest! {
    #[test]
    fn defaulting_twice_is_defaulting_once(
        limits in proptest::collection::btree_map("cpu|memory|hugepages-2Mi|x/y", quantity(), 0..3),
        requests in proptest::collection::btree_map("cpu|memory", quantity(), 0..3),
        at_pod_level: bool,
        host_network: bool,
        image in "[a-zA-Z:@/.]{0,12}",
        grace in proptest::option::of(-2_i64..40),
    ) {
        let resources = json!({"limits": limits, "requests": requests});
        let mut spec = json!({
            "containers": [{"name": "c", "image": image, "resources": resources, "ports": [{"containerPort": 1}]}],
            "hostNetwork": host_network,
            "terminationGracePeriodSeconds": grace,
        });
        if at_pod_level {
            spec["resources"] = resources;
        }
        defaulted(spec);
    }
}
