//! Types that are made while the program runs, of what a custom kind's definition says.
//!
//! Places are compared by all who own fields for as long as the program runs, so a type that was made stays. Equal
//! types are made once, however often a definition is written, and all of them together are bounded.

use std::sync::OnceLock;

use parking_lot::Mutex;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::node::TypeRef;
use super::table::META;
use super::{Field, List, ListType, Map, Node, Scalar, Schema, Struct, Type};

/// How many bytes all types that were made may take, about.
pub const MADE_BYTES_MAX: usize = 64 << 20;

/// What a field takes at the most, about, beside its name.
const FIELD_BYTES: usize = 256;

/// What a place in an object takes, from which a type is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Form {
    /// A scalar.
    Scalar(Scalar),
    /// Any JSON, of which maps are granular and lists atomic.
    Open,
    /// An object's metadata.
    Metadata,
    /// An object with fields.
    Struct {
        /// Sorted by name.
        fields: Vec<FormField>,
        /// Whether it may have others.
        open: bool,
        /// Whether it is owned and replaced whole.
        atomic: bool,
    },
    /// A list.
    List {
        /// What its items are.
        items: Box<Form>,
        /// How it is merged.
        list_type: FormListType,
    },
    /// A map with keys of the user's choice.
    Map {
        /// What its values are.
        values: Box<Form>,
        /// Whether it is owned and replaced whole.
        atomic: bool,
    },
}

/// A field of a [`Form::Struct`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FormField {
    /// Its name.
    pub name: String,
    /// What it takes.
    pub form: Form,
    /// What it is if it is left out, as part of a list's key.
    pub default: Option<Value>,
}

/// How a list is merged.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FormListType {
    /// It is owned and replaced whole.
    Atomic,
    /// Its elements are scalars, each there at most once.
    Set,
    /// Its elements are told apart by these fields.
    Map(Vec<String>),
}

#[derive(Default)]
struct Made {
    types: FxHashMap<Form, &'static Type>,
    /// The same types as whole objects, which know their own place.
    wholes: FxHashMap<Form, &'static Type>,
    names: FxHashSet<&'static str>,
    bytes: usize,
}

static MADE: OnceLock<Mutex<Made>> = OnceLock::new();

impl Schema {
    /// The type of objects of this form, which must be a [`Form::Struct`]; `None` if it is none, or if there are too
    /// many types ([`MADE_BYTES_MAX`]).
    pub fn made(form: &Form) -> Option<&'static Type> {
        MADE.get_or_init(Mutex::default).lock().whole(form)
    }
}

impl Made {
    fn whole(&mut self, form: &Form) -> Option<&'static Type> {
        if let Some(known) = self.wholes.get(form) {
            return Some(known);
        }
        let node = self.node(form)?;
        let Node::Struct(place) = node else { return None };
        let Type { name, kind, open, fields, .. } = place.type_();
        self.take(fields.len() * FIELD_BYTES)?;
        let whole = Type { name, kind: *kind, open: *open, node, fields: fields.clone() };
        let whole: &'static Type = Box::leak(Box::new(whole));
        self.wholes.insert(form.clone(), whole);
        Some(whole)
    }

    fn node(&mut self, form: &Form) -> Option<Node> {
        Some(match form {
            Form::Scalar(scalar) => Node::Scalar(*scalar),
            Form::Open => Node::Open,
            Form::Metadata => Schema::of(META).map_or(Node::Open, |type_| type_.node().clone()),
            Form::Struct { atomic, .. } => {
                Node::Struct(Struct { of: TypeRef::Made(self.type_(form)?), atomic: *atomic })
            }
            Form::List { items, list_type } => {
                let list_type = match list_type {
                    FormListType::Atomic => ListType::Atomic,
                    FormListType::Set => ListType::Set,
                    FormListType::Map(keys) => {
                        let mut keys: Vec<&'static str> =
                            keys.iter().map(|key| self.name(key)).collect::<Option<_>>()?;
                        keys.sort_unstable();
                        ListType::Map(keys.into())
                    }
                };
                Node::List(Box::new(List { element: self.node(items)?, list_type }))
            }
            Form::Map { values, atomic } => {
                Node::Map(Box::new(Map { element: self.node(values)?, atomic: *atomic }))
            }
        })
    }

    fn type_(&mut self, form: &Form) -> Option<&'static Type> {
        let Form::Struct { fields, open, .. } = form else { return None };
        if let Some(known) = self.types.get(form) {
            return Some(known);
        }
        self.take(fields.len() * FIELD_BYTES + FIELD_BYTES)?;
        let mut made = Vec::with_capacity(fields.len());
        for field in fields {
            let is_metadata = field.form == Form::Metadata;
            made.push(Field {
                name: self.name(&field.name)?,
                node: self.node(&field.form)?,
                merge: false,
                replace: false,
                retain_keys: false,
                merge_key: None,
                default: field.default.clone(),
                written: is_metadata.then(|| Value::Object(serde_json::Map::new())),
            });
        }
        made.sort_unstable_by_key(|field| field.name);
        let type_: &'static Type = Box::leak(Box::new(Type {
            name: "",
            kind: None,
            open: *open,
            node: Node::Open,
            fields: made.into(),
        }));
        self.types.insert(form.clone(), type_);
        Some(type_)
    }

    fn name(&mut self, name: &str) -> Option<&'static str> {
        if let Some(known) = self.names.get(name) {
            return Some(known);
        }
        self.take(name.len())?;
        let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
        self.names.insert(name);
        Some(name)
    }

    fn take(&mut self, bytes: usize) -> Option<()> {
        self.bytes += bytes;
        (self.bytes <= MADE_BYTES_MAX).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::unknown_fields;

    fn form(field: &str) -> Form {
        let text = |name: &str| FormField {
            name: name.to_owned(),
            form: Form::Scalar(Scalar::String),
            default: None,
        };
        let item = Form::Struct { fields: vec![text("key"), text("value")], open: false, atomic: false };
        let list = Form::List { items: Box::new(item), list_type: FormListType::Map(vec!["key".to_owned()]) };
        let fields = vec![
            FormField { name: field.to_owned(), form: list, default: None },
            FormField { name: "metadata".to_owned(), form: Form::Metadata, default: None },
        ];
        Form::Struct { fields, open: false, atomic: false }
    }

    #[test]
    fn equal_forms_are_made_once() {
        let one = Schema::made(&form("made_once")).expect("a struct");
        assert!(std::ptr::eq(one, Schema::made(&form("made_once")).expect("a struct")));
        assert!(!std::ptr::eq(one, Schema::made(&form("made_otherwise")).expect("a struct")));
        assert!(Schema::made(&Form::Open).is_none());
    }

    #[test]
    fn unknown_fields_of_a_made_type_are_found() {
        let type_ = Schema::made(&form("pairs")).expect("a struct");
        let object =
            serde_json::json!({"pairs": [{"key": "a", "valeu": "b"}], "metadata": {"nam": "x"}, "c": 1});
        assert_eq!(unknown_fields(&object, type_), ["c", "metadata.nam", "pairs[0].valeu"]);
    }
}
