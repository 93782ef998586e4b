//! Messages that are a single word in JSON.

use jiff::Timestamp;
use serde_json::Value;

use super::wire::{Fault, Fields, Wire};

/// The numbers and texts of a small message, by field number.
fn parts(bytes: &[u8]) -> Result<[Option<Wire<'_>>; 4], Fault> {
    let mut parts = [None; 4];
    let mut fields = Fields(bytes);
    while let Some((number, wire)) = fields.next()? {
        if let Some(part) = parts.get_mut(number as usize) {
            *part = Some(wire);
        }
    }
    Ok(parts)
}

fn number(part: Option<Wire<'_>>) -> Result<i64, Fault> {
    match part {
        None => Ok(0),
        Some(Wire::Varint(value)) => Ok(value.cast_signed()),
        Some(_) => Err(Fault::new("proto: wrong wireType for a number")),
    }
}

pub(super) fn text(wire: Wire<'_>) -> Result<&str, Fault> {
    let Wire::Bytes(bytes) = wire else { return Err(Fault::new("proto: wrong wireType for a string")) };
    std::str::from_utf8(bytes).map_err(|_| Fault::new("proto: a string is not UTF-8"))
}

/// An amount, in its canonical text.
pub(super) fn quantity(bytes: &[u8]) -> Result<Value, Fault> {
    let [_, amount, ..] = parts(bytes)?;
    let amount = amount.map(text).transpose()?.unwrap_or_default();
    // Upstream reads nothing as nothing.
    Ok(Value::from(if amount.is_empty() { "0" } else { amount }))
}

/// A time; `None` for none, which is an empty message.
pub(super) fn time(bytes: &[u8], is_fine: bool) -> Result<Option<Value>, Fault> {
    let [_, seconds, nanos, _] = parts(bytes)?;
    if seconds.is_none() && nanos.is_none() {
        return Ok(None);
    }
    let (seconds, nanos) = (number(seconds)?, number(nanos)?);
    let out = || Fault::new("a time is out of range");
    let nanos = if is_fine { i32::try_from(nanos).map_err(|_| out())? / 1000 * 1000 } else { 0 };
    let time = Timestamp::new(seconds, nanos).map_err(|_| out())?;
    Ok(Some(Value::from(if is_fine { format!("{time:.6}") } else { time.to_string() })))
}

/// A length of time in nanoseconds, as Go writes it.
pub(super) fn duration(bytes: &[u8]) -> Result<Value, Fault> {
    let [_, nanos, ..] = parts(bytes)?;
    let nanos = number(nanos)?;
    let sign = if nanos < 0 { "-" } else { "" };
    Ok(Value::from(format!("{sign}{}ns", nanos.unsigned_abs())))
}

/// A number or a text, whichever the first field says.
pub(super) fn int_or_string(bytes: &[u8]) -> Result<Value, Fault> {
    let [_, kind, int, string] = parts(bytes)?;
    match number(kind)? {
        0 => Ok(Value::from(number(int)? as i32)),
        1 => Ok(Value::from(string.map(text).transpose()?.unwrap_or_default())),
        other => Err(Fault::new(format!("impossible IntOrString.Type {other}"))),
    }
}

/// The JSON that a message holds; `None` if it is empty.
pub(super) fn raw(bytes: &[u8]) -> Result<Option<Value>, Fault> {
    let [_, raw, ..] = parts(bytes)?;
    match raw {
        None | Some(Wire::Bytes([])) => Ok(None),
        Some(Wire::Bytes(json)) => {
            match crate::document::Document::parse(crate::document::Language::Json, json) {
                Ok(document) => Ok(Some(document.value)),
                Err(reason) => Err(Fault::new(reason)),
            }
        }
        Some(_) => Err(Fault::new("proto: wrong wireType for field Raw")),
    }
}
