//! Arithmetic, comparisons, membership.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::super::compare;
use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::{Key, Value};
use super::signature::{Overload, Param as P, global};

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("_==_", global(&[P::A, P::A], P::Bool, |run, args| Ok(run.equal(&args[0], &args[1])?.into()))),
    ("_!=_", global(&[P::A, P::A], P::Bool, |run, args| Ok((!run.equal(&args[0], &args[1])?).into()))),
    (
        "!_",
        global(&[P::Bool], P::Bool, |_, args| match args {
            [Value::Bool(flag)] => Ok((!flag).into()),
            _ => Err(Stop::no_overload()),
        }),
    ),
    ("-_", global(&[P::Int], P::Int, negate)),
    ("-_", global(&[P::Double], P::Double, negate)),
    ("_+_", global(&[P::Int, P::Int], P::Int, add)),
    ("_+_", global(&[P::Uint, P::Uint], P::Uint, add)),
    ("_+_", global(&[P::Double, P::Double], P::Double, add)),
    ("_+_", global(&[P::String, P::String], P::String, add)),
    ("_+_", global(&[P::Bytes, P::Bytes], P::Bytes, add)),
    ("_+_", global(&[P::Duration, P::Duration], P::Duration, add)),
    ("_+_", global(&[P::Timestamp, P::Duration], P::Timestamp, add)),
    ("_+_", global(&[P::Duration, P::Timestamp], P::Timestamp, add)),
    ("_+_", global(&[P::List(&P::A), P::List(&P::A)], P::List(&P::A), add)),
    ("_-_", global(&[P::Int, P::Int], P::Int, subtract)),
    ("_-_", global(&[P::Uint, P::Uint], P::Uint, subtract)),
    ("_-_", global(&[P::Double, P::Double], P::Double, subtract)),
    ("_-_", global(&[P::Duration, P::Duration], P::Duration, subtract)),
    ("_-_", global(&[P::Timestamp, P::Duration], P::Timestamp, subtract)),
    ("_-_", global(&[P::Timestamp, P::Timestamp], P::Duration, subtract)),
    ("_*_", global(&[P::Int, P::Int], P::Int, multiply)),
    ("_*_", global(&[P::Uint, P::Uint], P::Uint, multiply)),
    ("_*_", global(&[P::Double, P::Double], P::Double, multiply)),
    ("_/_", global(&[P::Int, P::Int], P::Int, divide)),
    ("_/_", global(&[P::Uint, P::Uint], P::Uint, divide)),
    ("_/_", global(&[P::Double, P::Double], P::Double, divide)),
    ("_%_", global(&[P::Int, P::Int], P::Int, remainder)),
    ("_%_", global(&[P::Uint, P::Uint], P::Uint, remainder)),
    ("@in", global(&[P::A, P::List(&P::A)], P::Bool, within)),
    ("@in", global(&[P::A, P::Map(&P::A, &P::B)], P::Bool, within)),
];

/// Types of which it can be said what comes first, with numbers among themselves.
static ORDERED: [[P; 2]; 14] = [
    [P::Bool, P::Bool],
    [P::Int, P::Int],
    [P::Int, P::Double],
    [P::Int, P::Uint],
    [P::Uint, P::Uint],
    [P::Uint, P::Double],
    [P::Uint, P::Int],
    [P::Double, P::Double],
    [P::Double, P::Int],
    [P::Double, P::Uint],
    [P::String, P::String],
    [P::Bytes, P::Bytes],
    [P::Timestamp, P::Timestamp],
    [P::Duration, P::Duration],
];

/// What is before what.
pub(super) fn orders() -> impl Iterator<Item = (&'static str, Overload)> {
    let operators: [(&'static str, super::signature::Act); 4] = [
        ("_<_", |run, args| ordered(run, args, Ordering::is_lt)),
        ("_<=_", |run, args| ordered(run, args, Ordering::is_le)),
        ("_>_", |run, args| ordered(run, args, Ordering::is_gt)),
        ("_>=_", |run, args| ordered(run, args, Ordering::is_ge)),
    ];
    operators
        .into_iter()
        .flat_map(|(name, act)| ORDERED.iter().map(move |params| (name, global(params, P::Bool, act))))
}

fn ordered(run: &mut Run<'_>, args: &[Value], holds: fn(Ordering) -> bool) -> Result<Value, Stop> {
    run.cost.spend_tenths(args[0].size().min(args[1].size()))?;
    let is_number = |value: &Value| matches!(value, Value::Double(_) | Value::Int(_) | Value::Uint(_));
    match compare::order(&args[0], &args[1]) {
        Some(order) => Ok(holds(order).into()),
        // What is not a number comes neither before nor after one.
        None if is_number(&args[0]) && is_number(&args[1]) => Ok(false.into()),
        None => Err(Stop::no_overload()),
    }
}

fn negate(_: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match &args[0] {
        Value::Int(number) => number.checked_neg().map(Value::Int).ok_or_else(overflow),
        Value::Double(number) => Ok(Value::Double(-number)),
        _ => Err(Stop::no_overload()),
    }
}

fn overflow() -> Stop {
    Stop::fault("integer overflow")
}

fn unsigned_overflow() -> Stop {
    Stop::fault("unsigned integer overflow")
}

fn duration_overflow() -> Stop {
    Stop::fault("duration overflow")
}

/// A moment within the years 1 to 9999.
pub(super) fn moment(at: Option<Timestamp>) -> Result<Value, Stop> {
    let is_in_range = |at: &Timestamp| (-62_135_596_800..=253_402_300_799).contains(&at.as_second());
    at.filter(is_in_range).map(Value::Timestamp).ok_or_else(|| Stop::fault("timestamp overflow"))
}

fn add(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match (&args[0], &args[1]) {
        (Value::Int(one), Value::Int(two)) => one.checked_add(*two).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(one), Value::Uint(two)) => {
            one.checked_add(*two).map(Value::Uint).ok_or_else(unsigned_overflow)
        }
        (Value::Double(one), Value::Double(two)) => Ok(Value::Double(one + two)),
        (Value::String(one), Value::String(two)) => {
            run.cost.spend_tenths((one.len() + two.len()) as u64)?;
            Ok(Value::String([&**one, &**two].concat().into()))
        }
        (Value::Bytes(one), Value::Bytes(two)) => {
            run.cost.spend_tenths((one.len() + two.len()) as u64)?;
            Ok(Value::Bytes([&**one, &**two].concat().into()))
        }
        (Value::List(one), Value::List(two)) => {
            compare::concatenated(one, two, &mut run.cost).map(Value::List)
        }
        (Value::Duration(one), Value::Duration(two)) => {
            one.checked_add(*two).map(Value::Duration).ok_or_else(duration_overflow)
        }
        (Value::Timestamp(at), Value::Duration(nanos)) | (Value::Duration(nanos), Value::Timestamp(at)) => {
            moment(at.checked_add(SignedDuration::from_nanos(*nanos)).ok())
        }
        _ => Err(Stop::no_overload()),
    }
}

fn subtract(_: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match (&args[0], &args[1]) {
        (Value::Int(one), Value::Int(two)) => one.checked_sub(*two).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(one), Value::Uint(two)) => {
            one.checked_sub(*two).map(Value::Uint).ok_or_else(unsigned_overflow)
        }
        (Value::Double(one), Value::Double(two)) => Ok(Value::Double(one - two)),
        (Value::Duration(one), Value::Duration(two)) => {
            one.checked_sub(*two).map(Value::Duration).ok_or_else(duration_overflow)
        }
        (Value::Timestamp(at), Value::Duration(nanos)) => {
            moment(at.checked_sub(SignedDuration::from_nanos(*nanos)).ok())
        }
        (Value::Timestamp(one), Value::Timestamp(two)) => {
            let nanos = one.duration_since(*two).as_nanos();
            i64::try_from(nanos).map(Value::Duration).map_err(|_| duration_overflow())
        }
        _ => Err(Stop::no_overload()),
    }
}

fn multiply(_: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match (&args[0], &args[1]) {
        (Value::Int(one), Value::Int(two)) => one.checked_mul(*two).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(one), Value::Uint(two)) => {
            one.checked_mul(*two).map(Value::Uint).ok_or_else(unsigned_overflow)
        }
        (Value::Double(one), Value::Double(two)) => Ok(Value::Double(one * two)),
        _ => Err(Stop::no_overload()),
    }
}

fn divide(_: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match (&args[0], &args[1]) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(Stop::fault("division by zero"))
        }
        (Value::Int(one), Value::Int(two)) => one.checked_div(*two).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(one), Value::Uint(two)) => Ok(Value::Uint(one / two)),
        (Value::Double(one), Value::Double(two)) => Ok(Value::Double(one / two)),
        _ => Err(Stop::no_overload()),
    }
}

fn remainder(_: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match (&args[0], &args[1]) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            Err(Stop::fault("modulus by zero"))
        }
        (Value::Int(one), Value::Int(two)) => one.checked_rem(*two).map(Value::Int).ok_or_else(overflow),
        (Value::Uint(one), Value::Uint(two)) => Ok(Value::Uint(one % two)),
        _ => Err(Stop::no_overload()),
    }
}

fn within(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    match &args[1] {
        Value::List(list) => Ok(compare::contains(&list.items, &args[0], &mut run.cost)?.into()),
        Value::Map(map) => Ok(Key::of(&args[0]).is_some_and(|key| map.contains_key(&key)).into()),
        Value::Object(object) => match &args[0] {
            Value::String(name) => Ok(object.fields.contains_key(name).into()),
            _ => Ok(false.into()),
        },
        _ => Err(Stop::no_overload()),
    }
}
