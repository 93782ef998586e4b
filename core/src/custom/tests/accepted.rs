use std::sync::Arc;

use serde_json::{Value, json};

use crate::kind::{Registry, Subresource};
use crate::object::{Draft, Object, Revision};

/// A definition of sites with this schema.
pub(super) fn sites(schema: Value) -> Value {
    json!({
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "kind": "Site"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

fn draft(definition: &Value) -> Draft {
    let kind =
        Registry::builtin().find("CustomResourceDefinition", "apiextensions.k8s.io/v1").expect("built in");
    let rules = Arc::clone(&kind.rules);
    let mut draft = Draft::from_value(kind, definition.clone()).expect("it is of its type");
    rules.default(&mut draft);
    rules.prepare_create(&mut draft);
    draft
}

/// What is wrong with a definition.
pub(super) fn faults(definition: &Value) -> Vec<String> {
    let draft = draft(definition);
    let faults = draft.kind().rules.validate_create(&draft);
    // Values that are whole versions are too long to be read.
    faults.iter().map(|fault| format!("{}: {}: {}", fault.field, fault.kind.reason(), fault.detail)).collect()
}

#[track_caller]
pub(super) fn refused(definition: &Value, expected: &[&str]) {
    assert_eq!(faults(definition), expected, "{definition}");
}

fn object() -> Value {
    json!({"type": "object"})
}

const SCHEMA: &str = "spec.versions[0].schema.openAPIV3Schema";

#[test]
fn what_is_left_out_is_filled_in() {
    // CRD-02
    let value = draft(&sites(object())).to_value();
    assert_eq!(value["spec"]["names"]["listKind"], "SiteList");
    assert_eq!(value["spec"]["names"]["singular"], "site");
    assert_eq!(value["spec"]["conversion"], json!({"strategy": "None"}));
    assert_eq!(value["status"]["storedVersions"], json!(["v1"]));
    refused(&sites(object()), &[]);
}

#[test]
fn names_groups_and_versions_are_checked() {
    // CRD-02
    let table: Vec<(&str, Value, &[&str])> = vec![
        (
            "/metadata/name",
            json!("other.example.com"),
            &["metadata.name: FieldValueInvalid: must be spec.names.plural+\".\"+spec.group"],
        ),
        (
            "/spec/scope",
            json!("Planet"),
            &["spec.scope: FieldValueNotSupported: supported values: \"Cluster\", \"Namespaced\""],
        ),
        (
            "/spec/versions/0/storage",
            json!(false),
            &["spec.versions: FieldValueInvalid: must have exactly one version marked as storage version"],
        ),
        (
            "/spec/names/listKind",
            json!("Site"),
            &["spec.names.listKind: FieldValueInvalid: kind and listKind may not be the same"],
        ),
        (
            "/spec/preserveUnknownFields",
            json!(true),
            &["spec.preserveUnknownFields: FieldValueInvalid: cannot set to true, set \
             x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"],
        ),
        (
            "/spec/versions/0/schema",
            Value::Null,
            &["spec.versions[0].schema.openAPIV3Schema: FieldValueRequired: "],
        ),
        (
            "/spec/versions/0/deprecationWarning",
            json!("x"),
            &[
                "spec.versions[0].deprecationWarning: FieldValueInvalid: can only be set for deprecated versions",
            ],
        ),
        (
            "/spec/versions/0/selectableFields",
            json!([{"jsonPath": ".spec.x"}]),
            &[
                "spec.versions[0].selectableFields[0].jsonPath: FieldValueInvalid: is an invalid path: does not refer to a \
             valid field",
            ],
        ),
        (
            "/spec/versions/0/additionalPrinterColumns",
            json!([{"name": "A", "type": "text", "jsonPath": "spec.a"}]),
            &[
                "spec.versions[0].additionalPrinterColumns[0].type: FieldValueInvalid: must be one of \
                 boolean,date,integer,number,string",
                "spec.versions[0].additionalPrinterColumns[0].JSONPath: FieldValueInvalid: must be a simple json path \
                 starting with .",
            ],
        ),
        (
            "/spec/versions/0/subresources",
            json!({"scale": {"specReplicasPath": ".status.a", "statusReplicasPath": ".status.b"}}),
            &[
                "spec.versions[0].subresources.scale.specReplicasPath: FieldValueInvalid: should be a json path under \
               .spec",
            ],
        ),
        (
            "/spec/conversion",
            json!({"strategy": "Webhook"}),
            &[
                "spec.conversion.webhookClientConfig: FieldValueRequired: required when strategy is set to Webhook",
                "spec.conversion.conversionReviewVersions: FieldValueRequired: ",
            ],
        ),
    ];
    for (pointer, value, expected) in table {
        let mut definition = sites(object());
        let (parent, field) = pointer.rsplit_once('/').expect("a path");
        definition.pointer_mut(parent).expect("it is there")[field] = value;
        refused(&definition, expected);
    }
    let mut definition = sites(object());
    definition["spec"]["group"] = json!("k8s.io");
    definition["metadata"]["name"] = json!("sites.k8s.io");
    assert_eq!(faults(&definition).len(), 1, "a protected group");
}

#[test]
fn schemas_must_be_structural() {
    // CRD-02
    let with = |field: Value| json!({"type": "object", "properties": {"f": field}});
    let table: Vec<(Value, Vec<String>)> = vec![
        (json!({}), vec![format!("{SCHEMA}.type: FieldValueRequired: must not be empty at the root")]),
        (
            with(json!({})),
            vec![format!(
                "{SCHEMA}.properties[f].type: FieldValueRequired: must not be empty for specified object fields"
            )],
        ),
        (
            with(json!({"type": "array"})),
            vec![format!("{SCHEMA}.properties[f].items: FieldValueRequired: must be specified")],
        ),
        (with(json!({"type": "string", "pattern": "("})), vec!["pattern".to_owned()]),
        (
            with(json!({"type": "string", "anyOf": [{"type": "string"}]})),
            vec![format!(
                "{SCHEMA}.properties[f].anyOf[0].type: FieldValueForbidden: must be empty to be structural"
            )],
        ),
        (
            with(json!({"type": "object", "allOf": [{"properties": {"x": {"minimum": 1}}}]})),
            vec![format!(
                "{SCHEMA}.properties[f].properties[x]: FieldValueRequired: because it is defined in \
                 {SCHEMA}.properties[f].allOf[0].properties[x]"
            )],
        ),
        (
            with(
                json!({"type": "object", "properties": {"x": {"type": "string"}}, "additionalProperties": false}),
            ),
            vec![format!(
                "{SCHEMA}.properties[f].additionalProperties: FieldValueForbidden: additionalProperties and properties \
                 are mutual exclusive"
            )],
        ),
        (
            with(json!({"type": "integer", "default": "x"})),
            vec![format!(
                "{SCHEMA}.properties[f].default: FieldValueTypeInvalid: {SCHEMA}.properties[f].default in body must be \
                 of type integer: \"string\""
            )],
        ),
        (
            with(json!({"type": "object", "default": {"x": 1}})),
            vec![format!("{SCHEMA}.properties[f].default: FieldValueInvalid: must not have unknown fields")],
        ),
        (
            with(json!({"type": "array", "uniqueItems": true, "items": {"type": "string"}})),
            vec![format!(
                "{SCHEMA}.properties[f].uniqueItems: FieldValueForbidden: uniqueItems cannot be set to true since the \
                 runtime complexity becomes quadratic"
            )],
        ),
        (
            with(json!({"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}})),
            vec![format!(
                "{SCHEMA}.properties[f].x-kubernetes-list-map-keys: FieldValueRequired: must not be empty if \
                 x-kubernetes-list-type is map"
            )],
        ),
        (
            with(json!({"type": "object", "x-kubernetes-embedded-resource": true})),
            vec![format!(
                "{SCHEMA}.properties[f].properties: FieldValueRequired: must not be empty if \
                 x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields"
            )],
        ),
        (
            json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}}),
            vec![format!(
                "{SCHEMA}.properties[metadata]: FieldValueForbidden: must not specify anything other than name and \
                 generateName, but metadata is implicitly specified"
            )],
        ),
        (
            with(
                json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
            ),
            vec![],
        ),
        (with(json!({"x-kubernetes-preserve-unknown-fields": true})), vec![]),
    ];
    for (schema, expected) in table {
        let found = faults(&sites(schema.clone()));
        if expected == ["pattern"] {
            assert!(found[0].contains("must be a valid regular expression, but isn't"), "{found:?}");
        } else {
            assert_eq!(found, expected, "{schema}");
        }
    }
    let deep = |levels: usize| {
        let step = |inner: Value, _| json!({"type": "object", "properties": {"f": inner}});
        (0..levels).fold(json!({"type": "string"}), step)
    };
    let kind =
        Registry::builtin().find("CustomResourceDefinition", "apiextensions.k8s.io/v1").expect("built in");
    let refused = Draft::from_value(kind, sites(deep(100))).expect_err("it is too deep");
    assert_eq!(refused.reason, "schemas may be at most 40 deep");
    assert_eq!(faults(&sites(deep(40))), Vec::<String>::new());
}

#[test]
fn what_objects_are_stored_by_stays() {
    // CRD-02
    let update = |established: &str, change: &dyn Fn(&mut Value)| -> Vec<String> {
        let mut before = sites(object());
        before["spec"]["names"]["listKind"] = json!("SiteList");
        let mut old = draft(&before);
        old.set_status(Some(crate::object::Part::new(json!({
            "storedVersions": ["v1"], "conditions": [{"type": "Established", "status": established}],
        }))));
        let old = Object::from_draft(old, Revision(1));
        let mut wanted = before;
        change(&mut wanted);
        let mut new = draft(&wanted);
        new.set_status(old.status_part().cloned());
        let rules = Arc::clone(&new.kind().rules);
        rules.prepare_update(&mut new, &old, Subresource::Main);
        let faults = rules.validate_update(&new, &old, Subresource::Main);
        faults.into_iter().map(|fault| fault.field).collect()
    };
    let scope = |value: &mut Value| value["spec"]["scope"] = json!("Cluster");
    assert_eq!(update("True", &scope), ["spec.scope"]);
    assert_eq!(update("False", &scope), Vec::<String>::new());
    let group = |value: &mut Value| value["spec"]["group"] = json!("example.org");
    assert_eq!(update("False", &group), ["spec.group"]);
    let version = |value: &mut Value| value["spec"]["versions"][0]["name"] = json!("v2");
    assert_eq!(update("True", &version), ["status.storedVersions[0]"]);
}
