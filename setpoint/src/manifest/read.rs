use rustc_hash::FxHashMap;
use serde_json::Value;
use setpoint_core::kind::Registry;

use super::document::{Document, fault};
use super::fault::{Fault, Place};
use super::{BYTES_MAX, DOCUMENTS_MAX};

/// All documents of a text.
pub(super) fn documents(source: &str, text: &str, registry: &Registry) -> Result<Vec<Document>, Vec<Fault>> {
    let whole = |line| Place { source: source.to_owned(), document: 1, line };
    if text.len() > BYTES_MAX {
        let reason = format!("the text has {} bytes, more than {BYTES_MAX}", text.len());
        return Err(vec![fault(&whole(1), "", "", reason)]);
    }
    let mut faults = Vec::new();
    let mut values = Vec::new();
    for (number, Part { first_line, blank_lines, text }) in parts(text).into_iter().enumerate() {
        let line = first_line + blank_lines;
        let place = Place { source: source.to_owned(), document: number + 1, line };
        match serde_saphyr::from_str::<Value>(text) {
            Ok(Value::Null) => {}
            Ok(value) => values.extend(items(value).into_iter().map(|value| (place.clone(), value))),
            Err(error) => faults.push(fault(&place, "", "", syntax(&error, first_line))),
        }
    }
    if values.len() > DOCUMENTS_MAX {
        let reason = format!("there are {} objects, more than {DOCUMENTS_MAX}", values.len());
        return Err(vec![fault(&whole(1), "", "", reason)]);
    }
    let mut documents: Vec<Document> = Vec::with_capacity(values.len());
    let mut known = FxHashMap::default();
    for (place, value) in values {
        match Document::of(place, value, registry) {
            Ok(document) => match known.get(&document.key) {
                Some(first) => {
                    let reason = format!("is there already, in document {first}");
                    faults.push(document.fault("metadata.name", reason));
                }
                None => {
                    known.insert(document.key.clone(), document.place.document);
                    documents.push(document);
                }
            },
            Err(found) => faults.extend(found),
        }
    }
    if documents.is_empty() && faults.is_empty() {
        faults.push(fault(&whole(1), "", "", "there is no object in it"));
    }
    if faults.is_empty() {
        return Ok(documents);
    }
    faults.sort_by_key(|fault| fault.place.document);
    Err(faults)
}

/// The text between two document marks.
struct Part<'a> {
    first_line: usize,
    /// How many lines come before the first content, which is where people look.
    blank_lines: usize,
    text: &'a str,
}

/// The parts with any content. A mark at the beginning of a line is one wherever it is, so each document can
/// be read, and be wrong, for itself.
fn parts(text: &str) -> Vec<Part<'_>> {
    let is_mark = |line: &str, mark: &str| {
        line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
    };
    let mut cuts = Vec::new();
    let (mut start, mut first_line, mut at) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end_matches(['\n', '\r']);
        if is_mark(content, "---") || is_mark(content, "...") {
            cuts.push((first_line, &text[start..at]));
            // Content may follow a mark on its line.
            (start, first_line) = (at + 3, index + 1);
        }
        at += line.len();
    }
    cuts.push((first_line, &text[start..]));
    cuts.into_iter()
        .filter_map(|(first_line, text)| {
            let blank_lines = text.lines().position(has_content)?;
            Some(Part { first_line, blank_lines, text })
        })
        .collect()
}

fn has_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#') && !line.starts_with('%')
}

/// The objects of a value: itself, or the items of a list.
fn items(value: Value) -> Vec<Value> {
    let is_list = value.get("kind").and_then(Value::as_str) == Some("List")
        && value.get("apiVersion").and_then(Value::as_str) == Some("v1");
    match value {
        Value::Object(mut fields) if is_list => match fields.remove("items") {
            Some(Value::Array(items)) => items,
            _ => Vec::new(),
        },
        value => vec![value],
    }
}

/// What the parser says, with the place in the whole text.
fn syntax(error: &serde_saphyr::Error, first_line: usize) -> String {
    let text = error.without_snippet().to_string();
    let reason = text.lines().next().unwrap_or("it cannot be read").trim();
    let Some(location) = error.location() else { return reason.to_owned() };
    let within = format!("line {} column {}: ", location.line(), location.column());
    let reason = reason.trim_start_matches("error: ");
    let reason = reason.strip_prefix(&within).unwrap_or(reason);
    let after = format!(" at line {}, column {}", location.line(), location.column());
    let reason = reason.strip_suffix(&after).unwrap_or(reason);
    // The rest is advice to programmers.
    let reason = reason.split(", set DuplicateKeyPolicy").next().unwrap_or(reason);
    let line = usize::try_from(location.line()).unwrap_or(usize::MAX).saturating_add(first_line) - 1;
    format!("line {line}, column {}: {reason}", location.column())
}
