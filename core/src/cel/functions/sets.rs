//! Lists as sets.

use super::super::compare;
use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global};

const LL: &[P] = &[P::List(&P::A), P::List(&P::A)];

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("sets.contains", global(LL, P::Bool, |run, args| Ok(contains_all(run, &args[0], &args[1])?.into()))),
    (
        "sets.equivalent",
        global(LL, P::Bool, |run, args| {
            Ok((contains_all(run, &args[0], &args[1])? && contains_all(run, &args[1], &args[0])?).into())
        }),
    ),
    ("sets.intersects", global(LL, P::Bool, intersects)),
];

fn contains_all(run: &mut Run<'_>, one: &Value, two: &Value) -> Result<bool, Stop> {
    let (Value::List(one), Value::List(two)) = (one, two) else { return Err(Stop::no_overload()) };
    for item in two.items.iter() {
        if !compare::contains(&one.items, item, &mut run.cost)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn intersects(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (Value::List(one), Value::List(two)) = (&args[0], &args[1]) else { return Err(Stop::no_overload()) };
    for item in one.items.iter() {
        if compare::contains(&two.items, item, &mut run.cost)? {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}
