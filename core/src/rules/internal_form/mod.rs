//! How upstream shows whole structures in its error messages.
//!
//! Upstream validates its internal types, which have other field names than the API and show every field, so
//! that a message says `{"Key":"a","Value":"","Effect":"NoSchedule","TimeAdded":null}` or shows a diff of two
//! pod specs in that form. Clients see these texts, so they are the same here. Only errors come this way:
//! nothing here is fast.
//!
//! `fields.txt` lists, per type, each field's internal name, its name in the API and its sort.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{checks, line_diff};
use crate::field::{FieldError, FieldErrors, Path};

/// The table of types and fields.
const TABLE: &str = include_str!("fields.txt");

/// The fields of a pod spec that upstream keeps in its security context.
const HOST_FIELDS: [&str; 5] = ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"];

/// A value of an API type as one line of upstream's JSON.
pub(crate) fn compact<V: Serialize + ?Sized>(type_name: &str, value: &V) -> String {
    let mut line = String::new();
    tree(type_name, value).write_compact(&mut line);
    line
}

/// A list of values of an API type as one line of upstream's JSON.
pub(crate) fn compact_list<V: Serialize>(type_name: &str, values: &[V]) -> String {
    let mut line = String::new();
    let items = values.iter().map(|value| tree(type_name, value)).collect::<Vec<_>>();
    let list = if items.is_empty() { Tree::Leaf("null".to_owned()) } else { Tree::List(items) };
    list.write_compact(&mut line);
    line
}

/// The lines in which two values of an API type differ, with three lines around each.
pub(crate) fn diff<V: Serialize>(type_name: &str, old: &V, new: &V) -> String {
    let pretty = |value| {
        let mut text = String::new();
        tree(type_name, value).write_pretty(0, &mut text);
        text
    };
    line_diff::unified(&pretty(old), &pretty(new))
}

/// The error that a whole structure is invalid, shown as upstream's JSON.
pub(crate) fn invalid<V: Serialize + ?Sized>(
    path: &Path<'_>,
    type_name: &str,
    value: &V,
    detail: impl Into<String>,
) -> FieldError {
    let shown = Some(compact(type_name, value));
    FieldError { value: shown, ..FieldError::invalid(path, "", detail) }
}

/// Adds an error, with the new structure, if it is not the old one.
pub(crate) fn check_immutable<V: Serialize + PartialEq>(
    new: Option<&V>,
    old: Option<&V>,
    type_name: &str,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if new != old {
        let shown = new.map_or_else(|| "null".to_owned(), |new| compact(type_name, new));
        let error = FieldError::invalid(path, "", checks::IMMUTABLE);
        errors.push(FieldError { value: Some(shown), ..error });
    }
}

/// JSON with fields in upstream's order.
#[derive(Debug)]
enum Tree {
    Leaf(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

fn tree<V: Serialize + ?Sized>(type_name: &str, value: &V) -> Tree {
    // API types serialize to JSON objects; one that does not would show its zero value.
    let mut fields = match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if type_name == "PodSpec" {
        move_host_fields(&mut fields);
    }
    structure(type_name, &fields)
}

fn move_host_fields(spec: &mut Map<String, Value>) {
    let moved: Vec<_> = HOST_FIELDS.iter().filter_map(|field| spec.remove_entry(*field)).collect();
    let context = spec.entry("securityContext").or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(context) = context {
        context.extend(moved);
    }
}

/// The rows of a type: internal name, API name, sort.
fn rows(type_name: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let body = TABLE.lines().skip_while(move |line| *line != type_name).skip(1);
    body.take_while(|line| line.starts_with(' ')).filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?, words.next()?))
    })
}

fn structure(type_name: &str, fields: &Map<String, Value>) -> Tree {
    let mut shown = Vec::new();
    for (name, api_name, sort) in rows(type_name) {
        if let Some(embedded) = sort.strip_prefix("E:") {
            if let Tree::Object(inner) = structure(embedded, fields) {
                shown.extend(inner);
            }
            continue;
        }
        let value = fields.get(api_name).filter(|value| !value.is_null());
        if let Some(nested) = sort.strip_prefix("N:") {
            let none = Map::new();
            if let Tree::Object(inner) = structure(nested, value.and_then(Value::as_object).unwrap_or(&none))
            {
                shown.extend(inner);
            }
            continue;
        }
        let (sort, may_be_left_out) = sort.strip_prefix('?').map_or((sort, false), |sort| (sort, true));
        if value.is_some() || !may_be_left_out {
            shown.push((name.to_owned(), field(sort, value)));
        }
    }
    Tree::Object(shown)
}

/// One field by its sort: the zero value of scalars, null for what can be absent.
fn field(sort: &str, value: Option<&Value>) -> Tree {
    let absent = |zero: &str| Tree::Leaf(zero.to_owned());
    match (sort.split_once(':'), value) {
        (Some(("T", type_name)), value) => {
            let empty = Map::new();
            structure(type_name, value.and_then(Value::as_object).unwrap_or(&empty))
        }
        (Some(("L", type_name)), Some(Value::Array(items))) => {
            let item = |item: &Value| item.as_object().map(|fields| structure(type_name, fields));
            Tree::List(items.iter().filter_map(item).collect())
        }
        (Some((_, type_name)), Some(Value::Object(fields))) => structure(type_name, fields),
        (None, Some(value)) => plain(value),
        (None, None) if sort == "s" => absent(r#""""#),
        (None, None) if matches!(sort, "i" | "I") => absent("0"),
        (None, None) if sort == "b" => absent("false"),
        (None, None) if sort == "q" => absent(r#""0""#),
        _ => absent("null"),
    }
}

fn plain(value: &Value) -> Tree {
    match value {
        Value::Array(items) => Tree::List(items.iter().map(plain).collect()),
        Value::Object(fields) => {
            Tree::Object(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        scalar => Tree::Leaf(escaped(&scalar.to_string())),
    }
}

/// Go's JSON escapes what could end a script in HTML.
fn escaped(json: &str) -> String {
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

impl Tree {
    fn write_compact(&self, out: &mut String) {
        match self {
            Self::Leaf(json) => out.push_str(json),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index == 0 { "" } else { "," });
                    item.write_compact(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    let _ = write!(out, "{comma}{}:", Value::from(name.as_str()));
                    value.write_compact(out);
                }
                out.push('}');
            }
        }
    }

    fn write_pretty(&self, depth: usize, out: &mut String) {
        let (open, close, count) = match self {
            Self::Leaf(json) => return out.push_str(json),
            Self::List(items) => ('[', ']', items.len()),
            Self::Object(fields) => ('{', '}', fields.len()),
        };
        out.push(open);
        let inner = " ".repeat(depth + 1);
        for index in 0..count {
            out.push_str(if index == 0 { "\n" } else { ",\n" });
            out.push_str(&inner);
            match self {
                Self::List(items) => items[index].write_pretty(depth + 1, out),
                Self::Object(fields) => {
                    let (name, value) = &fields[index];
                    let _ = write!(out, "{}: ", Value::from(name.as_str()));
                    value.write_pretty(depth + 1, out);
                }
                Self::Leaf(_) => {}
            }
        }
        if count > 0 {
            out.push('\n');
            out.push_str(&inner[1..]);
        }
        out.push(close);
    }
}

#[cfg(test)]
mod tests;
