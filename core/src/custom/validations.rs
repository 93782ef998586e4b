//! The rules of a version, compiled, and what becomes of them when an object is written (CRD-05).

use std::sync::Arc;

use serde_json::Value as Json;

use super::correlated::Correlated;
use super::declared;
use super::field_path;
use super::lifted;
use super::rule::Rule;
use super::structural::{Additional, Structural, Type as JsonType};
use crate::cel::limits::{MESSAGE_BYTES_MAX, OBJECT_COST_MAX, RUN_COST_MAX};
use crate::cel::{Key, ListMeaning, Program, Stop, Type, Value};
use crate::field::{FieldError, FieldErrorKind, FieldErrors};

/// What the value and the one before it are called.
pub(super) const SELF: &str = "self";
pub(super) const OLD_SELF: &str = "oldSelf";

/// The rules of a schema and of what is in it.
#[derive(Debug, Default)]
pub(super) struct Validations {
    rules: Vec<Compiled>,
    type_: Option<JsonType>,
    properties: Vec<(String, Arc<Structural>, Validations)>,
    additional: Option<Box<Validations>>,
    items: Option<Box<Validations>>,
}

/// A rule that can be run.
#[derive(Debug)]
struct Compiled {
    rule: Rule,
    program: Program,
    message: Option<Program>,
    /// Where below its place it is told, in the form that is told.
    place: Option<String>,
    uses_old: bool,
}

/// What the variables of a rule are.
pub(super) fn variables(type_: &Type, rule: &Rule) -> [(&'static str, Type); 2] {
    let old =
        if rule.optional_old_self == Some(true) { Type::optional(type_.clone()) } else { type_.clone() };
    [(SELF, type_.clone()), (OLD_SELF, old)]
}

impl Validations {
    /// The rules of a whole object's schema; `None` if there are none. Those that cannot be compiled are left out: a
    /// definition that has such is not accepted.
    pub(super) fn of(schema: &Structural) -> Option<Self> {
        Self::compiled(schema, declared::of(schema, true, "self").as_ref())
    }

    fn compiled(schema: &Structural, type_: Option<&Type>) -> Option<Self> {
        let type_ = type_?;
        let mut found = Self { type_: schema.type_, ..Self::default() };
        found.rules = schema.rules.iter().filter_map(|rule| Compiled::of(rule, schema, type_)).collect();
        let inner = match type_ {
            Type::List(inner) | Type::Map(_, inner) => Some(inner.as_ref()),
            _ => None,
        };
        if let Some(schema) = &schema.items {
            found.items = Self::compiled(schema, inner).map(Box::new);
        }
        if let Some(Additional::Schema(schema)) = &schema.additional {
            found.additional = Self::compiled(schema, inner).map(Box::new);
        }
        for (name, schema) in &schema.properties {
            let known = match (declared::escaped(name), type_) {
                (Some(escaped), Type::Object(fields)) => fields.fields.get(&escaped).cloned(),
                (None, _) => declared::of(schema, schema.is_embedded, name),
                _ => None,
            };
            if let Some(inner) = Self::compiled(schema, known.as_ref()) {
                found.properties.push((name.clone(), Arc::new(schema.clone()), inner));
            }
        }
        found.has_any().then_some(found)
    }

    fn has_any(&self) -> bool {
        !self.rules.is_empty()
            || !self.properties.is_empty()
            || self.additional.is_some()
            || self.items.is_some()
    }

    /// All rules that do not hold for a whole object. Of an update, those that say nothing of the value before are
    /// passed over where nothing changed.
    pub(super) fn check(&self, object: &Json, old: Option<&Json>, schema: &Structural) -> FieldErrors {
        let Some(value) = lifted::of(object, schema, true) else { return FieldErrors::new() };
        let old_value = old.and_then(|old| lifted::of(old, schema, true));
        let mut walk = Walk { faults: FieldErrors::new(), cost_left: OBJECT_COST_MAX, path: String::new() };
        let old = old.zip(old_value.as_ref());
        let at = Correlated { json: object, value: &value, old, is_same_above: false };
        // It ends early when it has cost too much, and has said so.
        let _ = walk.value(self, &at);
        walk.faults
    }
}

impl Compiled {
    fn of(rule: &Rule, schema: &Structural, type_: &Type) -> Option<Self> {
        let variables = variables(type_, rule);
        let program =
            Program::compile(&rule.rule, &variables).ok().filter(|it| *it.result() == Type::Bool)?;
        let message = Program::compile(&rule.message_expression, &variables);
        Some(Self {
            uses_old: program.uses(OLD_SELF),
            message: message.ok().filter(|it| *it.result() == Type::String),
            place: field_path::resolved(&rule.field_path, schema).ok().filter(|place| !place.is_empty()),
            rule: rule.clone(),
            program,
        })
    }
}

/// The budget is used up; no further rules are looked at.
struct Exhausted;

struct Walk {
    faults: FieldErrors,
    cost_left: u64,
    path: String,
}

impl Walk {
    fn value(&mut self, rules: &Validations, at: &Correlated<'_>) -> Result<(), Exhausted> {
        if matches!(at.value, Value::Null) {
            return Ok(());
        }
        for compiled in &rules.rules {
            self.rule(compiled, rules.type_, at)?;
        }
        match at.json {
            Json::Object(fields) => {
                for (name, schema, inner) in &rules.properties {
                    let Some(json) = fields.get(name) else { continue };
                    let Some(value) = lifted::field(at.value, at.json, name, schema) else { continue };
                    let old = at.old.and_then(|(json, value)| {
                        Some((json.get(name)?, lifted::field(value, json, name, schema)?))
                    });
                    let old = old.as_ref().map(|(json, value)| (*json, value));
                    self.step(&format!(".{name}"), inner, &at.inner(json, &value, old))?;
                }
                if let (Some(inner), Value::Map(map)) = (&rules.additional, at.value) {
                    for (name, json) in fields {
                        let key = Key::String(name.as_str().into());
                        let Some(value) = map.get(&key) else { continue };
                        let old = at.old.and_then(|(json, old)| {
                            let Value::Map(old) = old else { return None };
                            Some((json.get(name)?, old.get(&key)?))
                        });
                        self.step(&format!("[{name}]"), inner, &at.inner(json, value, old))?;
                    }
                }
                Ok(())
            }
            Json::Array(items) => match &rules.items {
                Some(inner) => self.items(inner, items, at),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Only the items of lists with keys have one before.
    fn items(&mut self, rules: &Validations, items: &[Json], at: &Correlated<'_>) -> Result<(), Exhausted> {
        let Value::List(list) = at.value else { return Ok(()) };
        let old = match at.old {
            Some((Json::Array(json), Value::List(old))) => Some((json, old, lifted::by_keys(old))),
            _ => None,
        };
        for (index, (json, value)) in items.iter().zip(list.items.iter()).enumerate() {
            let before = old.as_ref().and_then(|(json, old, by_keys)| {
                let ListMeaning::Map(keys) = &list.meaning else { return None };
                let found = *by_keys.get(&lifted::keys_of(value, keys))?;
                Some((json.get(found)?, old.items.get(found)?))
            });
            self.step(&format!("[{index}]"), rules, &at.inner(json, value, before))?;
        }
        Ok(())
    }

    fn step(&mut self, step: &str, rules: &Validations, at: &Correlated<'_>) -> Result<(), Exhausted> {
        let length = self.path.len();
        self.path.push_str(if length == 0 { step.trim_start_matches('.') } else { step });
        let outcome = self.value(rules, at);
        self.path.truncate(length);
        outcome
    }

    fn rule(
        &mut self,
        compiled: &Compiled,
        type_: Option<JsonType>,
        at: &Correlated<'_>,
    ) -> Result<(), Exhausted> {
        let word = type_.map_or("", JsonType::as_str);
        let is_optional = compiled.rule.optional_old_self == Some(true);
        if compiled.uses_old && at.old.is_none() && !is_optional {
            return Ok(());
        }
        if self.cost_left == 0 {
            return Err(self.exhausted(word));
        }
        let old = at.old.map(|(_, value)| value.clone());
        let old = match old {
            Some(old) if is_optional => Value::some(old),
            Some(old) => old,
            None => Value::none(),
        };
        let variables = [(SELF, at.value.clone()), (OLD_SELF, old)];
        let answer = compiled.program.run(&variables, self.cost_left);
        let had = self.cost_left;
        self.cost_left = self.cost_left.saturating_sub(answer.cost);
        let shown = compiled.rule.shown();
        match answer.value {
            Ok(Value::Bool(true)) => Ok(()),
            Err(Stop::Cost) if had < RUN_COST_MAX => Err(self.exhausted(word)),
            Err(stop @ Stop::Cost) => {
                let why = format!(
                    "'{stop}': no further validation rules will be run due to call cost exceeds limit for rule: {shown}"
                );
                self.told(word, why);
                Err(Exhausted)
            }
            Err(Stop::Fault(why)) => {
                let why = if why.starts_with("no such overload") {
                    format!(
                        "'{why}': call arguments did not match a supported operator, function or macro signature for \
                         rule: {shown}"
                    )
                } else {
                    format!("{why} evaluating rule: {shown}")
                };
                self.told(word, why);
                Ok(())
            }
            Ok(_) => self.broken(compiled, type_, at, &variables),
        }
    }

    /// A rule does not hold.
    fn broken(
        &mut self,
        compiled: &Compiled,
        type_: Option<JsonType>,
        at: &Correlated<'_>,
        variables: &[(&str, Value)],
    ) -> Result<(), Exhausted> {
        let is_passed_over = !compiled.uses_old && at.is_same();
        let mut detail = compiled.rule.words();
        if let Some(message) = &compiled.message {
            let answer = message.run(variables, self.cost_left);
            let had = self.cost_left;
            self.cost_left = self.cost_left.saturating_sub(answer.cost);
            match answer.value {
                Ok(Value::String(text)) if is_message(&text) => detail = text.trim().to_owned(),
                Err(Stop::Cost) => {
                    let why = if had < RUN_COST_MAX {
                        "messageExpression evaluation failed due to running out of cost budget, no further validation \
                         rules will be run"
                            .to_owned()
                    } else {
                        format!(
                            "no further validation rules will be run due to call cost exceeds limit for \
                             messageExpression: {:?}",
                            compiled.rule.message_expression
                        )
                    };
                    self.told(type_.map_or("", JsonType::as_str), why);
                    return Err(Exhausted);
                }
                _ => {}
            }
        }
        if !is_passed_over {
            let fault = self.fault(compiled, type_, at, detail);
            self.faults.push(fault);
        }
        Ok(())
    }

    fn fault(
        &self,
        compiled: &Compiled,
        type_: Option<JsonType>,
        at: &Correlated<'_>,
        detail: String,
    ) -> FieldError {
        let mut field = self.path.clone();
        if let Some(place) = &compiled.place {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(place);
        }
        let is_large = matches!(type_, Some(JsonType::Array | JsonType::Object));
        let value = (!is_large).then(|| at.json.to_string());
        let (kind, value, detail) = match compiled.rule.reason.as_deref() {
            Some("FieldValueForbidden") => (FieldErrorKind::Forbidden, None, detail),
            Some("FieldValueRequired") => (FieldErrorKind::Required, None, detail),
            Some("FieldValueDuplicate") => (FieldErrorKind::Duplicate, value, String::new()),
            _ => (FieldErrorKind::Invalid, value, detail),
        };
        FieldError { kind, field: told_as(field), value, detail }
    }

    fn told(&mut self, word: &str, detail: String) {
        let value = Some(Json::from(word).to_string());
        let field = told_as(self.path.clone());
        self.faults.push(FieldError { kind: FieldErrorKind::Invalid, field, value, detail });
    }

    fn exhausted(&mut self, word: &str) -> Exhausted {
        let why =
            "validation failed due to running out of cost budget, no further validation rules will be run";
        self.told(word, why.to_owned());
        Exhausted
    }
}

/// Whether a text can be told.
fn is_message(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.len() <= MESSAGE_BYTES_MAX && !text.contains('\n')
}

/// The whole object has no path.
fn told_as(path: String) -> String {
    if path.is_empty() { "<nil>".to_owned() } else { path }
}
