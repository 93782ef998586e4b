use proptest::prelude::*;
use serde_json::json;

use super::*;

fn compare(old: &Value, new: &Value, place: &'static Node) -> Comparison {
    Tape::of(old, place).compare(&Tape::of(new, place))
}

#[test]
fn only_what_differs_is_found() {
    // PATCH-12: {name, old, new, added, modified, removed}
    let container = |image: &str| json!({ "name": "c", "image": image });
    let rows = [
        (
            "a scalar",
            json!({"spec": {"replicas": 1}}),
            json!({"spec": {"replicas": 2}}),
            "{}",
            r#"{"f:spec":{"f:replicas":{}}}"#,
            "{}",
        ),
        (
            "an item by its key",
            json!({"spec": {"template": {"spec": {"containers": [container("a")]}}}}),
            json!({"spec": {"template": {"spec": {"containers": [{"name": "d"}, container("b")]}}}}),
            r#"{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"d\"}":{".":{},"f:name":{},"f:resources":{}}}}}}}"#,
            r#"{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:image":{}}}}}}}"#,
            "{}",
        ),
        (
            "what is atomic, whole",
            json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}}),
            json!({"spec": {"selector": {"matchLabels": {"a": "c"}}}}),
            "{}",
            r#"{"f:spec":{"f:selector":{}}}"#,
            "{}",
        ),
        (
            "labels one by one, and the map when it comes and goes",
            json!({"metadata": {"labels": {"a": "1", "b": "1"}}}),
            json!({"metadata": {"labels": {"a": "2"}, "annotations": {"c": "1"}}}),
            r#"{"f:metadata":{"f:annotations":{".":{},"f:c":{}}}}"#,
            r#"{"f:metadata":{"f:labels":{"f:a":{}}}}"#,
            r#"{"f:metadata":{"f:labels":{"f:b":{}}}}"#,
        ),
        (
            "a default of a key",
            json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1}]}]}}}}),
            json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 1, "protocol": "TCP"}]}]}}}}),
            r#"{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{"f:ports":{"k:{\"containerPort\":1,\"protocol\":\"TCP\"}":{"f:protocol":{}}}}}}}}}"#,
            "{}",
            "{}",
        ),
        (
            "finalizers as a set",
            json!({"metadata": {"finalizers": ["a", "b"]}}),
            json!({"metadata": {"finalizers": ["b", "c"]}}),
            r#"{"f:metadata":{"f:finalizers":{"v:\"c\"":{}}}}"#,
            "{}",
            r#"{"f:metadata":{"f:finalizers":{"v:\"a\"":{}}}}"#,
        ),
        (
            "items that become duplicates",
            json!({"metadata": {"finalizers": ["a"]}}),
            json!({"metadata": {"finalizers": ["a", "a"]}}),
            r#"{"f:metadata":{"f:finalizers":{"v:\"a\"":{}}}}"#,
            "{}",
            r#"{"f:metadata":{"f:finalizers":{"v:\"a\"":{}}}}"#,
        ),
        (
            "what a server writes anyway",
            json!({}),
            json!({"spec": {"strategy": {}}, "status": {}}),
            "{}",
            "{}",
            "{}",
        ),
        (
            "an empty map",
            json!({}),
            json!({"spec": {"template": {"spec": {"nodeSelector": {}, "securityContext": {}}}}}),
            r#"{"f:spec":{"f:template":{"f:spec":{"f:nodeSelector":{},"f:securityContext":{}}}}}"#,
            "{}",
            "{}",
        ),
    ];
    let place = place("apps/v1", "Deployment");
    for (name, old, new, added, modified, removed) in rows {
        let found = compare(&old, &new, place);
        let expect = Comparison { added: set(added), modified: set(modified), removed: set(removed) };
        assert_eq!(found, expect, "{name}");
    }
}

#[test]
fn untyped_kinds_have_granular_maps_and_atomic_lists() {
    // PATCH-10
    let place = place("example.com/v1", "Site");
    let old = json!({"spec": {"a": {"b": 1}, "list": [1], "turned": {"x": 1}}});
    let new = json!({"spec": {"a": {"b": 2, "c": {}}, "list": [1, 2], "turned": "text"}});
    let expect = Comparison {
        added: set(r#"{"f:spec":{"f:a":{"f:c":{}}}}"#),
        modified: set(r#"{"f:spec":{"f:a":{"f:b":{}},"f:list":{},"f:turned":{}}}"#),
        removed: set(r#"{"f:spec":{"f:turned":{"f:x":{}}}}"#),
    };
    assert_eq!(compare(&old, &new, place), expect);
}

#[test]
fn typed_values_are_written_down_as_their_json() {
    use k8s_openapi::api::core::v1::Pod;
    let json = json!({
        "metadata": {"labels": {"a": "b"}, "ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u"}]},
        "spec": {
            "containers": [{"name": "c", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1"}},
                "livenessProbe": {"httpGet": {"port": "http"}}, "env": [{"name": "A", "value": "1"}]}],
            "hostname": "h", "hostIPC": true, "hostUsers": false, "priority": 3,
            "volumes": [{"name": "v", "configMap": {"name": "m", "items": [{"key": "k", "path": "p"}]}}],
        },
        "status": {"podIPs": [{"ip": "1.2.3.4"}], "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "True"}]},
    });
    let pod: Pod = serde_json::from_value(json).expect("a pod");
    let value = serde_json::to_value(&pod).expect("JSON");
    let place = place("v1", "Pod");
    assert!(Tape::of(&pod, place).compare(&Tape::of(&value, place)).is_empty());
    let all = Tape::empty(place).compare(&Tape::of(&pod, place));
    assert!(all.removed.is_empty());
    let ip =
        [Element::field("status"), Element::field("podIPs"), Element::key([("ip", Scalar::from("1.2.3.4"))])];
    assert!(all.added.contains(&ip));
}

/// Any JSON of an open object, with few names.
fn open() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..3i64).prop_map(Value::from)];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    value.prop_map(|spec| json!({ "spec": spec }))
}

/// The slow way: by path.
fn leaves(value: &Value, path: &mut Vec<Element>, out: &mut Vec<(Vec<Element>, Value)>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push((path.clone(), json!("map")));
            for (name, value) in map {
                path.push(Element::field(name.as_str()));
                leaves(value, path, out);
                path.pop();
            }
        }
        other => out.push((path.clone(), other.clone())),
    }
}

/// Changes the numbers.
fn shift(value: &mut Value, by: i64) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| shift(field, by)),
        other => {
            if let Some(number) = other.as_i64() {
                *other = ((number + by) % 3).into();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn comparing_finds_what_the_slow_way_finds(old in open(), new in open()) {
        let place = place("example.com/v1", "Site");
        let found = compare(&old, &new, place);
        let all = |value: &Value| {
            let mut out = Vec::new();
            leaves(value, &mut Vec::new(), &mut out);
            out
        };
        let (before, after) = (all(&old), all(&new));
        let value = |list: &[(Vec<Element>, Value)], path: &[Element]| {
            list.iter().find(|(other, _)| other == path).map(|(_, value)| value.clone())
        };
        for (path, new) in &after {
            let old = value(&before, path);
            prop_assert_eq!(found.added.contains(path), old.is_none() && !path.is_empty(), "{:?}", path);
            // An empty map or nothing is as good as a map with something.
            let hollow = |value: &Value| value.is_null() || *value == json!({}) || *value == json!("map");
            let becomes = old.is_some_and(|old| {
                let fills = hollow(&old) && hollow(new) && (old == json!("map") || *new == json!("map"));
                old != *new && !fills
            });
            prop_assert_eq!(found.modified.contains(path), becomes, "{:?}", path);
        }
        for (path, _) in &before {
            prop_assert_eq!(found.removed.contains(path), value(&after, path).is_none() && !path.is_empty());
        }
    }

    #[test]
    fn alike_values_differ_in_the_same_fields(base in open(), one in open(), by in 0..3i64) {
        let place = place("example.com/v1", "Site");
        let mut other = one.clone();
        shift(&mut other, by);
        let [base, one, other] = [base, one, other].map(|value| Tape::of(&value, place));
        prop_assert!(by != 0 || one.is_alike(&other, &base));
        if one.is_alike(&other, &base) {
            prop_assert_eq!(base.compare(&one), base.compare(&other));
            prop_assert_eq!(one.fingerprint(), other.fingerprint());
        }
    }
}
