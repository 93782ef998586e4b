use serde_json::{Map, Value};

use super::PatchError;
use super::ordering::{Order, in_order};
use super::strategic_list::{ListRule, delete_scalars, merge_list};
use crate::schema::{Node, Type};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_PREFIX: &str = "$deleteFromPrimitiveList";
const ORDER_PREFIX: &str = "$setElementOrder";

/// Where in an object a map is: what its fields are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Site {
    /// A value of a type.
    Type(&'static Type),
    /// A map whose values are all of one shape.
    Map(&'static Node),
    /// Nothing is known: maps are merged, lists replaced.
    Unknown,
}

impl Site {
    pub(super) fn of(node: &'static Node) -> Self {
        match node {
            Node::Struct(place) => Self::Type(place.type_()),
            Node::Map(map) => Self::Map(map.element()),
            Node::Scalar(_) | Node::Any | Node::Open | Node::List(_) => Self::Unknown,
        }
    }

    fn field(self, name: &str) -> Self {
        match self {
            Self::Type(type_) => type_.field(name).map_or(Self::Unknown, |field| Self::of(field.node())),
            Self::Map(element) => Self::of(element),
            Self::Unknown => Self::Unknown,
        }
    }

    fn is_replaced(self, name: &str) -> bool {
        matches!(self, Self::Type(type_) if type_.field(name).is_some_and(|field| field.is_replaced()))
    }

    fn list<'a>(self, name: &'a str) -> ListRule<'a> {
        let Self::Type(type_) = self else { return ListRule::replaced(name) };
        let Some(field) = type_.field(name) else { return ListRule::replaced(name) };
        let Node::List(list) = field.node() else { return ListRule::replaced(name) };
        ListRule {
            field: name,
            merged: field.is_merged(),
            merge_key: field.patch_merge_key(),
            element: Self::of(list.element()),
        }
    }
}

/// Merges `patch` into an object of `type_`.
pub(super) fn merge_object(
    object: &mut Value,
    patch: Map<String, Value>,
    type_: &'static Type,
) -> Result<(), PatchError> {
    match object {
        Value::Object(map) => merge_map(map, patch, Site::Type(type_)),
        _ => Err(PatchError::WrongType { field: String::new(), expected: "map" }),
    }
}

/// Merges `patch` into `original`: directives for the whole map first, then lists with an order, then the fields.
pub(super) fn merge_map(
    original: &mut Map<String, Value>,
    mut patch: Map<String, Value>,
    site: Site,
) -> Result<(), PatchError> {
    if let Some(directive) = patch.remove(DIRECTIVE) {
        match directive.as_str() {
            Some("replace") => *original = patch,
            Some("delete") => original.clear(),
            _ => return Err(unknown_directive(&directive, patch)),
        }
        return Ok(());
    }
    retain_keys(original, &mut patch)?;
    merge_ordered_lists(original, &mut patch, site)?;
    for (key, value) in patch {
        if key.starts_with(DELETE_PREFIX) {
            let field = suffix(&key, DELETE_PREFIX, "primitive list")?;
            delete_from_list(original, field, value)?;
        } else {
            merge_field(original, key, value, site)?;
        }
    }
    Ok(())
}

pub(super) fn unknown_directive(directive: &Value, map: Map<String, Value>) -> PatchError {
    PatchError::UnknownDirective { directive: directive.to_string(), map: Value::Object(map).to_string() }
}

/// The directive of a list item, if it has one.
pub(super) fn directive_of(item: &Map<String, Value>) -> Option<&Value> {
    item.get(DIRECTIVE)
}

fn suffix<'a>(key: &'a str, prefix: &str, directive: &'static str) -> Result<&'a str, PatchError> {
    key.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or(PatchError::Directive { directive })
}

/// `$retainKeys` names all keys that are to stay; those that the patch sets have to be among them.
fn retain_keys(original: &mut Map<String, Value>, patch: &mut Map<String, Value>) -> Result<(), PatchError> {
    let malformed = PatchError::Directive { directive: "retainKeys" };
    let Some(directive) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let Value::Array(keys) = directive else { return Err(malformed) };
    let keeps = |key: &str| keys.iter().any(|kept| kept == key);
    let sets = |(key, value): (&String, &Value)| {
        !value.is_null() && !key.starts_with(DELETE_PREFIX) && !key.starts_with(ORDER_PREFIX) && !keeps(key)
    };
    if patch.iter().any(sets) {
        return Err(malformed);
    }
    original.retain(|key, _| keeps(key));
    Ok(())
}

/// Merges the lists for which the patch gives an order, and takes them and their orders out of the patch.
fn merge_ordered_lists(
    original: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    site: Site,
) -> Result<(), PatchError> {
    let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(ORDER_PREFIX)).cloned().collect();
    for directive in directives {
        let field = suffix(&directive, ORDER_PREFIX, "setElementOrder list")?;
        let Some(Value::Array(order)) = patch.remove(&directive) else {
            return Err(PatchError::WrongType { field: directive, expected: "list" });
        };
        let rule = site.list(field);
        let changes = list_or_nothing(patch.remove(field), field)?;
        let live = match original.get(field) {
            Some(Value::Array(list)) => Some(list.clone()),
            Some(_) => return Err(PatchError::WrongType { field: field.to_owned(), expected: "list" }),
            None => None,
        };
        let order = Order::new(&order, &rule)?;
        if let Some(changes) = &changes {
            order.check(changes)?;
        }
        let merged = match (live.clone(), changes) {
            (Some(live), Some(changes)) => merge_list(live, changes, &rule)?,
            (Some(list), None) => list,
            (None, Some(list)) => list.into_iter().filter_map(without_directives).collect(),
            (None, None) => continue,
        };
        let merged = in_order(merged, &order, &live.unwrap_or_default(), &rule)?;
        original.insert(field.to_owned(), Value::Array(merged));
    }
    Ok(())
}

fn list_or_nothing(value: Option<Value>, field: &str) -> Result<Option<Vec<Value>>, PatchError> {
    match value {
        None => Ok(None),
        Some(Value::Array(list)) => Ok(Some(list)),
        Some(_) => Err(PatchError::WrongType { field: field.to_owned(), expected: "list" }),
    }
}

/// `$deleteFromPrimitiveList/field`; null deletes the whole list.
fn delete_from_list(original: &mut Map<String, Value>, field: &str, value: Value) -> Result<(), PatchError> {
    match (original.get_mut(field), value) {
        (Some(_), Value::Null) => {
            original.remove(field);
        }
        (Some(Value::Array(list)), Value::Array(gone)) => delete_scalars(list, &gone, field)?,
        _ => {}
    }
    Ok(())
}

fn merge_field(
    original: &mut Map<String, Value>,
    key: String,
    value: Value,
    site: Site,
) -> Result<(), PatchError> {
    match (original.get_mut(&key), value) {
        (_, Value::Null) => {
            original.remove(&key);
        }
        (Some(Value::Object(_)), value @ Value::Object(_)) if site.is_replaced(&key) => {
            original.insert(key, value);
        }
        (Some(Value::Object(map)), Value::Object(patch)) => merge_map(map, patch, site.field(&key))?,
        (Some(Value::Array(list)), Value::Array(patch)) => {
            let rule = site.list(&key);
            *list = if rule.merged { merge_list(std::mem::take(list), patch, &rule)? } else { patch };
        }
        (_, mut value) => {
            discard_nulls(&mut value);
            match without_directives(value) {
                Some(value) => original.insert(key, value),
                None => original.remove(&key),
            };
        }
    }
    Ok(())
}

/// Takes nulls out of maps that are new, where there is nothing to delete.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The value as new content: maps with a directive have nothing to act on and vanish.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => {
            let kept = map.into_iter().filter_map(|(key, value)| Some((key, without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(list) => Some(Value::Array(list.into_iter().filter_map(without_directives).collect())),
        scalar => Some(scalar),
    }
}
