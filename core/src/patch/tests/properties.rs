use proptest::prelude::*;

use super::*;

/// Objects without lists and directives, with nulls.
fn maps() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), (0..4).prop_map(Value::from)];
    let tree = leaf.prop_recursive(4, 24, 4, |inner| {
        prop::collection::btree_map("[a-d]", inner, 0..4)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
    });
    prop::collection::btree_map("[a-d]", tree, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(
            map.into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| (key, without_nulls(value)))
                .collect(),
        ),
        other => other,
    }
}

/// Lists of items with a merge key, each key once.
fn items() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::btree_map("[a-f]", 0..3u8, 0..6)
        .prop_map(|map| map.into_iter().map(|(name, n)| json!({"name": name, "n": n})).collect::<Vec<_>>())
        .prop_shuffle()
}

fn names(list: &Value) -> Vec<String> {
    list.as_array()
        .map(|list| list.iter().map(|item| item["name"].as_str().unwrap_or_default().to_owned()).collect())
        .unwrap_or_default()
}

proptest! {
    #[test]
    fn strategic_without_lists_is_a_merge_patch(object in maps().prop_map(without_nulls), patch in maps()) {
        let strategic = patched(PatchType::Strategic, pod(), &object, patch.clone());
        prop_assert_eq!(strategic, patched(PatchType::Merge, pod(), &object, patch));
    }

    #[test]
    fn merging_items_twice_changes_nothing_more(live in items(), patch in items()) {
        let object = json!({"spec": {"containers": live}});
        let patch = json!({"spec": {"containers": patch}});
        let once = patched(PatchType::Strategic, pod(), &object, patch.clone());
        let once = once.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(patched(PatchType::Strategic, pod(), &once, patch), Ok(once.clone()));
    }

    #[test]
    fn merged_items_keep_both_orders(live in items(), patch in items()) {
        let object = json!({"spec": {"containers": live}});
        let body = json!({"spec": {"containers": patch}});
        let merged = patched(PatchType::Strategic, pod(), &object, body.clone());
        let merged = names(&merged.map_err(|error| TestCaseError::fail(error.to_string()))?["spec"]["containers"]);
        let (live, patch) = (names(&object["spec"]["containers"]), names(&body["spec"]["containers"]));
        let kept = |of: &[String], inside: bool| -> Vec<String> {
            of.iter().filter(|name| patch.contains(name) == inside).cloned().collect()
        };
        prop_assert_eq!(kept(&merged, true), patch.clone());
        prop_assert_eq!(kept(&merged, false), kept(&live, false));
    }

    #[test]
    fn nothing_that_is_json_makes_it_panic(object in maps(), patch in "\\PC{0,40}", kind in 0..4usize) {
        let Ok(patch) = Patch::parse(PatchType::ALL[kind], patch.as_bytes()) else { return Ok(()) };
        let mut object = object;
        let _outcome = patch.apply(&mut object, pod());
    }
}
