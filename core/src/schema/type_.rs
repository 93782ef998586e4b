use serde_json::Value;

use super::Node;

/// A named type of the API.
#[derive(Debug)]
pub struct Type {
    pub(super) name: &'static str,
    pub(super) kind: Option<Kind>,
    pub(super) open: bool,
    pub(super) node: Node,
    /// Sorted by name.
    pub(super) fields: Box<[Field]>,
}

/// The kind that a type is the body of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// The API group, empty for the core group.
    pub group: &'static str,
    /// The version.
    pub version: &'static str,
    /// The kind.
    pub kind: &'static str,
}

impl Type {
    /// Its OpenAPI name, empty for the untyped schema.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The kind that it is the body of, if it is.
    pub const fn kind(&self) -> Option<&Kind> {
        self.kind.as_ref()
    }

    /// Whether it may have fields that are not declared.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Its declared fields, sorted by name.
    pub const fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// A declared field.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let index = self.fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
        self.fields.get(index)
    }

    /// A place for values of this type, as the type itself says.
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// What an undeclared field takes, if one is allowed.
    pub const fn undeclared(&self) -> Option<&'static Node> {
        if self.open { Some(&Node::Open) } else { None }
    }
}

/// A field of a type.
#[derive(Debug, Clone)]
pub struct Field {
    pub(super) name: &'static str,
    pub(super) node: Node,
    pub(super) merge: bool,
    pub(super) replace: bool,
    pub(super) retain_keys: bool,
    pub(super) merge_key: Option<&'static str>,
    pub(super) default: Option<Value>,
    pub(super) written: Option<Value>,
}

impl Field {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it takes.
    pub const fn node(&self) -> &Node {
        &self.node
    }

    /// Whether a strategic merge patch merges this list instead of replacing it (PATCH-07).
    pub const fn is_merged(&self) -> bool {
        self.merge
    }

    /// Whether a strategic merge patch replaces this struct instead of merging it.
    pub const fn is_replaced(&self) -> bool {
        self.replace
    }

    /// Whether clients are told to say which keys to retain (PATCH-08).
    pub const fn retains_keys(&self) -> bool {
        self.retain_keys
    }

    /// The field by which a strategic merge patch tells the elements of this list apart.
    pub const fn patch_merge_key(&self) -> Option<&'static str> {
        self.merge_key
    }

    /// What it is taken for as part of a list's key if it is left out.
    pub fn key_default(&self) -> Option<&Value> {
        self.default.as_ref().or(self.written.as_ref().filter(|value| value.is_string() || value.is_number()))
    }

    /// What the schema declares it to be if it is left out.
    pub const fn declared_default(&self) -> Option<&Value> {
        self.default.as_ref()
    }

    /// What an API server writes here if nothing is set, for a field that it never leaves out.
    ///
    /// An object without such a field is the same as one with this value: a writer that sets something inside does
    /// not get to own the field itself.
    pub const fn written(&self) -> Option<&Value> {
        self.written.as_ref()
    }
}
