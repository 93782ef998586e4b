use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Object, ObjectRef};
use setpoint_core::{Error, Result};

use super::cell::Cell;
use super::column::ColumnDefinition;
use super::printer::Printer;
use super::printer_columns::{self, PrinterColumn};
use super::{kinds, partial_object_metadata};

/// A table of objects, `meta.k8s.io/v1`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub struct Table {
    api_version: &'static str,
    /// Of the list or object that it shows.
    pub metadata: ListMeta,
    /// Its columns; `None` in a watch, after the first event.
    pub column_definitions: Option<Vec<ColumnDefinition>>,
    /// One for each object.
    pub rows: Vec<Row>,
}

/// A list's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListMeta {
    /// The revision of what is shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resource_version: String,
    /// Where the list goes on, if it does.
    #[serde(rename = "continue", skip_serializing_if = "String::is_empty")]
    pub continue_token: String,
    /// How many objects follow, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_item_count: Option<i64>,
}

/// One object in a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// As many as there are columns.
    pub cells: Vec<Cell>,
    /// What is said of the object as a whole.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<RowCondition>,
    /// As much of the object as was asked for; null for nothing.
    pub object: Value,
}

/// What is said of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowCondition {
    /// `Completed`
    #[serde(rename = "type")]
    pub type_: &'static str,
    /// `True`
    pub status: &'static str,
    /// In a word.
    pub reason: &'static str,
    /// In a sentence.
    pub message: &'static str,
}

/// How much of an object a row has: the parameter `includeObject`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

impl IncludeObject {
    /// From the request's parameter, which may be empty.
    ///
    /// # Errors
    ///
    /// Bad request, if it is none of the words.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "None" => Ok(Self::None),
            "Object" => Ok(Self::Object),
            other => Err(Error::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {other:?}: must be \
                 'Metadata', 'Object', 'None', or empty"
            ))),
        }
    }
}

impl Table {
    /// A table of objects of one kind. `columns` are those of a custom kind's definition; without any it has the age.
    ///
    /// `whole` gives the object as the request's version shows it, if rows are to have it.
    pub fn new<'a>(
        kind: &Kind,
        columns: &[PrinterColumn],
        objects: impl IntoIterator<Item = &'a ObjectRef>,
        metadata: ListMeta,
        include: IncludeObject,
        now: Timestamp,
        whole: impl Fn(&Object) -> Value,
    ) -> Self {
        let printer = kinds::printer(kind);
        let of_definition = printer.is_none().then(|| printer_columns::or_age(columns));
        let definitions = match (&printer, &of_definition) {
            (Some(printer), _) => printer.columns.iter().map(super::column::Column::definition).collect(),
            (None, columns) => printer_columns::definitions(columns.as_deref().unwrap_or_default()),
        };
        let width = definitions.len();
        let row = |object: &ObjectRef| Row {
            cells: match (&printer, &of_definition) {
                (Some(printer), _) => {
                    (printer.cells)(object, now).unwrap_or_else(|| name_only(object, printer))
                }
                (None, columns) => {
                    printer_columns::cells(object, columns.as_deref().unwrap_or_default(), now)
                }
            },
            conditions: printer.map_or_else(Vec::new, |printer| (printer.conditions)(object)),
            object: match include {
                IncludeObject::None => Value::Null,
                IncludeObject::Metadata => partial_object_metadata(object),
                IncludeObject::Object => whole(object),
            },
        };
        let rows: Vec<Row> = objects.into_iter().map(row).collect();
        debug_assert!(rows.iter().all(|row| row.cells.len() == width), "as many cells as columns");
        Self { api_version: "meta.k8s.io/v1", metadata, column_definitions: Some(definitions), rows }
    }

    /// Without the columns, as in a watch after the first event.
    #[must_use]
    pub fn without_columns(self) -> Self {
        Self { column_definitions: None, ..self }
    }
}

/// The name, and nothing else: for an embedder's own representation of a built-in kind.
fn name_only(object: &Object, printer: &Printer) -> Vec<Cell> {
    let name = |column: &super::column::Column| {
        if column.is_name() { Cell::from(&*object.meta().name) } else { Cell::Null }
    };
    printer.columns.iter().map(name).collect()
}
