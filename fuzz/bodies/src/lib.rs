//! What the fuzz targets do with their inputs.
//!
//! Each function takes any bytes at all and panics if a promise is broken; that it returns is the least of the
//! promises. `fuzz/fuzz_targets` gives them to libFuzzer; `tests` gives them the kept inputs in `fuzz/corpus` and some
//! thousands made from those.

mod apply;
mod body;
mod cel;
mod cron;
mod custom;
mod json_patch_model;
mod patch;
mod path;
mod quantity;
mod selector;
mod server;
#[cfg(test)]
mod tests;

pub use self::apply::apply;
pub use self::body::{json_body, protobuf_body, yaml_body};
pub use self::cel::cel;
pub use self::cron::cron;
pub use self::custom::schema;
pub use self::patch::{json_patch, merge_patch, strategic_patch};
pub use self::path::path;
pub use self::quantity::quantity;
pub use self::selector::{field_selector, label_selector};

/// A target: its name, which is also that of its program and its folder of inputs, and what it does.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 14] = [
    ("apply", apply),
    ("cel", cel),
    ("cron", cron),
    ("field_selector", field_selector),
    ("json_body", json_body),
    ("json_patch", json_patch),
    ("label_selector", label_selector),
    ("merge_patch", merge_patch),
    ("path", path),
    ("protobuf_body", protobuf_body),
    ("quantity", quantity),
    ("schema", schema),
    ("strategic_patch", strategic_patch),
    ("yaml_body", yaml_body),
];

/// How long an input is looked at.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// The input as text; `None` if it is none.
fn text(input: &[u8]) -> Option<&str> {
    let input = input.get(..INPUT_BYTES_MAX).unwrap_or(input);
    std::str::from_utf8(input).ok()
}

/// Two JSON documents, with a zero byte between them.
fn two_documents(input: &[u8]) -> Option<(serde_json::Value, serde_json::Value)> {
    let middle = input.iter().position(|byte| *byte == 0)?;
    let (first, second) = (&input[..middle], &input[middle + 1..]);
    Some((serde_json::from_slice(first).ok()?, serde_json::from_slice(second).ok()?))
}

/// How deep a value is; that of a scalar is 0.
fn depth(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    match value {
        Value::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
