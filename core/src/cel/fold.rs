//! Macros over lists and maps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cost::Stop;
use super::evaluate::{Outcome, Run};
use super::functions;
use super::syntax::{Fold, FoldKind};
use super::value::{Key, Value};

/// What each step costs beside what is done in it.
const STEP_COST: u64 = 3;

/// What is gone over, by what its names stand for.
enum Steps {
    Items(Arc<Vec<Value>>),
    Entries(Vec<(Value, Value)>),
}

impl Steps {
    fn of(range: &Value) -> Result<Self, Stop> {
        match range {
            Value::List(list) => Ok(Self::Items(Arc::clone(&list.items))),
            Value::Map(map) => {
                Ok(Self::Entries(map.iter().map(|(key, value)| (key.value(), value.clone())).collect()))
            }
            Value::Object(object) => {
                let fields = object.fields.iter();
                Ok(Self::Entries(
                    fields.map(|(name, value)| (Value::String(Arc::clone(name)), value.clone())).collect(),
                ))
            }
            _ => Err(Stop::no_overload()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Items(items) => items.len(),
            Self::Entries(entries) => entries.len(),
        }
    }

    /// What the first name stands for, and the second if there is one.
    fn at(&self, at: usize, has_second: bool) -> (Value, Value) {
        match self {
            Self::Items(items) if has_second => (Value::Int(at as i64), items[at].clone()),
            Self::Items(items) => (items[at].clone(), Value::Null),
            Self::Entries(entries) => entries[at].clone(),
        }
    }

    /// The key of a map that is made of it.
    fn key(&self, at: usize) -> Result<Key, Stop> {
        match self {
            Self::Items(_) => Ok(Key::Number(at as i128)),
            Self::Entries(entries) => Key::of(&entries[at].0).ok_or_else(Stop::no_overload),
        }
    }
}

impl<'p> Run<'p> {
    pub(super) fn fold(&mut self, fold: &'p Fold) -> Outcome {
        let range = self.eval(&fold.range)?;
        let steps = Steps::of(&range)?;
        self.cost.spend(1)?;
        self.cost.spend_tenths(steps.len() as u64)?;
        match fold.kind {
            FoldKind::All => self.quantified(fold, &steps, false),
            FoldKind::Exists => self.quantified(fold, &steps, true),
            FoldKind::ExistsOne => self.exists_one(fold, &steps),
            FoldKind::Filter => self.filter(fold, &steps),
            FoldKind::List => {
                let made = self.made(fold, &steps)?;
                Ok(made.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
            }
            FoldKind::Map => {
                let made = self.made(fold, &steps)?;
                let entries = made.into_iter().map(|(at, value)| Ok((steps.key(at)?, value)));
                Ok(Value::Map(Arc::new(entries.collect::<Result<_, Stop>>()?)))
            }
            FoldKind::Entries => self.entries(fold, &steps),
            FoldKind::SortBy => {
                let made = self.made(fold, &steps)?;
                let keyed = made.into_iter().map(|(at, key)| (key, steps.at(at, false).0)).collect();
                functions::sorted(self, keyed)
            }
        }
    }

    /// What an expression of the macro answers in a step.
    fn step(&mut self, fold: &'p Fold, steps: &Steps, at: usize, is_filter: bool) -> Outcome {
        let (first, second) = steps.at(at, fold.second.is_some());
        let depth = self.scope.len();
        self.scope.push((&fold.first, first));
        if let Some(name) = &fold.second {
            self.scope.push((name, second));
        }
        let expr = if is_filter { fold.filter.as_ref() } else { None };
        let answer = self.eval(expr.unwrap_or(&fold.body));
        self.scope.truncate(depth);
        answer
    }

    /// Whether the condition holds in a step.
    fn holds(&mut self, fold: &'p Fold, steps: &Steps, at: usize, is_filter: bool) -> Result<bool, Stop> {
        match self.step(fold, steps, at, is_filter)? {
            Value::Bool(flag) => Ok(flag),
            _ => Err(Stop::no_overload()),
        }
    }

    /// `all` ends with the first step that does not hold, `exists` with the first that does; a step that fails does not
    /// matter if another decides.
    fn quantified(&mut self, fold: &'p Fold, steps: &Steps, decides: bool) -> Outcome {
        let mut failed = None;
        for at in 0..steps.len() {
            self.cost.spend(STEP_COST)?;
            match self.holds(fold, steps, at, false) {
                Ok(flag) if flag == decides => return Ok(flag.into()),
                Ok(_) => {}
                Err(Stop::Cost) => return Err(Stop::Cost),
                Err(fault) => failed = failed.or(Some(fault)),
            }
        }
        failed.map_or(Ok((!decides).into()), Err)
    }

    fn exists_one(&mut self, fold: &'p Fold, steps: &Steps) -> Outcome {
        let mut count = 0;
        for at in 0..steps.len() {
            self.cost.spend(STEP_COST)?;
            count += usize::from(self.holds(fold, steps, at, false)?);
        }
        Ok((count == 1).into())
    }

    fn filter(&mut self, fold: &'p Fold, steps: &Steps) -> Outcome {
        let mut kept = Vec::new();
        for at in 0..steps.len() {
            self.cost.spend(STEP_COST)?;
            if self.holds(fold, steps, at, false)? {
                kept.push(steps.at(at, false).0);
            }
        }
        Ok(kept.into())
    }

    /// What the body makes of the steps that pass the filter.
    fn made(&mut self, fold: &'p Fold, steps: &Steps) -> Result<Vec<(usize, Value)>, Stop> {
        let mut made = Vec::new();
        for at in 0..steps.len() {
            self.cost.spend(STEP_COST)?;
            if fold.filter.is_none() || self.holds(fold, steps, at, true)? {
                made.push((at, self.step(fold, steps, at, false)?));
            }
        }
        Ok(made)
    }

    fn entries(&mut self, fold: &'p Fold, steps: &Steps) -> Outcome {
        let mut map = BTreeMap::new();
        for (_, made) in self.made(fold, steps)? {
            let Value::Map(entries) = made else { return Err(Stop::no_overload()) };
            for (key, value) in entries.iter() {
                self.cost.spend(1)?;
                if map.insert(key.clone(), value.clone()).is_some() {
                    return Err(Stop::fault(format!("insert failed: key {} already exists", key.shown())));
                }
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }
}
