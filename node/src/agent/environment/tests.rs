use std::sync::Arc;

use serde_json::{Value, json};
use setpoint_core::object::Meta;
use setpoint_core::quantity::Quantity;

use super::super::fixtures::spec;
use super::*;

fn sources() -> Sources {
    let mut sources = Sources::default();
    let map = json!({"data": {"color": "blue", "A": "map"}});
    sources.add_config_map("settings", Arc::new(serde_json::from_value(map).expect("a map")));
    let secret = json!({"data": {"password": "aHVudGVy"}});
    sources.add_secret("login", Arc::new(serde_json::from_value(secret).expect("a secret")));
    sources
}

fn environment_of(container: Value) -> Result<Vec<(String, String)>, String> {
    let container: Container = serde_json::from_value(container).expect("a container");
    let meta = Meta::namespaced("default", "web-0");
    let spec = spec(&["web"], &[], json!({}));
    let fields = Fields {
        meta: &meta,
        spec: &spec,
        node_name: "node-1",
        host_ips: &[],
        pod_ips: &["10.0.0.1".to_owned()],
        allocatable_cpu: Quantity::ZERO,
        allocatable_memory: Quantity::ZERO,
    };
    let variables = environment(&container, fields, &sources()).map_err(|error| error.to_string())?;
    Ok(variables.into_iter().map(|it| (it.name, it.value)).collect())
}

#[test]
fn later_variables_see_earlier_ones() {
    let env = environment_of(json!({"name": "web",
    "envFrom": [{"configMapRef": {"name": "settings"}, "prefix": "S_"}, {"secretRef": {"name": "login"}}],
    "env": [
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "URL", "value": "http://$(IP)/$(S_color)/$(LATER)/$$(IP)"},
        {"name": "LATER", "value": "x"},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "color"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "login", "key": "password"}}},
        {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "x", "optional": true}}},
    ]}));
    let expected = [
        ("S_A", "map"),
        ("S_color", "blue"),
        ("password", "hunter"),
        ("IP", "10.0.0.1"),
        ("URL", "http://10.0.0.1/blue/$(LATER)/$(IP)"),
        ("LATER", "x"),
        ("KEY", "blue"),
        ("PASSWORD", "hunter"),
    ];
    assert_eq!(env, Ok(expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into()));
}

#[test]
fn what_must_be_there_is_named() {
    // AGENT-31
    let key = |kind: &str, name: &str| json!({"name": "X", "valueFrom": {kind: {"name": name, "key": "k"}}});
    let rows = [
        (json!({"env": [key("configMapKeyRef", "gone")]}), "configmap \"gone\" not found"),
        (json!({"env": [key("secretKeyRef", "gone")]}), "secret \"gone\" not found"),
        (
            json!({"env": [key("configMapKeyRef", "settings")]}),
            "couldn't find key k in ConfigMap default/settings",
        ),
        (json!({"env": [key("secretKeyRef", "login")]}), "couldn't find key k in Secret default/login"),
        (json!({"envFrom": [{"configMapRef": {"name": "gone"}}]}), "configmap \"gone\" not found"),
        (json!({"envFrom": [{"secretRef": {"name": "gone"}}]}), "secret \"gone\" not found"),
    ];
    for (mut container, error) in rows {
        container["name"] = json!("web");
        assert_eq!(environment_of(container), Err(error.to_owned()));
    }
}
