use super::*;

struct Case {
    name: &'static str,
    object: Value,
    patch: Value,
    expect: Value,
}

fn case(name: &'static str, object: Value, patch: Value, expect: Value) -> Case {
    Case { name, object, patch, expect }
}

fn check(type_: &'static Type, cases: impl IntoIterator<Item = Case>) {
    for Case { name, object, patch, expect } in cases {
        assert_eq!(patched(PatchType::Strategic, type_, &object, patch), Ok(expect), "{name}");
    }
}

fn spec(field: &str, value: Value) -> Value {
    json!({"spec": {field: value}})
}

fn meta(fields: Value) -> Value {
    json!({ "metadata": fields })
}

#[test]
fn maps_are_merged_like_a_merge_patch() {
    check(
        pod(),
        [
            case(
                "sets",
                meta(json!({"name": "a"})),
                meta(json!({"uid": "u"})),
                meta(json!({"name": "a", "uid": "u"})),
            ),
            case(
                "null deletes",
                meta(json!({"labels": {"a": "1", "b": "2"}})),
                meta(json!({"labels": {"a": null}})),
                meta(json!({"labels": {"b": "2"}})),
            ),
            case(
                "nulls do not create",
                meta(json!({})),
                meta(json!({"labels": {"a": null}})),
                meta(json!({"labels": {}})),
            ),
            case("another type replaces", spec("x", json!(1)), spec("x", json!({"a": null, "b": 1})), {
                spec("x", json!({"b": 1}))
            }),
        ],
    );
}

#[test]
fn lists_follow_their_declaration() {
    // PATCH-07
    let lists = |field, object, patch, expect| {
        case(field, spec(field, object), spec(field, patch), spec(field, expect))
    };
    check(
        pod(),
        [
            lists("tolerations", json!([{"key": "a"}]), json!([{"key": "b"}]), json!([{"key": "b"}])),
            lists(
                "hostAliases",
                json!([{"ip": "1", "hostnames": ["a"]}]),
                json!([{"ip": "1", "hostnames": ["b"]}]),
                json!([{"ip": "1", "hostnames": ["b"]}]),
            ),
            lists(
                "containers",
                json!([{"name": "a", "command": ["x"]}]),
                json!([{"name": "a", "command": ["y"]}]),
                json!([{"name": "a", "command": ["y"]}]),
            ),
            lists(
                "volumes",
                json!([{"name": "a", "emptyDir": {}}]),
                json!([{"name": "a", "emptyDir": null}]),
                json!([{"name": "a"}]),
            ),
        ],
    );
    check(
        kind("", "v1", "Service"),
        [lists(
            "ports",
            json!([{"port": 80, "name": "a"}]),
            json!([{"port": 80, "name": "b"}, {"port": 81}]),
            json!([{"port": 80, "name": "b"}, {"port": 81}]),
        )],
    );
    let owners = |list: Value| meta(json!({"ownerReferences": list}));
    check(
        kind("apps", "v1", "ReplicaSet"),
        [case(
            "owners are told apart by uid",
            owners(json!([{"uid": "1", "name": "a"}])),
            owners(json!([{"uid": "2", "name": "a"}])),
            owners(json!([{"uid": "2", "name": "a"}, {"uid": "1", "name": "a"}])),
        )],
    );
}

#[test]
fn scalars_of_a_merged_list_are_a_union() {
    let finalizers = |list: Value| meta(json!({"finalizers": list}));
    check(
        pod(),
        [
            case("a union", finalizers(json!(["a", "b"])), finalizers(json!(["b", "c"])), {
                finalizers(json!(["a", "b", "c"]))
            }),
            case("new ones come first", finalizers(json!(["a"])), finalizers(json!(["b"])), {
                finalizers(json!(["b", "a"]))
            }),
            case(
                "once each",
                finalizers(json!(["a"])),
                finalizers(json!(["c", "c"])),
                finalizers(json!(["c", "a"])),
            ),
            case(
                "deleted from",
                finalizers(json!(["a", "b", "c"])),
                meta(json!({"$deleteFromPrimitiveList/finalizers": ["a", "c", "d"]})),
                finalizers(json!(["b"])),
            ),
            case(
                "deleted from and added to",
                finalizers(json!(["a", "b"])),
                meta(json!({"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["z"]})),
                finalizers(json!(["z", "b"])),
            ),
            case(
                "ordered",
                finalizers(json!(["a", "b", "c"])),
                meta(json!({"$setElementOrder/finalizers": ["c", "d", "a"], "finalizers": ["d"]})),
                finalizers(json!(["b", "c", "d", "a"])),
            ),
            case(
                "nothing to delete from",
                meta(json!({})),
                meta(json!({"$deleteFromPrimitiveList/finalizers": ["a"]})),
                meta(json!({})),
            ),
        ],
    );
}

#[test]
fn a_map_can_be_replaced_or_emptied() {
    // PATCH-08
    check(
        pod(),
        [
            case(
                "replace",
                meta(json!({"labels": {"a": "1", "b": "2"}})),
                meta(json!({"labels": {"$patch": "replace", "c": "3"}})),
                meta(json!({"labels": {"c": "3"}})),
            ),
            case(
                "delete",
                meta(json!({"labels": {"a": "1"}})),
                meta(json!({"labels": {"$patch": "delete", "c": "3"}})),
                meta(json!({"labels": {}})),
            ),
            case(
                "nothing to act on",
                meta(json!({})),
                {
                    meta(
                        json!({"labels": {"$patch": "delete"}, "annotations": {"$patch": "replace", "a": "1"}}),
                    )
                },
                meta(json!({})),
            ),
        ],
    );
}

#[test]
fn a_list_item_can_be_deleted_and_a_list_replaced() {
    // PATCH-08; the garbage collector deletes owners so.
    let containers = |list: Value| spec("containers", list);
    check(
        pod(),
        [
            case(
                "delete",
                containers(json!([{"name": "a"}, {"name": "b"}])),
                containers(json!([{"name": "a", "$patch": "delete"}, {"name": "none", "$patch": "delete"}])),
                containers(json!([{"name": "b"}])),
            ),
            case(
                "replace",
                containers(json!([{"name": "a", "image": "a:1"}])),
                containers(json!([{"$patch": "replace"}, {"name": "a", "tty": true}, {"name": "b"}])),
                containers(json!([{"name": "a", "tty": true}, {"name": "b"}])),
            ),
            case(
                "replaced by nothing",
                containers(json!([{"name": "a"}])),
                containers(json!([{"$patch": "replace"}])),
                containers(json!([])),
            ),
        ],
    );
    let owners = |list: Value| meta(json!({"uid": "me", "ownerReferences": list}));
    check(
        kind("apps", "v1", "ReplicaSet"),
        [case(
            "an owner",
            owners(json!([{"uid": "1"}, {"uid": "2"}])),
            owners(json!([{"uid": "1", "$patch": "delete"}])),
            owners(json!([{"uid": "2"}])),
        )],
    );
}

#[test]
fn set_element_order_orders_the_result() {
    // PATCH-08
    let names = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Value>();
    for (name, live, order, items, expect) in [
        ("moves items", &["a", "b", "c"][..], &["c", "b", "a"][..], &[][..], &["c", "b", "a"][..]),
        ("others keep their place", &["x", "a", "b"], &["b", "a"], &[], &["x", "b", "a"]),
        (
            "others stay before the first they preceded",
            &["a", "x", "b", "y"],
            &["b", "a"],
            &[],
            &["x", "b", "a", "y"],
        ),
        ("others stay before those they preceded", &["a", "x", "b"], &["a", "b"], &[], &["a", "x", "b"]),
        ("new items are put in", &["a", "b"], &["a", "n", "b"], &["n"], &["a", "n", "b"]),
        ("new items come before others", &["x", "c"], &["e", "c"], &["e"], &["e", "x", "c"]),
        ("only the order of a list that is there", &[], &["a"], &[], &[]),
    ] {
        let patch =
            json!({"spec": {"$setElementOrder/containers": names(order), "containers": names(items)}});
        let object = spec("containers", names(live));
        check(pod(), [case(name, object, patch, spec("containers", names(expect)))]);
    }
}

#[test]
fn retain_keys_drops_the_others() {
    // PATCH-08
    check(
        kind("apps", "v1", "Deployment"),
        [
            case(
                "a union changes its member",
                spec("strategy", json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})),
                spec("strategy", json!({"$retainKeys": ["type"], "type": "Recreate"})),
                spec("strategy", json!({"type": "Recreate"})),
            ),
            case(
                "keys that are not set are kept",
                spec("strategy", json!({"type": "A", "rollingUpdate": {}})),
                spec("strategy", json!({"$retainKeys": ["type", "rollingUpdate"], "type": "B"})),
                spec("strategy", json!({"type": "B", "rollingUpdate": {}})),
            ),
        ],
    );
}

#[test]
fn a_selector_is_replaced() {
    check(
        kind("policy", "v1", "PodDisruptionBudget"),
        [case(
            "whole",
            spec("selector", json!({"matchLabels": {"a": "1"}})),
            spec("selector", json!({"matchLabels": {"b": "2"}})),
            spec("selector", json!({"matchLabels": {"b": "2"}})),
        )],
    );
}

#[test]
fn ill_formed_patches_are_refused() {
    let containers = |list: Value| spec("containers", list);
    let live = json!({
        "metadata": {"labels": {"a": "1"}, "finalizers": ["a"]},
        "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
    });
    for (patch, reason, part) in [
        (containers(json!([{"image": "x"}])), Reason::Invalid, "does not contain declared merge key: name"),
        (containers(json!([{"$patch": "delete"}])), Reason::Invalid, "merge key"),
        (containers(json!([{"name": "a", "$patch": "merge"}])), Reason::Invalid, "unknown patch type"),
        (containers(json!(["a"])), Reason::Invalid, "not identical"),
        (meta(json!({"finalizers": [["a"]]})), Reason::Invalid, "not identical"),
        (meta(json!({"labels": {"$patch": "merge"}})), Reason::Invalid, "unknown patch type: \"merge\""),
        (meta(json!({"$retainKeys": "x"})), Reason::BadRequest, "retainKeys"),
        (meta(json!({"$retainKeys": ["x"], "y": 1})), Reason::BadRequest, "retainKeys"),
        (meta(json!({"$deleteFromPrimitiveList": ["x"]})), Reason::BadRequest, "primitive list"),
        (meta(json!({"$setElementOrder": ["x"]})), Reason::BadRequest, "setElementOrder list"),
        (json!({"spec": {"$setElementOrder/containers": "x"}}), Reason::Invalid, "expected a list"),
        (
            json!({"spec": {"$setElementOrder/containers": [{"name": "a"}], "containers": [{"name": "n"}]}}),
            Reason::Invalid,
            "order",
        ),
        (
            json!({"spec": {
                "$setElementOrder/containers": [{"name": "a"}, {"name": "b"}],
                "containers": [{"name": "b"}, {"name": "a"}],
            }}),
            Reason::Invalid,
            "order",
        ),
        (
            json!({"spec": {"$deleteFromPrimitiveList/containers": [{"name": "a"}]}}),
            Reason::BadRequest,
            "primitive",
        ),
    ] {
        let error = patched(PatchType::Strategic, pod(), &live, patch.clone()).expect_err("it is ill-formed");
        assert_eq!(error.reason(), reason, "{patch}: {error}");
        assert!(error.to_string().contains(part), "{patch}: {error}");
    }
}

#[test]
fn does_what_was_recorded() {
    // The scenario api-patch-strategic, without defaults.
    let mut web = json!({"metadata": {"name": "web"}, "spec": {
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
        "template": {"spec": {"containers": [
            {"name": "c", "image": "app:1", "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"name": "d", "image": "side:1"},
        ]}},
    }});
    let template = |spec: Value| json!({"spec": {"template": {"spec": spec}}});
    let c = json!({"name": "c", "image": "app:2", "env": [
        {"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": "4"},
    ]});
    let containers = "/spec/template/spec/containers";
    for (patch, at, expect) in [
        (
            template(json!({"containers": [{"name": "c", "image": "app:2", "env": [
                {"name": "B", "value": "3"}, {"name": "C", "value": "4"},
            ]}]})),
            containers,
            json!([c.clone(), {"name": "d", "image": "side:1"}]),
        ),
        (
            template(json!({"containers": [{"name": "d", "$patch": "delete"}]})),
            containers,
            json!([c.clone()]),
        ),
        (
            template(json!({
                "$setElementOrder/containers": [{"name": "e"}, {"name": "c"}],
                "containers": [{"name": "e", "image": "new:1"}],
            })),
            containers,
            json!([{"name": "e", "image": "new:1"}, c]),
        ),
        (
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}),
            "/spec/strategy",
            json!({"type": "Recreate"}),
        ),
        (
            meta(json!({"finalizers": ["example.com/a", "example.com/b"]})),
            "/metadata/finalizers",
            json!(["example.com/a", "example.com/b"]),
        ),
        (
            meta(json!({"$deleteFromPrimitiveList/finalizers": ["example.com/a"]})),
            "/metadata/finalizers",
            json!(["example.com/b"]),
        ),
    ] {
        web = patched(PatchType::Strategic, kind("apps", "v1", "Deployment"), &web, patch.clone())
            .unwrap_or_else(|error| panic!("{patch}: {error}"));
        assert_eq!(web.pointer(at), Some(&expect), "{patch}");
    }
}
