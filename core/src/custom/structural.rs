use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::rule::Rule;

/// A schema in which every value has a place: what is known of a part of a custom object.
#[derive(Debug, Clone, Default)]
pub struct Structural {
    /// Its JSON type; `None` for any.
    pub type_: Option<Type>,
    /// Whether it may be null.
    pub is_nullable: bool,
    /// What it is if it is missing.
    pub default: Option<Value>,
    /// The fields of an object.
    pub properties: BTreeMap<String, Self>,
    /// The values of a map.
    pub additional: Option<Additional>,
    /// The items of a list.
    pub items: Option<Box<Self>>,
    /// Whether fields are kept that are not known.
    pub preserves_unknown: bool,
    /// Whether it is a whole object, with kind and metadata.
    pub is_embedded: bool,
    /// Whether it is an integer or text.
    pub is_int_or_string: bool,
    /// How its items are told apart.
    pub list: ListKind,
    /// Whether an object is owned whole.
    pub is_atomic_map: bool,
    /// What must hold of the value.
    pub checks: Checks,
    /// What expressions say of the value.
    pub rules: Vec<Rule>,
}

/// A JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `object`
    Object,
    /// `array`
    Array,
    /// `string`
    String,
    /// `integer`
    Integer,
    /// `number`
    Number,
    /// `boolean`
    Boolean,
}

impl Type {
    /// The word in a schema.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Array => "array",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }

    /// The type of this word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Object, Self::Array, Self::String, Self::Integer, Self::Number, Self::Boolean]
            .into_iter()
            .find(|type_| type_.as_str() == word)
    }
}

/// What a map's values are.
#[derive(Debug, Clone)]
pub enum Additional {
    /// Anything, or nothing.
    Any(bool),
    /// What this schema says.
    Schema(Box<Structural>),
}

/// How the items of a list are told apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ListKind {
    /// They are not.
    #[default]
    Atomic,
    /// By what they are.
    Set,
    /// By these fields.
    Map(Vec<String>),
}

/// What must hold of a value.
#[derive(Debug, Clone, Default)]
pub struct Checks {
    /// The OpenAPI format, if it is one that is looked at.
    pub format: Option<String>,
    /// The largest number.
    pub maximum: Option<f64>,
    /// Whether it must be smaller than that.
    pub is_maximum_exclusive: bool,
    /// The smallest number.
    pub minimum: Option<f64>,
    /// Whether it must be larger than that.
    pub is_minimum_exclusive: bool,
    /// What it must be a multiple of.
    pub multiple_of: Option<f64>,
    /// How many characters at the most.
    pub max_length: Option<u64>,
    /// How many characters at the least.
    pub min_length: Option<u64>,
    /// What text must match, as written and as compiled.
    pub pattern: Option<(String, Regex)>,
    /// How many items at the most.
    pub max_items: Option<u64>,
    /// How many items at the least.
    pub min_items: Option<u64>,
    /// Whether no item may be there twice.
    pub has_unique_items: bool,
    /// How many fields at the most.
    pub max_properties: Option<u64>,
    /// How many fields at the least.
    pub min_properties: Option<u64>,
    /// Fields that must be there.
    pub required: Vec<String>,
    /// What it may be.
    pub enumeration: Vec<Value>,
    /// All of these must hold.
    pub all_of: Vec<Structural>,
    /// One of these must hold, and not two.
    pub one_of: Vec<Structural>,
    /// One of these must hold.
    pub any_of: Vec<Structural>,
    /// This must not hold.
    pub not: Option<Box<Structural>>,
}

impl Structural {
    /// The schema of an object of which nothing is known and everything is kept.
    pub fn open() -> Self {
        Self { type_: Some(Type::Object), preserves_unknown: true, ..Self::default() }
    }

    /// The schema of a field: a known one, or that of all values.
    pub(super) fn field(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).or(match &self.additional {
            Some(Additional::Schema(schema)) => Some(schema),
            _ => None,
        })
    }

    /// Whether null is not a value here.
    pub(super) fn refuses_null(&self) -> bool {
        !self.is_nullable
    }
}
