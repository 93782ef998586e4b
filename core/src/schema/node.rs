use super::{Schema, Type};

/// What values a place in an object takes, and how they are merged there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A scalar.
    Scalar(Scalar),
    /// Any JSON, which is owned and replaced whole.
    Any,
    /// Any JSON, of which maps are granular and lists atomic.
    Open,
    /// A value of a named type.
    Struct(Struct),
    /// A list.
    List(Box<List>),
    /// A map with keys of the user's choice.
    Map(Box<Map>),
}

/// The sorts of scalar. All are compared as the JSON they are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text.
    String,
    /// An integer.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// Base64.
    Bytes,
    /// RFC 3339, to the second.
    Time,
    /// RFC 3339, to the microsecond.
    MicroTime,
    /// A resource quantity; a number is understood too.
    Quantity,
    /// An integer, or text.
    IntOrString,
}

/// A place for values of a type with fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struct {
    pub(super) of: TypeRef,
    pub(super) atomic: bool,
}

/// Where a type is.
#[derive(Debug, Clone, Copy)]
pub(super) enum TypeRef {
    /// In the table of the API.
    Listed(usize),
    /// Made while the program runs.
    Made(&'static Type),
}

impl PartialEq for TypeRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Listed(one), Self::Listed(other)) => one == other,
            // Equal types are made once.
            (Self::Made(one), Self::Made(other)) => std::ptr::eq(*one, *other),
            _ => false,
        }
    }
}

impl Eq for TypeRef {}

impl Struct {
    /// The type.
    pub fn type_(&self) -> &'static Type {
        match self.of {
            TypeRef::Listed(index) => Schema::at(index),
            TypeRef::Made(type_) => type_,
        }
    }

    /// Whether it is owned and replaced whole by server-side apply.
    pub const fn is_atomic(&self) -> bool {
        self.atomic
    }
}

/// A place for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    pub(super) element: Node,
    pub(super) list_type: ListType,
}

impl List {
    /// What its elements are.
    pub const fn element(&self) -> &Node {
        &self.element
    }

    /// How server-side apply merges it.
    pub const fn list_type(&self) -> &ListType {
        &self.list_type
    }
}

/// How server-side apply merges a list (PATCH-10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListType {
    /// It is owned and replaced whole.
    Atomic,
    /// Its elements are scalars, each there at most once.
    Set,
    /// Its elements are told apart by these fields, which are sorted.
    Map(Box<[&'static str]>),
}

/// A place for a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Map {
    pub(super) element: Node,
    pub(super) atomic: bool,
}

impl Map {
    /// What its values are.
    pub const fn element(&self) -> &Node {
        &self.element
    }

    /// Whether it is owned and replaced whole by server-side apply.
    pub const fn is_atomic(&self) -> bool {
        self.atomic
    }
}
