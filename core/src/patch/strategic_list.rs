use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value};

use super::PatchError;
use super::ordering::{Order, in_order};
use super::strategic::{Site, directive_of, merge_map, unknown_directive};

/// How a strategic merge patch treats a list (PATCH-07).
#[derive(Debug, Clone, Copy)]
pub(super) struct ListRule<'a> {
    /// The list's name, for messages.
    pub(super) field: &'a str,
    /// Merged, or replaced.
    pub(super) merged: bool,
    /// What tells items apart; none for scalars.
    pub(super) merge_key: Option<&'static str>,
    /// What the items are.
    pub(super) element: Site,
}

impl<'a> ListRule<'a> {
    pub(super) const fn replaced(field: &'a str) -> Self {
        Self { field, merged: false, merge_key: None, element: Site::Unknown }
    }

    /// What tells an item apart: its merge key's value, or the scalar itself.
    pub(super) fn key<'v>(&self, item: &'v Value) -> Result<&'v Value, PatchError> {
        let Some(merge_key) = self.merge_key else { return Ok(item) };
        match item {
            Value::Object(map) => map.get(merge_key).ok_or_else(|| no_merge_key(map, merge_key)),
            _ => Err(PatchError::WrongType { field: self.field.to_owned(), expected: "map" }),
        }
    }
}

fn no_merge_key(map: &Map<String, Value>, merge_key: &'static str) -> PatchError {
    PatchError::NoMergeKey { map: Value::Object(map.clone()).to_string(), merge_key }
}

/// Merges `patch` into `live`: items of the patch are in its order, others keep theirs.
pub(super) fn merge_list(
    live: Vec<Value>,
    patch: Vec<Value>,
    rule: &ListRule<'_>,
) -> Result<Vec<Value>, PatchError> {
    if !rule.merged {
        return Ok(patch);
    }
    if !are_maps(&live, &patch, rule.field)? {
        let scalars = ListRule { merge_key: None, ..*rule };
        let merged = union(&live, &patch);
        return in_order(merged, &Order::new(&patch, &scalars)?, &live, &scalars);
    }
    let Some(merge_key) = rule.merge_key else {
        return Err(PatchError::NoMergeKeyDeclared { field: rule.field.to_owned() });
    };
    let (live, patch) = take_directives(live, patch, rule, merge_key)?;
    let order = Order::new(&patch, rule)?;
    let merged = merge_items(live.clone(), &patch, rule)?;
    in_order(merged, &order, &live, rule)
}

/// Deletes `gone` from a list of scalars.
pub(super) fn delete_scalars(list: &mut Vec<Value>, gone: &[Value], field: &str) -> Result<(), PatchError> {
    if are_maps(list, gone, field)? && !gone.is_empty() {
        return Err(PatchError::Directive { directive: "primitive list" });
    }
    let gone: FxHashSet<&Value> = gone.iter().collect();
    list.retain(|item| !gone.contains(item));
    Ok(())
}

/// Whether the items are maps; they have to be of one type, and no lists.
fn are_maps(live: &[Value], patch: &[Value], field: &str) -> Result<bool, PatchError> {
    let mut items = live.iter().chain(patch);
    let Some(first) = items.next() else { return Ok(false) };
    if first.is_array() {
        return Err(PatchError::ListOfLists);
    }
    let sort = std::mem::discriminant(first);
    if items.any(|item| std::mem::discriminant(item) != sort) {
        return Err(PatchError::MixedElements { field: field.to_owned() });
    }
    Ok(first.is_object())
}

/// All scalars of both lists, once each.
fn union(live: &[Value], patch: &[Value]) -> Vec<Value> {
    let mut seen = FxHashSet::default();
    live.iter().chain(patch).filter(|item| seen.insert(*item)).cloned().collect()
}

/// Follows `$patch: delete` and `$patch: replace` of items, and takes these items out of the patch.
fn take_directives(
    mut live: Vec<Value>,
    patch: Vec<Value>,
    rule: &ListRule<'_>,
    merge_key: &'static str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut items = Vec::with_capacity(patch.len());
    let mut gone = FxHashSet::default();
    let mut replaces = false;
    for item in patch {
        let Value::Object(map) = &item else {
            return Err(PatchError::WrongType { field: rule.field.to_owned(), expected: "map" });
        };
        match directive_of(map).map(Value::as_str) {
            None => items.push(item),
            Some(Some("delete")) => {
                gone.insert(map.get(merge_key).ok_or_else(|| no_merge_key(map, merge_key))?.clone());
            }
            Some(Some("replace")) => replaces = true,
            Some(_) => {
                let directive = directive_of(map).cloned().unwrap_or_default();
                return Err(unknown_directive(&directive, map.clone()));
            }
        }
    }
    if replaces {
        return Ok((items, Vec::new()));
    }
    live.retain(|item| item.get(merge_key).is_none_or(|key| !gone.contains(key)));
    Ok((live, items))
}

/// Merges each item of the patch into the live item with its key, or appends it.
fn merge_items(
    mut merged: Vec<Value>,
    patch: &[Value],
    rule: &ListRule<'_>,
) -> Result<Vec<Value>, PatchError> {
    let mut places: FxHashMap<Value, usize> = FxHashMap::default();
    for (place, item) in merged.iter().enumerate() {
        places.entry(rule.key(item)?.clone()).or_insert(place);
    }
    for item in patch {
        let key = rule.key(item)?;
        let found = places.get(key).and_then(|place| merged.get_mut(*place));
        match (found, item) {
            (Some(Value::Object(live)), Value::Object(patch)) => {
                merge_map(live, patch.clone(), rule.element)?
            }
            _ => {
                places.insert(key.clone(), merged.len());
                merged.push(item.clone());
            }
        }
    }
    Ok(merged)
}
