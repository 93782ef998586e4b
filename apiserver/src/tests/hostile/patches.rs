use super::*;

const JSON_PATCH: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

fn patch<'a>(content_type: &'a str, body: &'a [u8], answer: (u16, &'a str, &'a str)) -> Row<'a> {
    Row { method: "PATCH", path: SECRET, content_type, body, answer }
}

#[test]
fn patches_that_are_none_are_refused() {
    // PATCH-01, PATCH-05, PATCH-06
    let types = "415: Unsupported Media Type";
    check(&[
        patch(JSON, b"{}", (415, "UnsupportedMediaType", types)),
        patch("", b"{}", (415, "UnsupportedMediaType", types)),
        patch(MERGE, b"", bad("error decoding patch: EOF while parsing a value at line 1 column 0")),
        patch(MERGE, b"[]", bad("error decoding patch: json: a patch of this type must be an object")),
        patch(
            JSON_PATCH,
            b"{}",
            bad("error decoding patch: json: a JSON patch must be a list of operations"),
        ),
        patch(STRATEGIC, b"7", bad("error decoding patch: json: a patch of this type must be an object")),
        patch(
            APPLY,
            b"{}",
            invalid(
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
            ),
        ),
    ]);
}

#[test]
fn the_number_of_operations_is_bounded() {
    // PATCH-05
    let operations =
        |count: usize| format!("[{}]", vec![r#"{"op":"test","path":"/x","value":null}"#; count].join(","));
    let million = format!("[{}{{}}]", "{},".repeat(999_999));
    let (most, more) = (operations(10_000), operations(10_001));
    let refused = |count| {
        format!(
            "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got {count}"
        )
    };
    check(&[
        patch(JSON_PATCH, most.as_bytes(), (200, "", "")),
        patch(JSON_PATCH, more.as_bytes(), (413, "RequestEntityTooLarge", &refused(10_001))),
        patch(JSON_PATCH, million.as_bytes(), (413, "RequestEntityTooLarge", &refused(1_000_000))),
    ]);
}

#[test]
fn objects_do_not_grow_without_bound() {
    let doubling: Vec<Value> = (0..64)
        .map(|at| json!({"op": "copy", "from": "/metadata", "path": format!("/metadata/labels{at}")}))
        .collect();
    let nested: Vec<Value> =
        (0..300).map(|_| json!({"op": "move", "from": "/metadata", "path": "/metadata/x"})).collect();
    for operations in [doubling, nested] {
        let body = Value::Array(operations).to_string();
        let answers = ask(&[("PATCH", SECRET, JSON_PATCH, body.as_bytes())]);
        assert_eq!(
            (answers[0].code, answers[0].reason()),
            (422, "Invalid".to_owned()),
            "{:?}",
            answers[0].body
        );
    }
    let deep = format!("{}1{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    for media_type in [MERGE, STRATEGIC] {
        let answers = ask(&[("PATCH", SECRET, media_type, deep.as_bytes())]);
        assert_eq!((answers[0].code, answers[0].reason()), (400, "BadRequest".to_owned()));
    }
}

#[test]
fn identity_cannot_be_patched_away() {
    // PATCH-03, STORE-15
    check(&[
        patch(
            MERGE,
            br#"{"metadata":{"name":"other"}}"#,
            bad("the name of the object (other) does not match the name on the URL (secret)"),
        ),
        patch(
            MERGE,
            br#"{"metadata":{"namespace":"a"}}"#,
            bad("the namespace of the provided object does not match the namespace sent on the request"),
        ),
        // What an object is does not change, whatever a patch says.
        patch(MERGE, br#"{"kind":"Secret","apiVersion":"v2"}"#, (200, "", "")),
    ]);
}
