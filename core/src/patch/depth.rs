use serde_json::Value;

use super::PatchError;

/// How deep patches may be nested, and make objects be: as deep as JSON is read.
pub const DEPTH_MAX: usize = 128;

/// Fails if `value` has more than `max` levels of objects and lists.
pub(super) fn check_depth(value: &Value, max: usize) -> Result<(), PatchError> {
    // A list of its own instead of the stack: this runs before the depth is known to be harmless.
    let mut pending = vec![(value, 0)];
    while let Some((value, depth)) = pending.pop() {
        match value {
            Value::Object(_) | Value::Array(_) if depth >= max => {
                return Err(PatchError::TooDeep { levels_max: DEPTH_MAX });
            }
            Value::Object(map) => pending.extend(map.values().filter(nests).map(|value| (value, depth + 1))),
            Value::Array(list) => pending.extend(list.iter().filter(nests).map(|value| (value, depth + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    Ok(())
}

fn nests(value: &&Value) -> bool {
    value.is_object() || value.is_array()
}
