use std::borrow::Cow;

use serde::Serialize;

use super::about::About;

/// A column as clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnDefinition {
    /// Its heading.
    pub name: Cow<'static, str>,
    /// The OpenAPI type of its cells.
    #[serde(rename = "type")]
    pub type_: Cow<'static, str>,
    /// The OpenAPI format; `name` marks the column of the object's name.
    pub format: Cow<'static, str>,
    /// What it shows.
    pub description: Cow<'static, str>,
    /// 0 is always shown, 1 in wide output.
    pub priority: i32,
}

/// A column of a built-in kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    name: &'static str,
    type_: &'static str,
    format: &'static str,
    about: About,
    priority: i32,
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl Column {
    /// The object's name.
    pub(super) const NAME: Self = Self { format: "name", ..Self::text("Name", About::Field(META, "name")) };
    /// How long ago it was created.
    pub(super) const AGE: Self = Self::text("Age", About::Field(META, "creationTimestamp"));
    /// Names of a template's containers.
    pub(super) const CONTAINERS: Self =
        Self::text("Containers", About::Text("Names of each container in the template.")).wide();
    /// Images of a template's containers.
    pub(super) const IMAGES: Self =
        Self::text("Images", About::Text("Images referenced by each container in the template.")).wide();

    /// Of text.
    pub(super) const fn text(name: &'static str, about: About) -> Self {
        Self { name, type_: "string", format: "", about, priority: 0 }
    }

    /// Of integers.
    pub(super) const fn integer(name: &'static str, about: About) -> Self {
        Self { type_: "integer", ..Self::text(name, about) }
    }

    /// Of booleans.
    pub(super) const fn boolean(name: &'static str, about: About) -> Self {
        Self { type_: "boolean", ..Self::text(name, about) }
    }

    /// Of dates.
    pub(super) const fn date(name: &'static str, about: About) -> Self {
        Self { type_: "date", ..Self::text(name, about) }
    }

    /// Only in wide output.
    pub(super) const fn wide(self) -> Self {
        Self { priority: 1, ..self }
    }

    /// Whether it shows the object's name.
    pub(super) fn is_name(&self) -> bool {
        self.format == "name"
    }

    /// As clients see it.
    pub(super) fn definition(&self) -> ColumnDefinition {
        ColumnDefinition {
            name: self.name.into(),
            type_: self.type_.into(),
            format: self.format.into(),
            description: self.about.to_text(),
            priority: self.priority,
        }
    }
}
