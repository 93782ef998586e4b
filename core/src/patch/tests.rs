//! Each directive and each limit; what a kube-apiserver 1.36 answered is quoted where it was recorded.

mod json;
mod properties;
mod strategic;

use serde_json::{Value, json};

use super::*;
use crate::Reason;
use crate::schema::{Schema, Type};

fn kind(group: &str, version: &str, kind: &str) -> &'static Type {
    Schema::of_kind(group, version, kind).expect("a built-in kind")
}

fn pod() -> &'static Type {
    kind("", "v1", "Pod")
}

fn patched(
    patch_type: PatchType,
    type_: &'static Type,
    object: &Value,
    body: Value,
) -> Result<Value, PatchError> {
    let mut object = object.clone();
    Patch::decode(patch_type, body)?.apply(&mut object, type_)?;
    Ok(object)
}

#[test]
fn media_types_pick_the_algorithm() {
    // PATCH-01
    for patch_type in PatchType::ALL {
        let header = format!("{}; charset=utf-8", patch_type.media_type());
        assert_eq!(PatchType::of_media_type(&header), Ok(patch_type));
    }
    let error = PatchType::of_media_type("text/plain").expect_err("not a patch");
    assert_eq!(
        (error.reason(), error.to_string().as_str()),
        (Reason::UnsupportedMediaType, "415: Unsupported Media Type")
    );
    let body = json!({"spec": {}});
    let error =
        patched(PatchType::Strategic, Schema::untyped(), &json!({}), body).expect_err("no lists known");
    assert_eq!(error.reason(), Reason::UnsupportedMediaType);
}

#[test]
fn merge_patch_is_rfc_7396() {
    // PATCH-06
    for (object, patch, expect) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ] {
        assert_eq!(
            patched(PatchType::Merge, pod(), &object, patch.clone()),
            Ok(expect),
            "{object} + {patch}"
        );
    }
    let error = patched(PatchType::Merge, pod(), &json!({}), json!([1])).expect_err("not an object");
    assert_eq!(error.reason(), Reason::BadRequest);
}

#[test]
fn text_that_is_no_json_is_a_bad_request() {
    let error = Patch::parse(PatchType::Merge, b"{nonsense").expect_err("no JSON");
    assert_eq!(error.reason(), Reason::BadRequest);
    assert!(error.to_string().starts_with("error decoding patch: "));
}

fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inside, _| json!({ "a": inside }))
}

#[test]
fn depth_has_a_limit() {
    assert!(Patch::decode(PatchType::Merge, nested(DEPTH_MAX)).is_ok());
    let error = Patch::decode(PatchType::Merge, nested(DEPTH_MAX + 1)).expect_err("one level too deep");
    assert_eq!(error, PatchError::TooDeep { levels_max: DEPTH_MAX });
    assert_eq!(error.reason(), Reason::BadRequest);
}

#[test]
fn only_an_apply_may_force_and_it_needs_a_manager() {
    // PATCH-09
    let text = |patch_type, manager: &str, force| {
        validate_options(patch_type, manager, force)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(text(PatchType::Apply, "one", Some(true)), "");
    assert_eq!(text(PatchType::Merge, "", None), "");
    assert_eq!(text(PatchType::Apply, "", None), "fieldManager: Required value: is required for apply patch");
    assert_eq!(
        text(PatchType::Merge, "one", Some(false)),
        "force: Forbidden: may not be specified for non-apply patch"
    );
    assert_eq!(text(PatchType::Merge, &"m".repeat(FIELD_MANAGER_BYTES_MAX), None), "");
    assert_eq!(
        text(PatchType::Merge, &"m".repeat(FIELD_MANAGER_BYTES_MAX + 1), None),
        "fieldManager: Too long: may not be more than 128 bytes"
    );
    assert!(text(PatchType::Merge, "a\nb", None).contains("printable"));
}
