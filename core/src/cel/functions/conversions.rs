//! From one type to another.

use std::sync::Arc;

use jiff::Timestamp;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::Opaque;
use super::super::value::Value;
use super::operators::moment;
use super::signature::{Act, Overload, Param as P, global};
use crate::custom::go_duration;

const INT: Act = |_, args| to_int(&args[0]);
const UINT: Act = |_, args| to_uint(&args[0]);
const DOUBLE: Act = |_, args| to_double(&args[0]);
const STRING: Act = |run, args| to_string(run, &args[0]);
const TIMESTAMP: Act = |_, args| to_timestamp(&args[0]);
const DURATION: Act = |_, args| to_duration(&args[0]);
const SAME: Act = |_, args| Ok(args[0].clone());

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("bool", global(&[P::Bool], P::Bool, SAME)),
    ("bool", global(&[P::String], P::Bool, |_, args| to_bool(&args[0]))),
    ("bytes", global(&[P::Bytes], P::Bytes, SAME)),
    ("bytes", global(&[P::String], P::Bytes, to_bytes)),
    ("double", global(&[P::Double], P::Double, SAME)),
    ("double", global(&[P::Int], P::Double, DOUBLE)),
    ("double", global(&[P::Uint], P::Double, DOUBLE)),
    ("double", global(&[P::String], P::Double, DOUBLE)),
    ("duration", global(&[P::Duration], P::Duration, SAME)),
    ("duration", global(&[P::String], P::Duration, DURATION)),
    ("dyn", global(&[P::A], P::Dyn, SAME)),
    ("int", global(&[P::Int], P::Int, SAME)),
    ("int", global(&[P::Uint], P::Int, INT)),
    ("int", global(&[P::Double], P::Int, INT)),
    ("int", global(&[P::String], P::Int, INT)),
    ("int", global(&[P::Timestamp], P::Int, INT)),
    ("int", global(&[P::Duration], P::Int, INT)),
    ("string", global(&[P::String], P::String, SAME)),
    ("string", global(&[P::Bool], P::String, STRING)),
    ("string", global(&[P::Bytes], P::String, STRING)),
    ("string", global(&[P::Double], P::String, STRING)),
    ("string", global(&[P::Duration], P::String, STRING)),
    ("string", global(&[P::Int], P::String, STRING)),
    ("string", global(&[P::Timestamp], P::String, STRING)),
    ("string", global(&[P::Uint], P::String, STRING)),
    ("string", global(&[P::Opaque(Opaque::Cidr)], P::String, STRING)),
    ("string", global(&[P::Opaque(Opaque::Ip)], P::String, STRING)),
    ("timestamp", global(&[P::Timestamp], P::Timestamp, SAME)),
    ("timestamp", global(&[P::Int], P::Timestamp, TIMESTAMP)),
    ("timestamp", global(&[P::String], P::Timestamp, TIMESTAMP)),
    ("type", global(&[P::A], P::TypeOf(&P::A), |_, args| Ok(Value::Type(Arc::new(args[0].type_of()))))),
    ("uint", global(&[P::Uint], P::Uint, SAME)),
    ("uint", global(&[P::Int], P::Uint, UINT)),
    ("uint", global(&[P::Double], P::Uint, UINT)),
    ("uint", global(&[P::String], P::Uint, UINT)),
];

fn unconvertible(value: &Value, to: &str) -> Stop {
    Stop::fault(format!("type conversion error from '{}' to '{to}'", value.type_of().name()))
}

fn to_bool(value: &Value) -> Result<Value, Stop> {
    let Value::String(text) = value else { return Err(Stop::no_overload()) };
    match &**text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true.into()),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false.into()),
        _ => Err(unconvertible(value, "bool")),
    }
}

fn to_bytes(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let Value::String(text) = &args[0] else { return Err(Stop::no_overload()) };
    run.cost.spend_tenths(text.len() as u64)?;
    Ok(Value::Bytes(text.as_bytes().into()))
}

fn to_double(value: &Value) -> Result<Value, Stop> {
    match value {
        Value::Int(number) => Ok(Value::Double(*number as f64)),
        Value::Uint(number) => Ok(Value::Double(*number as f64)),
        Value::String(text) => text.parse().map(Value::Double).map_err(|_| unconvertible(value, "double")),
        _ => Err(Stop::no_overload()),
    }
}

fn to_int(value: &Value) -> Result<Value, Stop> {
    let overflow = || Stop::fault("integer overflow");
    match value {
        Value::Uint(number) => i64::try_from(*number).map(Value::Int).map_err(|_| overflow()),
        Value::Double(number) => {
            let is_in_range = *number > i64::MIN as f64 && *number < i64::MAX as f64;
            if is_in_range { Ok(Value::Int(*number as i64)) } else { Err(overflow()) }
        }
        Value::String(text) => {
            let digits = text.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(text);
            digits.parse().map(Value::Int).map_err(|_| unconvertible(value, "int"))
        }
        Value::Timestamp(at) => Ok(Value::Int(at.as_second())),
        Value::Duration(nanos) => Ok(Value::Int(*nanos)),
        _ => Err(Stop::no_overload()),
    }
}

fn to_uint(value: &Value) -> Result<Value, Stop> {
    let overflow = || Stop::fault("unsigned integer overflow");
    match value {
        Value::Int(number) => u64::try_from(*number).map(Value::Uint).map_err(|_| overflow()),
        Value::Double(number) => {
            let is_in_range = *number >= 0.0 && *number < u64::MAX as f64;
            if is_in_range { Ok(Value::Uint(*number as u64)) } else { Err(overflow()) }
        }
        Value::String(text) => text.parse().map(Value::Uint).map_err(|_| unconvertible(value, "uint")),
        _ => Err(Stop::no_overload()),
    }
}

fn to_timestamp(value: &Value) -> Result<Value, Stop> {
    match value {
        Value::Int(seconds) => moment(Timestamp::from_second(*seconds).ok()),
        Value::String(text) => match text.parse() {
            Ok(at) => moment(Some(at)),
            Err(_) => Err(unconvertible(value, "google.protobuf.Timestamp")),
        },
        _ => Err(Stop::no_overload()),
    }
}

fn to_duration(value: &Value) -> Result<Value, Stop> {
    let Value::String(text) = value else { return Err(Stop::no_overload()) };
    go_duration(text).map(Value::Duration).ok_or_else(|| unconvertible(value, "google.protobuf.Duration"))
}

fn to_string(run: &mut Run<'_>, value: &Value) -> Result<Value, Stop> {
    run.cost.spend_tenths(value.size())?;
    Ok(match value {
        Value::Bool(flag) => flag.to_string().into(),
        Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => return Err(Stop::fault("invalid UTF-8 in bytes, cannot convert to string")),
        },
        Value::Double(number) => float(*number).into(),
        Value::Duration(nanos) => format!("{}s", *nanos as f64 / 1e9).into(),
        Value::Int(number) => number.to_string().into(),
        Value::Timestamp(at) => at.to_string().into(),
        Value::Uint(number) => number.to_string().into(),
        Value::Cidr(cidr) => format!("{}/{}", cidr.address, cidr.bits).into(),
        Value::Ip(address) => address.to_string().into(),
        _ => return Err(Stop::no_overload()),
    })
}

/// A number as Go writes it: with an exponent if it is large or small.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let power: i32 = exponent.parse().unwrap_or(0);
    if !(-4..21).contains(&power) {
        let sign = if power < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", power.abs());
    }
    number.to_string()
}
