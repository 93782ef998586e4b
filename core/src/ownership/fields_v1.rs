use serde_json::{Map, Value};

use super::element::ElementError;
use super::set::Node;
use super::{Element, FieldSet};

/// How deep field paths may be, as objects may.
const DEPTH_MAX: usize = crate::patch::DEPTH_MAX;

/// JSON that is no `FieldsV1`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldsError {
    /// A key is no path element.
    #[error("a key of the fields is malformed")]
    Element(#[source] ElementError),
    /// Only objects are allowed in it.
    #[error("fields must be objects")]
    NotAnObject,
    /// Paths are too long.
    #[error("fields are nested deeper than {levels_max} levels")]
    TooDeep {
        /// The limit.
        levels_max: usize,
    },
}

impl FieldSet {
    /// From `FieldsV1`. Elements of an unknown type are left out, as upstream does.
    ///
    /// # Errors
    ///
    /// [`FieldsError`] if it has another form.
    pub fn from_json(fields: &Value) -> Result<Self, FieldsError> {
        let Value::Object(fields) = fields else { return Err(FieldsError::NotAnObject) };
        read(fields, 1)
    }

    /// As `FieldsV1`, in the order in which upstream writes it.
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        let mut element = String::new();
        write(self, false, &mut text, &mut element);
        text
    }

    /// As `FieldsV1`.
    pub fn to_value(&self) -> Value {
        Value::Object(to_map(self, false))
    }
}

fn read(fields: &Map<String, Value>, depth: usize) -> Result<FieldSet, FieldsError> {
    if depth > DEPTH_MAX {
        return Err(FieldsError::TooDeep { levels_max: DEPTH_MAX });
    }
    let mut nodes = Vec::with_capacity(fields.len());
    for (key, below) in fields.iter().filter(|(key, _)| *key != ".") {
        let element = match Element::parse(key) {
            Ok(element) => element,
            Err(ElementError::UnknownType(_)) => continue,
            Err(error) => return Err(FieldsError::Element(error)),
        };
        let Value::Object(below) = below else { return Err(FieldsError::NotAnObject) };
        let children = read(below, depth + 1)?;
        let member = children.is_empty() || below.contains_key(".");
        nodes.push(Node { element, member, children });
    }
    Ok(FieldSet::of_unsorted(nodes))
}

fn write(set: &FieldSet, is_member: bool, into: &mut String, scratch: &mut String) {
    into.push('{');
    let mut first = true;
    if is_member && !set.is_empty() {
        into.push_str("\".\":{}");
        first = false;
    }
    for node in set.nodes() {
        if !first {
            into.push(',');
        }
        first = false;
        scratch.clear();
        node.element.write(scratch);
        into.push_str(&serde_json::to_string(scratch).expect("a text is JSON"));
        into.push(':');
        write(&node.children, node.member, into, scratch);
    }
    into.push('}');
}

fn to_map(set: &FieldSet, is_member: bool) -> Map<String, Value> {
    let mut map = Map::new();
    if is_member && !set.is_empty() {
        map.insert(".".to_owned(), Value::Object(Map::new()));
    }
    for node in set.nodes() {
        let mut key = String::new();
        node.element.write(&mut key);
        map.insert(key, Value::Object(to_map(&node.children, node.member)));
    }
    map
}
