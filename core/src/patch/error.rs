use crate::error::Details;
use crate::{Error, Reason};

/// Why a patch cannot be read or applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// No algorithm has this media type (415).
    #[error("415: Unsupported Media Type")]
    UnsupportedMediaType {
        /// What the client sent.
        media_type: String,
    },
    /// The kind's lists are not known (415).
    #[error(
        "the body of the request was in an unknown format - accepted media types include: \
         application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    )]
    StrategicNotSupported,
    /// The body is no patch of its type (400).
    #[error("error decoding patch: json: {reason}")]
    Decode {
        /// What the decoder says.
        reason: String,
    },
    /// Objects and lists are nested too deep (400).
    #[error("error decoding patch: exceeded max depth of {levels_max}")]
    TooDeep {
        /// [`DEPTH_MAX`](super::DEPTH_MAX).
        levels_max: usize,
    },
    /// A JSON patch has too many operations (413).
    #[error(
        "Request entity too large: The allowed maximum operations in a JSON patch is {count_max}, got {count}"
    )]
    TooManyOperations {
        /// How many it has.
        count: usize,
        /// [`OPERATIONS_MAX`](super::OPERATIONS_MAX).
        count_max: usize,
    },
    /// An operation of a JSON patch does not go (422).
    #[error("the server rejected our request due to an error in our request")]
    Operation {
        /// Which one, from zero.
        index: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A directive has a value of the wrong form (400).
    #[error("invalid patch format of {directive}")]
    Directive {
        /// The list that it gives: `primitive list`, `retainKeys` or `setElementOrder list`.
        directive: &'static str,
    },
    /// `$patch` says something else than `delete` or `replace` (422).
    #[error("unknown patch type: {directive} in map: {map}")]
    UnknownDirective {
        /// What it says, as JSON.
        directive: String,
        /// The map that it is in, as JSON.
        map: String,
    },
    /// A list item has no merge key (422).
    #[error("map: {map} does not contain declared merge key: {merge_key}")]
    NoMergeKey {
        /// The item, as JSON.
        map: String,
        /// The key.
        merge_key: &'static str,
    },
    /// The list is to be merged and nothing tells its items apart (422).
    #[error("cannot merge lists without merge key for {field}")]
    NoMergeKeyDeclared {
        /// The list.
        field: String,
    },
    /// A merged list has lists as items (422).
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// Items of a merged list are of several JSON types (422).
    #[error("list element types are not identical: {field}")]
    MixedElements {
        /// The list.
        field: String,
    },
    /// A value is of the wrong JSON type (422).
    #[error("expected a {expected} for {field}")]
    WrongType {
        /// The field.
        field: String,
        /// The right type.
        expected: &'static str,
    },
    /// Items of a patch are in another order than `$setElementOrder` tells (422).
    #[error("The order in patch list: {field} doesn't match $setElementOrder list")]
    Order {
        /// The list.
        field: String,
    },
    /// An apply patch was treated as a change without owners; a programmer's error (500).
    #[error("an apply patch is merged by field ownership")]
    ApplyNeedsOwnership,
}

impl PatchError {
    /// The status reason that goes with it.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::UnsupportedMediaType { .. } | Self::StrategicNotSupported => Reason::UnsupportedMediaType,
            Self::Decode { .. } | Self::TooDeep { .. } | Self::Directive { .. } => Reason::BadRequest,
            Self::TooManyOperations { .. } => Reason::RequestEntityTooLarge,
            Self::Operation { .. }
            | Self::UnknownDirective { .. }
            | Self::NoMergeKey { .. }
            | Self::NoMergeKeyDeclared { .. }
            | Self::ListOfLists
            | Self::MixedElements { .. }
            | Self::WrongType { .. }
            | Self::Order { .. } => Reason::Invalid,
            Self::ApplyNeedsOwnership => Reason::InternalError,
        }
    }
}

impl From<PatchError> for Error {
    fn from(error: PatchError) -> Self {
        let reason = error.reason();
        let told = Self::new(reason, error.to_string());
        // What is answered with the words of the code alone has details, which are empty.
        match reason {
            Reason::Invalid | Reason::UnsupportedMediaType => told.with_details(Details::default()),
            _ => told,
        }
    }
}
