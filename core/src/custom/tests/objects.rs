use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Structural;
use super::super::rules::normalize;
use super::super::validate;

/// Schemas of a few levels, structural by construction.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "integer"})),
        Just(json!({"type": "integer", "default": 3})),
        Just(json!({"type": "string", "nullable": true})),
        Just(json!({"type": "string", "default": "d"})),
        Just(json!({"x-kubernetes-int-or-string": true})),
        Just(json!({"x-kubernetes-preserve-unknown-fields": true})),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let fields = proptest::collection::btree_map("[a-c]", inner.clone(), 0..3);
        prop_oneof![
            (fields.clone(), any::<bool>(), any::<bool>()).prop_map(|(fields, open, has_default)| {
                let mut schema = json!({"type": "object", "properties": fields});
                if open {
                    schema["x-kubernetes-preserve-unknown-fields"] = json!(true);
                }
                if has_default {
                    schema["default"] = json!({});
                }
                schema
            }),
            inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            inner.prop_map(|values| json!({"type": "object", "additionalProperties": values})),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), Just(json!(1)), Just(json!("x")), Just(json!(true))];
    leaf.prop_recursive(4, 32, 3, |inner| {
        prop_oneof![
            proptest::collection::btree_map("[a-d]", inner.clone(), 0..4).prop_map(|map| json!(map)),
            proptest::collection::vec(inner, 0..3).prop_map(|list| json!(list)),
        ]
    })
}

/// Whether each field of a value has a place in its schema.
fn is_known(value: &Value, schema: &Structural) -> bool {
    match value {
        Value::Object(fields) => fields.iter().all(|(name, value)| match schema.field(name) {
            Some(field) => is_known(value, field),
            None => schema.preserves_unknown,
        }),
        Value::Array(items) => match &schema.items {
            Some(schema) => items.iter().all(|item| is_known(item, schema)),
            None => true,
        },
        _ => true,
    }
}

proptest! {
    /// CRD-03
    #[test]
    fn the_form_that_is_kept_stays(schema in schema(), value in value()) {
        let root = json!({"type": "object", "properties": {"spec": schema}});
        let schema = Structural::read(&root).expect("it is one");
        let mut once = json!({"spec": value});
        normalize(&mut once, &schema);
        let mut twice = once.clone();
        normalize(&mut twice, &schema);
        prop_assert_eq!(&once, &twice);
        // Values of another sort than their schema says are told of, not pruned: there is nothing to know.
        if validate::object(&once, None, &schema).is_empty() {
            prop_assert!(is_known(&once, &schema), "{}", once);
        }
    }

    /// CRD-05
    #[test]
    fn what_is_as_it_was_is_never_refused(schema in schema(), value in value()) {
        let root = json!({"type": "object", "properties": {"spec": schema}});
        let schema = Structural::read(&root).expect("it is one");
        let object = json!({"spec": value});
        prop_assert!(validate::object(&object, Some(&object), &schema).is_empty());
    }
}
