//! Whether the parts of an expression fit together, and what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::functions::Bindings;
use super::limits::{PATTERN_BYTES_MAX, PATTERNS_MAX};
use super::source::Fault;
use super::syntax::{Call, Expr, Fold, FoldKind, Node, Within};
use super::typing::Type;
use super::value::Value;
use crate::custom::go_duration;
use crate::pattern;

/// Patterns by their text.
type Patterns = BTreeMap<String, Arc<Regex>>;

/// An expression that is looked through.
pub(super) struct Checker<'c> {
    variables: &'c [(&'c str, Type)],
    scope: Vec<(String, Type)>,
    faults: Vec<Fault>,
    patterns: Patterns,
}

impl<'c> Checker<'c> {
    pub(super) fn new(variables: &'c [(&'c str, Type)]) -> Self {
        Self { variables, scope: Vec::new(), faults: Vec::new(), patterns: Patterns::new() }
    }

    /// The patterns that are named, or all that is wrong.
    pub(super) fn finish(self) -> Result<Patterns, Vec<Fault>> {
        if self.faults.is_empty() { Ok(self.patterns) } else { Err(self.faults) }
    }

    fn fault(&mut self, at: usize, message: String) -> Type {
        self.faults.push(Fault::new(at, message));
        // Nothing more is said of what depends on it.
        Type::Dyn
    }

    pub(super) fn check(&mut self, expr: &Expr) -> Type {
        match &expr.node {
            Node::Literal(value) => value.type_of(),
            Node::Name(name) => self.name(expr.at, name),
            Node::Select { operand, field, is_optional } => {
                let of = self.check(operand);
                let found = self.select(expr.at, &of, field);
                let is_optional = *is_optional || matches!(of, Type::Optional(_));
                if is_optional { Type::optional(found) } else { found }
            }
            Node::Has { operand, field } => {
                let of = self.check(operand);
                self.select(expr.at, &of, field);
                Type::Bool
            }
            Node::Index { operand, index, is_optional } => self.index(expr.at, operand, index, *is_optional),
            Node::Call(call) => self.call(expr.at, call),
            Node::And(operands) => self.logical(expr.at, operands, "_&&_"),
            Node::Or(operands) => self.logical(expr.at, operands, "_||_"),
            Node::Conditional(parts) => self.conditional(expr.at, parts),
            Node::List(items) => self.list(items),
            Node::Map(entries) => self.map(entries),
            Node::Fold(fold) => self.fold(expr.at, fold),
            Node::Within(within) => self.within(expr.at, within),
        }
    }

    fn name(&mut self, at: usize, name: &str) -> Type {
        let scoped = self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, found)| found.clone());
        let found = scoped.or_else(|| {
            let variable = self.variables.iter().find(|(known, _)| *known == name)?;
            Some(variable.1.clone())
        });
        match found.or_else(|| Some(Type::Type(Arc::new(Type::named(name)?)))) {
            Some(found) => found,
            None => self.fault(at, format!("undeclared reference to '{name}' (in container '')")),
        }
    }

    fn select(&mut self, at: usize, of: &Type, field: &str) -> Type {
        match of {
            Type::Dyn => Type::Dyn,
            Type::Map(_, values) => values.as_ref().clone(),
            Type::Optional(inner) => self.select(at, inner, field),
            Type::Object(fields) => match fields.fields.get(field) {
                Some(found) => found.clone(),
                None => self.fault(at, format!("undefined field '{field}'")),
            },
            other => self.fault(at, format!("type '{other}' does not support field selection")),
        }
    }

    fn index(&mut self, at: usize, operand: &Expr, index: &Expr, is_optional: bool) -> Type {
        let of = self.check(operand);
        let by = self.check(index);
        let (inner, is_optional) = match &of {
            Type::Optional(inner) => (inner.as_ref(), true),
            other => (other, is_optional),
        };
        let found = match inner {
            Type::Dyn => Some(Type::Dyn),
            Type::List(items) => by.unifies(&Type::Int).then(|| items.as_ref().clone()),
            Type::Map(keys, values) => by.unifies(keys).then(|| values.as_ref().clone()),
            _ => None,
        };
        match found {
            Some(found) if is_optional => Type::optional(found),
            Some(found) => found,
            None => {
                let name = if is_optional { "_[?_]" } else { "_[_]" };
                self.no_overload(at, name, &[of, by], false)
            }
        }
    }

    fn no_overload(&mut self, at: usize, name: &str, args: &[Type], is_member: bool) -> Type {
        let shown = |args: &[Type]| args.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
        let signature = match args {
            [target, rest @ ..] if is_member => format!("{target}.({})", shown(rest)),
            all => format!("({})", shown(all)),
        };
        self.fault(at, format!("found no matching overload for '{name}' applied to '{signature}'"))
    }

    fn call(&mut self, at: usize, call: &Call) -> Type {
        let args: Vec<Type> = call.args.iter().map(|arg| self.check(arg)).collect();
        let Some(function) = call.function else {
            return self.fault(at, format!("undeclared reference to '{}' (in container '')", call.name));
        };
        let mut result: Option<Type> = None;
        for overload in function.overloads.iter().filter(|it| it.is_member == call.is_member) {
            let mut bindings = Bindings::default();
            let mut pairs = overload.params.iter().zip(&args);
            if overload.params.len() != args.len()
                || !pairs.all(|(param, arg)| param.fits(arg, &mut bindings))
            {
                continue;
            }
            let found = overload.result.resolved(&bindings);
            result = Some(match result {
                Some(other) if other != found => Type::Dyn,
                _ => found,
            });
        }
        let Some(result) = result else { return self.no_overload(at, &call.name, &args, call.is_member) };
        self.literals(call);
        result
    }

    /// Texts that must have a form are looked at when they are known.
    fn literals(&mut self, call: &Call) {
        let place = match call.name.as_str() {
            "matches" | "find" | "findAll" => 1,
            "duration" | "timestamp" => 0,
            _ => return,
        };
        let Some(arg) = call.args.get(place) else { return };
        let Node::Literal(Value::String(text)) = &arg.node else { return };
        let is_right = match call.name.as_str() {
            "duration" => go_duration(text).is_some(),
            "timestamp" => text.parse::<jiff::Timestamp>().is_ok(),
            _ => self.known_pattern(text),
        };
        if !is_right {
            self.fault(arg.at, format!("invalid {} argument", call.name));
        }
    }

    fn known_pattern(&mut self, text: &str) -> bool {
        if self.patterns.contains_key(text) {
            return true;
        }
        if self.patterns.len() >= PATTERNS_MAX {
            return false;
        }
        let Ok(compiled) = pattern::compile(text, PATTERN_BYTES_MAX) else { return false };
        self.patterns.insert(text.to_owned(), Arc::new(compiled));
        true
    }

    fn logical(&mut self, at: usize, operands: &[Expr], name: &str) -> Type {
        let found: Vec<Type> = operands.iter().map(|operand| self.check(operand)).collect();
        let unfit = found.iter().position(|found| !found.unifies(&Type::Bool));
        if let Some(unfit) = unfit {
            let pair = if unfit == 0 {
                [found[0].clone(), found[1].clone()]
            } else {
                [Type::Bool, found[unfit].clone()]
            };
            self.no_overload(at, name, &pair, false);
        }
        Type::Bool
    }

    fn conditional(&mut self, at: usize, parts: &[Expr; 3]) -> Type {
        let [condition, then, otherwise] = parts.each_ref().map(|part| self.check(part));
        if condition.unifies(&Type::Bool) && then.unifies(&otherwise) {
            then.joined(&otherwise)
        } else {
            self.no_overload(at, "_?_:_", &[condition, then, otherwise], false)
        }
    }

    /// The one type of all values, or a fault at the first that is of another.
    fn common(&mut self, common: Option<Type>, found: Type, at: usize) -> Type {
        match common {
            None => found,
            Some(common) if common.unifies(&found) => common.joined(&found),
            Some(common) => {
                self.fault(at, format!("expected type '{common}' but found '{found}'"));
                common
            }
        }
    }

    /// The type of a literal's part that may be optional.
    fn part(&mut self, expr: &Expr, is_optional: bool) -> Type {
        match (self.check(expr), is_optional) {
            (Type::Optional(inner), true) => inner.as_ref().clone(),
            (Type::Dyn, true) => Type::Dyn,
            (found, true) => {
                self.fault(expr.at, format!("expected type 'optional_type(dyn)' but found '{found}'"))
            }
            (found, false) => found,
        }
    }

    fn list(&mut self, items: &[(Expr, bool)]) -> Type {
        let mut common = None;
        for (item, is_optional) in items {
            let found = self.part(item, *is_optional);
            common = Some(self.common(common, found, item.at));
        }
        Type::list(common.unwrap_or(Type::Dyn))
    }

    fn map(&mut self, entries: &[(Expr, Expr, bool)]) -> Type {
        let (mut keys, mut values) = (None, None);
        for (key, value, is_optional) in entries {
            let found = self.check(key);
            keys = Some(self.common(keys, found, key.at));
            let found = self.part(value, *is_optional);
            values = Some(self.common(values, found, value.at));
        }
        // Of what can be no key nothing is known, so that types grow no faster than expressions.
        let keys = keys.filter(Type::is_key).unwrap_or(Type::Dyn);
        Type::Map(Arc::new(keys), Arc::new(values.unwrap_or(Type::Dyn)))
    }

    fn fold(&mut self, at: usize, fold: &Fold) -> Type {
        let range = self.check(&fold.range);
        let has_second = fold.second.is_some();
        let (first, second) = match &range {
            Type::Dyn => (Type::Dyn, Type::Dyn),
            Type::List(items) if has_second => (Type::Int, items.as_ref().clone()),
            Type::List(items) => (items.as_ref().clone(), Type::Dyn),
            Type::Map(keys, values) => (keys.as_ref().clone(), values.as_ref().clone()),
            other => {
                let why = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                let place = fold.range.at;
                self.fault(place, why);
                (Type::Dyn, Type::Dyn)
            }
        };
        let depth = self.scope.len();
        self.scope.push((fold.first.clone(), first.clone()));
        if let Some(name) = &fold.second {
            self.scope.push((name.clone(), second));
        }
        if let Some(filter) = &fold.filter {
            self.condition(at, filter, "_?_:_");
        }
        let result = self.folded(at, fold, &range, first);
        self.scope.truncate(depth);
        result
    }

    fn folded(&mut self, at: usize, fold: &Fold, range: &Type, first: Type) -> Type {
        match fold.kind {
            FoldKind::All => self.condition(at, &fold.body, "_&&_"),
            FoldKind::Exists => self.condition(at, &fold.body, "_||_"),
            FoldKind::ExistsOne => self.condition(at, &fold.body, "_?_:_"),
            FoldKind::Filter => {
                self.condition(at, &fold.body, "_?_:_");
                Type::list(first)
            }
            FoldKind::List => Type::list(self.check(&fold.body)),
            FoldKind::Map => {
                let keys = match range {
                    Type::Map(keys, _) => Arc::clone(keys),
                    Type::List(_) => Arc::new(Type::Int),
                    _ => Arc::new(Type::Dyn),
                };
                Type::Map(keys, Arc::new(self.check(&fold.body)))
            }
            FoldKind::Entries => match self.check(&fold.body) {
                found @ (Type::Map(..) | Type::Dyn) => found,
                other => self.no_overload(at, "cel.@mapInsert", &[other], false),
            },
            FoldKind::SortBy => {
                self.check(&fold.body);
                range.clone()
            }
        }
    }

    /// Something that must be true or false.
    fn condition(&mut self, at: usize, expr: &Expr, name: &str) -> Type {
        let found = self.check(expr);
        if !found.unifies(&Type::Bool) {
            self.no_overload(at, name, &[Type::Bool, found], false);
        }
        Type::Bool
    }

    fn within(&mut self, at: usize, within: &Within) -> Type {
        let name = if within.is_flat { "optFlatMap" } else { "optMap" };
        let inner = match self.check(&within.operand) {
            Type::Optional(inner) => inner.as_ref().clone(),
            Type::Dyn => Type::Dyn,
            other => self.no_overload(at, name, &[other], true),
        };
        self.scope.push((within.name.clone(), inner));
        let made = self.check(&within.body);
        self.scope.pop();
        match made {
            Type::Optional(_) | Type::Dyn if within.is_flat => made,
            other if within.is_flat => self.no_overload(at, name, &[other], true),
            other => Type::optional(other),
        }
    }
}
