use json_patch::PatchOperation;
use serde_json::Value;

use super::depth::check_depth;
use super::{DEPTH_MAX, PatchError};

/// How many operations a JSON patch may have (PATCH-05).
pub const OPERATIONS_MAX: usize = 10_000;

/// How many bytes of JSON the `copy` operations of a patch may copy together: what a request body may have.
pub const COPIED_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Reads a list of operations. A list that has something else than objects is no patch; an object that is no
/// operation is one that fails.
pub(super) fn decode_operations(body: Value) -> Result<json_patch::Patch, PatchError> {
    let Value::Array(operations) = body else {
        return Err(PatchError::Decode { reason: "a JSON patch must be a list of operations".to_owned() });
    };
    if let Some(index) = operations.iter().position(|operation| !operation.is_object()) {
        return Err(PatchError::Decode { reason: format!("operation {index} must be an object") });
    }
    if operations.len() > OPERATIONS_MAX {
        return Err(PatchError::TooManyOperations { count: operations.len(), count_max: OPERATIONS_MAX });
    }
    let decode = |(index, operation)| {
        serde_json::from_value(operation)
            .map_err(|error| PatchError::Operation { index, reason: error.to_string() })
    };
    operations.into_iter().enumerate().map(decode).collect::<Result<_, _>>().map(json_patch::Patch)
}

/// Applies the operations in order.
pub(super) fn apply_operations(patch: &json_patch::Patch, object: &mut Value) -> Result<(), PatchError> {
    let mut copied_bytes = 0;
    for (index, operation) in patch.0.iter().enumerate() {
        let failed = |reason| PatchError::Operation { index, reason };
        check_growth(operation, object, &mut copied_bytes, failed)?;
        if is_test_for_nothing(operation, object) {
            continue;
        }
        json_patch::patch_unsafe(object, std::slice::from_ref(operation))
            .map_err(|error| failed(error.kind.to_string()))?;
    }
    Ok(())
}

/// Keeps an operation from nesting the object too deep, and copies from doubling it again and again.
fn check_growth(
    operation: &PatchOperation,
    object: &Value,
    copied_bytes: &mut usize,
    failed: impl Fn(String) -> PatchError,
) -> Result<(), PatchError> {
    let (path, value) = match operation {
        PatchOperation::Add(add) => (&add.path, Some(&add.value)),
        PatchOperation::Replace(replace) => (&replace.path, Some(&replace.value)),
        PatchOperation::Move(move_) => (&move_.path, object.pointer(move_.from.as_str())),
        PatchOperation::Copy(copy) => {
            let value = object.pointer(copy.from.as_str());
            *copied_bytes += value.map_or(0, json_bytes);
            if *copied_bytes > COPIED_BYTES_MAX {
                return Err(failed(format!("copies more than {COPIED_BYTES_MAX} bytes")));
            }
            (&copy.path, value)
        }
        PatchOperation::Remove(_) | PatchOperation::Test(_) => return Ok(()),
    };
    let levels_left = DEPTH_MAX.saturating_sub(path.count());
    value.map_or(Ok(()), |value| check_depth(value, levels_left))
}

/// A test that a field is null also holds if the field is not there, as clients of upstream rely on.
fn is_test_for_nothing(operation: &PatchOperation, object: &Value) -> bool {
    matches!(operation, PatchOperation::Test(test)
        if test.value.is_null() && object.pointer(test.path.as_str()).is_none())
}

/// About how long a value is as JSON, escapes aside.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(number) => number.to_string().len(),
        Value::String(text) => text.len() + 2,
        Value::Array(list) => 2 + list.iter().map(|item| json_bytes(item) + 1).sum::<usize>(),
        Value::Object(map) => {
            2 + map.iter().map(|(key, value)| key.len() + 4 + json_bytes(value)).sum::<usize>()
        }
    }
}
