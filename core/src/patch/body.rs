use serde_json::{Map, Value};

use super::depth::check_depth;
use super::json::{apply_operations, decode_operations};
use super::strategic::merge_object;
use super::{DEPTH_MAX, PatchError};
use crate::schema::Type;

/// The algorithms by which a patch can be meant, told by its media type (PATCH-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchType {
    /// `application/json-patch+json`: RFC 6902.
    Json,
    /// `application/merge-patch+json`: RFC 7396.
    Merge,
    /// `application/strategic-merge-patch+json`: a merge patch that knows lists; built-in kinds only.
    Strategic,
    /// `application/apply-patch+yaml`: server-side apply.
    Apply,
}

impl PatchType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Json, Self::Merge, Self::Strategic, Self::Apply];

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
            Self::Strategic => "application/strategic-merge-patch+json",
            Self::Apply => "application/apply-patch+yaml",
        }
    }

    /// The type that a `Content-Type` header tells, whose parameters do not count.
    ///
    /// # Errors
    ///
    /// [`PatchError::UnsupportedMediaType`] if it is none of them.
    pub fn of_media_type(header: &str) -> Result<Self, PatchError> {
        let media_type = header.split(';').next().unwrap_or_default().trim();
        Self::ALL
            .into_iter()
            .find(|patch_type| patch_type.media_type().eq_ignore_ascii_case(media_type))
            .ok_or_else(|| PatchError::UnsupportedMediaType { media_type: media_type.to_owned() })
    }
}

/// A decoded patch, which can be applied any number of times.
#[derive(Debug, Clone, PartialEq)]
pub enum Patch {
    /// Operations, one after the other, all or nothing.
    Json(json_patch::Patch),
    /// What to set; null deletes.
    Merge(Map<String, Value>),
    /// What to set; null deletes; lists with a merge key are merged; directives.
    Strategic(Map<String, Value>),
    /// What a manager wants, which [`ownership`](crate::ownership) merges.
    Apply {
        /// What it wants.
        config: Map<String, Value>,
        /// Whether it takes fields from others (PATCH-11).
        force: bool,
    },
}

impl Patch {
    /// Reads the body of a patch.
    ///
    /// # Errors
    ///
    /// [`PatchError::Decode`] if it is no patch of that type, [`PatchError::TooManyOperations`],
    /// [`PatchError::TooDeep`], and [`PatchError::Operation`] for an operation that RFC 6902 does not know.
    pub fn decode(patch_type: PatchType, body: Value) -> Result<Self, PatchError> {
        check_depth(&body, DEPTH_MAX)?;
        if patch_type == PatchType::Json {
            return decode_operations(body).map(Self::Json);
        }
        let Value::Object(body) = body else {
            return Err(PatchError::Decode { reason: "a patch of this type must be an object".to_owned() });
        };
        Ok(match patch_type {
            PatchType::Strategic => Self::Strategic(body),
            PatchType::Apply => Self::Apply { config: body, force: false },
            PatchType::Merge | PatchType::Json => Self::Merge(body),
        })
    }

    /// Reads the body of a patch from JSON text.
    ///
    /// # Errors
    ///
    /// As [`Patch::decode`]; [`PatchError::Decode`] also if it is no JSON.
    pub fn parse(patch_type: PatchType, body: &[u8]) -> Result<Self, PatchError> {
        let body =
            serde_json::from_slice(body).map_err(|error| PatchError::Decode { reason: error.to_string() })?;
        Self::decode(patch_type, body)
    }

    /// The same patch, which takes fields from others if it is an apply.
    #[must_use]
    pub fn forced(mut self) -> Self {
        if let Self::Apply { force, .. } = &mut self {
            *force = true;
        }
        self
    }

    /// Whether the result depends on `managedFields`, which then must be there (PATCH-13).
    pub fn touches_managed_fields(&self) -> bool {
        match self {
            Self::Json(operations) => {
                let text = serde_json::to_string(operations).unwrap_or_default();
                let whole = ["\"\"", "\"/metadata\""];
                text.contains("\"/metadata/managedFields") || whole.iter().any(|path| text.contains(path))
            }
            Self::Merge(body) | Self::Strategic(body) => {
                body.get("metadata").is_some_and(|metadata| metadata.get("managedFields").is_some())
            }
            Self::Apply { .. } => false,
        }
    }

    /// The algorithm.
    pub const fn patch_type(&self) -> PatchType {
        match self {
            Self::Json(_) => PatchType::Json,
            Self::Merge(_) => PatchType::Merge,
            Self::Strategic(_) => PatchType::Strategic,
            Self::Apply { .. } => PatchType::Apply,
        }
    }

    /// What a merging patch sets at the top; none for a JSON patch.
    pub const fn body(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Json(_) => None,
            Self::Merge(body) | Self::Strategic(body) | Self::Apply { config: body, .. } => Some(body),
        }
    }

    /// Applies the patch. After an error `object` may be changed in part and is of no use.
    ///
    /// # Errors
    ///
    /// [`PatchError::StrategicNotSupported`] for a strategic patch to an open type,
    /// [`PatchError::ApplyNeedsOwnership`] for an apply patch, [`PatchError::TooDeep`] if the result is, and what else
    /// can be wrong with the operations or directives.
    pub fn apply(&self, object: &mut Value, type_: &'static Type) -> Result<(), PatchError> {
        match self {
            Self::Json(operations) => apply_operations(operations, object),
            Self::Merge(body) => {
                // Neither side is deeper than the limit, so the result is not.
                json_patch::merge(object, &Value::Object(body.clone()));
                Ok(())
            }
            Self::Strategic(_) if type_.is_open() => Err(PatchError::StrategicNotSupported),
            Self::Strategic(body) => merge_object(object, body.clone(), type_),
            Self::Apply { .. } => Err(PatchError::ApplyNeedsOwnership),
        }
    }
}
