//! Values put into a text: `'%s has %d'.format([name, count])`.

use std::fmt::Write as _;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::conversions;
use super::strings::text;

/// How deep a value may be that is written out.
const DEPTH_MAX: usize = 32;
/// How many digits after the point can be asked for.
const PRECISION_MAX: usize = 1_000;

pub(super) fn format(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let pattern = text(args, 0)?;
    let Value::List(list) = &args[1] else { return Err(Stop::no_overload()) };
    run.cost.spend_tenths(pattern.len() as u64)?;
    let mut out = String::new();
    let mut next = 0;
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push('%');
            rest = after;
            continue;
        }
        let mut precision = None;
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
            let digits = after[..end].parse().ok().filter(|digits| *digits <= PRECISION_MAX);
            precision = Some(digits.ok_or_else(|| Stop::fault("error while formatting: invalid precision"))?);
            rest = &after[end..];
        }
        let Some(clause) = rest.chars().next() else {
            return Err(Stop::fault("unexpected end of string"));
        };
        rest = &rest[clause.len_utf8()..];
        let value = list.items.get(next).ok_or_else(|| Stop::fault(format!("index {next} out of range")))?;
        next += 1;
        let before = out.len();
        write(&mut out, clause, precision, value, run)?;
        run.cost.spend_tenths((out.len() - before) as u64 + 1)?;
    }
    out.push_str(rest);
    Ok(out.into())
}

fn write(
    out: &mut String,
    clause: char,
    precision: Option<usize>,
    value: &Value,
    run: &mut Run<'_>,
) -> Result<(), Stop> {
    let unfit = |what: &str| {
        let found = value.type_of().name().to_owned();
        Stop::fault(format!("error during formatting: {what}, was given {found}"))
    };
    let digits = precision.unwrap_or(6);
    match (clause, value) {
        ('s', value) => plain(out, value, run, 0)?,
        ('d', Value::Int(number)) => _ = write!(out, "{number}"),
        ('d', Value::Uint(number)) => _ = write!(out, "{number}"),
        ('d', _) => return Err(unfit("decimal clause can only be used on integers")),
        ('f', value) => {
            let number =
                float(value).ok_or_else(|| unfit("fixed-point clause can only be used on doubles"))?;
            _ = write!(out, "{number:.digits$}");
        }
        ('e', value) => {
            let number =
                float(value).ok_or_else(|| unfit("scientific clause can only be used on doubles"))?;
            let written = format!("{number:.digits$e}");
            let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
            let power: i32 = exponent.parse().unwrap_or(0);
            _ = write!(out, "{mantissa}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs());
        }
        ('b', Value::Bool(flag)) => out.push(if *flag { '1' } else { '0' }),
        ('b', Value::Uint(number)) => _ = write!(out, "{number:b}"),
        ('o', Value::Uint(number)) => _ = write!(out, "{number:o}"),
        ('x', Value::Uint(number)) => _ = write!(out, "{number:x}"),
        ('X', Value::Uint(number)) => _ = write!(out, "{number:X}"),
        ('b' | 'o' | 'x' | 'X', Value::Int(number)) => {
            let (sign, size) = (if *number < 0 { "-" } else { "" }, number.unsigned_abs());
            _ = match clause {
                'b' => write!(out, "{sign}{size:b}"),
                'o' => write!(out, "{sign}{size:o}"),
                'x' => write!(out, "{sign}{size:x}"),
                _ => write!(out, "{sign}{size:X}"),
            };
        }
        ('x' | 'X', Value::String(_) | Value::Bytes(_)) => {
            let bytes = match value {
                Value::String(text) => text.as_bytes(),
                Value::Bytes(bytes) => bytes,
                _ => &[],
            };
            run.cost.spend_tenths(2 * bytes.len() as u64)?;
            for byte in bytes {
                _ = if clause == 'x' { write!(out, "{byte:02x}") } else { write!(out, "{byte:02X}") };
            }
        }
        ('b' | 'o' | 'x' | 'X', _) => return Err(unfit("only integers can be formatted so")),
        (other, _) => {
            return Err(Stop::fault(format!(
                "could not parse formatting clause: unrecognized formatting clause \"{other}\""
            )));
        }
    }
    Ok(())
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Double(number) => Some(*number),
        Value::Int(number) => Some(*number as f64),
        Value::Uint(number) => Some(*number as f64),
        _ => None,
    }
}

/// A value as `%s` writes it.
fn plain(out: &mut String, value: &Value, run: &mut Run<'_>, depth: usize) -> Result<(), Stop> {
    run.cost.spend_tenths(1)?;
    if depth > DEPTH_MAX {
        return Err(Stop::fault("value is too deep to be formatted"));
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::String(text) => {
            run.cost.spend_tenths(text.len() as u64)?;
            out.push_str(text);
        }
        Value::Bytes(bytes) => {
            run.cost.spend_tenths(bytes.len() as u64)?;
            out.push_str(&String::from_utf8_lossy(bytes));
        }
        Value::Bool(flag) => _ = write!(out, "{flag}"),
        Value::Int(number) => _ = write!(out, "{number}"),
        Value::Uint(number) => _ = write!(out, "{number}"),
        Value::Double(number) => out.push_str(&conversions::float(*number)),
        Value::Duration(nanos) => _ = write!(out, "{}s", *nanos as f64 / 1e9),
        Value::Timestamp(at) => _ = write!(out, "{at}"),
        Value::Type(found) => out.push_str(found.name()),
        Value::List(list) => {
            out.push('[');
            for (at, item) in list.items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                plain(out, item, run, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                out.push_str(&key.shown());
                out.push_str(": ");
                plain(out, value, run, depth + 1)?;
            }
            out.push('}');
        }
        _ => {
            return Err(Stop::fault(format!(
                "error during formatting: string clause can only be used on strings, bools, bytes, ints, doubles, maps, \
                 lists, types, durations, and timestamps, was given {}",
                value.type_of().name()
            )));
        }
    }
    Ok(())
}
