//! Values that may not be there.

use super::super::cost::Stop;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("optional.none", global(&[], P::Optional(&P::A), |_, _| Ok(Value::none()))),
    ("optional.of", global(&[P::A], P::Optional(&P::A), |_, args| Ok(Value::some(args[0].clone())))),
    (
        "optional.ofNonZeroValue",
        global(&[P::A], P::Optional(&P::A), |_, args| {
            Ok(if is_zero(&args[0]) { Value::none() } else { Value::some(args[0].clone()) })
        }),
    ),
    ("optional.unwrap", global(&[P::List(&P::Optional(&P::A))], P::List(&P::A), unwrap)),
    ("unwrapOpt", member(&[P::List(&P::Optional(&P::A))], P::List(&P::A), unwrap)),
    (
        "hasValue",
        member(&[P::Optional(&P::A)], P::Bool, |_, args| {
            Ok(matches!(&args[0], Value::Optional(Some(_))).into())
        }),
    ),
    (
        "value",
        member(&[P::Optional(&P::A)], P::A, |_, args| match &args[0] {
            Value::Optional(Some(value)) => Ok(value.as_ref().clone()),
            _ => Err(Stop::fault("optional.none() dereference")),
        }),
    ),
    (
        "or",
        member(&[P::Optional(&P::A), P::Optional(&P::A)], P::Optional(&P::A), |_, args| {
            Ok(if matches!(&args[0], Value::Optional(Some(_))) { args[0].clone() } else { args[1].clone() })
        }),
    ),
    (
        "orValue",
        member(&[P::Optional(&P::A), P::A], P::A, |_, args| match &args[0] {
            Value::Optional(Some(value)) => Ok(value.as_ref().clone()),
            _ => Ok(args[1].clone()),
        }),
    ),
];

fn unwrap(run: &mut super::super::evaluate::Run<'_>, args: &[Value]) -> Result<Value, Stop> {
    let Value::List(list) = &args[0] else { return Err(Stop::no_overload()) };
    run.cost.spend(list.items.len() as u64)?;
    let inner = |value: &Value| match value {
        Value::Optional(inner) => inner.as_deref().cloned(),
        other => Some(other.clone()),
    };
    Ok(list.items.iter().filter_map(inner).collect::<Vec<_>>().into())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Optional(None) => true,
        Value::Bool(flag) => !flag,
        Value::Int(number) | Value::Duration(number) => *number == 0,
        Value::Uint(number) => *number == 0,
        Value::Double(number) => *number == 0.0,
        Value::String(_) | Value::Bytes(_) | Value::List(_) | Value::Map(_) | Value::Object(_) => {
            value.size() == 0
        }
        _ => false,
    }
}
