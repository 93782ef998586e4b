use std::fmt;

use serde_json::Value;

/// A place where what is seen is not what was recorded.
#[derive(Debug)]
pub(super) struct Difference {
    /// The entry, and the path within.
    place: String,
    expected: Option<Value>,
    seen: Option<Value>,
}

/// The longest value that is shown as it is.
const SHOWN_BYTES_MAX: usize = 400;

/// All differences between the entries of a recording and of a run.
pub(super) fn between(golden: &[Value], seen: &[Value]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for at in 0..golden.len().max(seen.len()) {
        let (expected, seen) = (golden.get(at), seen.get(at));
        let label = expected.or(seen).map(label).unwrap_or_default();
        compare(&format!("entry {at} ({label}) "), expected, seen, &mut differences);
    }
    differences
}

/// What an entry is about.
fn label(entry: &Value) -> String {
    let kinds = ["request", "snapshot", "history", "watch", "do"];
    let found = kinds.iter().find_map(|kind| Some(format!("{kind} {}", entry.get(kind)?.as_str()?)));
    found.unwrap_or_default()
}

fn compare(place: &str, expected: Option<&Value>, seen: Option<&Value>, into: &mut Vec<Difference>) {
    match (expected, seen) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
            fields.sort();
            fields.dedup();
            for field in fields {
                compare(&format!("{place}.{field}"), before.get(field), after.get(field), into);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) if before.len() == after.len() => {
            for (at, (one, other)) in before.iter().zip(after).enumerate() {
                compare(&format!("{place}[{at}]"), Some(one), Some(other), into);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            let only = |in_this: &[Value], other: &[Value]| {
                in_this.iter().filter(|item| !other.contains(item)).cloned().collect::<Vec<_>>()
            };
            into.push(Difference {
                place: format!("{place} ({} items instead of {})", after.len(), before.len()),
                expected: Some(only(before, after).into()),
                seen: Some(only(after, before).into()),
            });
        }
        _ if expected == seen => {}
        _ => into.push(Difference {
            place: place.to_owned(),
            expected: expected.cloned(),
            seen: seen.cloned(),
        }),
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| match value {
            None => "nothing".to_owned(),
            Some(value) => {
                let mut text = value.to_string();
                if text.len() > SHOWN_BYTES_MAX {
                    let end = (0..=SHOWN_BYTES_MAX).rev().find(|&end| text.is_char_boundary(end));
                    text.truncate(end.unwrap_or_default());
                    text.push('…');
                }
                text
            }
        };
        write!(
            f,
            "  {}\n    recorded: {}\n    seen:     {}",
            self.place,
            shown(&self.expected),
            shown(&self.seen)
        )
    }
}
