use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::check::Checker;
use super::cost::{Cost, Stop};
use super::evaluate::Run;
use super::parse;
use super::source::CompileError;
use super::syntax::Expr;
use super::typing::Type;
use super::value::Value;

/// An expression that fits its variables.
#[derive(Debug)]
pub struct Program {
    expr: Expr,
    result: Type,
    /// Those that are known.
    patterns: BTreeMap<String, Arc<Regex>>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Answer {
    /// The value, or why there is none.
    pub value: Result<Value, Stop>,
    /// What it cost, in upstream's units.
    pub cost: u64,
}

impl Program {
    /// Compiles an expression with variables of these types.
    ///
    /// # Errors
    ///
    /// If it is no expression, too long or too deep, or if something in it does not fit.
    pub fn compile(source: &str, variables: &[(&str, Type)]) -> Result<Self, CompileError> {
        let expr = parse::parse(source)?;
        let mut checker = Checker::new(variables);
        let result = checker.check(&expr);
        let patterns = checker.finish().map_err(|faults| CompileError::new(source, &faults))?;
        Ok(Self { expr, result, patterns })
    }

    /// What it answers, as far as that is known.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// Whether it uses a variable.
    pub fn uses(&self, name: &str) -> bool {
        self.expr.uses(name)
    }

    /// Runs it. It ends when it has cost `cost_max` or [`RUN_COST_MAX`](super::limits::RUN_COST_MAX), whichever is
    /// less.
    pub fn run(&self, variables: &[(&str, Value)], cost_max: u64) -> Answer {
        let mut run = Run::new(variables, &self.patterns, Cost::of(cost_max));
        let value = run.eval(&self.expr);
        Answer { value, cost: run.cost.spent() }
    }
}
