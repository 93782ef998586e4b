//! What an expression answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::compare;
use super::cost::{Cost, Stop};
use super::limits::{DYNAMIC_PATTERN_COST, DYNAMIC_PATTERNS_MAX, PATTERN_BYTES_MAX};
use super::syntax::{Call, Expr, Node, Within};
use super::typing::Type;
use super::value::{Key, Value};
use crate::pattern;

pub(super) type Outcome = Result<Value, Stop>;

/// An expression that is being run.
#[derive(Debug)]
pub(super) struct Run<'p> {
    variables: &'p [(&'p str, Value)],
    /// The names of macros, the innermost last.
    pub(super) scope: Vec<(&'p str, Value)>,
    patterns: &'p BTreeMap<String, Arc<Regex>>,
    dynamic: Vec<(String, Arc<Regex>)>,
    pub(super) cost: Cost,
}

impl<'p> Run<'p> {
    pub(super) fn new(
        variables: &'p [(&'p str, Value)],
        patterns: &'p BTreeMap<String, Arc<Regex>>,
        cost: Cost,
    ) -> Self {
        Self { variables, scope: Vec::new(), patterns, dynamic: Vec::new(), cost }
    }

    pub(super) fn eval(&mut self, expr: &'p Expr) -> Outcome {
        match &expr.node {
            Node::Literal(value) => {
                self.cost.spend_tenths(1)?;
                Ok(value.clone())
            }
            Node::Name(name) => self.name(name),
            Node::Select { operand, field, is_optional } => self.select(operand, field, *is_optional),
            Node::Has { operand, field } => self.has(operand, field),
            Node::Index { operand, index, is_optional } => self.index(operand, index, *is_optional),
            Node::Call(call) => self.call(call),
            Node::And(operands) => self.logical(operands, false),
            Node::Or(operands) => self.logical(operands, true),
            Node::Conditional(parts) => self.conditional(parts),
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Fold(fold) => self.fold(fold),
            Node::Within(within) => self.within(within),
        }
    }

    /// Whether two values are the same.
    pub(super) fn equal(&mut self, one: &Value, two: &Value) -> Result<bool, Stop> {
        compare::equal(one, two, &mut self.cost)
    }

    /// A compiled pattern.
    pub(super) fn pattern(&mut self, text: &str) -> Result<Arc<Regex>, Stop> {
        if let Some(known) = self.patterns.get(text) {
            return Ok(Arc::clone(known));
        }
        if let Some((_, known)) = self.dynamic.iter().find(|(known, _)| known == text) {
            return Ok(Arc::clone(known));
        }
        self.cost.spend(DYNAMIC_PATTERN_COST)?;
        let compiled = pattern::compile(text, PATTERN_BYTES_MAX).map_err(Stop::Fault)?;
        if self.dynamic.len() >= DYNAMIC_PATTERNS_MAX {
            self.dynamic.remove(0);
        }
        let compiled = Arc::new(compiled);
        self.dynamic.push((text.to_owned(), Arc::clone(&compiled)));
        Ok(compiled)
    }

    fn name(&mut self, name: &str) -> Outcome {
        self.cost.spend(1)?;
        let scoped = self.scope.iter().rev().chain(self.variables).find(|(known, _)| *known == name);
        if let Some((_, value)) = scoped {
            return Ok(value.clone());
        }
        match Type::named(name) {
            Some(named) => Ok(Value::Type(Arc::new(named))),
            None => Err(Stop::fault(format!("no such attribute(s): {name}"))),
        }
    }

    fn select(&mut self, operand: &'p Expr, field: &str, is_optional: bool) -> Outcome {
        let value = self.eval(operand)?;
        self.cost.spend(1)?;
        at_key(&value, &Key::String(field.into()), is_optional)
    }

    fn has(&mut self, operand: &'p Expr, field: &str) -> Outcome {
        let value = self.eval(operand)?;
        let inner = match &value {
            Value::Optional(None) => return Ok(false.into()),
            Value::Optional(Some(inner)) => inner,
            other => other,
        };
        match found(inner, &Key::String(field.into())) {
            Ok(found) => Ok(found.is_some().into()),
            Err(stop) => Err(stop),
        }
    }

    fn index(&mut self, operand: &'p Expr, index: &'p Expr, is_optional: bool) -> Outcome {
        let value = self.eval(operand)?;
        let index = self.eval(index)?;
        self.cost.spend(1)?;
        let list = match &value {
            Value::Optional(Some(inner)) => inner,
            other => other,
        };
        if let Value::List(list) = list {
            let at = match Key::of(&index) {
                Some(Key::Number(at)) => at,
                _ => return Err(Stop::no_overload()),
            };
            let item = usize::try_from(at).ok().and_then(|at| list.items.get(at));
            let is_optional = is_optional || matches!(value, Value::Optional(_));
            return match item {
                Some(item) if is_optional => Ok(Value::some(item.clone())),
                Some(item) => Ok(item.clone()),
                None if is_optional => Ok(Value::none()),
                None => Err(Stop::fault(format!("index out of bounds: {at}"))),
            };
        }
        let key = Key::of(&index).ok_or_else(Stop::no_overload)?;
        at_key(&value, &key, is_optional)
    }

    fn call(&mut self, call: &'p Call) -> Outcome {
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push(self.eval(arg)?);
        }
        self.cost.spend(1)?;
        let overloads = call.function.map(|function| function.overloads.as_slice()).unwrap_or_default();
        let fits = |params: &[super::functions::Param]| {
            params.len() == args.len() && params.iter().zip(&args).all(|(param, arg)| param.accepts(arg))
        };
        let overload = overloads.iter().find(|it| it.is_member == call.is_member && fits(it.params));
        match overload {
            Some(overload) => (overload.act)(self, &args),
            None => Err(Stop::no_overload()),
        }
    }

    /// Operands until one decides. One that fails does not matter if another decides.
    fn logical(&mut self, operands: &'p [Expr], decides: bool) -> Outcome {
        let mut failed = None;
        for operand in operands {
            self.cost.spend_tenths(1)?;
            match self.eval(operand) {
                Ok(Value::Bool(flag)) if flag == decides => return Ok(flag.into()),
                Ok(Value::Bool(_)) => {}
                Ok(_) => failed = failed.or(Some(Stop::no_overload())),
                Err(Stop::Cost) => return Err(Stop::Cost),
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        failed.map_or(Ok((!decides).into()), Err)
    }

    fn conditional(&mut self, parts: &'p [Expr; 3]) -> Outcome {
        let [condition, then, otherwise] = parts;
        match self.eval(condition)? {
            Value::Bool(true) => self.eval(then),
            Value::Bool(false) => self.eval(otherwise),
            _ => Err(Stop::no_overload()),
        }
    }

    fn list(&mut self, items: &'p [(Expr, bool)]) -> Outcome {
        self.cost.spend(10)?;
        let mut values = Vec::with_capacity(items.len());
        for (item, is_optional) in items {
            match self.eval(item)? {
                Value::Optional(inner) if *is_optional => values.extend(inner.as_deref().cloned()),
                value => values.push(value),
            }
        }
        Ok(values.into())
    }

    fn map(&mut self, entries: &'p [(Expr, Expr, bool)]) -> Outcome {
        self.cost.spend(30)?;
        let mut map = BTreeMap::new();
        for (key, value, is_optional) in entries {
            let key = self.eval(key)?;
            let key = Key::of(&key).ok_or_else(|| Stop::fault("unsupported key type"))?;
            match self.eval(value)? {
                Value::Optional(inner) if *is_optional => {
                    map.extend(inner.as_deref().cloned().map(|value| (key, value)));
                }
                value => _ = map.insert(key, value),
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn within(&mut self, within: &'p Within) -> Outcome {
        let inner = match self.eval(&within.operand)? {
            Value::Optional(Some(inner)) => inner.as_ref().clone(),
            Value::Optional(None) => return Ok(Value::none()),
            _ => return Err(Stop::no_overload()),
        };
        self.scope.push((&within.name, inner));
        let made = self.eval(&within.body);
        self.scope.pop();
        match made? {
            value @ Value::Optional(_) if within.is_flat => Ok(value),
            _ if within.is_flat => Err(Stop::no_overload()),
            value => Ok(Value::some(value)),
        }
    }
}

/// What is at a key of a map or an object.
fn found<'v>(value: &'v Value, key: &Key) -> Result<Option<&'v Value>, Stop> {
    match (value, key) {
        (Value::Map(map), key) => Ok(map.get(key)),
        (Value::Object(object), Key::String(name)) => Ok(object.fields.get(name)),
        _ => Err(Stop::no_overload()),
    }
}

/// The same, or an optional value if that was asked for or asked of.
fn at_key(value: &Value, key: &Key, is_optional: bool) -> Outcome {
    let (inner, is_optional) = match value {
        Value::Optional(None) => return Ok(Value::none()),
        Value::Optional(Some(inner)) => (inner.as_ref(), true),
        other => (other, is_optional),
    };
    match found(inner, key)? {
        Some(found) if is_optional => Ok(Value::some(found.clone())),
        Some(found) => Ok(found.clone()),
        None if is_optional => Ok(Value::none()),
        None => Err(Stop::fault(format!("no such key: {}", key.shown()))),
    }
}
