//! What the API says of its types and fields; the data is described in `apiserver/data/README.md`.

use std::borrow::Cow;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

static DATA: &str = include_str!("../../data/descriptions.txt");
static TYPES: OnceLock<FxHashMap<&'static str, TypeDescription>> = OnceLock::new();

/// What is said of a type.
#[derive(Debug)]
pub struct TypeDescription {
    /// In sentences; may be empty.
    pub description: Cow<'static, str>,
    fields: FxHashMap<&'static str, FieldDescription>,
}

/// What is said of a field.
#[derive(Debug)]
pub struct FieldDescription {
    /// In sentences; may be empty.
    pub description: Cow<'static, str>,
    /// Its OpenAPI format, or empty.
    pub format: &'static str,
    /// Whether it must be set.
    pub required: bool,
}

impl TypeDescription {
    /// What is said of one of its fields.
    pub fn field(&self, name: &str) -> Option<&FieldDescription> {
        self.fields.get(name)
    }
}

/// What is said of the type with this OpenAPI name.
pub fn of_type(name: &str) -> Option<&'static TypeDescription> {
    TYPES.get_or_init(parse).get(name)
}

/// The data is generated and a test parses it, so a malformed line is a programmer's error.
fn parse() -> FxHashMap<&'static str, TypeDescription> {
    let mut types = FxHashMap::default();
    let mut lines = DATA.lines().peekable();
    while let Some(line) = lines.next() {
        let (name, description) = line.split_once('\t').expect("a type's line has two columns");
        let mut fields = FxHashMap::default();
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            let mut columns = line[1..].splitn(3, '\t');
            let mut column = || columns.next().expect("a field's line has three columns");
            let (name, shape, description) = (column(), column(), unescape(column()));
            let format = shape.strip_suffix('!').unwrap_or(shape);
            fields.insert(name, FieldDescription { description, format, required: shape.ends_with('!') });
        }
        types.insert(name, TypeDescription { description: unescape(description), fields });
    }
    types
}

fn unescape(text: &'static str) -> Cow<'static, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(match characters.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                other => other.unwrap_or('\\'),
            }),
            other => plain.push(other),
        }
    }
    plain.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_the_schema_is_described() {
        for type_ in setpoint_core::schema::Schema::types() {
            let about = of_type(type_.name()).unwrap_or_else(|| panic!("{} is missing", type_.name()));
            for field in type_.fields() {
                assert!(about.field(field.name()).is_some(), "{}.{}", type_.name(), field.name());
            }
        }
    }

    #[test]
    fn formats_and_requirements_are_known() {
        let port = of_type("io.k8s.api.core.v1.ContainerPort").and_then(|about| about.field("containerPort"));
        assert_eq!(port.map(|port| (port.format, port.required)), Some(("int32", true)));
        let created = of_type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta").unwrap();
        assert!(created.field("creationTimestamp").unwrap().description.contains("\n\nPopulated"));
    }
}
