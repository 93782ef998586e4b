//! Selectors over fields (LIST-11).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The fields every kind can be selected by.
const EVERY_KINDS_FIELDS: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// Fields to match: all of some terms.
///
/// Which fields there are is known where a kind is: see [`FieldSelector::require_known`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldSelector {
    terms: Vec<FieldTerm>,
}

/// One condition on one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldTerm {
    /// The field's path.
    pub field: String,
    /// How it is compared.
    pub operator: FieldOperator,
    /// What it is compared with.
    pub value: String,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldOperator {
    /// `=` or `==`.
    Equals,
    /// `!=`.
    NotEquals,
}

/// Why something is no field selector, or none for this kind, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldSelectorError {
    /// A part has no operator.
    #[error("invalid selector: '{selector}'; can't understand '{term}'")]
    NoOperator {
        /// The whole text.
        selector: String,
        /// The part.
        term: String,
    },
    /// A backslash precedes something other than a backslash, a comma or an equals sign.
    #[error("invalid field selector: invalid escape sequence: {sequence}")]
    Escape {
        /// The backslash and what follows it.
        sequence: String,
    },
    /// A value has an equals sign without a backslash. (Upstream prints the sign's number.)
    #[error("invalid field selector: unescaped character in value: {}", u32::from(*.character))]
    Unescaped {
        /// The sign.
        character: char,
    },
    /// Objects of a kind without fields of its own cannot be selected by this one.
    #[error(
        "{field:?} is not a known field selector: only {:?}, {:?}",
        EVERY_KINDS_FIELDS[0],
        EVERY_KINDS_FIELDS[1]
    )]
    UnknownField {
        /// The field.
        field: String,
    },
    /// Objects of a kind with fields of its own cannot be selected by this one.
    #[error("field label not supported: {field}")]
    UnsupportedField {
        /// The field.
        field: String,
    },
}

impl FieldSelector {
    /// Matches every object.
    pub const fn everything() -> Self {
        Self { terms: Vec::new() }
    }

    /// Matches what meets all of the terms.
    pub const fn new(terms: Vec<FieldTerm>) -> Self {
        Self { terms }
    }

    /// Matches what has this value in this field.
    pub fn equals(field: impl Into<String>, value: impl Into<String>) -> Self {
        let term = FieldTerm { field: field.into(), operator: FieldOperator::Equals, value: value.into() };
        Self::new(vec![term])
    }

    /// Whether an object matches whose fields are looked up with `value`. A field that is not there has the
    /// empty value.
    pub fn matches<'v>(&self, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> bool {
        self.terms.iter().all(|term| {
            let equal = value(&term.field).unwrap_or_default() == term.value;
            equal == (term.operator == FieldOperator::Equals)
        })
    }

    /// Whether every object matches.
    pub const fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms, in the order of their text.
    pub fn terms(&self) -> &[FieldTerm] {
        &self.terms
    }

    /// The value that a field must have for an object to match, if the selector says so.
    pub fn equality(&self, field: &str) -> Option<&str> {
        let mut terms = self.terms.iter();
        let term = terms.find(|term| term.operator == FieldOperator::Equals && term.field == field)?;
        Some(&term.value)
    }

    /// Makes sure that the selector is about fields a kind has: those every kind has, and `own`.
    ///
    /// # Errors
    ///
    /// For the first field that is not among them.
    pub fn require_known(&self, own: &[&str]) -> Result<(), FieldSelectorError> {
        let known = |field: &str| EVERY_KINDS_FIELDS.contains(&field) || own.contains(&field);
        match self.terms.iter().find(|term| !known(&term.field)) {
            None => Ok(()),
            Some(FieldTerm { field, .. }) if own.is_empty() => {
                Err(FieldSelectorError::UnknownField { field: field.clone() })
            }
            Some(FieldTerm { field, .. }) => {
                Err(FieldSelectorError::UnsupportedField { field: field.clone() })
            }
        }
    }
}

impl FromStr for FieldSelector {
    type Err = FieldSelectorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = split_at_commas(text);
        let mut terms = Vec::with_capacity(parts.len());
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let Some((field, operator, value)) = split_at_operator(part) else {
                let (selector, term) = (text.to_owned(), part.to_owned());
                return Err(FieldSelectorError::NoOperator { selector, term });
            };
            terms.push(FieldTerm { field: field.to_owned(), operator, value: unescape(value)? });
        }
        // By the canonical form, which need not be what was written.
        terms.sort_by_cached_key(ToString::to_string);
        Ok(Self { terms })
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, term) in self.terms.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for FieldTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        f.write_str(match self.operator {
            FieldOperator::Equals => "=",
            FieldOperator::NotEquals => "!=",
        })?;
        for character in self.value.chars() {
            if matches!(character, '\\' | ',' | '=') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

/// The parts between the commas that have no backslash before them.
fn split_at_commas(text: &str) -> Vec<&str> {
    let mut escaped = false;
    let split = |character| {
        let splits = character == ',' && !escaped;
        escaped = character == '\\' && !escaped;
        splits
    };
    text.split(split).collect()
}

fn split_at_operator(term: &str) -> Option<(&str, FieldOperator, &str)> {
    const OPERATORS: [(&str, FieldOperator); 3] =
        [("!=", FieldOperator::NotEquals), ("==", FieldOperator::Equals), ("=", FieldOperator::Equals)];
    // The first sign that starts an operator: a `!` alone does not.
    let at =
        term.match_indices(['!', '=']).find(|(at, sign)| *sign == "=" || term[*at..].starts_with("!="))?.0;
    let (field, rest) = term.split_at(at);
    OPERATORS.into_iter().find_map(|(sign, operator)| Some((field, operator, rest.strip_prefix(sign)?)))
}

fn unescape(value: &str) -> Result<String, FieldSelectorError> {
    let mut unescaped = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(escaped @ ('\\' | ',' | '=')) => unescaped.push(escaped),
                other => {
                    let sequence = ['\\'].into_iter().chain(other).collect();
                    return Err(FieldSelectorError::Escape { sequence });
                }
            },
            ',' | '=' => return Err(FieldSelectorError::Unescaped { character }),
            _ => unescaped.push(character),
        }
    }
    Ok(unescaped)
}

#[cfg(test)]
mod tests;
