//! Regular expressions.

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};
use super::strings::{number, text};

const SS: &[P] = &[P::String, P::String];

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("find", member(SS, P::String, find)),
    ("findAll", member(SS, P::List(&P::String), find_all)),
    ("findAll", member(&[P::String, P::String, P::Int], P::List(&P::String), find_all)),
    ("matches", global(SS, P::Bool, matches)),
    ("matches", member(SS, P::Bool, matches)),
];

/// What it costs to search a text, as upstream counts it.
fn spend(run: &mut Run<'_>, text: &str, pattern: &str) -> Result<(), Stop> {
    let looked_at = (text.len() as u64 + 1).div_ceil(10);
    let steps = (pattern.len() as u64).div_ceil(4);
    run.cost.spend(looked_at.saturating_mul(steps))
}

fn matches(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (text, pattern) = (text(args, 0)?, text(args, 1)?);
    spend(run, text, pattern)?;
    Ok(run.pattern(pattern)?.is_match(text).into())
}

fn find(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (text, pattern) = (text(args, 0)?, text(args, 1)?);
    spend(run, text, pattern)?;
    Ok(run.pattern(pattern)?.find(text).map_or("", |found| found.as_str()).into())
}

fn find_all(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (text, pattern) = (text(args, 0)?, text(args, 1)?);
    let most = if args.len() > 2 { number(args, 2)? } else { -1 };
    spend(run, text, pattern)?;
    let pattern = run.pattern(pattern)?;
    let mut found = Vec::new();
    for part in pattern.find_iter(text).take(usize::try_from(most).unwrap_or(usize::MAX)) {
        run.cost.spend_tenths(part.len() as u64 + 1)?;
        found.push(Value::from(part.as_str()));
    }
    Ok(found.into())
}
