use super::*;

fn config_map() -> Value {
    json!({"metadata": {"name": "a"}, "data": {"x": "1", "y": "2"}})
}

fn apply(body: Value) -> Result<Value, PatchError> {
    patched(PatchType::Json, kind("", "v1", "ConfigMap"), &config_map(), body)
}

#[test]
fn all_six_operations_work() {
    // PATCH-05, as recorded.
    let body = json!([
        {"op": "test", "path": "/data/x", "value": "1"},
        {"op": "replace", "path": "/data/x", "value": "9"},
        {"op": "copy", "from": "/data/y", "path": "/data/z"},
        {"op": "move", "from": "/data/y", "path": "/data/w"},
        {"op": "add", "path": "/metadata/labels", "value": {"l": "m"}},
        {"op": "add", "path": "/metadata/annotations", "value": {}},
        {"op": "remove", "path": "/metadata/annotations"},
    ]);
    let expect =
        json!({"metadata": {"name": "a", "labels": {"l": "m"}}, "data": {"w": "2", "x": "9", "z": "2"}});
    assert_eq!(apply(body), Ok(expect));
}

#[test]
fn an_operation_that_does_not_go_is_invalid() {
    // PATCH-05, as recorded.
    for body in [
        json!([{"op": "test", "path": "/data/x", "value": "2"}]),
        json!([{"op": "remove", "path": "/data/none"}]),
        json!([{"op": "replace", "path": "/data/none", "value": "1"}]),
        json!([{"op": "add", "path": "/none/none", "value": "1"}]),
        json!([{"op": "nonsense", "path": "/data/x"}]),
        json!([{"op": "remove"}]),
    ] {
        let error = apply(body.clone()).expect_err("it does not go");
        assert_eq!(error.reason(), Reason::Invalid, "{body}");
        assert_eq!(error.to_string(), "the server rejected our request due to an error in our request");
    }
}

#[test]
fn what_is_no_list_of_objects_cannot_be_decoded() {
    for body in [json!({"not": "a list"}), json!(["op"]), json!(1)] {
        let error = apply(body.clone()).expect_err("no patch");
        assert_eq!(error.reason(), Reason::BadRequest, "{body}");
        assert!(error.to_string().starts_with("error decoding patch: "));
    }
}

#[test]
fn a_test_for_null_holds_if_nothing_is_there() {
    let body = json!([{"op": "test", "path": "/metadata/labels", "value": null}]);
    assert_eq!(apply(body), Ok(config_map()));
    assert!(apply(json!([{"op": "test", "path": "/data/x", "value": null}])).is_err());
}

#[test]
fn operations_have_a_limit() {
    let operations =
        |count| Value::Array(vec![json!({"op": "test", "path": "/data/x", "value": "1"}); count]);
    assert_eq!(apply(operations(OPERATIONS_MAX)), Ok(config_map()));
    let error = apply(operations(OPERATIONS_MAX + 1)).expect_err("one too many");
    assert_eq!(error.reason(), Reason::RequestEntityTooLarge);
    assert_eq!(
        error.to_string(),
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    );
}

#[test]
fn copied_bytes_have_a_limit() {
    let big = "b".repeat(COPIED_BYTES_MAX / 4 - 2);
    let mut body = vec![json!({"op": "add", "path": "/data/big", "value": big})];
    let copies = |count: usize| {
        (0..count).map(|n| json!({"op": "copy", "from": "/data/big", "path": format!("/data/c{n}")}))
    };
    body.extend(copies(4));
    assert!(apply(Value::Array(body.clone())).is_ok());
    body.extend([json!({"op": "copy", "from": "/data/x", "path": "/data/one-too-many"})]);
    assert_eq!(apply(Value::Array(body)).map_err(|error| error.reason()), Err(Reason::Invalid));
}

#[test]
fn no_operation_nests_deeper_than_the_limit() {
    // Each copy doubles the depth.
    let mut body = vec![json!({"op": "add", "path": "/data/a", "value": {}})];
    let mut levels = 1;
    for _ in 0..8 {
        body.push(
            json!({"op": "copy", "from": "/data", "path": format!("/data{}", "/a".repeat(levels + 1))}),
        );
        levels = 2 * levels + 1;
    }
    let error = apply(Value::Array(body)).expect_err("too deep");
    assert_eq!(error, PatchError::TooDeep { levels_max: DEPTH_MAX });
    // The deepest that goes: two levels are there, the value has the rest.
    let value = nested(DEPTH_MAX - 2);
    assert!(apply(json!([{"op": "add", "path": "/data/a", "value": value}])).is_ok());
    let value = nested(DEPTH_MAX - 1);
    assert!(apply(json!([{"op": "add", "path": "/data/a", "value": value}])).is_err());
}
