use std::borrow::Cow;

use crate::openapi::descriptions;

/// What a column shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum About {
    /// In words of its own.
    Text(&'static str),
    /// A field of a type of the API, in the API's words.
    Field(&'static str, &'static str),
}

impl About {
    /// The words; empty if the API has none for the field.
    pub(super) fn to_text(self) -> Cow<'static, str> {
        match self {
            Self::Text(text) => text.into(),
            Self::Field(type_, field) => descriptions::of_type(type_)
                .and_then(|about| about.field(field))
                .map_or_else(|| Cow::Borrowed(""), |field| field.description.clone()),
        }
    }
}
