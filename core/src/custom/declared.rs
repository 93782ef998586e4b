//! What expressions know of the values of a schema (CRD-05).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::prune::ENVELOPE;
use super::structural::{Additional, Structural, Type as JsonType};
use crate::cel::{Fields, Type};

/// Words that are no names in expressions.
const RESERVED: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

/// What a field is called in expressions: `a-b` is `a__dash__b`, `namespace` is `__namespace__`. `None` if expressions
/// cannot name it.
pub(super) fn escaped(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    let mut escaped = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let (taken, word) = match first {
            '_' if rest.starts_with("__") => (2, "__underscores__"),
            '.' => (1, "__dot__"),
            '-' => (1, "__dash__"),
            '/' => (1, "__slash__"),
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => (1, &rest[..1]),
            _ => return None,
        };
        escaped.push_str(word);
        rest = &rest[taken..];
    }
    Some(escaped)
}

/// The type of a schema's values; `None` if expressions do not see them.
pub(super) fn of(schema: &Structural, is_root: bool, name: &str) -> Option<Type> {
    if schema.is_int_or_string {
        return Some(Type::Dyn);
    }
    let inner = |schema: &Structural, step: &str| of(schema, schema.is_embedded, &format!("{name}.{step}"));
    match schema.type_? {
        JsonType::Array => Some(Type::list(inner(schema.items.as_ref()?, "@items")?)),
        JsonType::Object => {
            if let (Some(Additional::Schema(values)), false) = (&schema.additional, is_root) {
                return Some(Type::map(inner(values, "@values")?));
            }
            let mut fields = BTreeMap::new();
            for (field, schema) in &schema.properties {
                if let (Some(escaped), Some(type_)) = (escaped(field), inner(schema, field)) {
                    fields.insert(escaped, type_);
                }
            }
            if is_root && !has_envelope(schema) {
                add_envelope(&mut fields, name);
            }
            Some(Type::Object(Arc::new(Fields { name: name.to_owned(), fields })))
        }
        JsonType::String => Some(match schema.checks.format.as_deref() {
            Some("byte") => Type::Bytes,
            Some("duration") => Type::Duration,
            Some("date" | "date-time") => Type::Timestamp,
            _ => Type::String,
        }),
        JsonType::Boolean => Some(Type::Bool),
        JsonType::Number => Some(Type::Double),
        JsonType::Integer => Some(Type::Int),
    }
}

/// Whether a schema says itself what kind and metadata are.
pub(super) fn has_envelope(schema: &Structural) -> bool {
    let is = |schema: Option<&Structural>, type_| schema.is_some_and(|schema| schema.type_ == Some(type_));
    let field = |name: &str| schema.properties.get(name);
    let meta = |name: &str| field("metadata")?.properties.get(name);
    is(field("kind"), JsonType::String)
        && is(field("apiVersion"), JsonType::String)
        && is(field("metadata"), JsonType::Object)
        && is(meta("name"), JsonType::String)
        && is(meta("generateName"), JsonType::String)
}

/// Of whole objects, kind and name can always be seen.
fn add_envelope(fields: &mut BTreeMap<String, Type>, name: &str) {
    let meta = BTreeMap::from([("name".to_owned(), Type::String), ("generateName".to_owned(), Type::String)]);
    let meta = Fields { name: format!("{name}.metadata"), fields: meta };
    for field in ENVELOPE {
        fields.insert(field.to_owned(), Type::String);
    }
    fields.insert("metadata".to_owned(), Type::Object(Arc::new(meta)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        // CRD-05
        for (name, expected) in [
            ("spec", Some("spec")),
            ("namespace", Some("__namespace__")),
            ("x-y", Some("x__dash__y")),
            ("a.b/c", Some("a__dot__b__slash__c")),
            ("redact__d", Some("redact__underscores__d")),
            ("string", Some("string")),
            ("_x", Some("_x")),
            ("1a", None),
            ("", None),
            ("a b", None),
            ("é", None),
            ("$ref", None),
        ] {
            assert_eq!(escaped(name).as_deref(), expected, "{name}");
        }
    }
}
