//! Paths to fields, and the errors that validation finds at them (ERR-04).
//!
//! ```
//! use setpoint_core::field::{FieldError, Path};
//!
//! let spec = Path::new("spec");
//! let containers = spec.child("containers");
//! let container = containers.index(0);
//! let error = FieldError::invalid(&container.child("name"), "Bad_Name", "must be a DNS label");
//! assert_eq!(
//!     error.to_string(),
//!     r#"spec.containers[0].name: Invalid value: "Bad_Name": must be a DNS label"#,
//! );
//! ```

use std::fmt;

use serde::Serialize;

/// Where a field is: `spec.containers[0].name`.
///
/// A path is a list on the stack that points to its parent, so walking a valid object allocates nothing.
#[derive(Debug, Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Key(&'a str),
    /// The object itself; prints nothing.
    Root,
}

impl<'a> Path<'a> {
    /// The object itself.
    pub const ROOT: Path<'static> = Path { parent: None, step: Step::Root };

    /// A field of the object.
    pub const fn new(field: &'a str) -> Self {
        Self { parent: None, step: Step::Field(field) }
    }

    /// A field of what this path leads to.
    pub const fn child(&'a self, field: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Field(field) }
    }

    /// An element of the list this path leads to.
    pub const fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    /// A value of the map this path leads to.
    pub const fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Field(name) => match self.parent {
                Some(parent) if !matches!(parent.step, Step::Root) => write!(f, ".{name}"),
                _ => f.write_str(name),
            },
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Key(key) => write!(f, "[{key}]"),
        }
    }
}

/// All that is wrong with an object; empty if it is valid.
pub type FieldErrors = Vec<FieldError>;

/// One thing that is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// What sort of fault it is.
    pub kind: FieldErrorKind,
    /// The field's path.
    pub field: String,
    /// The value, as JSON, where the kind shows one.
    pub value: Option<String>,
    /// What would be right.
    pub detail: String,
}

/// The sorts of fault, with upstream's reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// `FieldValueNotFound`: it refers to something that is not there.
    NotFound,
    /// `FieldValueRequired`: it must be given.
    Required,
    /// `FieldValueDuplicate`: it must be unique.
    Duplicate,
    /// `FieldValueInvalid`: malformed, or out of bounds.
    Invalid,
    /// `FieldValueNotSupported`: not one of the known values.
    NotSupported,
    /// `FieldValueForbidden`: may not be given here.
    Forbidden,
    /// `FieldValueTooLong`: more bytes than allowed.
    TooLong,
    /// `FieldValueTooMany`: more items than allowed.
    TooMany,
    /// `FieldValueTypeInvalid`: of the wrong JSON type.
    TypeInvalid,
    /// `InternalError`: the check itself failed.
    Internal,
}

impl FieldErrorKind {
    /// The machine-readable reason in a status cause.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
            Self::Internal => "InternalError",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
            Self::Internal => "Internal error",
        }
    }
}

impl FieldError {
    fn new(kind: FieldErrorKind, path: &Path<'_>, value: Option<String>, detail: String) -> Self {
        Self { kind, field: path.to_string(), value, detail }
    }

    /// The field must be given.
    pub fn required(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, path, None, detail.into())
    }

    /// The value is malformed or out of bounds.
    pub fn invalid<V: Serialize + ?Sized>(path: &Path<'_>, value: &V, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, path, Some(json(value)), detail.into())
    }

    /// The value is none of `supported`.
    pub fn not_supported<V: Serialize + ?Sized>(path: &Path<'_>, value: &V, supported: &[&str]) -> Self {
        let names: Vec<String> = supported.iter().map(json).collect();
        let detail =
            if names.is_empty() { String::new() } else { format!("supported values: {}", names.join(", ")) };
        Self::new(FieldErrorKind::NotSupported, path, Some(json(value)), detail)
    }

    /// The value may not be given here.
    pub fn forbidden(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, path, None, detail.into())
    }

    /// The value is there already.
    pub fn duplicate<V: Serialize + ?Sized>(path: &Path<'_>, value: &V) -> Self {
        Self::new(FieldErrorKind::Duplicate, path, Some(json(value)), String::new())
    }

    /// What the value refers to is not there.
    pub fn not_found<V: Serialize + ?Sized>(path: &Path<'_>, value: &V) -> Self {
        Self::new(FieldErrorKind::NotFound, path, Some(json(value)), String::new())
    }

    /// The value has more than `bytes_max` bytes.
    pub fn too_long(path: &Path<'_>, bytes_max: usize) -> Self {
        let noun = if bytes_max == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {bytes_max} {noun}");
        Self::new(FieldErrorKind::TooLong, path, None, detail)
    }

    /// The list has `count` items where `count_max` are allowed.
    pub fn too_many(path: &Path<'_>, count: usize, count_max: usize) -> Self {
        let noun = if count_max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {count_max} {noun}");
        Self::new(FieldErrorKind::TooMany, path, Some(count.to_string()), detail)
    }

    /// The value is of the wrong JSON type.
    pub fn type_invalid<V: Serialize + ?Sized>(
        path: &Path<'_>,
        value: &V,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(FieldErrorKind::TypeInvalid, path, Some(json(value)), detail.into())
    }

    /// The check itself failed.
    pub fn internal(path: &Path<'_>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Internal, path, None, detail.into())
    }

    /// The text without the path, as status causes have it.
    pub fn body(&self) -> String {
        let mut body = self.kind.words().to_owned();
        for part in self.value.iter().chain((!self.detail.is_empty()).then_some(&self.detail)) {
            body.push_str(": ");
            body.push_str(part);
        }
        body
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

impl std::error::Error for FieldError {}

fn json<V: Serialize + ?Sized>(value: &V) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("<{error}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_upstreams() {
        let spec = Path::new("spec");
        let labels = spec.child("labels");
        assert_eq!(labels.key("a/b").to_string(), "spec.labels[a/b]");
        assert_eq!(Path::ROOT.child("spec").to_string(), "spec");
        assert_eq!(spec.index(3).child("x").to_string(), "spec[3].x");
    }

    #[test]
    fn errors_print_as_upstreams() {
        let path = Path::new("spec");
        let cases = [
            (FieldError::required(&path, ""), "spec: Required value"),
            (FieldError::required(&path, "why"), "spec: Required value: why"),
            (FieldError::invalid(&path, &-1, "too small"), "spec: Invalid value: -1: too small"),
            (
                FieldError::not_supported(&path, "x", &["A", "B"]),
                r#"spec: Unsupported value: "x": supported values: "A", "B""#,
            ),
            (FieldError::forbidden(&path, "no"), "spec: Forbidden: no"),
            (FieldError::duplicate(&path, "x"), r#"spec: Duplicate value: "x""#),
            (FieldError::too_long(&path, 63), "spec: Too long: may not be more than 63 bytes"),
            (FieldError::too_many(&path, 2, 1), "spec: Too many: 2: must have at most 1 item"),
        ];
        for (error, expected) in cases {
            assert_eq!(error.to_string(), expected);
        }
    }
}
