//! Parts of moments and durations.

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::signature::{Act, Overload, Param as P, member};
use super::strings::text;

const T: &[P] = &[P::Timestamp];
const TZ: &[P] = &[P::Timestamp, P::String];
const D: &[P] = &[P::Duration];

const DATE: Act = |run, args| part(run, args, |at| at.day().into());
const DAY_OF_MONTH: Act = |run, args| part(run, args, |at| i64::from(at.day()) - 1);
const DAY_OF_WEEK: Act = |run, args| part(run, args, |at| at.weekday().to_sunday_zero_offset().into());
const DAY_OF_YEAR: Act = |run, args| part(run, args, |at| i64::from(at.day_of_year()) - 1);
const FULL_YEAR: Act = |run, args| part(run, args, |at| at.year().into());
const HOURS: Act = |run, args| part(run, args, |at| at.hour().into());
const MILLISECONDS: Act = |run, args| part(run, args, |at| at.millisecond().into());
const MINUTES: Act = |run, args| part(run, args, |at| at.minute().into());
const MONTH: Act = |run, args| part(run, args, |at| i64::from(at.month()) - 1);
const SECONDS: Act = |run, args| part(run, args, |at| at.second().into());

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("getDate", member(T, P::Int, DATE)),
    ("getDate", member(TZ, P::Int, DATE)),
    ("getDayOfMonth", member(T, P::Int, DAY_OF_MONTH)),
    ("getDayOfMonth", member(TZ, P::Int, DAY_OF_MONTH)),
    ("getDayOfWeek", member(T, P::Int, DAY_OF_WEEK)),
    ("getDayOfWeek", member(TZ, P::Int, DAY_OF_WEEK)),
    ("getDayOfYear", member(T, P::Int, DAY_OF_YEAR)),
    ("getDayOfYear", member(TZ, P::Int, DAY_OF_YEAR)),
    ("getFullYear", member(T, P::Int, FULL_YEAR)),
    ("getFullYear", member(TZ, P::Int, FULL_YEAR)),
    ("getHours", member(T, P::Int, HOURS)),
    ("getHours", member(TZ, P::Int, HOURS)),
    ("getHours", member(D, P::Int, |_, args| span(args, 3_600_000_000_000))),
    ("getMilliseconds", member(T, P::Int, MILLISECONDS)),
    ("getMilliseconds", member(TZ, P::Int, MILLISECONDS)),
    ("getMilliseconds", member(D, P::Int, |_, args| span(args, 1_000_000))),
    ("getMinutes", member(T, P::Int, MINUTES)),
    ("getMinutes", member(TZ, P::Int, MINUTES)),
    ("getMinutes", member(D, P::Int, |_, args| span(args, 60_000_000_000))),
    ("getMonth", member(T, P::Int, MONTH)),
    ("getMonth", member(TZ, P::Int, MONTH)),
    ("getSeconds", member(T, P::Int, SECONDS)),
    ("getSeconds", member(TZ, P::Int, SECONDS)),
    ("getSeconds", member(D, P::Int, |_, args| span(args, 1_000_000_000))),
];

fn part(_: &mut Run<'_>, args: &[Value], of: fn(&Zoned) -> i64) -> Result<Value, Stop> {
    let Value::Timestamp(at) = &args[0] else { return Err(Stop::no_overload()) };
    let zone = if args.len() > 1 { zone(text(args, 1)?)? } else { TimeZone::UTC };
    Ok(Value::Int(of(&at.to_zoned(zone))))
}

/// A zone by its name, or by how far it is from UTC: `-08:00`.
fn zone(name: &str) -> Result<TimeZone, Stop> {
    let unknown = || Stop::fault(format!("unknown time zone {name}"));
    let signless = name.strip_prefix(['+', '-']).unwrap_or(name);
    if let Some((hours, minutes)) = signless.split_once(':') {
        let (hours, minutes): (i32, i32) =
            (hours.parse().map_err(|_| unknown())?, minutes.parse().map_err(|_| unknown())?);
        if !(0..=23).contains(&hours) || !(0..=59).contains(&minutes) {
            return Err(unknown());
        }
        let seconds = (hours * 60 + minutes) * 60 * if name.starts_with('-') { -1 } else { 1 };
        return Offset::from_seconds(seconds).map(TimeZone::fixed).map_err(|_| unknown());
    }
    if name.is_empty() || name == "UTC" {
        return Ok(TimeZone::UTC);
    }
    TimeZone::get(name).map_err(|_| unknown())
}

fn span(args: &[Value], unit: i64) -> Result<Value, Stop> {
    match &args[0] {
        Value::Duration(nanos) => Ok(Value::Int(nanos / unit)),
        _ => Err(Stop::no_overload()),
    }
}
