use std::any::Any;

use jiff::Timestamp;
use setpoint_core::object::{Meta, Object};

use super::about::About;
use super::answer::RowCondition;
use super::cell::{Cell, cells};
use super::column::Column;

/// How objects of a kind are printed.
#[derive(Clone, Copy)]
pub(super) struct Printer {
    /// Its columns.
    pub(super) columns: &'static [Column],
    /// One cell for each column; `None` if the object is kept in parts of other types.
    pub(super) cells: fn(&Object, Timestamp) -> Option<Vec<Cell>>,
    /// What is said of the row as a whole.
    pub(super) conditions: fn(&Object) -> Vec<RowCondition>,
}

impl Printer {
    /// For what has no printer of its own: name and time of creation.
    pub(super) const PLAIN: Self =
        Self::new(&[Column::NAME, Column::date("Created At", CREATION)], |object, _| {
            let created = object.meta().creation_timestamp.map(|time| time.to_string());
            Some(cells![&*object.meta().name, created.unwrap_or_default()])
        });

    /// Without conditions.
    pub(super) const fn new(
        columns: &'static [Column],
        cells: fn(&Object, Timestamp) -> Option<Vec<Cell>>,
    ) -> Self {
        Self { columns, cells, conditions: |_| Vec::new() }
    }
}

const CREATION: About = About::Field("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "creationTimestamp");

/// The cells of an object kept as a spec and a status of these types; an absent status is an empty one.
pub(super) fn divided<S: Any, T: Any + Default>(
    object: &Object,
    now: Timestamp,
    cells: fn(&Meta, &S, &T, Timestamp) -> Vec<Cell>,
) -> Option<Vec<Cell>> {
    let empty = T::default();
    Some(cells(object.meta(), object.spec()?, object.status().unwrap_or(&empty), now))
}

/// The cells of an object kept as a whole of this type.
pub(super) fn undivided<K: Any>(
    object: &Object,
    now: Timestamp,
    cells: fn(&Meta, &K, Timestamp) -> Vec<Cell>,
) -> Option<Vec<Cell>> {
    Some(cells(object.meta(), object.spec()?, now))
}
