use serde_json::{Value, json};

/// What the versions of OpenAPI write differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    V2,
    V3,
}

impl Dialect {
    /// A reference to a named schema, with nothing beside it.
    pub(super) fn reference(self, name: &str) -> Value {
        let place = match self {
            Self::V2 => "#/definitions/",
            Self::V3 => "#/components/schemas/",
        };
        json!({ "$ref": format!("{place}{name}") })
    }

    /// A reference that may stand beside a description or an extension.
    pub(super) fn reference_with_siblings(self, name: &str) -> Value {
        match self {
            Self::V2 => self.reference(name),
            Self::V3 => json!({ "allOf": [self.reference(name)] }),
        }
    }

    /// A parameter of a scalar type.
    pub(super) fn parameter(self, name: &str, place: &str, type_: &str, description: &str) -> Value {
        let mut parameter = json!({ "name": name, "in": place, "description": description });
        match self {
            Self::V2 => parameter["type"] = json!(type_),
            Self::V3 => parameter["schema"] = json!({ "type": type_, "uniqueItems": true }),
        }
        if self == Self::V2 {
            parameter["uniqueItems"] = json!(true);
        }
        if place == "path" {
            parameter["required"] = json!(true);
        }
        parameter
    }
}
