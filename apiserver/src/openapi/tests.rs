use std::collections::BTreeSet;

use serde_json::{Value, json};
use setpoint_core::kind::Registry;

use super::*;

fn documents() -> Documents {
    Documents::new(Registry::builtin())
}

fn read(document: &Document) -> Value {
    serde_json::from_slice(&document.body).unwrap()
}

fn version(path: &str) -> Value {
    read(&documents().version(path).unwrap_or_else(|| panic!("{path} is served")))
}

/// All `$ref`s in a document.
fn references<'v>(value: &'v Value, into: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, into)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let documents = documents();
    let mut all = vec![read(&documents.all())];
    for path in read(&documents.index())["paths"].as_object().unwrap().keys() {
        all.push(read(&documents.version(path).unwrap()));
    }
    for document in all {
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(!found.is_empty());
        for reference in found {
            let target = document.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some_and(Value::is_object), "{reference}");
        }
    }
}

#[test]
fn the_index_names_each_group_and_version_with_its_hash() {
    // DISC-08
    let documents = documents();
    let index = read(&documents.index());
    for path in ["api/v1", "apis/apps/v1", "apis/coordination.k8s.io/v1", "apis/events.k8s.io/v1"] {
        let hash = &documents.version(path).unwrap().hash;
        assert_eq!(
            index["paths"][path]["serverRelativeURL"],
            format!("/openapi/v3/{path}?hash={hash}"),
            "{path}"
        );
    }
    for path in ["api/v2", "apis/apps/v2", "apis/nothing/v1", "apis/apps", "version", ""] {
        assert_eq!(documents.version(path), None, "{path}");
    }
}

#[test]
fn patches_say_that_fields_are_validated_and_what_types_there_are() {
    // DISC-09, DISC-10
    let document = version("apis/apps/v1");
    let path = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}";
    let patch = &document["paths"][path]["patch"];
    assert_eq!(
        patch["x-kubernetes-group-version-kind"],
        json!({ "group": "apps", "kind": "Deployment", "version": "v1" })
    );
    assert_eq!(patch["x-kubernetes-action"], "patch");
    assert_eq!(patch["operationId"], "patchAppsV1NamespacedDeployment");
    let parameters: Vec<&str> =
        patch["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(parameters.contains(&"fieldValidation") && parameters.contains(&"force"), "{parameters:?}");
    let content = patch["requestBody"]["content"].as_object().unwrap();
    assert!(content.contains_key("application/strategic-merge-patch+json"));
    assert!(document["paths"][format!("{path}/status")]["put"].is_object());
    assert_eq!(
        document["paths"][format!("{path}/scale")]["get"]["x-kubernetes-group-version-kind"]["kind"],
        "Scale"
    );
}

#[test]
fn the_paths_are_those_of_the_kinds_scope() {
    // DISC-11: explain finds a resource's kind at these.
    let document = version("api/v1");
    let verbs = |path: &str| {
        let path = document["paths"][path].as_object().unwrap_or_else(|| panic!("{path}"));
        path.keys().filter(|key| *key != "parameters").cloned().collect::<Vec<_>>().join(",")
    };
    assert_eq!(verbs("/api/v1/pods"), "get");
    assert_eq!(verbs("/api/v1/namespaces/{namespace}/pods"), "delete,get,post");
    assert_eq!(verbs("/api/v1/namespaces/{namespace}/pods/{name}"), "delete,get,patch,put");
    assert_eq!(verbs("/api/v1/nodes"), "delete,get,post");
    assert_eq!(verbs("/api/v1/nodes/{name}/status"), "get,patch,put");
    assert!(document["paths"].get("/api/v1/namespaces/{namespace}/nodes").is_none());
}

#[test]
fn schemas_have_what_merging_and_explaining_need() {
    // DISC-10, DISC-11
    let document = version("api/v1");
    let schemas = &document["components"]["schemas"];
    let pod = &schemas["io.k8s.api.core.v1.Pod"];
    assert_eq!(
        pod["x-kubernetes-group-version-kind"],
        json!([{ "group": "", "kind": "Pod", "version": "v1" }])
    );
    let containers = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"];
    assert_eq!(
        *containers,
        json!({
            "type": "array",
            "description": "List of containers belonging to the pod. Containers cannot currently be added or \
                removed. There must be at least one container in a Pod. Cannot be updated.",
            "items": { "allOf": [{ "$ref": "#/components/schemas/io.k8s.api.core.v1.Container" }] },
            "x-kubernetes-list-map-keys": ["name"],
            "x-kubernetes-list-type": "map",
            "x-kubernetes-patch-merge-key": "name",
            "x-kubernetes-patch-strategy": "merge",
        })
    );
    assert_eq!(schemas["io.k8s.api.core.v1.PodSpec"]["required"], json!(["containers"]));
    let volumes = &schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["volumes"];
    assert_eq!(volumes["x-kubernetes-patch-strategy"], "merge,retainKeys");
    let port = &schemas["io.k8s.api.core.v1.ContainerPort"]["properties"]["containerPort"];
    assert_eq!((&port["type"], &port["format"]), (&json!("integer"), &json!("int32")));
    let quantity = &schemas["io.k8s.apimachinery.pkg.api.resource.Quantity"];
    assert_eq!(*quantity, json!({ "oneOf": [{ "type": "string" }, { "type": "number" }] }));
    let list = &schemas["io.k8s.api.core.v1.PodList"];
    assert_eq!(list["x-kubernetes-group-version-kind"][0]["kind"], "PodList");
    let selector = &schemas["io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"];
    assert_eq!(selector["x-kubernetes-map-type"], "atomic");
}

// AUTH-07, DISC-08
#[test]
fn questions_have_a_schema_and_can_only_be_asked() {
    let index = read(&documents().index());
    assert!(index["paths"]["apis/authentication.k8s.io/v1"].is_object(), "{index}");
    let document = version("apis/authorization.k8s.io/v1");
    let path = |path: &str| {
        let path = document["paths"][path].as_object().unwrap_or_else(|| panic!("{path}"));
        path.keys().map(String::as_str).collect::<Vec<_>>().join(",")
    };
    let root = "/apis/authorization.k8s.io/v1";
    assert_eq!(path(&format!("{root}/selfsubjectaccessreviews")), "post");
    assert_eq!(
        path(&format!("{root}/namespaces/{{namespace}}/localsubjectaccessreviews")),
        "parameters,post"
    );
    let ask = &document["paths"][format!("{root}/selfsubjectaccessreviews")]["post"];
    assert_eq!(ask["operationId"], "createAuthorizationV1SelfSubjectAccessReview");
    assert_eq!(
        ask["x-kubernetes-group-version-kind"],
        json!({ "group": "authorization.k8s.io", "kind": "SelfSubjectAccessReview", "version": "v1" })
    );
    let schemas = &document["components"]["schemas"];
    let spec = &schemas["io.k8s.api.authorization.v1.SelfSubjectAccessReviewSpec"]["properties"];
    assert!(spec["resourceAttributes"]["description"].is_string(), "{spec}");
    assert!(schemas.get("io.k8s.api.authorization.v1.SelfSubjectAccessReviewList").is_none());
    let all = read(&documents().all());
    assert!(all["paths"]["/apis/authentication.k8s.io/v1/tokenreviews"]["post"].is_object());
}

#[test]
fn version_2_has_everything_in_one() {
    let document = read(&documents().all());
    assert_eq!(document["swagger"], "2.0");
    let pod = &document["definitions"]["io.k8s.api.core.v1.Pod"];
    let spec = &pod["properties"]["spec"];
    assert_eq!(spec["$ref"], "#/definitions/io.k8s.api.core.v1.PodSpec");
    let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/replicasets/{name}"]["patch"];
    assert!(patch["consumes"].as_array().unwrap().contains(&json!("application/apply-patch+yaml")));
    let body = patch["parameters"].as_array().unwrap().iter().find(|one| one["in"] == "body");
    assert!(body.is_some_and(|body| body["schema"]["$ref"].is_string()));
}

#[test]
fn custom_kinds_are_objects_with_unknown_fields() {
    use setpoint_core::kind::Kind;

    let registry = Registry::builtin();
    let documents = Documents::new(registry.clone());
    let before = documents.index();
    assert_eq!(documents.index().hash, before.hash);
    let model = registry.find("ConfigMap", "v1").expect("it is built in");
    let served = setpoint_core::kind::ServedVersion { group: "example.com".into(), version: "v1".into() };
    registry
        .register_kind(Kind {
            id: model.id,
            resource: setpoint_core::GroupResource::new("example.com", "sites"),
            names: setpoint_core::kind::Names {
                kind: "Site".into(),
                list: "SiteList".into(),
                plural: "sites".into(),
                singular: "site".into(),
                short: Vec::new(),
                categories: Vec::new(),
            },
            scope: model.scope,
            versions: vec![served],
            representation: model.representation.clone(),
            rules: model.rules.clone(),
            conversion: None,
            has_status: true,
            fields: Vec::new(),
            custom: None,
        })
        .expect("its names are free");
    assert_ne!(documents.index().hash, before.hash, "there is one more");
    let document = read(&documents.version("apis/example.com/v1").unwrap());
    let site = &document["components"]["schemas"]["com.example.v1.Site"];
    assert_eq!(site["x-kubernetes-preserve-unknown-fields"], true);
    assert_eq!(
        site["properties"]["metadata"]["allOf"][0]["$ref"],
        "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    );
}

#[test]
fn documents_are_asked_for_and_cached_by_hash() {
    let documents = documents();
    let ask = |request: Request<'_>| answer(&documents, request);
    let path = "/openapi/v3/apis/apps/v1";
    let current = documents.version("apis/apps/v1").unwrap();
    let found = |immutable| Answer::Document { document: current.clone(), immutable };
    let plain = Request { path, ..Request::default() };
    assert_eq!(ask(plain), found(false));
    assert_eq!(ask(Request { hash: Some(&current.hash), ..plain }), found(true));
    assert_eq!(
        ask(Request { hash: Some("0"), ..plain }),
        Answer::Moved(format!("{path}?hash={}", current.hash))
    );
    let tag = format!("\"{}\"", current.hash);
    assert_eq!(
        ask(Request { if_none_match: Some(&tag), ..plain }),
        Answer::NotModified(current.hash.clone())
    );
    assert_eq!(ask(Request { if_none_match: Some("\"0\""), ..plain }), found(false));
    assert_eq!(ask(Request { path: "/openapi/v3/apis/apps/v9", ..plain }), Answer::NotFound);
    assert_eq!(ask(Request { path: "/openapi/v4", ..plain }), Answer::NotFound);
}

#[test]
fn protobuf_is_refused() {
    // DISC-11
    let documents = documents();
    let ask = |accept| answer(&documents, Request { path: "/openapi/v2", accept, ..Request::default() });
    let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    assert_eq!(ask(protobuf), Answer::NotAcceptable);
    for accept in
        ["", "*/*", "application/json", "application/json;q=0.5", &format!("{protobuf},application/json")]
    {
        assert!(matches!(ask(accept), Answer::Document { .. }), "{accept}");
    }
}
