//! Quantities.

use super::super::cost::Stop;
use super::super::evaluate::Run;
use super::super::typing::Opaque;
use super::super::value::Value;
use super::signature::{Overload, Param as P, global, member};
use super::strings::{number, text};
use crate::quantity::{Format, Quantity};

const Q: P = P::Opaque(Opaque::Quantity);

pub(super) const TABLE: &[(&str, Overload)] = &[
    ("add", member(&[Q, Q], Q, |_, args| Ok(Value::Quantity(amount(args, 0)? + amount(args, 1)?)))),
    ("add", member(&[Q, P::Int], Q, |_, args| Ok(Value::Quantity(amount(args, 0)? + amount(args, 1)?)))),
    ("asApproximateFloat", member(&[Q], P::Double, |_, args| Ok(Value::Double(amount(args, 0)?.to_f64())))),
    (
        "asInteger",
        member(&[Q], P::Int, |_, args| {
            let whole = amount(args, 0)?.to_i64();
            whole.map(Value::Int).ok_or_else(|| Stop::fault("cannot convert value to integer"))
        }),
    ),
    (
        "compareTo",
        member(&[Q, Q], P::Int, |_, args| Ok(Value::Int(amount(args, 0)?.cmp(&amount(args, 1)?) as i64))),
    ),
    ("isGreaterThan", member(&[Q, Q], P::Bool, |_, args| Ok((amount(args, 0)? > amount(args, 1)?).into()))),
    ("isInteger", member(&[Q], P::Bool, |_, args| Ok(amount(args, 0)?.to_i64().is_some().into()))),
    ("isLessThan", member(&[Q, Q], P::Bool, |_, args| Ok((amount(args, 0)? < amount(args, 1)?).into()))),
    ("isQuantity", global(&[P::String], P::Bool, |run, args| Ok(parse(run, args)?.is_some().into()))),
    (
        "quantity",
        global(&[P::String], Q, |run, args| {
            let why =
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
            parse(run, args)?.map(Value::Quantity).ok_or_else(|| Stop::fault(why))
        }),
    ),
    ("sign", member(&[Q], P::Int, |_, args| Ok(Value::Int(amount(args, 0)?.cmp(&Quantity::ZERO) as i64)))),
    ("sub", member(&[Q, Q], Q, |_, args| Ok(Value::Quantity(amount(args, 0)? - amount(args, 1)?)))),
    ("sub", member(&[Q, P::Int], Q, |_, args| Ok(Value::Quantity(amount(args, 0)? - amount(args, 1)?)))),
];

fn parse(run: &mut Run<'_>, args: &[Value]) -> Result<Option<Quantity>, Stop> {
    let text = text(args, 0)?;
    run.cost.spend_tenths(text.len() as u64)?;
    Ok(text.parse().ok())
}

fn amount(args: &[Value], at: usize) -> Result<Quantity, Stop> {
    match args.get(at) {
        Some(Value::Quantity(quantity)) => Ok(*quantity),
        _ => Ok(Quantity::new(number(args, at)?, Format::DecimalSi)),
    }
}
