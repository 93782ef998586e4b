//! Patches against slow models.

use serde_json::{Map, Value};
use setpoint_core::patch::{DEPTH_MAX, Patch, PatchType};
use setpoint_core::schema::{Schema, Type};

use crate::json_patch_model;
use crate::{depth, two_documents};

fn pod() -> &'static Type {
    Schema::of_object("v1", "Pod")
}

/// The object after the patch; `None` if either is refused.
fn patched(patch_type: PatchType, object: &Value, patch: &Value) -> Option<Value> {
    let patch = Patch::decode(patch_type, patch.clone()).ok()?;
    let mut object = object.clone();
    patch.apply(&mut object, pod()).ok()?;
    assert!(depth(&object) <= DEPTH_MAX, "the result of a patch is too deep");
    Some(object)
}

/// A JSON patch does what RFC 6902 says.
pub fn json_patch(input: &[u8]) {
    let Some((object, patch)) = two_documents(input) else { return };
    let Some(result) = patched(PatchType::Json, &object, &patch) else { return };
    let operations = patch.as_array().expect("only lists are decoded");
    assert_eq!(json_patch_model::applied(&object, operations), Some(result), "{object} patched by {patch}");
}

/// A merge patch does what RFC 7396 says.
pub fn merge_patch(input: &[u8]) {
    let Some((object, patch)) = two_documents(input) else { return };
    let Some(result) = patched(PatchType::Merge, &object, &patch) else { return };
    assert_eq!(merged(object.clone(), &patch), result, "{object} patched by {patch}");
    let again = patched(PatchType::Merge, &result, &patch);
    assert_eq!(again, Some(result), "{object} patched by {patch} twice");
}

/// The algorithm as RFC 7396 writes it.
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut target = match target {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let old = target.remove(name).unwrap_or_default();
            target.insert(name.clone(), merged(old, value));
        }
    }
    Value::Object(target)
}

/// A strategic merge of plain maps is a merge; containers are merged by name, and what no patch names stays.
pub fn strategic_patch(input: &[u8]) {
    let Some((object, patch)) = two_documents(input) else { return };
    let Some(result) = patched(PatchType::Strategic, &object, &patch) else { return };
    if !has_directives(&patch) && !has_lists(&patch) && is_without_nulls(&object) && object.is_object() {
        let plain = merged(object.clone(), &patch);
        // Fields that a strategic merge replaces are those of unions.
        if !touches_replaced(&patch) {
            assert_eq!(result, plain, "{object} patched by {patch}");
        }
    }
    let containers = |value: &Value| containers(value).map(<[Value]>::to_vec);
    let (Some(before), Some(wanted), Some(after)) =
        (containers(&object), containers(&patch), containers(&result))
    else {
        return;
    };
    let names = |list: &[Value]| -> Vec<String> {
        list.iter().filter_map(|it| it["name"].as_str().map(str::to_owned)).collect()
    };
    let are_plain = |list: &[Value]| {
        let names = names(list);
        names.len() == list.len() && (1..names.len()).all(|at| !names[..at].contains(&names[at]))
    };
    if has_directives(&patch) || !are_plain(&before) || !are_plain(&wanted) {
        return;
    }
    let (before_names, wanted_names, after_names) = (names(&before), names(&wanted), names(&after));
    for name in before_names.iter().chain(&wanted_names) {
        assert_eq!(after_names.iter().filter(|it| *it == name).count(), 1, "{name} in {object} by {patch}");
    }
    assert_eq!(
        after_names.len(),
        wanted_names.iter().filter(|it| !before_names.contains(it)).count() + before_names.len(),
        "{object} patched by {patch}"
    );
    let kept: Vec<&String> = after_names.iter().filter(|it| wanted_names.contains(it)).collect();
    assert!(kept.into_iter().eq(&wanted_names), "the patch's order: {object} patched by {patch}");
    for container in before.iter().filter(|it| !wanted_names.iter().any(|name| it["name"] == **name)) {
        assert!(after.contains(container), "{container} was not named: {object} patched by {patch}");
    }
}

fn containers(pod: &Value) -> Option<&[Value]> {
    pod.get("spec")?.get("containers")?.as_array().map(Vec::as_slice)
}

fn any(value: &Value, holds: &impl Fn(Option<&str>, &Value) -> bool) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(key, value)| holds(Some(key), value) || any(value, holds)),
        Value::Array(list) => list.iter().any(|value| holds(None, value) || any(value, holds)),
        _ => false,
    }
}

fn has_directives(patch: &Value) -> bool {
    any(patch, &|key, _| key.is_some_and(|key| key.starts_with('$')))
}

fn has_lists(patch: &Value) -> bool {
    any(patch, &|_, value| value.is_array())
}

fn is_without_nulls(object: &Value) -> bool {
    !any(object, &|_, value| value.is_null())
}

/// Whether the patch names a field that is replaced though it is a map.
fn touches_replaced(patch: &Value) -> bool {
    any(patch, &|key, _| {
        key.is_some_and(|key| {
            Schema::types().any(|it| it.field(key).is_some_and(|field| field.is_replaced()))
        })
    })
}
