//! Tables: what `kubectl get` prints, laid out by the server (DISC-12, DISC-13).
//!
//! What it promises: the columns and cells that an upstream 1.36 API server answers for the built-in kinds, with ages
//! relative to the time it is told; name and age, or the printer columns of its definition, for custom kinds; name
//! and creation time for what upstream has no printer for. Cells are computed from an object and a time alone.
//!
//! What it does not do: choose. Which representation a client accepts is read elsewhere.

mod about;
mod answer;
mod cell;
mod column;
mod containers;
mod duration;
mod joined;
mod json_path;
mod kinds;
mod partial;
mod printer;
mod printer_columns;
mod selector;

pub use self::answer::{IncludeObject, ListMeta, Row, RowCondition, Table};
pub use self::cell::Cell;
pub use self::column::ColumnDefinition;
pub use self::duration::human_duration;
pub use self::json_path::{JsonPath, JsonPathError};
pub use self::partial::{partial_object_metadata, partial_object_metadata_list};
pub use self::printer_columns::PrinterColumn;
