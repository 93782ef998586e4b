//! Rules of custom kinds: what is accepted, and what becomes of objects (CRD-05).

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Structural;
use super::super::validations::Validations;
use super::accepted::{faults, refused, sites};

/// What the rules of a schema have against an object, as it is told.
fn broken(schema: &Value, object: &Value, old: Option<&Value>) -> Vec<String> {
    let schema = Structural::read(schema).expect("it is one");
    let Some(validations) = Validations::of(&schema) else { return Vec::new() };
    validations.check(object, old, &schema).iter().map(ToString::to_string).collect()
}

fn rule(rule: &str) -> Value {
    json!([{"rule": rule}])
}

/// A schema whose spec has these properties and rules.
fn spec(properties: Value, rules: Value) -> Value {
    json!({"type": "object", "properties": {"spec": {
        "type": "object", "properties": properties, "x-kubernetes-validations": rules,
    }}})
}

#[test]
fn rules_are_told_at_their_place_in_their_words() {
    // CRD-05
    let properties = || {
        json!({
            "min": {"type": "integer"},
            "max": {"type": "integer"},
            "name": {"type": "string", "x-kubernetes-validations": [{"rule": "self != 'bad'", "message": " is bad "}]},
            "list": {"type": "array", "items": {"type": "string", "x-kubernetes-validations": rule("self.size() < 3")}},
            "map": {"type": "object", "additionalProperties": {
                "type": "integer", "x-kubernetes-validations": rule("self > 0"),
            }},
        })
    };
    let table: Vec<(Value, Value, &[&str])> = vec![
        (
            rule("self.min <= self.max"),
            json!({"min": 1, "max": 2, "name": "good", "list": ["a"], "map": {"a": 1}}),
            &[],
        ),
        (
            rule("self.min <= self.max"),
            json!({"min": 3, "max": 2}),
            &["spec: Invalid value: failed rule: self.min <= self.max"],
        ),
        (
            json!([{"rule": "self.min <= self.max", "message": "too small", "fieldPath": ".min"}]),
            json!({"min": 3, "max": 2}),
            &["spec.min: Invalid value: too small"],
        ),
        (
            json!([{"rule": "self.min <= self.max", "reason": "FieldValueForbidden", "messageExpression":
                "'min is %d, more than %d'.format([self.min, self.max])"}]),
            json!({"min": 3, "max": 2}),
            &["spec: Forbidden: min is 3, more than 2"],
        ),
        (
            json!([{"rule": "has(self.min)", "reason": "FieldValueRequired", "fieldPath": ".min", "message": "give one"}]),
            json!({"max": 2}),
            &["spec.min: Required value: give one"],
        ),
        // What makes no message is passed over.
        (
            json!([{"rule": "false", "message": "plain", "messageExpression": "string(self.min / 0)"}]),
            json!({"min": 3}),
            &["spec: Invalid value: plain"],
        ),
        (
            json!([{"rule": "false", "message": "plain", "messageExpression": "' \\n '"}]),
            json!({}),
            &["spec: Invalid value: plain"],
        ),
        (
            json!([]),
            json!({"name": "bad", "list": ["a", "abc"], "map": {"x/y": 0, "z": 1}}),
            &[
                "spec.list[1]: Invalid value: \"abc\": failed rule: self.size() < 3",
                "spec.map[x/y]: Invalid value: 0: failed rule: self > 0",
                "spec.name: Invalid value: \"bad\": is bad",
            ],
        ),
        (
            rule("self.min / 0 == 1"),
            json!({"min": 1}),
            &["spec: Invalid value: \"object\": division by zero evaluating rule: self.min / 0 == 1"],
        ),
        (
            rule("self.min > 0"),
            json!({}),
            &["spec: Invalid value: \"object\": no such key: min evaluating rule: self.min > 0"],
        ),
    ];
    for (rules, object, expected) in table {
        let schema = spec(properties(), rules.clone());
        assert_eq!(faults(&sites(schema.clone())), Vec::<String>::new(), "{rules}");
        assert_eq!(broken(&schema, &json!({"spec": object}), None), expected, "{rules} {object}");
    }
}

#[test]
fn the_whole_object_can_be_looked_at() {
    // CRD-05
    let mut schema = spec(json!({"a": {"type": "string"}}), json!([]));
    schema["x-kubernetes-validations"] = json!([
        {"rule": "self.metadata.name.startsWith('a') && self.kind == 'Site' && self.apiVersion.endsWith('/v1')"},
        {"rule": "!has(self.spec) || !has(self.spec.a)", "message": "no a"},
    ]);
    assert_eq!(faults(&sites(schema.clone())), Vec::<String>::new());
    let object = |name: &str, spec: Value| {
        let meta = json!({"name": name, "labels": {"a": "b"}});
        json!({"apiVersion": "example.com/v1", "kind": "Site", "metadata": meta, "spec": spec})
    };
    assert_eq!(broken(&schema, &object("ab", json!({})), None), Vec::<String>::new());
    assert_eq!(broken(&schema, &object("ab", json!({"a": ""})), None), ["<nil>: Invalid value: no a"]);
    assert_eq!(broken(&schema, &object("b", json!({})), None).len(), 1);
    // Labels cannot be seen.
    schema["x-kubernetes-validations"] = rule("has(self.metadata.labels)");
    assert!(faults(&sites(schema))[0].contains("undefined field 'labels'"));
}

#[test]
fn embedded_objects_show_their_kind_and_name() {
    // CRD-05
    let schema = spec(
        json!({"template": {
            "type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true,
            "x-kubernetes-validations": rule("self.kind == 'Pod' && self.metadata.name != 'bad'"),
        }}),
        rule("self.template.metadata.name.size() < 5"),
    );
    assert_eq!(faults(&sites(schema.clone())), Vec::<String>::new());
    let template =
        |name: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "other": 1});
    assert_eq!(broken(&schema, &json!({"spec": {"template": template("a")}}), None), Vec::<String>::new());
    assert_eq!(broken(&schema, &json!({"spec": {"template": template("bad")}}), None).len(), 1);
    assert_eq!(broken(&schema, &json!({"spec": {"template": template("toolong")}}), None).len(), 1);
}

#[test]
fn names_and_values_are_seen_as_upstream_shows_them() {
    // CRD-05
    let schema = spec(
        json!({
            "namespace": {"type": "string"},
            "a-b.c/d__e": {"type": "integer"},
            "port": {"x-kubernetes-int-or-string": true},
            "for": {"type": "string", "format": "duration"},
            "at": {"type": "string", "format": "date-time"},
            "day": {"type": "string", "format": "date"},
            "blob": {"type": "string", "format": "byte"},
            "ratio": {"type": "number"},
            "none": {"type": "string", "nullable": true},
            "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items":
                {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "v": {"type": "integer"}}}},
        }),
        json!([
            {"rule": "self.__namespace__ == 'n' && self.a__dash__b__dot__c__slash__d__underscores__e == 1"},
            {"rule": "type(self.port) == int ? self.port == 80 : self.port.endsWith('%')"},
            {"rule": "self.__for__ == duration('36h') && self.at > timestamp('2024-01-01T00:00:00Z')"},
            {"rule": "self.day.getFullYear() == 2024 && self.blob == b'hi' && self.ratio == 2.0"},
            {"rule": "!has(self.none) && has(self.open) && self.open == self.open"},
            {"rule": "self.set == ['b', 'a'] || self.set.size() == 0"},
            {"rule": "self.set + ['a', 'c'] == ['c', 'b', 'a']"},
            {"rule": "self.keyed.all(item, item.v > 0) && self.keyed.exists_one(item, item.k == 'x')"},
        ]),
    );
    assert_eq!(faults(&sites(schema.clone())), Vec::<String>::new());
    let mut object = json!({"spec": {
        "namespace": "n", "a-b.c/d__e": 1, "port": 80, "for": "36h", "at": "2024-05-06T07:08:09Z", "day": "2024-02-03",
        "blob": "aGk=", "ratio": 2, "none": null, "open": {"x": [1]}, "set": ["a", "b"],
        "keyed": [{"k": "x", "v": 1}, {"k": "y", "v": 2}],
    }});
    assert_eq!(broken(&schema, &object, None), Vec::<String>::new());
    object["spec"]["port"] = json!("8");
    assert_eq!(broken(&schema, &object, None).len(), 1);
}

#[test]
fn transitions_are_looked_at_where_there_was_something() {
    // CRD-05
    let schema = json!({"type": "object", "properties": {"spec": {
        "type": "object",
        "properties": {
            "fixed": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "is fixed"}]},
            "grows": {"type": "integer", "x-kubernetes-validations": [
                {"rule": "!oldSelf.hasValue() || self >= oldSelf.value()", "optionalOldSelf": true},
            ]},
            "keyed": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": {
                "type": "object", "required": ["k"],
                "properties": {"k": {"type": "string"}, "v": {"type": "integer"}},
                "x-kubernetes-validations": rule("self.v >= oldSelf.v"),
            }},
            "map": {"type": "object", "additionalProperties": {
                "type": "integer", "x-kubernetes-validations": rule("self >= oldSelf"),
            }},
        },
    }}});
    assert_eq!(faults(&sites(schema.clone())), Vec::<String>::new());
    let spec = |spec: Value| json!({"spec": spec});
    let before = spec(json!({
        "fixed": "a", "grows": 2, "keyed": [{"k": "x", "v": 3}, {"k": "y", "v": 3}], "map": {"a": 2},
    }));
    for (after, expected) in [
        (
            json!({"fixed": "a", "grows": 3, "keyed": [{"k": "z", "v": 0}, {"k": "x", "v": 3}], "map": {"b": 1}}),
            vec![],
        ),
        (json!({}), vec![]),
        (json!({"fixed": "b"}), vec!["spec.fixed: Invalid value: \"b\": is fixed"]),
        (
            json!({"grows": 1}),
            vec!["spec.grows: Invalid value: 1: failed rule: !oldSelf.hasValue() || self >= oldSelf.value()"],
        ),
        (
            json!({"keyed": [{"k": "y", "v": 3}, {"k": "x", "v": 2}]}),
            vec!["spec.keyed[1]: Invalid value: failed rule: self.v >= oldSelf.v"],
        ),
        (json!({"map": {"a": 1}}), vec!["spec.map[a]: Invalid value: 1: failed rule: self >= oldSelf"]),
    ] {
        assert_eq!(broken(&schema, &spec(after.clone()), Some(&before)), expected, "{after}");
    }
    assert_eq!(broken(&schema, &before, None), Vec::<String>::new());
}

#[test]
fn what_is_as_it_was_is_passed_over() {
    // CRD-05
    let schema = spec(
        json!({
            "a": {"type": "string", "x-kubernetes-validations": rule("self != 'bad'")},
            "list": {"type": "array", "items": {"type": "string", "x-kubernetes-validations": rule("self != 'bad'")}},
        }),
        rule("false"),
    );
    let bad = json!({"spec": {"a": "bad", "list": ["bad"]}});
    assert_eq!(broken(&schema, &bad, None).len(), 3);
    assert_eq!(broken(&schema, &bad, Some(&bad)), Vec::<String>::new());
    // The spec changed, but not what is wrong in it; the items of the list have none before.
    let changed = json!({"spec": {"a": "bad", "list": ["bad", "good"]}});
    assert_eq!(
        broken(&schema, &changed, Some(&bad)),
        [
            "spec: Invalid value: failed rule: false",
            "spec.list[0]: Invalid value: \"bad\": failed rule: self != 'bad'"
        ]
    );
}

#[test]
fn expressions_that_are_none_are_refused_with_the_definition() {
    // CRD-05
    const PLACE: &str = "spec.versions[0].schema.openAPIV3Schema.properties[spec]";
    let table: Vec<(Value, String)> = vec![
        (
            json!([{"rule": "self.b == 1"}]),
            format!(
                "{PLACE}.x-kubernetes-validations[0].rule: FieldValueInvalid: compilation failed: ERROR: <input>:1:5: \
                 undefined field 'b'\n | self.b == 1\n | ....^"
            ),
        ),
        (
            json!([{"rule": "self.a"}]),
            format!(
                "{PLACE}.x-kubernetes-validations[0].rule: FieldValueInvalid: cel expression must evaluate to a bool"
            ),
        ),
        (
            json!([{"rule": "true", "messageExpression": "self.a.size()"}]),
            format!(
                "{PLACE}.x-kubernetes-validations[0].messageExpression: FieldValueInvalid: messageExpression must \
                 evaluate to a string"
            ),
        ),
        (
            json!([{"rule": "true", "messageExpression": "1 +"}]),
            format!(
                "{PLACE}.x-kubernetes-validations[0].messageExpression: FieldValueInvalid: messageExpression \
                 compilation failed: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {{'[', '{{', \
                 '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, \
                 IDENTIFIER}}\n | 1 +\n | ...^"
            ),
        ),
        (
            json!([{"rule": "true", "optionalOldSelf": true}]),
            format!(
                "{PLACE}.x-kubernetes-validations[0].optionalOldSelf: FieldValueInvalid: may not be set if oldSelf is \
                 not used in rule"
            ),
        ),
        (
            json!([{"rule": "true", "fieldPath": ".c"}]),
            format!("{PLACE}.x-kubernetes-validations[0].fieldPath: FieldValueInvalid: must be a valid path"),
        ),
        (
            json!([{"rule": " "}]),
            format!("{PLACE}.x-kubernetes-validations[0].rule: FieldValueRequired: rule is not specified"),
        ),
    ];
    for (rules, expected) in table {
        refused(&sites(spec(json!({"a": {"type": "string"}}), rules)), &[&expected]);
    }
    let items = json!({"type": "string", "x-kubernetes-validations": rule("self == oldSelf")});
    refused(
        &sites(spec(json!({"list": {"type": "array", "items": items}}), json!([]))),
        &[&format!(
            "{PLACE}.properties[list].items.x-kubernetes-validations[0].rule: FieldValueInvalid: oldSelf cannot be used \
             on the uncorrelatable portion of the schema within {PLACE}.properties[list]"
        )],
    );
}

#[test]
fn the_number_of_rules_is_bounded() {
    // CRD-05
    let rules = |count: usize| json!(vec![json!({"rule": "true"}); count]);
    refused(&sites(spec(json!({}), rules(2_000))), &[]);
    let why =
        "spec.versions[0].schema.openAPIV3Schema: FieldValueForbidden: a version may have at most 2000 rules";
    refused(&sites(spec(json!({}), rules(2_001))), &[why]);
}

#[test]
fn the_cost_of_all_rules_is_bounded() {
    // CRD-05
    let all = "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))";
    let list = json!({"type": "array", "items": {"type": "integer"}, "x-kubernetes-validations": rule(all)});
    let object = json!({"spec": {"list": (0..200).collect::<Vec<_>>()}});
    let schema = spec(json!({"list": list}), rule("true"));
    assert_eq!(
        broken(&schema, &object, None),
        [format!(
            "spec.list: Invalid value: \"array\": 'operation cancelled: actual cost limit exceeded': no further \
             validation rules will be run due to call cost exceeds limit for rule: {all}"
        )]
    );
    // Many rules, each of which costs less than it may.
    let item =
        json!({"type": "string", "x-kubernetes-validations": rule("lists.range(100000).all(x, true)")});
    let schema = spec(json!({"list": {"type": "array", "items": item}}), json!([]));
    let object = json!({"spec": {"list": vec!["a"; 100]}});
    let found = broken(&schema, &object, None);
    assert_eq!(found.len(), 1);
    let why = "validation failed due to running out of cost budget, no further validation rules will be run";
    assert!(found[0].starts_with("spec.list[2") && found[0].ends_with(why), "{found:?}");
}

/// Values for a schema with something of everything, fitting or not.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-z]{0,3}".prop_map(|text| json!(text)),
        any::<bool>().prop_map(|flag| json!(flag)),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::btree_map("[a-d]", inner.clone(), 0..4).prop_map(|map| json!(map)),
            proptest::collection::vec(inner, 0..3).prop_map(|list| json!(list)),
        ]
    })
}

proptest! {
    /// CRD-05
    #[test]
    fn no_object_makes_rules_panic(one in value(), two in value()) {
        let any = json!({"type": "object", "properties": {
            "a": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"], "items": {
                "type": "object", "properties": {"a": {"type": "integer"}},
                "x-kubernetes-validations": rule("self.a >= oldSelf.a && self == self"),
            }},
            "b": {"type": "object", "additionalProperties": {
                "x-kubernetes-int-or-string": true, "x-kubernetes-validations": rule("self == oldSelf || self > 1"),
            }},
            "c": {"type": "string", "format": "date-time", "x-kubernetes-validations": rule("self > timestamp(0)")},
            "d": {"type": "object", "nullable": true, "x-kubernetes-preserve-unknown-fields": true,
                "x-kubernetes-validations": rule("self == oldSelf")},
        }, "x-kubernetes-validations": rule("has(self.a) && self.a.all(x, x.a > 0) && self.b == self.b")});
        let schema = json!({"type": "object", "properties": {"spec": any}});
        let (one, two) = (json!({"spec": one}), json!({"spec": two}));
        broken(&schema, &one, Some(&two));
        broken(&schema, &two, None);
        // What is as it was is passed over but for what looks at it as it was.
        for fault in broken(&schema, &one, Some(&one)) {
            prop_assert!(fault.contains("evaluating rule") || fault.contains("signature for rule"), "{}", fault);
        }
    }
}
