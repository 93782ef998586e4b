//! Texts. Places in them are counted in characters.

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};
use super::text_format;

const SS: &[P] = &[P::String, P::String];

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("charAt", member(&[P::String, P::Int], P::String, char_at)),
    ("contains", member(SS, P::Bool, |run, args| search(run, args, |text, part| text.contains(part)))),
    ("endsWith", member(SS, P::Bool, |run, args| search(run, args, |text, part| text.ends_with(part)))),
    ("format", member(&[P::String, P::List(&P::Dyn)], P::String, text_format::format)),
    ("indexOf", member(SS, P::Int, index_of)),
    ("indexOf", member(&[P::String, P::String, P::Int], P::Int, index_of)),
    ("join", member(&[P::List(&P::String)], P::String, join)),
    ("join", member(&[P::List(&P::String), P::String], P::String, join)),
    ("lastIndexOf", member(SS, P::Int, last_index_of)),
    ("lastIndexOf", member(&[P::String, P::String, P::Int], P::Int, last_index_of)),
    ("lowerAscii", member(&[P::String], P::String, |run, args| change(run, args, str::to_ascii_lowercase))),
    ("replace", member(&[P::String, P::String, P::String], P::String, replace)),
    ("replace", member(&[P::String, P::String, P::String, P::Int], P::String, replace)),
    ("size", global(&[P::String], P::Int, size)),
    ("size", member(&[P::String], P::Int, size)),
    ("size", global(&[P::Bytes], P::Int, size)),
    ("size", member(&[P::Bytes], P::Int, size)),
    ("size", global(&[P::List(&P::A)], P::Int, size)),
    ("size", member(&[P::List(&P::A)], P::Int, size)),
    ("size", global(&[P::Map(&P::A, &P::B)], P::Int, size)),
    ("size", member(&[P::Map(&P::A, &P::B)], P::Int, size)),
    ("split", member(SS, P::List(&P::String), split)),
    ("split", member(&[P::String, P::String, P::Int], P::List(&P::String), split)),
    ("startsWith", member(SS, P::Bool, |run, args| search(run, args, |text, part| text.starts_with(part)))),
    ("strings.quote", global(&[P::String], P::String, quote)),
    ("substring", member(&[P::String, P::Int], P::String, substring)),
    ("substring", member(&[P::String, P::Int, P::Int], P::String, substring)),
    ("trim", member(&[P::String], P::String, |run, args| change(run, args, |text| text.trim().to_owned()))),
    ("upperAscii", member(&[P::String], P::String, |run, args| change(run, args, str::to_ascii_uppercase))),
];

/// The text of an argument.
pub(super) fn text(args: &[Value], at: usize) -> Result<&str, Stop> {
    match args.get(at) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(Stop::no_overload()),
    }
}

/// The number of an argument.
pub(super) fn number(args: &[Value], at: usize) -> Result<i64, Stop> {
    match args.get(at) {
        Some(Value::Int(number)) => Ok(*number),
        _ => Err(Stop::no_overload()),
    }
}

fn out_of_range(at: i64) -> Stop {
    Stop::fault(format!("index out of range: {at}"))
}

/// Where a character begins, in bytes; at the end, one past the last.
fn offset(text: &str, at: i64) -> Option<usize> {
    let at = usize::try_from(at).ok()?;
    if text.is_ascii() {
        return (at <= text.len()).then_some(at);
    }
    text.char_indices().map(|(offset, _)| offset).chain([text.len()]).nth(at)
}

fn search(run: &mut Run<'_>, args: &[Value], holds: fn(&str, &str) -> bool) -> Result<Value, Stop> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    run.cost.spend_tenths((whole.len() + part.len()) as u64)?;
    Ok(holds(whole, part).into())
}

fn change(run: &mut Run<'_>, args: &[Value], changed: fn(&str) -> String) -> Result<Value, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(text.len() as u64)?;
    Ok(changed(text).into())
}

fn size(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let size = match &args[0] {
        Value::String(text) => {
            run.cost.spend_tenths(text.len() as u64)?;
            text.chars().count() as u64
        }
        other => other.size(),
    };
    Ok(Value::Int(size as i64))
}

fn char_at(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (text, at) = (text(args, 0)?, number(args, 1)?);
    run.cost.spend_tenths(text.len() as u64)?;
    let offset = offset(text, at).ok_or_else(|| out_of_range(at))?;
    let character = text[offset..].chars().next();
    Ok(character.map(String::from).unwrap_or_default().into())
}

fn index_of(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    run.cost.spend_tenths((whole.len() + part.len()) as u64)?;
    let from = if args.len() > 2 { number(args, 2)? } else { 0 };
    if part.is_empty() && args.len() == 2 {
        return Ok(Value::Int(0));
    }
    let start = offset(whole, from).ok_or_else(|| out_of_range(from))?;
    let found = whole[start..].find(part).map(|at| whole[..start + at].chars().count() as i64);
    Ok(Value::Int(found.unwrap_or(-1)))
}

fn last_index_of(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    run.cost.spend_tenths((whole.len() + part.len()) as u64)?;
    let mut end = whole.len();
    if args.len() > 2 {
        let last = number(args, 2)?;
        let start = offset(whole, last).ok_or_else(|| out_of_range(last))?;
        end = whole.floor_char_boundary((start + part.len()).min(whole.len()));
    }
    let found = whole[..end].rfind(part).map(|at| whole[..at].chars().count() as i64);
    Ok(Value::Int(found.unwrap_or(-1)))
}

fn join(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let Value::List(list) = &args[0] else { return Err(Stop::no_overload()) };
    let separator = if args.len() > 1 { text(args, 1)? } else { "" };
    let mut joined = String::new();
    for (at, item) in list.items.iter().enumerate() {
        let Value::String(item) = item else { return Err(Stop::no_overload()) };
        run.cost.spend_tenths(2 * (item.len() + separator.len()) as u64 + 1)?;
        if at > 0 {
            joined.push_str(separator);
        }
        joined.push_str(item);
    }
    Ok(joined.into())
}

fn replace(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (whole, part, with) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    let times = if args.len() > 3 { number(args, 3)? } else { -1 };
    run.cost.spend_tenths(2 * whole.len() as u64 + part.len() as u64)?;
    let most = usize::try_from(times).unwrap_or(usize::MAX);
    // What comes out can be much longer than what goes in.
    let found = whole.matches(part).take(most).count() as u64;
    run.cost.spend_tenths(found.saturating_mul(with.len() as u64))?;
    Ok(whole.replacen(part, with, most).into())
}

fn split(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (whole, separator) = (text(args, 0)?, text(args, 1)?);
    let most = if args.len() > 2 { number(args, 2)? } else { -1 };
    run.cost.spend_tenths(2 * whole.len() as u64 + separator.len() as u64)?;
    let parts: Vec<&str> = match (most, separator) {
        (0, _) => Vec::new(),
        (most, "") => characters(whole, usize::try_from(most).unwrap_or(usize::MAX)),
        (most, separator) => whole.splitn(usize::try_from(most).unwrap_or(usize::MAX), separator).collect(),
    };
    run.cost.spend(parts.len() as u64)?;
    Ok(parts.into_iter().map(Value::from).collect::<Vec<_>>().into())
}

/// Single characters; the last part is all that is left.
fn characters(whole: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = whole;
    while let Some(first) = rest.chars().next() {
        if parts.len() + 1 >= most {
            break;
        }
        let (character, after) = rest.split_at(first.len_utf8());
        parts.push(character);
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

fn quote(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(2 * text.len() as u64)?;
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    Ok(quoted.into())
}

fn substring(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (text, from) = (text(args, 0)?, number(args, 1)?);
    run.cost.spend_tenths(text.len() as u64)?;
    let start = offset(text, from).ok_or_else(|| out_of_range(from))?;
    let mut end = text.len();
    if args.len() > 2 {
        let to = number(args, 2)?;
        end = offset(text, to).ok_or_else(|| out_of_range(to))?;
        if from > to {
            return Err(Stop::fault(format!("invalid substring range. start: {from}, end: {to}")));
        }
    }
    Ok(text[start..end].into())
}
