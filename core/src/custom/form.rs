//! How the fields of custom objects are merged and owned, as their schema says (CRD-08).

use super::structural::{Additional, ListKind, Structural, Type};
use crate::schema::{Form, FormField, FormListType, Scalar};

/// The form of whole objects.
pub(super) fn of_object(schema: &Structural) -> Form {
    let mut fields = declared(schema);
    fields.retain(|field| !super::prune::ENVELOPE.contains(&field.name.as_str()));
    fields.extend(envelope());
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    Form::Struct { fields, open: schema.preserves_unknown, atomic: false }
}

fn envelope() -> [FormField; 3] {
    let field = |name: &str, form| FormField { name: name.to_owned(), form, default: None };
    [
        field("apiVersion", Form::Scalar(Scalar::String)),
        field("kind", Form::Scalar(Scalar::String)),
        field("metadata", Form::Metadata),
    ]
}

fn declared(schema: &Structural) -> Vec<FormField> {
    schema
        .properties
        .iter()
        .map(|(name, field)| FormField {
            name: name.clone(),
            form: of(field),
            default: field.default.clone(),
        })
        .collect()
}

fn of(schema: &Structural) -> Form {
    if schema.is_int_or_string {
        return Form::Scalar(Scalar::IntOrString);
    }
    match schema.type_ {
        None => Form::Open,
        Some(Type::String) => Form::Scalar(Scalar::String),
        Some(Type::Integer) => Form::Scalar(Scalar::Integer),
        Some(Type::Number) => Form::Scalar(Scalar::Number),
        Some(Type::Boolean) => Form::Scalar(Scalar::Boolean),
        Some(Type::Array) => {
            let list_type = match &schema.list {
                ListKind::Atomic => FormListType::Atomic,
                ListKind::Set => FormListType::Set,
                ListKind::Map(keys) => FormListType::Map(keys.clone()),
            };
            let items = schema.items.as_ref().map_or(Form::Open, |items| of(items));
            Form::List { items: Box::new(items), list_type }
        }
        Some(Type::Object) => {
            let atomic = schema.is_atomic_map;
            if schema.is_embedded {
                let Form::Struct { fields, open, .. } = of_object(schema) else { return Form::Open };
                return Form::Struct { fields, open, atomic };
            }
            if let Some(Additional::Schema(values)) = &schema.additional {
                return Form::Map { values: Box::new(of(values)), atomic };
            }
            if schema.properties.is_empty() && schema.preserves_unknown && !atomic {
                return Form::Open;
            }
            Form::Struct { fields: declared(schema), open: schema.preserves_unknown, atomic }
        }
    }
}
