//! JSON values along the schema: which fields they set, how two of them merge, and how fields are taken out.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::place::{Shape, UNDECLARED};
use super::set::Node;
use super::{Element, FieldSet, Name, Scalar};
use crate::schema::{ListType, Node as Place, Scalar as ScalarType};

/// A value that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where, for people.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.path, self.reason)
        }
    }
}

/// What a value of some place is made of. A value that does not fit is whole.
enum View<'a> {
    Fields(&'a Map<String, Value>, FieldPlaces),
    Items(&'a [Value], &'static Place, &'static ListType),
    Null,
    Whole,
}

/// The places of a map's values.
#[derive(Clone, Copy)]
struct FieldPlaces(&'static Place);

impl FieldPlaces {
    /// Where a field's value goes, and whether the schema declares the field.
    fn of(self, name: &str) -> (&'static Place, bool) {
        match self.0 {
            Place::Struct(inner) => match inner.type_().field(name) {
                Some(field) => (field.node(), true),
                None => (UNDECLARED, false),
            },
            Place::Map(map) => (map.element(), false),
            _ => (UNDECLARED, false),
        }
    }
}

fn view<'a>(value: &'a Value, place: &'static Place) -> View<'a> {
    match (Shape::of(place), value) {
        (Shape::Whole, _) => View::Whole,
        (_, Value::Null) => View::Null,
        (Shape::Fields(_) | Shape::Entries(_) | Shape::Open, Value::Object(map)) => {
            View::Fields(map, FieldPlaces(place))
        }
        (Shape::Items(element, list_type), Value::Array(items)) => View::Items(items, element, list_type),
        _ => View::Whole,
    }
}

/// How a list tells an item from others.
fn element(item: &Value, place: &'static Place, list_type: &ListType) -> Result<Element, String> {
    let keys = match list_type {
        ListType::Map(keys) => keys,
        ListType::Set | ListType::Atomic => {
            return match item {
                Value::Object(_) => {
                    Err("associative list without keys has an element that's a map type".to_owned())
                }
                Value::Array(_) => Err("not supported: associative list with lists as elements".to_owned()),
                Value::Null => {
                    Err("associative list without keys has an element that's an explicit null".to_owned())
                }
                scalar => Ok(Element::value(Scalar::of(scalar))),
            };
        }
    };
    let fields = match item {
        Value::Object(fields) => fields,
        Value::Null => return Err("associative list with keys may not have a null element".to_owned()),
        _ => return Err("associative list with keys may not have non-map elements".to_owned()),
    };
    let default = |key: &str| match place {
        Place::Struct(inner) => inner.type_().field(key)?.declared_default(),
        _ => None,
    };
    let found: Vec<(Name, Scalar)> = keys
        .iter()
        .filter_map(|key| {
            let value = fields.get(*key).or_else(|| default(key))?;
            Some((Name::Static(key), Scalar::of(value)))
        })
        .collect();
    if found.is_empty() {
        return Err(format!(
            "associative list with keys has an element that omits all key fields {keys:?} (and doesn't have default \
             values for any key fields)"
        ));
    }
    Ok(Element::key(found))
}

/// An item's element; one that has none is told by its index.
fn element_or_index(at: usize, item: &Value, place: &'static Place, list_type: &ListType) -> Element {
    element(item, place, list_type).unwrap_or(Element::Index(i64::try_from(at).unwrap_or(i64::MAX)))
}

/// All that does not fit the schema in what a client applies; items that are there twice do not fit.
pub(super) fn misfits(value: &Value, place: &'static Place) -> Vec<Misfit> {
    let mut found = Vec::new();
    check(value, place, &mut String::new(), &mut found);
    found
}

fn check(value: &Value, place: &'static Place, path: &mut String, found: &mut Vec<Misfit>) {
    let mut report = |path: &str, reason: String| found.push(Misfit { path: path.to_owned(), reason });
    match (place, value) {
        (_, Value::Null) | (Place::Any | Place::Open, _) => {}
        (Place::Scalar(scalar), value) => {
            if let Some(expected) = expected(*scalar, value) {
                report(path, format!("expected {expected}, got {value}"));
            }
        }
        (Place::Struct(_) | Place::Map(_), Value::Object(fields)) => {
            let is_closed = matches!(place, Place::Struct(inner) if !inner.type_().is_open());
            for (name, value) in fields {
                let before = path.len();
                path.push('.');
                path.push_str(name);
                match FieldPlaces(place).of(name) {
                    (_, false) if is_closed => found.push(Misfit {
                        path: path.clone(),
                        reason: "field not declared in schema".to_owned(),
                    }),
                    (place, _) => check(value, place, path, found),
                }
                path.truncate(before);
            }
        }
        (Place::List(list), Value::Array(items)) => {
            let mut seen: Vec<Element> = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let step = match list.list_type() {
                    ListType::Atomic => Element::Index(i64::try_from(at).unwrap_or(i64::MAX)),
                    list_type => match element(item, list.element(), list_type) {
                        Ok(step) if seen.contains(&step) => {
                            found.push(Misfit {
                                path: path.clone(),
                                reason: format!("duplicate entries for key {step}"),
                            });
                            step
                        }
                        Ok(step) => {
                            seen.push(step.clone());
                            step
                        }
                        Err(reason) => {
                            let reason = format!("element {at}: {reason}");
                            found.push(Misfit { path: path.clone(), reason });
                            return;
                        }
                    },
                };
                let before = path.len();
                path.push_str(&step.to_string());
                check(item, list.element(), path, found);
                path.truncate(before);
            }
        }
        (Place::Struct(_) | Place::Map(_), value) => report(path, format!("expected map, got {value}")),
        (Place::List(_), value) => report(path, format!("expected list, got {value}")),
    }
}

/// What a scalar should be, if the value is not.
fn expected(scalar: ScalarType, value: &Value) -> Option<&'static str> {
    let (fits, name) = match scalar {
        ScalarType::Integer | ScalarType::Number => (value.is_number(), "numeric (int or float)"),
        ScalarType::Boolean => (value.is_boolean(), "boolean"),
        ScalarType::Quantity | ScalarType::IntOrString => {
            (value.is_number() || value.is_string() || value.is_boolean(), "any scalar")
        }
        ScalarType::String | ScalarType::Bytes | ScalarType::Time | ScalarType::MicroTime => {
            (value.is_string(), "string")
        }
    };
    (!fits).then_some(name)
}

/// Which fields a value sets: leaves, items of lists, and entries of maps of the user's choice.
pub(super) fn fields_of(value: &Value, place: &'static Place) -> FieldSet {
    match view(value, place) {
        View::Whole | View::Null => FieldSet::default(),
        View::Fields(fields, places) => FieldSet::of_unsorted(
            fields
                .iter()
                .filter_map(|(name, value)| {
                    let (place, declared) = places.of(name);
                    let is_leaf = matches!(view(value, place), View::Whole)
                        || value.is_null()
                        || value.as_object().is_some_and(Map::is_empty);
                    node(Element::field(name.as_str()), is_leaf || !declared, fields_of(value, place))
                })
                .collect(),
        ),
        View::Items(items, place, list_type) => {
            let elements = elements(items, place, list_type);
            FieldSet::of_unsorted(
                items
                    .iter()
                    .zip(&elements)
                    .filter_map(|(item, element)| {
                        let is_single = elements.iter().filter(|other| *other == element).count() == 1;
                        // What is there more than once is owned whole.
                        let below = if is_single { fields_of(item, place) } else { FieldSet::default() };
                        node(element.clone(), true, below)
                    })
                    .collect(),
            )
        }
    }
}

fn node(element: Element, member: bool, children: FieldSet) -> Option<Node> {
    (member || !children.is_empty()).then_some(Node { element, member, children })
}

fn elements(items: &[Value], place: &'static Place, list_type: &ListType) -> Vec<Element> {
    items.iter().enumerate().map(|(at, item)| element_or_index(at, item, place, list_type)).collect()
}

/// `live` with what `applied` sets. Nothing is removed.
pub(super) fn merged(live: &Value, applied: &Value, place: &'static Place) -> Value {
    match (view(live, place), view(applied, place)) {
        (View::Fields(old, places), View::Fields(new, _)) => {
            let mut merged = old.clone();
            for (name, value) in new {
                match merged.get_mut(name) {
                    Some(before) => *before = self::merged(before, value, places.of(name).0),
                    None => {
                        merged.insert(name.clone(), value.clone());
                    }
                }
            }
            Value::Object(merged)
        }
        (View::Items(old, place, list_type), View::Items(new, ..)) => {
            Value::Array(merged_items(old, new, place, list_type))
        }
        // Nothing is no statement about what is owned one by one.
        (View::Fields(old, _), View::Null) if !old.is_empty() => live.clone(),
        (View::Items(old, ..), View::Null) if !old.is_empty() => live.clone(),
        _ => applied.clone(),
    }
}

/// Items of both, in the order of `new` as far as it says something, else in the order of `old`.
fn merged_items(
    old: &[Value],
    new: &[Value],
    place: &'static Place,
    list_type: &'static ListType,
) -> Vec<Value> {
    let old_elements = elements(old, place, list_type);
    let new_elements = elements(new, place, list_type);
    let mut old_by_element: BTreeMap<&Element, Option<&Value>> = BTreeMap::new();
    for (element, item) in old_elements.iter().zip(old) {
        // Those that are there twice are not merged with.
        old_by_element.entry(element).and_modify(|known| *known = None).or_insert(Some(item));
    }
    let new_by_element: BTreeMap<&Element, &Value> = new_elements.iter().zip(new).collect();
    let take = |element: &Element, item: &Value| match old_by_element.get(element) {
        Some(Some(before)) => merged(before, item, place),
        _ => item.clone(),
    };
    let mut shared = new_elements.iter().filter(|element| old_by_element.contains_key(*element)).peekable();
    let mut out = Vec::with_capacity(old.len().max(new.len()));
    let mut done: Vec<&Element> = Vec::new();
    let mut olds = old_elements.iter().zip(old).peekable();
    let mut news = new_elements.iter().zip(new).peekable();
    while olds.peek().is_some() || news.peek().is_some() {
        if let (Some((one, _)), Some((other, item))) = (olds.peek(), news.peek()) {
            if one == other {
                out.push(take(other, item));
                done.push(other);
                olds.next();
                news.next();
                shared.next();
                continue;
            }
            // It comes at its place in the new order.
            if new_by_element.contains_key(one) && shared.peek().is_some_and(|next| next != one) {
                olds.next();
                continue;
            }
        }
        if let Some((element, item)) = olds.peek() {
            if !new_by_element.contains_key(element) {
                out.push((*item).clone());
                olds.next();
                continue;
            }
            if done.contains(element) {
                olds.next();
            }
        }
        if let Some((element, item)) = news.next() {
            out.push(take(element, item));
            done.push(element);
            if shared.peek().is_some_and(|next| *next == element) {
                shared.next();
            }
        }
    }
    out
}

/// `value` without the fields and items of a set. What is left without anything is null.
pub(super) fn without(value: &Value, fields: &FieldSet, place: &'static Place) -> Value {
    match view(value, place) {
        View::Whole
            if matches!(Shape::of(place), Shape::Whole)
                && !matches!(value, Value::Object(_) | Value::Array(_)) =>
        {
            value.clone()
        }
        View::Whole | View::Null => Value::Null,
        View::Fields(map, places) => {
            let mut kept = Map::new();
            for (name, value) in map {
                let element = Element::field(name.as_str());
                if fields.has(&element) {
                    continue;
                }
                let below = fields.below(&element);
                let value =
                    if below.is_empty() { value.clone() } else { without(value, &below, places.of(name).0) };
                kept.insert(name.clone(), value);
            }
            if kept.is_empty() { Value::Null } else { Value::Object(kept) }
        }
        View::Items(items, place, list_type) => {
            let mut kept = Vec::new();
            for (at, item) in items.iter().enumerate() {
                let element = element_or_index(at, item, place, list_type);
                if fields.has(&element) {
                    continue;
                }
                let below = fields.below(&element);
                kept.push(if below.is_empty() { item.clone() } else { without(item, &below, place) });
            }
            if kept.is_empty() { Value::Null } else { Value::Array(kept) }
        }
    }
}

/// A set with every declared field that something below it is owned of.
pub(super) fn with_named(fields: &FieldSet, place: Option<&'static Place>) -> FieldSet {
    FieldSet::of_nodes(
        fields
            .nodes()
            .iter()
            .map(|node| {
                let (below, declared) = match (&node.element, place) {
                    (
                        Element::Field(name),
                        Some(place @ (Place::Struct(_) | Place::Map(_) | Place::Open)),
                    ) => {
                        let (place, declared) = FieldPlaces(place).of(name);
                        (Some(place), declared)
                    }
                    (Element::Key(_), Some(Place::List(list))) => (Some(list.element()), false),
                    _ => (None, false),
                };
                let member = node.member || declared && !node.children.is_empty();
                Node { element: node.element.clone(), member, children: with_named(&node.children, below) }
            })
            .collect(),
    )
}
