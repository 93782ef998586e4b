use k8s_openapi::api::core::v1::{PodSpec, ServicePort, Taint};
use serde_json::json;

use super::*;

#[test]
fn structures_show_every_field() {
    let taint = Taint { key: "k".into(), effect: "NoSchedule".into(), ..Taint::default() };
    assert_eq!(compact("Taint", &taint), r#"{"Key":"k","Value":"","Effect":"NoSchedule","TimeAdded":null}"#);
    let port = ServicePort { port: 80, protocol: Some("TCP".into()), ..ServicePort::default() };
    assert_eq!(
        compact("ServicePort", &port),
        r#"{"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}"#
    );
    let none: &[Taint] = &[];
    assert_eq!(compact_list("Taint", none), "null");
}

#[test]
fn every_type_of_the_table_is_known() {
    let types: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with(' ')).collect();
    for line in TABLE.lines().filter(|line| line.starts_with(' ')) {
        let sort = line.rsplit_once(' ').expect("three words").1;
        if let Some((_, type_name)) = sort.split_once(':') {
            assert!(types.contains(&type_name), "{line}");
        }
    }
}

#[test]
fn a_diff_is_upstreams() {
    // ADM-11, as recorded in api-status-subresource.
    let spec = |host_network: Option<bool>| -> PodSpec {
        serde_json::from_value(json!({
            "containers": [{
                "image": "app:2", "imagePullPolicy": "IfNotPresent", "name": "c", "resources": {},
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
            "hostNetwork": host_network,
            "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
        }))
        .expect("a pod spec")
    };
    let expected = "@@ -44,7 +44,7 @@\n  \"AutomountServiceAccountToken\": null,\n  \"NodeName\": \"\",\n  \"SecurityContext\": {\n-  \"HostNetwork\": false,\n+  \"HostNetwork\": true,\n   \"HostPID\": false,\n   \"HostIPC\": false,\n   \"ShareProcessNamespace\": null,\n";
    assert_eq!(diff("PodSpec", &spec(None), &spec(Some(true))), expected);
}
