//! Selectors over labels.

use std::collections::BTreeMap;
use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector as Source, LabelSelectorRequirement as SourceRequirement,
};
use smallvec::{SmallVec, smallvec};

use crate::field::{FieldError, FieldErrors, Path};
use crate::names::{self, Faults};

/// Labels to match: all of some requirements, or nothing at all.
///
/// Prints as upstream does: requirements sorted by key, values sorted. Both [`LabelSelector::everything`] and
/// [`LabelSelector::nothing`] print as nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSelector {
    /// Sorted by key; `None` matches no object.
    requirements: Option<Vec<Requirement>>,
}

/// One condition on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    key: String,
    operator: Operator,
    /// Sorted; how many there are is up to the operator.
    values: SmallVec<[String; 1]>,
}

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`: the label is there with this value.
    Equals,
    /// `==`, the same.
    DoubleEquals,
    /// `!=`: the label is not there, or with another value.
    NotEquals,
    /// `in`: the label is there with one of these values.
    In,
    /// `notin`: the label is not there, or with none of these values.
    NotIn,
    /// The label is there.
    Exists,
    /// `!`: the label is not there.
    DoesNotExist,
    /// `>`: the label is there with a larger integer.
    GreaterThan,
    /// `<`: the label is there with a smaller integer.
    LessThan,
}

/// Why something is no label selector, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelSelectorError {
    /// The text has something else where this should be.
    #[error("found '{found}', expected: {expected}")]
    Unexpected {
        /// What is there; empty at the end.
        found: String,
        /// What may be there.
        expected: &'static str,
    },
    /// No list of values follows `in` or `notin`.
    #[error("found '{found}' expected: '('")]
    NoValues {
        /// What is there; empty at the end.
        found: String,
    },
    /// One of the text's requirements is wrong.
    #[error("unable to parse requirement: {0}")]
    Requirement(Box<LabelSelectorError>),
    /// The key, or values, may not be used with this operator, or at all.
    #[error("{}", aggregate(.0))]
    Invalid(FieldErrors),
    /// A requirement's operator is not one of `In`, `NotIn`, `Exists`, `DoesNotExist`.
    #[error("{0:?} is not a valid label selector operator")]
    UnknownOperator(String),
}

impl LabelSelector {
    /// Matches every object.
    pub const fn everything() -> Self {
        Self { requirements: Some(Vec::new()) }
    }

    /// Matches no object.
    pub const fn nothing() -> Self {
        Self { requirements: None }
    }

    /// Matches what meets all of the requirements.
    pub fn new(mut requirements: Vec<Requirement>) -> Self {
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Self { requirements: Some(requirements) }
    }

    /// Matches what has all of these labels, whose syntax is not checked.
    pub fn from_labels<'a>(labels: impl IntoIterator<Item = (&'a String, &'a String)>) -> Self {
        Self::new(labels.into_iter().map(|(key, value)| Requirement::equals(key, value)).collect())
    }

    /// Compiles a field of type `LabelSelector`: matches nothing if it is absent, everything if it is empty.
    ///
    /// # Errors
    ///
    /// If an operator is unknown, or a key or value malformed.
    pub fn compile(source: Option<&Source>) -> Result<Self, LabelSelectorError> {
        let Some(source) = source else { return Ok(Self::nothing()) };
        let mut requirements = Vec::new();
        for (key, value) in source.match_labels.iter().flatten() {
            requirements.push(Requirement::new(key, Operator::Equals, smallvec![value.clone()])?);
        }
        for expression in source.match_expressions.iter().flatten() {
            requirements.push(Requirement::compile(expression)?);
        }
        Ok(Self::new(requirements))
    }

    /// Whether an object matches whose labels are looked up with `label`.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        match &self.requirements {
            Some(requirements) => requirements.iter().all(|requirement| requirement.matches(&label)),
            None => false,
        }
    }

    /// Whether an object with these labels matches.
    pub fn matches_labels(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        self.matches(|key| labels?.get(key).map(String::as_str))
    }

    /// Whether every object matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether it is [`LabelSelector::nothing`]. Requirements that contradict each other are not noticed.
    pub const fn is_nothing(&self) -> bool {
        self.requirements.is_none()
    }

    /// The requirements, sorted by key; none for everything and nothing.
    pub fn requirements(&self) -> &[Requirement] {
        self.requirements.as_deref().unwrap_or_default()
    }

    /// The labels that an object must have, with the value, for it to match; an index can start from these.
    pub fn equalities(&self) -> impl Iterator<Item = (&str, &str)> {
        self.requirements().iter().filter_map(Requirement::equality)
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, requirement) in self.requirements().iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            requirement.fmt(f)?;
        }
        Ok(())
    }
}

impl Requirement {
    /// A condition on the label `key`.
    ///
    /// # Errors
    ///
    /// [`LabelSelectorError::Invalid`] with everything that is wrong: a malformed key or value, or a number
    /// of values that does not suit the operator.
    pub fn new(
        key: &str,
        operator: Operator,
        mut values: SmallVec<[String; 1]>,
    ) -> Result<Self, LabelSelectorError> {
        let mut errors = FieldErrors::new();
        check(&Path::new("key"), key, &names::qualified_name(key), &mut errors);
        let path = Path::new("values");
        if let Some(detail) = operator.count_fault(values.len()) {
            errors.push(FieldError::invalid(&path, &values[..], detail));
        }
        for (index, value) in values.iter().enumerate() {
            let path = path.index(index);
            if operator.is_numeric() && value.parse::<i64>().is_err() {
                let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                errors.push(FieldError::invalid(&path, value, detail));
            }
            check(&path.key(key), value, &names::label_value(value), &mut errors);
        }
        if !errors.is_empty() {
            return Err(LabelSelectorError::Invalid(errors));
        }
        values.sort_unstable();
        Ok(Self { key: key.to_owned(), operator, values })
    }

    fn equals(key: &str, value: &str) -> Self {
        Self { key: key.to_owned(), operator: Operator::Equals, values: smallvec![value.to_owned()] }
    }

    fn compile(source: &SourceRequirement) -> Result<Self, LabelSelectorError> {
        let operator = match source.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            unknown => return Err(LabelSelectorError::UnknownOperator(unknown.to_owned())),
        };
        Self::new(&source.key, operator, source.values.iter().flatten().cloned().collect())
    }

    /// The label it is about.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the label is compared.
    pub const fn operator(&self) -> Operator {
        self.operator
    }

    /// What the label is compared with, sorted.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        let value = label(&self.key);
        match self.operator {
            Operator::Equals | Operator::DoubleEquals | Operator::In => {
                value.is_some_and(|value| self.has(value))
            }
            Operator::NotEquals | Operator::NotIn => !value.is_some_and(|value| self.has(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.bound().zip(integer(value)).is_some_and(|(bound, it)| it > bound),
            Operator::LessThan => self.bound().zip(integer(value)).is_some_and(|(bound, it)| it < bound),
        }
    }

    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|allowed| allowed == value)
    }

    fn bound(&self) -> Option<i64> {
        integer(self.values.first().map(String::as_str))
    }

    fn equality(&self) -> Option<(&str, &str)> {
        match (self.operator, &self.values[..]) {
            (Operator::Equals | Operator::DoubleEquals | Operator::In, [value]) => Some((&self.key, value)),
            _ => None,
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operator, values } = self;
        let values = values.join(",");
        match operator {
            Operator::Equals => write!(f, "{key}={values}"),
            Operator::DoubleEquals => write!(f, "{key}=={values}"),
            Operator::NotEquals => write!(f, "{key}!={values}"),
            Operator::In => write!(f, "{key} in ({values})"),
            Operator::NotIn => write!(f, "{key} notin ({values})"),
            Operator::Exists => f.write_str(key),
            Operator::DoesNotExist => write!(f, "!{key}"),
            Operator::GreaterThan => write!(f, "{key}>{values}"),
            Operator::LessThan => write!(f, "{key}<{values}"),
        }
    }
}

impl Operator {
    const fn is_numeric(self) -> bool {
        matches!(self, Self::GreaterThan | Self::LessThan)
    }

    fn count_fault(self, count: usize) -> Option<&'static str> {
        let (fits, fault) = match self {
            Self::In | Self::NotIn => (count > 0, "for 'in', 'notin' operators, values set can't be empty"),
            Self::Equals | Self::DoubleEquals | Self::NotEquals => {
                (count == 1, "exact-match compatibility requires one single value")
            }
            Self::Exists | Self::DoesNotExist => {
                (count == 0, "values set must be empty for exists and does not exist")
            }
            Self::GreaterThan | Self::LessThan => {
                (count == 1, "for 'Gt', 'Lt' operators, exactly one value is required")
            }
        };
        (!fits).then_some(fault)
    }
}

/// Adds one error for all that is wrong with a value.
pub(super) fn check(path: &Path<'_>, value: &str, faults: &Faults, errors: &mut FieldErrors) {
    if !faults.is_empty() {
        errors.push(FieldError::invalid(path, value, faults.join("; ")));
    }
}

fn integer(value: Option<&str>) -> Option<i64> {
    value?.parse().ok()
}

/// Several errors as one text: each once, in brackets if there is more than one.
fn aggregate(errors: &FieldErrors) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        let text = error.to_string();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match &texts[..] {
        [text] => text.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

#[cfg(test)]
mod tests;
