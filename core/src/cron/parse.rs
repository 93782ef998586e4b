use std::str::FromStr;

use super::schedule::{Field, Fields, Rule, Schedule};
use super::{duration, zone};

/// What is wrong with a schedule, in upstream's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(String);

/// The values a field can have.
struct Bounds {
    min: u32,
    max: u32,
    /// What can be written for values, in lower case.
    names: &'static [(&'static str, u32)],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &[
        ("jan", 1),
        ("feb", 2),
        ("mar", 3),
        ("apr", 4),
        ("may", 5),
        ("jun", 6),
        ("jul", 7),
        ("aug", 8),
        ("sep", 9),
        ("oct", 10),
        ("nov", 11),
        ("dec", 12),
    ],
};
const WEEKDAYS: Bounds = Bounds {
    min: 0,
    max: 6,
    names: &[("sun", 0), ("mon", 1), ("tue", 2), ("wed", 3), ("thu", 4), ("fri", 5), ("sat", 6)],
};

impl FromStr for Schedule {
    type Err = ParseError;

    /// Reads five fields or a descriptor, either with a time zone before it: `TZ=Asia/Tokyo 0 6 * * *`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).map_err(ParseError)
    }
}

fn parse(text: &str) -> Result<Schedule, String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let prefixed = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ="));
    let (zone, text) = match prefixed {
        None => (None, text),
        Some(prefixed) => {
            // Upstream's parser looks for the blank that is not there, and reports how it failed.
            let why = "invalid schedule format: runtime error: slice bounds out of range [:-1]";
            let (name, rest) = prefixed.split_once(' ').ok_or(why)?;
            let zone =
                zone::time_zone(name).map_err(|error| format!("provided bad location {name}: {error}"))?;
            (Some(zone), rest.trim())
        }
    };
    let rule = if text.starts_with('@') { descriptor(text)? } else { Rule::Fields(fields(text)?) };
    Ok(Schedule { zone, rule })
}

fn fields(text: &str) -> Result<Fields, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = parts[..] else {
        return Err(format!("expected exactly 5 fields, found {}: [{}]", parts.len(), parts.join(" ")));
    };
    Ok(Fields {
        minute: field(minute, &MINUTES)?,
        hour: field(hour, &HOURS)?,
        day: field(day, &DAYS)?,
        month: field(month, &MONTHS)?,
        weekday: field(weekday, &WEEKDAYS)?,
    })
}

fn field(text: &str, bounds: &Bounds) -> Result<Field, String> {
    let mut field = Field::default();
    for range in text.split(',').filter(|range| !range.is_empty()) {
        let one = range_of(range, bounds)?;
        field.values |= one.values;
        field.is_any |= one.is_any;
    }
    Ok(field)
}

/// `*`, `?`, `n`, `n-m`, each with `/step` behind it if there is one; `n/step` goes on to the highest value.
fn range_of(text: &str, bounds: &Bounds) -> Result<Field, String> {
    let mut by_slash = text.split('/');
    let (range, step, more) = (by_slash.next().unwrap_or_default(), by_slash.next(), by_slash.next());
    let mut by_hyphen = range.split('-');
    let (low, high) = (by_hyphen.next().unwrap_or_default(), by_hyphen.next());
    let mut is_any = matches!(low, "*" | "?");
    let (start, mut end) = if is_any {
        (bounds.min, bounds.max)
    } else {
        let start = value(low, bounds)?;
        match high {
            None => (start, start),
            Some(_) if by_hyphen.next().is_some() => return Err(format!("too many hyphens: {text}")),
            Some(high) => (start, value(high, bounds)?),
        }
    };
    if more.is_some() {
        return Err(format!("too many slashes: {text}"));
    }
    let step = match step {
        None => 1,
        Some(step) => {
            let step = number(step)?;
            if high.is_none() {
                end = bounds.max;
            }
            is_any &= step <= 1;
            step
        }
    };
    let Bounds { min, max, .. } = *bounds;
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    let step = usize::try_from(step).unwrap_or(usize::MAX);
    let values = (start..=end).step_by(step).fold(0, |values, value| values | 1 << value);
    Ok(Field { values, is_any })
}

fn value(text: &str, bounds: &Bounds) -> Result<u32, String> {
    let lower = text.to_lowercase();
    match bounds.names.iter().find(|(name, _)| *name == lower) {
        Some((_, value)) => Ok(*value),
        None => number(text),
    }
}

/// A number as Go reads it; one too large for any bounds is as large as can be.
fn number(text: &str) -> Result<u32, String> {
    let failed =
        |why: &str| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: {why}");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(failed("invalid syntax"));
    }
    let number: i64 = text.parse().map_err(|_| failed("value out of range"))?;
    if number < 0 {
        return Err(format!("negative number ({number}) not allowed: {text}"));
    }
    Ok(u32::try_from(number).unwrap_or(u32::MAX))
}

fn descriptor(text: &str) -> Result<Rule, String> {
    let fields_text = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let Some(every) = text.strip_prefix("@every ") else {
                return Err(format!("unrecognized descriptor: {text}"));
            };
            let nanos =
                duration::parse(every).map_err(|why| format!("failed to parse duration {text}: {why}"))?;
            return Ok(Rule::EverySeconds((nanos / 1_000_000_000).max(1)));
        }
    };
    fields(fields_text).map(Rule::Fields)
}
