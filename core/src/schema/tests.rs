use super::*;

fn field(type_: &str, name: &str) -> &'static Field {
    let found = Schema::of(type_).unwrap_or_else(|| panic!("{type_} is unknown")).field(name);
    found.unwrap_or_else(|| panic!("{type_} has no {name}"))
}

fn list(field: &Field) -> &List {
    let Node::List(list) = field.node() else { panic!("{} is no list", field.name()) };
    list
}

#[test]
fn knows_the_merge_rules_of_lists() {
    // PATCH-07
    for (type_, name, keys, merged, merge_key) in [
        ("core.v1.PodSpec", "containers", &["name"][..], true, Some("name")),
        ("core.v1.Container", "ports", &["containerPort", "protocol"], true, Some("containerPort")),
        ("core.v1.ServiceSpec", "ports", &["port", "protocol"], true, Some("port")),
        ("core.v1.PodStatus", "conditions", &["type"], true, Some("type")),
        (
            "core.v1.PodSpec",
            "topologySpreadConstraints",
            &["topologyKey", "whenUnsatisfiable"],
            true,
            Some("topologyKey"),
        ),
    ] {
        let field = field(&format!("io.k8s.api.{type_}"), name);
        assert_eq!(list(field).list_type(), &ListType::Map(keys.into()), "{type_}.{name}");
        assert_eq!((field.is_merged(), field.patch_merge_key()), (merged, merge_key), "{type_}.{name}");
    }
    let tolerations = field("io.k8s.api.core.v1.PodSpec", "tolerations");
    assert_eq!(list(tolerations).list_type(), &ListType::Atomic);
    assert!(!tolerations.is_merged());
    let finalizers = field("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "finalizers");
    assert_eq!(list(finalizers).list_type(), &ListType::Set);
    assert_eq!((finalizers.is_merged(), finalizers.patch_merge_key()), (true, None));
    assert!(field("io.k8s.api.core.v1.PodSpec", "volumes").retains_keys());
}

#[test]
fn knows_what_is_owned_whole() {
    let Node::Map(selector) = field("io.k8s.api.core.v1.ServiceSpec", "selector").node() else {
        panic!("it is a map")
    };
    assert!(selector.is_atomic());
    let Node::Struct(selector) = field("io.k8s.api.apps.v1.DeploymentSpec", "selector").node() else {
        panic!("it is a struct")
    };
    assert!(selector.is_atomic(), "label selectors are");
    let Node::Struct(claim) = field("io.k8s.api.core.v1.PersistentVolumeSpec", "claimRef").node() else {
        panic!("it is a struct")
    };
    assert!(!claim.is_atomic(), "the field says otherwise than the type");
}

#[test]
fn finds_a_type_by_its_kind() {
    let kind = Schema::of_kind("apps", "v1", "Deployment").and_then(Type::kind);
    assert_eq!(kind, Some(&Kind { group: "apps", version: "v1", kind: "Deployment" }));
    assert_eq!(Schema::of_kind("", "v1", "Pod").map(Type::name), Some("io.k8s.api.core.v1.Pod"));
    assert!(Schema::of_kind("", "v1", "Deployment").is_none());
    assert!(Schema::of("io.k8s.api.core.v1.Nothing").is_none());
    assert_eq!(Schema::of_object("apps/v1", "Deployment").name(), "io.k8s.api.apps.v1.Deployment");
    assert_eq!(Schema::of_object("v1", "Pod").name(), "io.k8s.api.core.v1.Pod");
    assert!(Schema::of_object("example.com/v1", "Pod").is_open());
}

#[test]
fn knows_what_a_server_always_writes() {
    assert_eq!(field("io.k8s.api.apps.v1.Deployment", "status").written(), Some(&serde_json::json!({})));
    assert_eq!(field("io.k8s.api.core.v1.PodSpec", "containers").written(), Some(&serde_json::Value::Null));
    assert_eq!(field("io.k8s.api.core.v1.ConfigMap", "data").written(), None);
}

#[test]
fn keys_that_may_be_left_out_have_defaults() {
    let default = |name| field("io.k8s.api.core.v1.ContainerPort", name).key_default();
    assert_eq!(default("protocol"), Some(&serde_json::json!("TCP")));
    assert_eq!(default("containerPort"), Some(&serde_json::json!(0)));
    assert_eq!(default("hostIP"), None);
}

#[test]
fn every_key_and_merge_key_is_a_field_of_the_element() {
    for type_ in Schema::types() {
        for field in type_.fields() {
            let Node::List(list) = field.node() else { continue };
            let at = format!("{}.{}", type_.name(), field.name());
            let keys: &[&str] = if let ListType::Map(keys) = list.list_type() { keys } else { &[] };
            let Node::Struct(element) = list.element() else {
                assert!(keys.is_empty(), "{at}");
                continue;
            };
            // hostIPs and the like have a merge key for strategic merge only.
            for key in keys.iter().copied().chain(field.patch_merge_key()) {
                assert!(element.type_().field(key).is_some(), "{at} has no {key}");
            }
        }
    }
}

#[test]
fn fields_are_sorted() {
    assert!(Schema::types().count() > 500);
    assert!(Schema::types().all(|type_| type_.fields().is_sorted_by_key(Field::name)));
}

#[test]
fn an_unknown_kind_has_typed_metadata_only() {
    let untyped = Schema::untyped();
    assert!(untyped.is_open());
    assert_eq!(untyped.undeclared(), Some(&Node::Open));
    let Some(Node::Struct(meta)) = untyped.field("metadata").map(Field::node) else { panic!("has metadata") };
    assert!(meta.type_().field("ownerReferences").is_some());
}
