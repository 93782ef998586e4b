use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

type Paths = BTreeSet<Vec<Element>>;

fn element() -> impl Strategy<Value = Element> {
    prop_oneof![
        "[ab.\"<]{1,2}".prop_map(|name| Element::field(name.as_str())),
        ("[ab]", -1..3i64).prop_map(|(name, port)| Element::key([
            ("name", Scalar::from(name.as_str())),
            ("port", port.into())
        ])),
        "[ab&]".prop_map(|text| Element::value(text.as_str())),
        (0..3i64).prop_map(Element::value),
        (0..3i64).prop_map(Element::Index),
    ]
}

fn paths() -> impl Strategy<Value = Paths> {
    prop::collection::btree_set(prop::collection::vec(element(), 1..4), 0..12)
}

fn set_of(paths: &Paths) -> FieldSet {
    paths.iter().collect()
}

fn paths_of(set: &FieldSet) -> Paths {
    set.paths().into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_set_is_a_set_of_paths(one in paths(), other in paths()) {
        let (a, b) = (set_of(&one), set_of(&other));
        prop_assert_eq!(paths_of(&a), one.clone());
        prop_assert_eq!(a.len(), one.len());
        prop_assert_eq!(paths_of(&a.union(&b)), one.union(&other).cloned().collect::<Paths>());
        prop_assert_eq!(paths_of(&a.intersection(&b)), one.intersection(&other).cloned().collect::<Paths>());
        prop_assert_eq!(paths_of(&a.difference(&b)), one.difference(&other).cloned().collect::<Paths>());
        prop_assert_eq!(a.intersects(&b), !one.is_disjoint(&other));
        prop_assert_eq!(a.contains_all(&b), one.is_superset(&other));
        prop_assert!(one.iter().all(|path| a.contains(path)));
        prop_assert_eq!(other.iter().filter(|path| a.contains(path)).count(), one.intersection(&other).count());
        let above = |path: &Vec<Element>| (1..=path.len()).any(|length| other.contains(&path[..length]));
        let left: Paths = one.iter().filter(|path| !above(path)).cloned().collect();
        prop_assert_eq!(paths_of(&a.recursive_difference(&b)), left);
    }

    #[test]
    fn bytes_and_values_keep_everything(paths in paths()) {
        let set = set_of(&paths);
        let value: Value = serde_json::from_str(&set.to_json()).expect("JSON");
        prop_assert_eq!(&value, &set.to_value());
        prop_assert_eq!(FieldSet::from_json(&value).expect("FieldsV1"), set);
    }
}

#[test]
fn elements_are_written_in_upstreams_order() {
    // PATCH-12
    let path = |elements: &[Element]| elements.to_vec();
    let spec = Element::field("spec");
    let ports = Element::field("ports");
    let key = Element::key([("protocol", Scalar::from("TCP")), ("containerPort", 80.into())]);
    let set: FieldSet = [
        path(&[spec.clone(), ports.clone(), key.clone(), Element::field("name")]),
        path(&[spec.clone(), ports.clone(), key]),
        path(&[spec.clone(), ports.clone(), Element::value("b")]),
        path(&[spec.clone(), ports.clone(), Element::value(10)]),
        path(&[spec.clone(), ports.clone(), Element::value(9)]),
        path(&[spec.clone(), ports, Element::Index(0)]),
        path(&[spec.clone(), Element::field("a<b")]),
        path(&[spec, Element::field("zone"), Element::value("a<b")]),
    ]
    .into_iter()
    .collect();
    let expect = concat!(
        r#"{"f:spec":{"f:a<b":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"#,
        r#""v:9":{},"v:10":{},"v:\"b\"":{},"i:0":{}},"f:zone":{"v:\"a\\u003cb\"":{}}}}"#
    );
    assert_eq!(set.to_json(), expect);
}

#[test]
fn what_is_malformed_is_refused_and_what_is_unknown_left_out() {
    let read = |json: &str| FieldSet::from_json(&serde_json::from_str(json).expect("JSON"));
    assert_eq!(read(r#"{"x:new":{},"f:a":{}}"#), Ok(set(r#"{"f:a":{}}"#)));
    for malformed in
        [r#"{"f":{}}"#, r#"{"v:[":{}}"#, r#"{"k:1":{}}"#, r#"{"i:x":{}}"#, r#"{"f:a":1}"#, "[]", "1"]
    {
        assert!(read(malformed).is_err(), "{malformed}");
    }
    let deep =
        (0..200).fold(Value::Object(Default::default()), |below, _| serde_json::json!({ "f:a": below }));
    assert!(matches!(FieldSet::from_json(&deep), Err(FieldsError::TooDeep { .. })));
}

#[test]
fn results_share_what_is_unchanged() {
    let one = set(r#"{"f:a":{"f:b":{},"f:c":{}}}"#);
    assert!(one.union(&set(r#"{"f:a":{"f:c":{}}}"#)).ptr_eq(&one));
    assert!(one.difference(&set(r#"{"f:a":{"f:d":{}}}"#)).ptr_eq(&one));
    assert!(FieldSet::default().union(&one).ptr_eq(&one));
}
