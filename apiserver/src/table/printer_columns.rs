use std::borrow::Cow;
use std::str::FromStr;

use jiff::Timestamp;
use serde_json::Value;
use setpoint_core::object::Object;

use super::cell::Cell;
use super::column::{Column, ColumnDefinition};
use super::duration::since;
use super::json_path::JsonPath;

/// A column of a custom kind, as its definition's `additionalPrinterColumns` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterColumn {
    /// Its heading.
    pub name: String,
    /// `integer`, `number`, `string`, `boolean` or `date`.
    pub type_: String,
    /// An OpenAPI format, or empty.
    pub format: String,
    /// What it shows.
    pub description: String,
    /// Above 0 it is shown in wide output only.
    pub priority: i32,
    /// Where its value is.
    pub path: JsonPath,
}

/// The columns, or the age if there are none.
pub(super) fn or_age(columns: &[PrinterColumn]) -> Cow<'_, [PrinterColumn]> {
    if !columns.is_empty() {
        return columns.into();
    }
    let age = Column::AGE.definition();
    Cow::Owned(vec![PrinterColumn {
        name: age.name.into_owned(),
        type_: "date".to_owned(),
        format: String::new(),
        description: age.description.into_owned(),
        priority: 0,
        path: JsonPath::parse(".metadata.creationTimestamp").expect("a path of two fields"),
    }])
}

/// The name, and the columns.
pub(super) fn definitions(columns: &[PrinterColumn]) -> Vec<ColumnDefinition> {
    let definition = |column: &PrinterColumn| ColumnDefinition {
        name: column.name.clone().into(),
        type_: column.type_.clone().into(),
        format: column.format.clone().into(),
        description: column.description.clone().into(),
        priority: column.priority,
    };
    std::iter::once(Column::NAME.definition()).chain(columns.iter().map(definition)).collect()
}

/// The name, and a cell for each column.
pub(super) fn cells(object: &Object, columns: &[PrinterColumn], now: Timestamp) -> Vec<Cell> {
    let value = object.to_value_without_ownership();
    let cell = |column: &PrinterColumn| {
        let found = column.path.find(&value);
        found.first().map_or(Cell::Null, |value| cell(&column.type_, value, now))
    };
    std::iter::once(Cell::from(&*object.meta().name)).chain(columns.iter().map(cell)).collect()
}

/// A value in a column of this type; null if it does not fit.
fn cell(type_: &str, value: &Value, now: Timestamp) -> Cell {
    match (type_, value) {
        (_, Value::Null) => Cell::Null,
        ("integer", Value::Number(number)) => {
            // A fraction is cut off.
            let whole = number.as_i64().or_else(|| number.as_f64().map(|number| number as i64));
            whole.map_or(Cell::Null, Cell::Integer)
        }
        ("number", Value::Number(number)) => number.as_f64().map_or(Cell::Null, Cell::Number),
        ("boolean", Value::Bool(value)) => Cell::Boolean(*value),
        ("string", Value::String(text)) => Cell::Text(text.clone()),
        ("string", other) => Cell::Text(other.to_string()),
        ("date", Value::String(text)) => Cell::Text(
            Timestamp::from_str(text).map_or_else(|_| "<invalid>".to_owned(), |time| since(Some(time), now)),
        ),
        _ => Cell::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_shown_as_its_columns_type_says() {
        let now: Timestamp = "2026-01-01T00:10:00Z".parse().unwrap();
        for (type_, value, expected) in [
            ("integer", json!(3), Cell::Integer(3)),
            ("integer", json!(3.7), Cell::Integer(3)),
            ("integer", json!("3"), Cell::Null),
            ("number", json!(3), Cell::Number(3.0)),
            ("boolean", json!(true), Cell::Boolean(true)),
            ("boolean", json!("true"), Cell::Null),
            ("string", json!("x"), Cell::Text("x".to_owned())),
            ("string", json!(3), Cell::Text("3".to_owned())),
            ("string", json!({ "a": [1] }), Cell::Text(r#"{"a":[1]}"#.to_owned())),
            ("string", json!(null), Cell::Null),
            ("date", json!("2026-01-01T00:00:00Z"), Cell::Text("10m".to_owned())),
            ("date", json!("soon"), Cell::Text("<invalid>".to_owned())),
        ] {
            assert_eq!(cell(type_, &value, now), expected, "{type_} {value}");
        }
    }
}
