//! Lists.

use std::cmp::Ordering;

use super::super::compare;
use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::value::Value;
use super::signature::{Act, Overload, Param as P, global, member};
use super::strings::number;

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("distinct", member(&[P::List(&P::A)], P::List(&P::A), distinct)),
    ("first", member(&[P::List(&P::A)], P::Optional(&P::A), |_, args| Ok(optional(items(args)?.first())))),
    ("flatten", member(&[P::List(&P::List(&P::A))], P::List(&P::A), flatten)),
    ("flatten", member(&[P::List(&P::Dyn), P::Int], P::List(&P::Dyn), flatten)),
    ("indexOf", member(&[P::List(&P::A), P::A], P::Int, index_of)),
    ("last", member(&[P::List(&P::A)], P::Optional(&P::A), |_, args| Ok(optional(items(args)?.last())))),
    ("lastIndexOf", member(&[P::List(&P::A), P::A], P::Int, last_index_of)),
    ("lists.range", global(&[P::Int], P::List(&P::Int), range)),
    ("reverse", member(&[P::List(&P::A)], P::List(&P::A), reverse)),
    ("slice", member(&[P::List(&P::A), P::Int, P::Int], P::List(&P::A), slice)),
    ("sum", member(&[P::List(&P::Int)], P::Int, sum)),
    ("sum", member(&[P::List(&P::Uint)], P::Uint, sum)),
    ("sum", member(&[P::List(&P::Double)], P::Double, sum)),
    ("sum", member(&[P::List(&P::Duration)], P::Duration, sum)),
];

/// Lists whose items have an order, with the items' type.
static COMPARABLE: [([P; 1], P); 8] = [
    ([P::List(&P::Int)], P::Int),
    ([P::List(&P::Uint)], P::Uint),
    ([P::List(&P::Double)], P::Double),
    ([P::List(&P::Bool)], P::Bool),
    ([P::List(&P::Duration)], P::Duration),
    ([P::List(&P::Timestamp)], P::Timestamp),
    ([P::List(&P::String)], P::String),
    ([P::List(&P::Bytes)], P::Bytes),
];

/// What there is for lists whose items have an order.
pub(super) fn of_comparables() -> impl Iterator<Item = (&'static str, Overload)> {
    COMPARABLE.iter().flat_map(|(params, item)| {
        let of = |result: P, act: Act| member(params, result, act);
        [
            ("isSorted", of(P::Bool, is_sorted)),
            ("max", of(*item, |run, args| extreme(run, args, "max", Ordering::Greater))),
            ("min", of(*item, |run, args| extreme(run, args, "min", Ordering::Less))),
            ("sort", of(params[0], sort)),
        ]
    })
}

fn items(args: &[Value]) -> Result<&[Value], Stop> {
    match &args[0] {
        Value::List(list) => Ok(&list.items),
        _ => Err(Stop::no_overload()),
    }
}

fn optional(value: Option<&Value>) -> Value {
    value.map_or(Value::none(), |value| Value::some(value.clone()))
}

fn is_sorted(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let items = items(args)?;
    for pair in items.windows(2) {
        run.cost.spend_tenths(1 + pair[0].size().min(pair[1].size()))?;
        match compare::order(&pair[0], &pair[1]) {
            Some(Ordering::Greater) => return Ok(false.into()),
            Some(_) => {}
            None => return Err(Stop::no_overload()),
        }
    }
    Ok(true.into())
}

fn extreme(run: &mut Run<'_>, args: &[Value], name: &str, wanted: Ordering) -> Result<Value, Stop> {
    let items = items(args)?;
    let Some(mut found) = items.first() else {
        return Err(Stop::fault(format!("{name} called on empty list")));
    };
    for item in &items[1..] {
        run.cost.spend_tenths(1 + item.size().min(found.size()))?;
        match compare::order(item, found) {
            Some(order) if order == wanted => found = item,
            Some(_) => {}
            None => return Err(Stop::no_overload()),
        }
    }
    Ok(found.clone())
}

fn sort(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let items = items(args)?;
    let keyed: Vec<(Value, Value)> = items.iter().map(|item| (item.clone(), item.clone())).collect();
    sorted(run, keyed)
}

/// Values in the order of their keys, which must be comparable.
pub(in super::super) fn sorted(run: &mut Run<'_>, mut keyed: Vec<(Value, Value)>) -> Result<Value, Stop> {
    let largest = keyed.iter().map(|(key, _)| key.size()).max().unwrap_or(0);
    let count = keyed.len() as u64;
    let rounds = u64::from(64 - count.leading_zeros());
    run.cost
        .spend_tenths(count.saturating_mul(rounds).saturating_mul(1 + largest).saturating_add(10 * count))?;
    if let Some((first, _)) = keyed.first() {
        let is_comparable =
            |key: &Value| compare::order(key, first).is_some() && key.type_of() == first.type_of();
        if !keyed.iter().all(|(key, _)| is_comparable(key)) {
            return Err(Stop::fault("list elements must have the same comparable type"));
        }
    }
    keyed.sort_by(|(one, _), (two, _)| compare::order(one, two).unwrap_or(Ordering::Equal));
    Ok(keyed.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
}

fn sum(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let items = items(args)?;
    run.cost.spend(items.len() as u64)?;
    let mut total = match items.first() {
        Some(Value::Uint(_)) => Value::Uint(0),
        Some(Value::Double(_)) => Value::Double(0.0),
        Some(Value::Duration(_)) => Value::Duration(0),
        _ => Value::Int(0),
    };
    for item in items {
        total = match (&total, item) {
            (Value::Int(one), Value::Int(two)) => {
                Value::Int(one.checked_add(*two).ok_or_else(|| Stop::fault("integer overflow"))?)
            }
            (Value::Uint(one), Value::Uint(two)) => {
                Value::Uint(one.checked_add(*two).ok_or_else(|| Stop::fault("unsigned integer overflow"))?)
            }
            (Value::Double(one), Value::Double(two)) => Value::Double(one + two),
            (Value::Duration(one), Value::Duration(two)) => {
                Value::Duration(one.checked_add(*two).ok_or_else(|| Stop::fault("duration overflow"))?)
            }
            _ => return Err(Stop::no_overload()),
        };
    }
    Ok(total)
}

fn index_of(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    for (at, item) in items(args)?.iter().enumerate() {
        if run.equal(item, &args[1])? {
            return Ok(Value::Int(at as i64));
        }
    }
    Ok(Value::Int(-1))
}

fn last_index_of(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    for (at, item) in items(args)?.iter().enumerate().rev() {
        if run.equal(item, &args[1])? {
            return Ok(Value::Int(at as i64));
        }
    }
    Ok(Value::Int(-1))
}

fn distinct(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let mut found: Vec<Value> = Vec::new();
    for item in items(args)? {
        run.cost.spend(1)?;
        if !compare::contains(&found, item, &mut run.cost)? {
            found.push(item.clone());
        }
    }
    Ok(found.into())
}

fn reverse(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let items = items(args)?;
    run.cost.spend(items.len() as u64)?;
    Ok(items.iter().rev().cloned().collect::<Vec<_>>().into())
}

fn slice(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let (items, from, to) = (items(args)?, number(args, 1)?, number(args, 2)?);
    let fault = |why: &str| Stop::fault(format!("cannot slice({from}, {to}), {why}"));
    if from < 0 || to < 0 {
        return Err(fault("negative indexes not supported"));
    }
    if from > to {
        return Err(fault("start index must be less than or equal to end index"));
    }
    let (start, end) =
        (usize::try_from(from).unwrap_or(usize::MAX), usize::try_from(to).unwrap_or(usize::MAX));
    let Some(part) = items.get(start..end) else {
        return Err(fault(&format!("list is length {}", items.len())));
    };
    run.cost.spend(part.len() as u64)?;
    Ok(part.to_vec().into())
}

fn range(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let count = number(args, 0)?;
    // It is paid for before it is made.
    run.cost.spend(u64::try_from(count).unwrap_or(0))?;
    Ok((0..count).map(Value::Int).collect::<Vec<_>>().into())
}

fn flatten(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let depth = if args.len() > 1 { number(args, 1)? } else { 1 };
    if depth < 0 {
        return Err(Stop::fault("level must be non-negative"));
    }
    let mut items = items(args)?.to_vec();
    for _ in 0..depth {
        run.cost.spend(items.len() as u64 + 1)?;
        if !items.iter().any(|item| matches!(item, Value::List(_))) {
            break;
        }
        let mut flat = Vec::new();
        for item in items {
            match item {
                Value::List(list) => {
                    run.cost.spend(list.items.len() as u64)?;
                    flat.extend(list.items.iter().cloned());
                }
                other => flat.push(other),
            }
        }
        items = flat;
    }
    Ok(items.into())
}
