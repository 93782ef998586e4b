//! Fields that are on the wire although they are not set.
//!
//! Upstream's times that are no pointers are written as null when they are zero, whatever their tags say, and
//! clients see that. The generated types leave them out.

use serde_json::{Map, Value};

/// Sets the fields that are not there to null. A path names fields; one that ends in `[]` goes into all items.
/// Where a part of the path but the last is missing, nothing is added.
pub(super) fn fill(object: &mut Map<String, Value>, paths: &[&str]) {
    for path in paths {
        fill_one(object, path);
    }
}

fn fill_one(object: &mut Map<String, Value>, path: &str) {
    let Some((first, rest)) = path.split_once('.') else {
        object.entry(path).or_insert(Value::Null);
        return;
    };
    match object.get_mut(first.strip_suffix("[]").unwrap_or(first)) {
        Some(Value::Object(inner)) => fill_one(inner, rest),
        Some(Value::Array(items)) => {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| fill_one(item, rest));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_is_null_where_its_owner_is() {
        let mut value = json!({"a": [{"b": 1}, {"c": {"d": 2}}, {"c": {}}], "e": {}});
        let object = value.as_object_mut().expect("it is one");
        fill(object, &["a[].c.d", "e.f", "g", "h.i"]);
        assert_eq!(
            value,
            json!({"a": [{"b": 1}, {"c": {"d": 2}}, {"c": {"d": null}}], "e": {"f": null}, "g": null})
        );
    }
}
