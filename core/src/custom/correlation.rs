//! Which part of an object's last version a part of its new one is (CRD-05).

use serde_json::Value;

use super::structural::{ListKind, Structural};

/// The item of an old list that a new item takes the place of, if items can be told apart.
pub(super) fn item<'o>(schema: &Structural, old: Option<&'o Value>, new: &Value) -> Option<&'o Value> {
    let ListKind::Map(keys) = &schema.list else { return None };
    let old = old?.as_array()?;
    let key = |item: &Value| -> Option<Vec<Value>> {
        let item = item.as_object()?;
        let default = |name: &str| schema.items.as_ref()?.properties.get(name)?.default.clone();
        Some(
            keys.iter()
                .map(|name| item.get(name).cloned().or_else(|| default(name)).unwrap_or_default())
                .collect(),
        )
    };
    let wanted = key(new)?;
    old.iter().find(|item| key(item).as_ref() == Some(&wanted))
}

/// The value of a field before.
pub(super) fn field<'o>(old: Option<&'o Value>, name: &str) -> Option<&'o Value> {
    old?.as_object()?.get(name)
}
