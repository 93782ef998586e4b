use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::functions::NamedFormat;
use super::semver::Version;
use super::typing::{Opaque, Type};
use super::url::Url;
use crate::quantity::Quantity;

/// What an expression works on. Copies are cheap: what is large is shared.
#[derive(Debug, Clone)]
pub enum Value {
    /// Null.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// One without a sign.
    Uint(u64),
    /// A floating point number.
    Double(f64),
    /// Text.
    String(Arc<str>),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// Nanoseconds.
    Duration(i64),
    /// A moment.
    Timestamp(Timestamp),
    /// A list.
    List(List),
    /// A map.
    Map(Arc<BTreeMap<Key, Value>>),
    /// An object.
    Object(Arc<Object>),
    /// Something or nothing.
    Optional(Option<Arc<Value>>),
    /// A type.
    Type(Arc<Type>),
    /// A block of addresses.
    Cidr(Cidr),
    /// A format of text.
    Format(&'static NamedFormat),
    /// An address.
    Ip(IpAddr),
    /// An amount.
    Quantity(Quantity),
    /// A version.
    Semver(Arc<Version>),
    /// An address of the web.
    Url(Arc<Url>),
}

/// Items, and what makes two lists of them the same.
#[derive(Debug, Clone)]
pub struct List {
    /// The items.
    pub items: Arc<Vec<Value>>,
    /// How they are told apart.
    pub meaning: ListMeaning,
}

/// How the items of a list are told apart.
#[derive(Debug, Clone, Default)]
pub enum ListMeaning {
    /// By their place.
    #[default]
    Atomic,
    /// By what they are; their order means nothing.
    Set,
    /// By these fields; their order means nothing.
    Map(Arc<[String]>),
}

/// An object as a schema describes it.
#[derive(Debug, Default)]
pub struct Object {
    /// The fields that are there, by their names in expressions.
    pub fields: BTreeMap<Arc<str>, Value>,
    /// What the schema does not describe, or what expressions cannot name. It only counts when objects are compared.
    pub rest: BTreeMap<String, serde_json::Value>,
}

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    /// An address in it.
    pub address: IpAddr,
    /// How many bits all of its addresses share.
    pub bits: u8,
}

/// A key of a map. Numbers are the same if they count the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// True or false.
    Bool(bool),
    /// A whole number, with or without a sign.
    Number(i128),
    /// Text.
    String(Arc<str>),
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |key: &Self| match key {
            Self::Bool(_) => 0,
            Self::Number(_) => 1,
            Self::String(_) => 2,
        };
        match (self, other) {
            (Self::Bool(one), Self::Bool(two)) => one.cmp(two),
            (Self::Number(one), Self::Number(two)) => one.cmp(two),
            (Self::String(one), Self::String(two)) => one.cmp(two),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    /// The key that a value is, if it can be one. A floating point number can find a whole one.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Bool(flag) => Self::Bool(*flag),
            Value::Int(number) => Self::Number(i128::from(*number)),
            Value::Uint(number) => Self::Number(i128::from(*number)),
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 1e19 => {
                Self::Number(*number as i128)
            }
            Value::String(text) => Self::String(Arc::clone(text)),
            _ => return None,
        })
    }

    /// The key as a value.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Bool(flag) => Value::Bool(*flag),
            Self::Number(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => Value::Int(number),
                (_, Ok(number)) => Value::Uint(number),
                _ => Value::Null,
            },
            Self::String(text) => Value::String(Arc::clone(text)),
        }
    }

    /// As it is told when it is missing.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Bool(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::String(text) => text.to_string(),
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(List { items: Arc::new(items), meaning: ListMeaning::Atomic })
    }
}

impl Value {
    /// An optional value that is there.
    pub fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// An optional value that is not there.
    pub const fn none() -> Self {
        Self::Optional(None)
    }

    /// The type that can be seen of it.
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Duration(_) => Type::Duration,
            Self::Timestamp(_) => Type::Timestamp,
            Self::List(_) => Type::list(Type::Dyn),
            Self::Map(_) => Type::Map(Arc::new(Type::Dyn), Arc::new(Type::Dyn)),
            Self::Object(_) => Type::Object(Arc::default()),
            Self::Optional(_) => Type::optional(Type::Dyn),
            Self::Type(_) => Type::Type(Arc::new(Type::Dyn)),
            Self::Cidr(_) => Type::Opaque(Opaque::Cidr),
            Self::Format(_) => Type::Opaque(Opaque::Format),
            Self::Ip(_) => Type::Opaque(Opaque::Ip),
            Self::Quantity(_) => Type::Opaque(Opaque::Quantity),
            Self::Semver(_) => Type::Opaque(Opaque::Semver),
            Self::Url(_) => Type::Opaque(Opaque::Url),
        }
    }

    /// How large it is, in upstream's units of cost: bytes, items, entries.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::String(text) => text.len() as u64,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::List(list) => list.items.len() as u64,
            Self::Map(map) => map.len() as u64,
            Self::Object(object) => object.fields.len() as u64,
            Self::Optional(Some(inner)) => inner.size(),
            _ => 1,
        }
    }
}
