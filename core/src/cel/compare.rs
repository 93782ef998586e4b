//! Which values are the same, and which comes first.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cost::{Cost, Stop};
use super::value::{List, ListMeaning, Value};

/// Whether two values are the same. Numbers are, if they count the same; each part that is looked at costs.
pub(super) fn equal(one: &Value, two: &Value, cost: &mut Cost) -> Result<bool, Stop> {
    cost.spend_tenths(1)?;
    Ok(match (one, two) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(one), Value::Bool(two)) => one == two,
        (Value::String(one), Value::String(two)) => {
            cost.spend_tenths(one.len().min(two.len()) as u64)?;
            one == two
        }
        (Value::Bytes(one), Value::Bytes(two)) => {
            cost.spend_tenths(one.len().min(two.len()) as u64)?;
            one == two
        }
        (Value::List(one), Value::List(two)) => lists(one, two, cost)?,
        (Value::Map(one), Value::Map(two)) => {
            if Arc::ptr_eq(one, two) {
                return Ok(true);
            }
            if one.len() != two.len() {
                return Ok(false);
            }
            for (key, value) in one.iter() {
                match two.get(key) {
                    Some(other) if equal(value, other, cost)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Object(one), Value::Object(two)) => {
            if Arc::ptr_eq(one, two) {
                return Ok(true);
            }
            if one.fields.len() != two.fields.len() || one.rest.len() != two.rest.len() {
                return Ok(false);
            }
            for (name, value) in &one.fields {
                match two.fields.get(name) {
                    Some(other) if equal(value, other, cost)? => {}
                    _ => return Ok(false),
                }
            }
            for (name, value) in &one.rest {
                match two.rest.get(name) {
                    Some(other) if same_json(value, other, cost)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Value::Optional(one), Value::Optional(two)) => match (one, two) {
            (None, None) => true,
            (Some(one), Some(two)) => equal(one, two, cost)?,
            _ => false,
        },
        (Value::Type(one), Value::Type(two)) => one.name() == two.name(),
        (Value::Cidr(one), Value::Cidr(two)) => one == two,
        (Value::Format(one), Value::Format(two)) => one.name == two.name,
        (Value::Ip(one), Value::Ip(two)) => one == two,
        (Value::Semver(one), Value::Semver(two)) => one.precedence(two) == Ordering::Equal,
        (Value::Url(one), Value::Url(two)) => one == two,
        (Value::Double(one), Value::Double(two)) => one == two,
        _ => order(one, two) == Some(Ordering::Equal),
    })
}

/// Values that no schema describes.
fn same_json(one: &serde_json::Value, two: &serde_json::Value, cost: &mut Cost) -> Result<bool, Stop> {
    use serde_json::Value as Json;
    cost.spend_tenths(1)?;
    Ok(match (one, two) {
        (Json::Array(one), Json::Array(two)) => {
            if one.len() != two.len() {
                return Ok(false);
            }
            for (one, two) in one.iter().zip(two) {
                if !same_json(one, two, cost)? {
                    return Ok(false);
                }
            }
            true
        }
        (Json::Object(one), Json::Object(two)) => {
            if one.len() != two.len() {
                return Ok(false);
            }
            for (name, value) in one {
                match two.get(name) {
                    Some(other) if same_json(value, other, cost)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Json::String(one), Json::String(two)) => {
            cost.spend_tenths(one.len().min(two.len()) as u64)?;
            one == two
        }
        _ => one == two,
    })
}

fn lists(one: &List, two: &List, cost: &mut Cost) -> Result<bool, Stop> {
    if Arc::ptr_eq(&one.items, &two.items) {
        return Ok(true);
    }
    if one.items.len() != two.items.len() {
        return Ok(false);
    }
    for (at, item) in one.items.iter().enumerate() {
        let found = match &one.meaning {
            ListMeaning::Atomic => equal(item, &two.items[at], cost)?,
            ListMeaning::Set => contains(&two.items, item, cost)?,
            ListMeaning::Map(keys) => match with_keys(&two.items, item, keys, cost)? {
                Some(at) => equal(item, &two.items[at], cost)?,
                None => false,
            },
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether an item is in a list.
pub(super) fn contains(items: &[Value], wanted: &Value, cost: &mut Cost) -> Result<bool, Stop> {
    for item in items {
        if equal(item, wanted, cost)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the item is that has the same keys.
fn with_keys(
    items: &[Value],
    wanted: &Value,
    keys: &[String],
    cost: &mut Cost,
) -> Result<Option<usize>, Stop> {
    let Value::Object(wanted) = wanted else { return Ok(None) };
    'items: for (at, item) in items.iter().enumerate() {
        let Value::Object(item) = item else { continue };
        for key in keys {
            let same = match (item.fields.get(key.as_str()), wanted.fields.get(key.as_str())) {
                (None, None) => true,
                (Some(one), Some(two)) => equal(one, two, cost)?,
                _ => false,
            };
            if !same {
                continue 'items;
            }
        }
        return Ok(Some(at));
    }
    Ok(None)
}

/// Two lists in one, as what tells their items apart says: of a set, what is new; of a map, what replaces and what is
/// new.
pub(super) fn concatenated(one: &List, two: &List, cost: &mut Cost) -> Result<List, Stop> {
    cost.spend((one.items.len() + two.items.len()) as u64)?;
    let mut items = one.items.as_ref().clone();
    for item in two.items.iter() {
        match &one.meaning {
            ListMeaning::Atomic => items.push(item.clone()),
            ListMeaning::Set => {
                if !contains(&one.items, item, cost)? {
                    items.push(item.clone());
                }
            }
            ListMeaning::Map(keys) => match with_keys(&one.items, item, keys, cost)? {
                Some(at) => items[at] = item.clone(),
                None => items.push(item.clone()),
            },
        }
    }
    Ok(List { items: Arc::new(items), meaning: one.meaning.clone() })
}

/// Which of two values comes first, if that can be said.
pub(super) fn order(one: &Value, two: &Value) -> Option<Ordering> {
    match (one, two) {
        (Value::Bool(one), Value::Bool(two)) => Some(one.cmp(two)),
        (Value::Int(one), Value::Int(two)) => Some(one.cmp(two)),
        (Value::Uint(one), Value::Uint(two)) => Some(one.cmp(two)),
        (Value::Int(one), Value::Uint(two)) => Some(i128::from(*one).cmp(&i128::from(*two))),
        (Value::Uint(one), Value::Int(two)) => Some(i128::from(*one).cmp(&i128::from(*two))),
        (Value::Double(one), Value::Double(two)) => one.partial_cmp(two),
        (Value::Double(one), Value::Int(two)) => float_order(*one, i128::from(*two)),
        (Value::Double(one), Value::Uint(two)) => float_order(*one, i128::from(*two)),
        (Value::Int(one), Value::Double(two)) => float_order(*two, i128::from(*one)).map(Ordering::reverse),
        (Value::Uint(one), Value::Double(two)) => float_order(*two, i128::from(*one)).map(Ordering::reverse),
        (Value::String(one), Value::String(two)) => Some(one.cmp(two)),
        (Value::Bytes(one), Value::Bytes(two)) => Some(one.cmp(two)),
        (Value::Duration(one), Value::Duration(two)) => Some(one.cmp(two)),
        (Value::Timestamp(one), Value::Timestamp(two)) => Some(one.cmp(two)),
        (Value::Quantity(one), Value::Quantity(two)) => Some(one.cmp(two)),
        (Value::Semver(one), Value::Semver(two)) => Some(one.precedence(two)),
        _ => None,
    }
}

/// A floating point number against a whole one, exactly.
fn float_order(float: f64, whole: i128) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.abs() >= 1e30 {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let floor = float.floor();
    match (floor as i128).cmp(&whole) {
        Ordering::Equal if float > floor => Some(Ordering::Greater),
        other => Some(other),
    }
}
