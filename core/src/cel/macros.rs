//! What is written as a call and is none.

use super::parse::make;
use super::source::Fault;
use super::syntax::{Expr, Fold, FoldKind, Node, Within};

/// Whether a call on something is a macro.
pub(super) fn is_macro(name: &str, count: usize) -> bool {
    kind(name, count).is_some() || matches!((name, count), ("optMap" | "optFlatMap", 2))
}

/// What a macro does, how many names it has, and whether it has a filter.
fn kind(name: &str, count: usize) -> Option<(FoldKind, usize, bool)> {
    Some(match (name, count) {
        ("all", 2) => (FoldKind::All, 1, false),
        ("all", 3) => (FoldKind::All, 2, false),
        ("exists", 2) => (FoldKind::Exists, 1, false),
        ("exists", 3) => (FoldKind::Exists, 2, false),
        ("exists_one" | "existsOne", 2) => (FoldKind::ExistsOne, 1, false),
        ("existsOne", 3) => (FoldKind::ExistsOne, 2, false),
        ("map", 2) => (FoldKind::List, 1, false),
        ("map", 3) => (FoldKind::List, 1, true),
        ("filter", 2) => (FoldKind::Filter, 1, false),
        ("transformList", 3) => (FoldKind::List, 2, false),
        ("transformList", 4) => (FoldKind::List, 2, true),
        ("transformMap", 3) => (FoldKind::Map, 2, false),
        ("transformMap", 4) => (FoldKind::Map, 2, true),
        ("transformMapEntry", 3) => (FoldKind::Entries, 2, false),
        ("transformMapEntry", 4) => (FoldKind::Entries, 2, true),
        ("sortBy", 2) => (FoldKind::SortBy, 1, false),
        _ => return None,
    })
}

/// A macro on something.
pub(super) fn member(at: usize, operand: Expr, name: &str, args: Vec<Expr>) -> Result<Expr, Fault> {
    let found = kind(name, args.len());
    let mut args = args.into_iter();
    let mut next = || args.next().ok_or_else(|| Fault::new(at, "missing argument"));
    let Some((kind, names, has_filter)) = found else {
        let (name_expr, body) = (next()?, next()?);
        let within = Within { operand, name: simple(&name_expr)?, body, is_flat: name == "optFlatMap" };
        return make(at, Node::Within(Box::new(within)));
    };
    let first = simple(&next()?)?;
    let second = if names == 2 { Some(simple(&next()?)?) } else { None };
    let filter = if has_filter { Some(next()?) } else { None };
    let body = next()?;
    if second.as_ref() == Some(&first) {
        return Err(Fault::new(at, format!("duplicate variable name: {first}")));
    }
    make(at, Node::Fold(Box::new(Fold { kind, range: operand, first, second, filter, body })))
}

/// `has(a.b)`
pub(super) fn has(at: usize, args: Vec<Expr>) -> Result<Expr, Fault> {
    let fault = || Fault::new(at, "invalid argument to has() macro");
    let Ok([arg]) = <[Expr; 1]>::try_from(args) else { return Err(fault()) };
    match arg.node {
        Node::Select { operand, field, is_optional: false } => make(at, Node::Has { operand, field }),
        _ => Err(fault()),
    }
}

fn simple(expr: &Expr) -> Result<String, Fault> {
    match &expr.node {
        Node::Name(name) => Ok(name.clone()),
        _ => Err(Fault::new(expr.at, "argument must be a simple name")),
    }
}
