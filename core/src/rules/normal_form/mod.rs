//! The form of API values in which equal means the same (STORE-13, DEP-05).
//!
//! Upstream compares what it decoded into Go structures: a missing list is an empty one, a missing `false`
//! is `false`, quantities compare by value, times by the second. [`NormalForm::normalize`] brings a value
//! into the one spelling of what it means, so that the derived `PartialEq` says the same: what the wire
//! leaves out is absent, what the wire always shows is there, quantities are canonical, times are whole
//! seconds (microseconds where the wire has them). Fields that 1.36 does not know are removed, as its
//! decoder would.
//!
//! What is left is the suffix: `1Ki` and `1024` are two canonical spellings of one quantity. [`same`] sees
//! through that too.
//!
//! It does not fill in defaults that depend on other fields; the kinds' modules do.

/// One line per field that has more than one spelling; the word says which (see the functions here).
macro_rules! normal_forms {
    ($($module:ident::$kind:ident { $($spelling:ident: $($field:ident),+;)* })*) => {$(
        impl NormalForm for $module::$kind {
            fn normalize(&mut self, spelling: Spelling) {
                $($($spelling(&mut self.$field, spelling);)+)*
            }
        }
    )*};
}

mod autoscaling;
mod containers;
mod kinds;
mod networks;
mod pod;
mod storage;
mod volumes;

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

use crate::quantity::{self, Format, Quantity};

/// How quantities are to be spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As upstream answers: canonical, with the suffix of the sort it was written with.
    Canonical,
    /// Without regard to the suffix it was written with, for comparison only.
    ByValue,
}

/// An API type that has several spellings of the same meaning.
pub trait NormalForm {
    /// Replaces every part by its one spelling. Doing so twice changes nothing more.
    fn normalize(&mut self, spelling: Spelling);
}

/// Whether two normalized values mean the same, quantities compared by value.
pub fn same<T: NormalForm + PartialEq + Clone>(one: &T, other: &T) -> bool {
    if one == other {
        return true;
    }
    let (mut one, mut other) = (one.clone(), other.clone());
    one.normalize(Spelling::ByValue);
    other.normalize(Spelling::ByValue);
    one == other
}

/// The wire leaves the zero value out.
fn zero<T: Default + PartialEq>(field: &mut Option<T>, _: Spelling) {
    if field.as_ref().is_some_and(|value| *value == T::default()) {
        *field = None;
    }
}

/// No field of 1.36.
fn unknown<T>(field: &mut Option<T>, _: Spelling) {
    *field = None;
}

/// The wire always shows it, and there is nothing to normalize in it.
fn filled<T: Default>(field: &mut Option<T>, _: Spelling) {
    field.get_or_insert_default();
}

/// The wire always shows it.
fn present<T: NormalForm + Default>(field: &mut Option<T>, spelling: Spelling) {
    field.get_or_insert_default().normalize(spelling);
}

/// Absent and empty differ.
fn within<T: NormalForm>(field: &mut Option<T>, spelling: Spelling) {
    if let Some(value) = field {
        value.normalize(spelling);
    }
}

fn own<T: NormalForm>(field: &mut T, spelling: Spelling) {
    field.normalize(spelling);
}

/// A list whose items have spellings; the wire leaves the empty one out.
fn each<T: NormalForm>(field: &mut Option<Vec<T>>, spelling: Spelling) {
    if field.as_ref().is_some_and(Vec::is_empty) {
        *field = None;
    }
    for item in field.iter_mut().flatten() {
        item.normalize(spelling);
    }
}

fn list<T: NormalForm>(field: &mut Vec<T>, spelling: Spelling) {
    for item in field {
        item.normalize(spelling);
    }
}

/// One quantity. Text that is no quantity stays, for validation to find.
fn amount(field: &mut Option<Text>, spelling: Spelling) {
    let Some(text) = field else { return };
    if spelling == Spelling::ByValue {
        by_value(text);
    } else if let Ok(normal) = quantity::normalize(&text.0)
        && normal != text.0
    {
        text.0 = normal.into_owned();
    }
}

/// Quantities by resource, which are never finer than a thousandth.
fn amounts(field: &mut Option<BTreeMap<String, Text>>, spelling: Spelling) {
    zero(field, spelling);
    for text in field.iter_mut().flat_map(BTreeMap::values_mut) {
        if spelling == Spelling::ByValue {
            by_value(text);
        } else if let Ok(quantity) = Quantity::try_from(&*text) {
            let canonical = quantity.round_up_to_milli().to_string();
            if canonical != text.0 {
                text.0 = canonical;
            }
        }
    }
}

fn by_value(text: &mut Text) {
    if let Ok(quantity) = Quantity::try_from(&*text) {
        *text = Quantity::from_milli(quantity.milli_value(), Format::DecimalSi).into();
    }
}

fn time(field: &mut Option<Time>, spelling: Spelling) {
    if let Some(time) = field {
        instant(time, spelling);
    }
}

fn instant(field: &mut Time, _: Spelling) {
    field.0 = whole_seconds(field.0);
}

fn micro_time(field: &mut Option<MicroTime>, _: Spelling) {
    if let Some(time) = field {
        let micros = time.0.as_microsecond();
        time.0 = Timestamp::from_microsecond(micros).unwrap_or(time.0);
    }
}

/// A time as most fields keep it.
pub(crate) fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests;
