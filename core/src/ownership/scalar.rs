use std::cmp::Ordering;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;

/// The name of a field: one of the schema's, or a user's.
#[derive(Clone)]
pub enum Name {
    /// A name that the schema knows.
    Static(&'static str),
    /// Any other.
    Shared(Arc<str>),
}

/// A value by which list items are told apart.
///
/// Ordered as upstream does: numbers by size, texts, truth values, anything else.
#[derive(Clone)]
pub enum Scalar {
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    String(Name),
    /// True or false.
    Boolean(bool),
    /// Anything else, as JSON. Upstream refuses such items, but their form can be read.
    Json(Arc<str>),
}

impl Scalar {
    /// From JSON.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::from(text.as_str()),
            Value::Bool(truth) => Self::Boolean(*truth),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => Self::Integer(integer),
                (None, Some(float)) => Self::float(float),
                (None, None) => Self::Json(number.to_string().into()),
            },
            other => Self::Json(other.to_string().into()),
        }
    }

    /// A number; whole ones are integers.
    fn float(number: f64) -> Self {
        // Within this range every whole float is exactly an integer.
        const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() <= EXACT_MAX {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and within range")]
            return Self::Integer(number as i64);
        }
        Self::Float(number)
    }

    /// Appends it as JSON.
    pub(super) fn write(&self, into: &mut String) {
        match self {
            Self::Integer(integer) => into.push_str(&integer.to_string()),
            Self::Float(float) => match serde_json::Number::from_f64(*float) {
                Some(number) => into.push_str(&number.to_string()),
                None => into.push_str("null"),
            },
            Self::String(text) => write_text(text, into),
            Self::Boolean(truth) => into.push_str(if *truth { "true" } else { "false" }),
            Self::Json(json) => into.push_str(json),
        }
    }
}

/// Appends a text as a JSON string, with what is special in HTML escaped, as upstream's encoder does.
pub(super) fn write_text(text: &str, into: &mut String) {
    let quoted = serde_json::to_string(text).expect("a text is JSON");
    for character in quoted.chars() {
        match character {
            '<' => into.push_str("\\u003c"),
            '>' => into.push_str("\\u003e"),
            '&' => into.push_str("\\u0026"),
            '\u{2028}' => into.push_str("\\u2028"),
            '\u{2029}' => into.push_str("\\u2029"),
            other => into.push(other),
        }
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Self) -> Ordering {
        #[expect(clippy::cast_precision_loss, reason = "upstream compares an integer with a float so")]
        let float = |integer: &i64| *integer as f64;
        match (self, other) {
            (Self::Integer(one), Self::Integer(other)) => one.cmp(other),
            (Self::Float(one), Self::Float(other)) => one.total_cmp(other),
            (Self::Integer(one), Self::Float(other)) => float(one).total_cmp(other),
            (Self::Float(one), Self::Integer(other)) => one.total_cmp(&float(other)),
            (Self::String(one), Self::String(other)) => one.cmp(other),
            (Self::Boolean(one), Self::Boolean(other)) => one.cmp(other),
            (Self::Json(one), Self::Json(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Scalar {
    fn rank(&self) -> u8 {
        match self {
            Self::Integer(_) | Self::Float(_) => 0,
            Self::String(_) => 1,
            Self::Boolean(_) => 2,
            Self::Json(_) => 3,
        }
    }
}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scalar {}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<i64> for Scalar {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

/// As in paths for people: texts in quotes.
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => write!(f, "{:?}", &**text),
            other => {
                let mut text = String::new();
                other.write(&mut text);
                f.write_str(&text)
            }
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Static(text) => text,
            Self::Shared(text) => text,
        }
    }
}

impl From<&str> for Name {
    fn from(text: &str) -> Self {
        Self::Shared(text.into())
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other): (&str, &str) = (self, other);
        if std::ptr::eq(one, other) { Ordering::Equal } else { one.cmp(other) }
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &**self)
    }
}
