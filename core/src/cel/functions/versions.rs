//! Versions as semver.org says them.

use std::cmp::Ordering;
use std::sync::Arc;

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::semver::Version;
use super::super::typing::Opaque;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};
use super::strings::text;

const V: P = P::Opaque(Opaque::Semver);

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("compareTo", member(&[V, V], P::Int, |_, args| Ok(Value::Int(order(args)? as i64)))),
    ("isGreaterThan", member(&[V, V], P::Bool, |_, args| Ok(order(args)?.is_gt().into()))),
    ("isLessThan", member(&[V, V], P::Bool, |_, args| Ok(order(args)?.is_lt().into()))),
    ("isSemver", global(&[P::String], P::Bool, |run, args| Ok(parse(run, args)?.is_some().into()))),
    ("isSemver", global(&[P::String, P::Bool], P::Bool, |run, args| Ok(parse(run, args)?.is_some().into()))),
    ("major", member(&[V], P::Int, |_, args| part(args, |version| version.0.major))),
    ("minor", member(&[V], P::Int, |_, args| part(args, |version| version.0.minor))),
    ("patch", member(&[V], P::Int, |_, args| part(args, |version| version.0.patch))),
    ("semver", global(&[P::String], V, version)),
    ("semver", global(&[P::String, P::Bool], V, version)),
];

fn parse(run: &mut Run<'_>, args: &[Value]) -> Result<Option<Version>, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(text.len() as u64)?;
    let is_tolerant = matches!(args.get(1), Some(Value::Bool(true)));
    Ok(if is_tolerant { Version::parse_tolerantly(text) } else { Version::parse(text) })
}

fn version(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let version = parse(run, args)?.ok_or_else(|| Stop::fault("invalid semantic version"))?;
    Ok(Value::Semver(Arc::new(version)))
}

fn of(args: &[Value], at: usize) -> Result<&Version, Stop> {
    match args.get(at) {
        Some(Value::Semver(version)) => Ok(version),
        _ => Err(Stop::no_overload()),
    }
}

fn order(args: &[Value]) -> Result<Ordering, Stop> {
    Ok(of(args, 0)?.precedence(of(args, 1)?))
}

fn part(args: &[Value], number: fn(&Version) -> u64) -> Result<Value, Stop> {
    i64::try_from(number(of(args, 0)?)).map(Value::Int).map_err(|_| Stop::fault("integer overflow"))
}
