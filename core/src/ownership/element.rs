use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::{Name, Scalar};

/// One step of a field's path: which part of an object or list is meant.
///
/// Ordered as upstream writes them: fields, then keys, then values, then indices.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// A field of a struct, or an entry of a map.
    Field(Name),
    /// The list item whose fields have these values, sorted by name.
    Key(Arc<[(Name, Scalar)]>),
    /// The item of a set with this value.
    Value(Arc<Scalar>),
    /// The item at this index. Nothing is owned under it today, but it can be read.
    Index(i64),
}

/// A text that is no path element.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ElementError {
    /// The first letter says which kind of element follows; this one may be of a later version.
    #[error("unknown path element type in {0:?}")]
    UnknownType(String),
    /// What follows the letter is malformed.
    #[error("malformed path element {0:?}")]
    Malformed(String),
}

impl Element {
    /// A field.
    pub fn field(name: impl Into<Name>) -> Self {
        Self::Field(name.into())
    }

    /// A list item by the values of its key fields, which are sorted here.
    pub fn key<N: Into<Name>>(fields: impl IntoIterator<Item = (N, Scalar)>) -> Self {
        let mut fields: Vec<(Name, Scalar)> =
            fields.into_iter().map(|(name, value)| (name.into(), value)).collect();
        fields.sort_by(|one, other| one.0.cmp(&other.0));
        Self::Key(fields.into())
    }

    /// An item of a set.
    pub fn value(value: impl Into<Scalar>) -> Self {
        Self::Value(Arc::new(value.into()))
    }

    /// From the form in `FieldsV1`.
    ///
    /// # Errors
    ///
    /// [`ElementError`] if it has no such form.
    pub fn parse(text: &str) -> Result<Self, ElementError> {
        let malformed = || ElementError::Malformed(text.to_owned());
        if text.as_bytes().get(1) != Some(&b':') {
            return Err(malformed());
        }
        let rest = &text[2..];
        let json = || serde_json::from_str::<Value>(rest).map_err(|_| malformed());
        match text.as_bytes()[0] {
            b'f' => Ok(Self::field(rest)),
            b'v' => Ok(Self::value(Scalar::of(&json()?))),
            b'k' => match json()? {
                Value::Object(fields) => {
                    Ok(Self::key(fields.iter().map(|(name, value)| (name.as_str(), Scalar::of(value)))))
                }
                _ => Err(malformed()),
            },
            b'i' => rest.parse().map(Self::Index).map_err(|_| malformed()),
            _ => Err(ElementError::UnknownType(text.to_owned())),
        }
    }

    /// Appends the form in `FieldsV1`, not yet quoted.
    pub fn write(&self, into: &mut String) {
        match self {
            Self::Field(name) => {
                into.push_str("f:");
                into.push_str(name);
            }
            Self::Key(fields) => {
                into.push_str("k:{");
                for (at, (name, value)) in fields.iter().enumerate() {
                    if at > 0 {
                        into.push(',');
                    }
                    super::scalar::write_text(name, into);
                    into.push(':');
                    value.write(into);
                }
                into.push('}');
            }
            Self::Value(value) => {
                into.push_str("v:");
                value.write(into);
            }
            Self::Index(index) => {
                into.push_str("i:");
                into.push_str(&index.to_string());
            }
        }
    }
}

/// As in paths for people: `.spec.containers[name="web"].image`.
impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => write!(f, ".{name}"),
            Self::Key(fields) => {
                f.write_str("[")?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{name}={value}")?;
                }
                f.write_str("]")
            }
            Self::Value(value) => write!(f, "[={value}]"),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// A path for people.
pub(super) fn path_text(path: &[Element]) -> String {
    path.iter().map(ToString::to_string).collect()
}
