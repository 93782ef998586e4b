//! What the expressions of a schema say, once the schema itself is right (CRD-05).

use super::super::limits::RULES_MAX;
use super::super::rule::Rule;
use super::super::structural::{Additional, ListKind, Structural};
use super::super::{declared, validations};
use crate::cel::{Program, Type};
use crate::field::{FieldError, FieldErrors, Path};

/// What is wrong with the rules of a whole object's schema.
pub(super) fn check(schema: &Structural, path: &Path<'_>, faults: &mut FieldErrors) {
    if count(schema) > RULES_MAX {
        faults.push(FieldError::forbidden(path, format!("a version may have at most {RULES_MAX} rules")));
        return;
    }
    let type_ = declared::of(schema, true, "self");
    Walk { faults }.schema(schema, type_.as_ref(), None, path);
}

/// How many rules a schema has.
fn count(schema: &Structural) -> usize {
    let additional = match &schema.additional {
        Some(Additional::Schema(values)) => count(values),
        _ => 0,
    };
    let items = schema.items.as_ref().map_or(0, |items| count(items));
    schema.rules.len() + schema.properties.values().map(count).sum::<usize>() + additional + items
}

struct Walk<'f> {
    faults: &'f mut FieldErrors,
}

impl Walk<'_> {
    /// Below a list whose items cannot be told apart there is no value before.
    fn schema(
        &mut self,
        schema: &Structural,
        type_: Option<&Type>,
        uncorrelated: Option<&Path<'_>>,
        path: &Path<'_>,
    ) {
        self.rules(&schema.rules, type_, uncorrelated, path);
        let inner = match type_ {
            Some(Type::List(inner) | Type::Map(_, inner)) => Some(inner.as_ref()),
            _ => None,
        };
        if let Some(items) = &schema.items {
            let is_correlated = matches!(schema.list, ListKind::Map(_));
            let uncorrelated = uncorrelated.or((!is_correlated).then_some(path));
            self.schema(items, inner, uncorrelated, &path.child("items"));
        }
        if let Some(Additional::Schema(values)) = &schema.additional {
            self.schema(values, inner, uncorrelated, &path.child("additionalProperties"));
        }
        let properties = path.child("properties");
        for (name, field) in &schema.properties {
            let known = match (declared::escaped(name), type_) {
                (Some(escaped), Some(Type::Object(fields))) => fields.fields.get(&escaped).cloned(),
                (None, _) => declared::of(field, field.is_embedded, name),
                _ => None,
            };
            self.schema(field, known.as_ref(), uncorrelated, &properties.key(name));
        }
    }

    fn rules(
        &mut self,
        rules: &[Rule],
        type_: Option<&Type>,
        uncorrelated: Option<&Path<'_>>,
        path: &Path<'_>,
    ) {
        if rules.is_empty() {
            return;
        }
        let list = path.child("x-kubernetes-validations");
        let Some(type_) = type_ else {
            let why = "internal error: failed to retrieve type information for x-kubernetes-validations";
            self.faults.push(FieldError::internal(&list, why));
            return;
        };
        for (at, rule) in rules.iter().enumerate() {
            self.rule(rule, type_, uncorrelated, &list.index(at));
        }
    }

    fn rule(&mut self, rule: &Rule, type_: &Type, uncorrelated: Option<&Path<'_>>, path: &Path<'_>) {
        let variables = validations::variables(type_, rule);
        let place = path.child("rule");
        let mut refuse = |place: &Path<'_>, why: String| {
            self.faults.push(FieldError::invalid(place, &rule.written(), why));
        };
        let program = match Program::compile(&rule.rule, &variables) {
            Err(error) => return refuse(&place, format!("compilation failed: {error}")),
            Ok(program) if *program.result() != Type::Bool => {
                return refuse(&place, "cel expression must evaluate to a bool".to_owned());
            }
            Ok(program) => program,
        };
        if !rule.message_expression.is_empty() {
            let place = path.child("messageExpression");
            match Program::compile(&rule.message_expression, &variables) {
                Err(error) => refuse(&place, format!("messageExpression compilation failed: {error}")),
                Ok(message) if *message.result() != Type::String => {
                    refuse(&place, "messageExpression must evaluate to a string".to_owned());
                }
                Ok(_) => {}
            }
        }
        match (program.uses(validations::OLD_SELF), uncorrelated, rule.optional_old_self) {
            (true, Some(above), _) => {
                let why = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {above}"
                );
                self.faults.push(FieldError::invalid(&place, &rule.rule, why));
            }
            (false, _, Some(given)) => {
                let why = "may not be set if oldSelf is not used in rule";
                self.faults.push(FieldError::invalid(&path.child("optionalOldSelf"), &given, why));
            }
            _ => {}
        }
    }
}
