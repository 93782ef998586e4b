use std::fmt::Write as _;

use serde_json::Value;

use super::{Node, Type};

/// How many unknown fields are named at the most.
pub const UNKNOWN_FIELDS_MAX: usize = 100;

/// The fields of an object that its type does not have, by path as in `spec.template.spec.containers[0].imge`, in the
/// order they are written; at most [`UNKNOWN_FIELDS_MAX`].
///
/// Values of the wrong sort are passed over: to decode them fails with a better message.
///
/// ```
/// use setpoint_core::schema::{Schema, unknown_fields};
/// use serde_json::json;
///
/// let type_ = Schema::of_object("apps/v1", "Deployment");
/// let object = json!({"spec": {"replica": 3, "template": {"spec": {"containers": [{"imge": "a"}]}}}});
/// let unknown = unknown_fields(&object, type_);
/// assert_eq!(unknown, ["spec.replica", "spec.template.spec.containers[0].imge"]);
/// ```
pub fn unknown_fields(object: &Value, type_: &'static Type) -> Vec<String> {
    let mut search = Search { path: String::new(), found: Vec::new() };
    search.in_type(object, type_);
    search.found
}

struct Search {
    path: String,
    found: Vec<String>,
}

impl Search {
    fn in_type(&mut self, value: &Value, type_: &'static Type) {
        let Value::Object(fields) = value else { return };
        for (name, value) in fields {
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
            match type_.field(name) {
                Some(field) => self.in_node(value, field.node()),
                None if type_.is_open() => {}
                None if self.found.len() < UNKNOWN_FIELDS_MAX => self.found.push(self.path.clone()),
                None => return,
            }
            self.path.truncate(length);
        }
    }

    fn in_node(&mut self, value: &Value, node: &'static Node) {
        match (node, value) {
            (Node::Struct(place), value) => self.in_type(value, place.type_()),
            (Node::List(list), Value::Array(elements)) => {
                for (index, element) in elements.iter().enumerate() {
                    let length = self.path.len();
                    write!(self.path, "[{index}]").expect("a string takes all");
                    self.in_node(element, list.element());
                    self.path.truncate(length);
                }
            }
            (Node::Map(map), Value::Object(entries)) => {
                for (key, element) in entries {
                    let length = self.path.len();
                    write!(self.path, "[{key}]").expect("a string takes all");
                    self.in_node(element, map.element());
                    self.path.truncate(length);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::Schema;

    #[test]
    fn custom_kinds_have_any_fields_but_not_any_metadata() {
        let type_ = Schema::of_object("example.com/v1", "Site");
        let object = json!({"spec": {"any": [{"thing": 1}]}, "metadata": {"nam": "a", "labels": {"x": "y"}}});
        assert_eq!(unknown_fields(&object, type_), ["metadata.nam"]);
    }

    #[test]
    fn the_list_is_bounded() {
        let fields: serde_json::Map<String, Value> =
            (0..UNKNOWN_FIELDS_MAX + 1).map(|at| (format!("f{at}"), Value::Null)).collect();
        let object = json!({"spec": fields});
        assert_eq!(unknown_fields(&object, Schema::of_object("v1", "Pod")).len(), UNKNOWN_FIELDS_MAX);
    }
}
