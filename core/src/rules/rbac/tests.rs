use serde_json::{Value, json};

use super::*;
use crate::field::FieldErrors;
use crate::object::Meta;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it has the form")
}

fn told(errors: &FieldErrors) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

// AUTH-06
#[test]
fn a_rule_is_about_objects_or_about_paths() {
    let meta = Meta::namespaced("ns", "system:a");
    let table = [
        (json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}), "", ""),
        (
            json!({"apiGroups": [], "resources": [], "verbs": []}),
            "rules[0].verbs: Required value: verbs must contain at least one value\n\
             rules[0].apiGroups: Required value: resource rules must supply at least one api group\n\
             rules[0].resources: Required value: resource rules must supply at least one resource",
            "rules[0].verbs: Required value: verbs must contain at least one value\n\
             rules[0].apiGroups: Required value: resource rules must supply at least one api group\n\
             rules[0].resources: Required value: resource rules must supply at least one resource",
        ),
        (
            json!({"nonResourceURLs": ["/x"], "verbs": ["get"]}),
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs",
            "",
        ),
        (
            json!({"nonResourceURLs": ["/x"], "apiGroups": [""], "verbs": ["get"]}),
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: namespaced rules cannot apply to non-resource URLs\n\
             rules[0].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to both regular resources and \
             non-resource URLs",
            "rules[0].nonResourceURLs: Invalid value: [\"/x\"]: rules cannot apply to both regular resources and \
             non-resource URLs",
        ),
    ];
    for (rule, in_namespace, in_cluster) in table {
        let role = json!({"rules": [rule]});
        assert_eq!(told(&validate_role(&meta, &read(role.clone()))), in_namespace, "{role}");
        assert_eq!(
            told(&validate_cluster_role(&Meta::cluster("a"), &read(role.clone()))),
            in_cluster,
            "{role}"
        );
    }
    let slash = told(&validate_role(&Meta::namespaced("ns", "a/b"), &read(json!({}))));
    assert_eq!(slash, "metadata.name: Invalid value: \"a/b\": may not contain '/'");
}

#[test]
fn an_aggregation_selects_something() {
    let meta = Meta::cluster("a");
    assert_eq!(
        told(&validate_cluster_role(&meta, &read(json!({"aggregationRule": {}})))),
        "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if \
         aggregationRule is non-nil"
    );
    let good = json!({"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}});
    assert_eq!(told(&validate_cluster_role(&meta, &read(good))), "");
    let bad = json!({"aggregationRule": {"clusterRoleSelectors": [
        {"matchExpressions": [{"key": "a", "operator": "Nope"}]},
    ]}});
    assert!(
        told(&validate_cluster_role(&meta, &read(bad)))
            .starts_with("aggregationRule.clusterRoleSelectors[0]")
    );
}

#[test]
fn groups_are_filled_in_and_subjects_are_checked() {
    let meta = Meta::namespaced("ns", "b");
    let mut binding = read(json!({
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [
            {"kind": "User", "name": "u"}, {"kind": "Group", "name": "g"},
            {"kind": "ServiceAccount", "name": "s", "apiGroup": "", "namespace": ""},
        ],
    }));
    default_role_binding(&mut binding);
    assert_eq!(
        serde_json::to_value(&binding).expect("JSON"),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {},
            "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "r"},
            "subjects": [
                {"apiGroup": GROUP, "kind": "User", "name": "u"}, {"apiGroup": GROUP, "kind": "Group", "name": "g"},
                {"kind": "ServiceAccount", "name": "s"},
            ],
        })
    );
    assert_eq!(told(&validate_role_binding(&meta, &binding)), "");
    let wrong = json!({
        "roleRef": {"apiGroup": "x", "kind": "Pod", "name": ""},
        "subjects": [
            {"kind": "User", "name": "", "apiGroup": "x"}, {"kind": "Robot", "name": "r"},
            {"kind": "ServiceAccount", "name": "S", "apiGroup": "x"},
        ],
    });
    let told = told(&validate_role_binding(&meta, &read(wrong)));
    let fields: Vec<&str> = told.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
    assert_eq!(
        fields,
        [
            "roleRef.apiGroup",
            "roleRef.kind",
            "roleRef.name",
            "subjects[0].name",
            "subjects[0].apiGroup",
            "subjects[1].kind",
            "subjects[2].name",
            "subjects[2].apiGroup",
        ],
        "{told}"
    );
}

#[test]
fn a_cluster_role_binding_needs_a_cluster_role_and_namespaces_of_accounts() {
    let binding = json!({
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "s"}],
    });
    assert_eq!(
        told(&validate_cluster_role_binding(&Meta::cluster("b"), &read(binding))),
        "roleRef.kind: Unsupported value: \"Role\": supported values: \"ClusterRole\"\n\
         subjects[0].namespace: Required value"
    );
}

#[test]
fn what_is_bound_stays() {
    let meta = Meta::cluster("b");
    let binding =
        |role: &str| read(json!({"roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}}));
    let update = |new: &str, old: &str| {
        told(&validate_cluster_role_binding_update(&meta, &binding(new), &meta, &binding(old)))
    };
    assert_eq!(update("a", "a"), "");
    assert_eq!(
        update("b", "a"),
        "roleRef: Invalid value: {\"APIGroup\":\"rbac.authorization.k8s.io\",\"Kind\":\"ClusterRole\",\"Name\":\"b\"}: \
         cannot change roleRef"
    );
}
