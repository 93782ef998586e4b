//! What must hold of a value by its schema, in upstream's words (CRD-04), and for what an update leaves as it was not
//! (CRD-05).

use std::fmt::Write as _;

use serde_json::{Map, Number, Value};

use super::structural::{Additional, Structural, Type};
use super::{correlation, formats};
use crate::field::{FieldError, FieldErrorKind, FieldErrors};

/// All that is wrong with an object. What is as it was in `old` is passed over.
pub(super) fn object(value: &Value, old: Option<&Value>, schema: &Structural) -> FieldErrors {
    let mut walk = Walk { path: String::new() };
    walk.value(value, old, schema).faults
}

/// All that is wrong with a value at a path.
pub(super) fn at(path: &str, value: &Value, schema: &Structural) -> FieldErrors {
    let mut walk = Walk { path: path.to_owned() };
    walk.value(value, None, schema).faults
}

/// What was found of a value.
#[derive(Default)]
struct Found {
    faults: FieldErrors,
    /// How many checks were made: of several schemas that fail, the one with the most is told of.
    checks: usize,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.faults.extend(other.faults);
        self.checks += other.checks;
    }
}

struct Walk {
    path: String,
}

impl Walk {
    fn value(&mut self, value: &Value, old: Option<&Value>, schema: &Structural) -> Found {
        let mut found = self.checked(value, old, schema);
        if !found.faults.is_empty() && old == Some(value) {
            found.faults.clear();
        }
        found
    }

    fn checked(&mut self, value: &Value, old: Option<&Value>, schema: &Structural) -> Found {
        let mut found = Found::default();
        match self.type_fault(value, schema) {
            Some(fault) => found.faults.push(fault),
            None => found.checks += 1,
        }
        found.checks += 1;
        if value.is_null() {
            self.enumeration(value, schema, &mut found);
            return found;
        }
        self.combinations(value, old, schema, &mut found);
        match value {
            Value::String(text) => self.text(text, schema, &mut found),
            Value::Number(number) => self.number(number, schema, &mut found),
            Value::Array(items) => self.list(items, old, schema, &mut found),
            _ => {}
        }
        self.enumeration(value, schema, &mut found);
        if let Value::Object(fields) = value {
            self.fields(fields, old, schema, &mut found);
        }
        found.checks += 1;
        found
    }

    fn type_fault(&self, value: &Value, schema: &Structural) -> Option<FieldError> {
        let expected = match (schema.is_int_or_string, schema.type_) {
            (true, _) => "integer,string",
            (false, Some(type_)) => type_.as_str(),
            (false, None) => return None,
        };
        if value.is_null() {
            return (!schema.is_nullable).then(|| self.wrong_type(expected, "null"));
        }
        let is_whole = |number: &Number| whole(number).is_some();
        let fits = match (schema.is_int_or_string, schema.type_, value) {
            (true, _, Value::String(_)) => true,
            (true, _, Value::Number(number)) => is_whole(number),
            (true, ..) => false,
            (false, Some(Type::Object), value) => value.is_object(),
            (false, Some(Type::Array), value) => value.is_array(),
            (false, Some(Type::String), value) => value.is_string(),
            (false, Some(Type::Boolean), value) => value.is_boolean(),
            (false, Some(Type::Number), value) => value.is_number(),
            (false, Some(Type::Integer), Value::Number(number)) => is_whole(number),
            (false, Some(Type::Integer), _) => false,
            (false, None, _) => true,
        };
        (!fits).then(|| self.wrong_type(expected, sort(value)))
    }

    fn combinations(&mut self, value: &Value, old: Option<&Value>, schema: &Structural, found: &mut Found) {
        let checks = &schema.checks;
        if !checks.any_of.is_empty() {
            let (valid, best) = self.alternatives(value, old, &checks.any_of);
            if valid == 0 {
                let why = "must validate at least one schema (anyOf)";
                found.faults.push(self.plain(why));
                found.add(best.unwrap_or_default());
            }
        }
        if !checks.one_of.is_empty() {
            let (valid, best) = self.alternatives(value, old, &checks.one_of);
            if valid != 1 {
                let how = match valid {
                    0 => "Found none valid".to_owned(),
                    several => format!("Found {several} valid alternatives"),
                };
                found
                    .faults
                    .push(self.plain(&format!("must validate one and only one schema (oneOf). {how}")));
                found.add(best.unwrap_or_default());
            }
        }
        if !checks.all_of.is_empty() {
            let mut valid = 0;
            for schema in &checks.all_of {
                let result = self.value(value, old, schema);
                valid += usize::from(result.faults.is_empty());
                found.add(result);
            }
            if valid != checks.all_of.len() {
                let none = if valid == 0 { ". None validated" } else { "" };
                found.faults.push(self.plain(&format!("must validate all the schemas (allOf){none}")));
            }
        }
        if let Some(not) = &checks.not
            && self.value(value, old, not).faults.is_empty()
        {
            found.faults.push(self.plain("must not validate the schema (not)"));
        }
        found.checks += 1;
    }

    /// How many schemas hold, and what was found of the one that came nearest while none did.
    fn alternatives(
        &mut self,
        value: &Value,
        old: Option<&Value>,
        schemas: &[Structural],
    ) -> (usize, Option<Found>) {
        let (mut valid, mut best): (usize, Option<Found>) = (0, None);
        for schema in schemas {
            let result = self.value(value, old, schema);
            if result.faults.is_empty() {
                valid += 1;
                best = None;
            } else if valid == 0 && best.as_ref().is_none_or(|best| result.checks > best.checks) {
                best = Some(result);
            }
        }
        (valid, best)
    }

    fn text(&self, text: &str, schema: &Structural, found: &mut Found) {
        let checks = &schema.checks;
        let length = text.chars().count() as u64;
        let fault = if let Some(max) = checks.max_length.filter(|max| length > *max) {
            let detail = format!("may not be more than {max} {}", if max == 1 { "byte" } else { "bytes" });
            Some(self.fault(FieldErrorKind::TooLong, None, detail))
        } else if let Some(min) = checks.min_length.filter(|min| length < *min) {
            Some(self.invalid(text, &format!("should be at least {min} chars long")))
        } else if let Some((written, pattern)) = &checks.pattern
            && !pattern.is_match(text)
        {
            Some(self.invalid(text, &format!("should match '{written}'")))
        } else {
            None
        };
        match fault {
            Some(fault) => found.faults.push(fault),
            None => found.checks += 1,
        }
        if let Some(format) = &checks.format
            && !formats::fits(format, text)
        {
            let detail = format!("{} in body must be of type {format}: {text:?}", self.path);
            found.faults.push(self.fault(FieldErrorKind::TypeInvalid, Some(json(text)), detail));
        }
    }

    fn number(&self, number: &Number, schema: &Structural, found: &mut Found) {
        let checks = &schema.checks;
        let format = checks.format.as_deref();
        let is_integer = schema.type_ == Some(Type::Integer) && !schema.is_int_or_string;
        if is_integer && format == Some("int32") && whole(number).is_none_or(|it| i32::try_from(it).is_err())
        {
            let why = format!("Checked value must be of type integer with format int32 in {}", self.path);
            found.faults.push(FieldError {
                kind: FieldErrorKind::Invalid,
                field: "<nil>".to_owned(),
                value: Some("\"\"".to_owned()),
                detail: why,
            });
        }
        let value = number.as_f64().unwrap_or_default();
        if let Some(of) = checks.multiple_of.filter(|of| !is_multiple(number, *of)) {
            found.faults.push(self.invalid(number, &format!("should be a multiple of {}", shown(of))));
        }
        if let Some(max) = checks.maximum {
            let (beyond, words) = match checks.is_maximum_exclusive {
                true => (value >= max, "should be less than"),
                false => (value > max, "should be less than or equal to"),
            };
            if beyond {
                found.faults.push(self.invalid(number, &format!("{words} {}", shown(max))));
            }
        }
        if let Some(min) = checks.minimum {
            let (beyond, words) = match checks.is_minimum_exclusive {
                true => (value <= min, "should be greater than"),
                false => (value < min, "should be greater than or equal to"),
            };
            if beyond {
                found.faults.push(self.invalid(number, &format!("{words} {}", shown(min))));
            }
        }
        found.checks += 2;
    }

    fn list(&mut self, items: &[Value], old: Option<&Value>, schema: &Structural, found: &mut Found) {
        let checks = &schema.checks;
        if let Some(items_schema) = &schema.items {
            for (at, item) in items.iter().enumerate() {
                let before = correlation::item(schema, old, item);
                let length = self.path.len();
                write!(self.path, "[{at}]").expect("a string takes all");
                found.add(self.value(item, before, items_schema));
                self.path.truncate(length);
            }
        }
        let count = items.len() as u64;
        if let Some(min) = checks.min_items.filter(|min| count < *min) {
            found.faults.push(self.invalid(&count, &format!("should have at least {min} items")));
        }
        if let Some(max) = checks.max_items.filter(|max| count > *max) {
            found.faults.push(self.too_many(count, max));
        }
        if checks.has_unique_items {
            let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
            texts.sort_unstable();
            if texts.windows(2).any(|pair| pair[0] == pair[1]) {
                found.faults.push(self.invalid("", "shouldn't contain duplicates"));
            }
        }
        found.checks += 2;
    }

    fn fields(
        &mut self,
        fields: &Map<String, Value>,
        old: Option<&Value>,
        schema: &Structural,
        found: &mut Found,
    ) {
        let checks = &schema.checks;
        let count = fields.len() as u64;
        if let Some(min) = checks.min_properties.filter(|min| count < *min) {
            found.faults.push(self.invalid(&count, &format!("should have at least {min} properties")));
        }
        if let Some(max) = checks.max_properties.filter(|max| count > *max) {
            found.faults.push(self.too_many(count, max));
        }
        for (name, value) in fields {
            let schema = match (schema.properties.get(name), &schema.additional) {
                (Some(field), _) => field,
                (None, Some(Additional::Schema(field))) => field,
                (None, Some(Additional::Any(false))) => {
                    let detail = format!("{}.{name} in body is a forbidden property", self.path);
                    let field = format!("{}.{name}", self.path).trim_start_matches('.').to_owned();
                    let value = Some("\"\"".to_owned());
                    found.faults.push(FieldError { kind: FieldErrorKind::Invalid, field, value, detail });
                    continue;
                }
                (None, _) => continue,
            };
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(name);
            found.add(self.value(value, correlation::field(old, name), schema));
            self.path.truncate(length);
        }
        for name in checks.required.iter().filter(|name| !fields.contains_key(*name)) {
            let field = format!("{}.{name}", self.path).trim_start_matches('.').to_owned();
            let detail = String::new();
            found.faults.push(FieldError { kind: FieldErrorKind::Required, field, value: None, detail });
        }
        found.checks += 1;
    }

    fn enumeration(&self, value: &Value, schema: &Structural, found: &mut Found) {
        let allowed = &schema.checks.enumeration;
        if allowed.is_empty() || !value.is_null() && allowed.iter().any(|one| same(one, value)) {
            found.checks += 1;
            return;
        }
        let words: Vec<String> =
            allowed.iter().map(|one| one.as_str().map_or_else(|| json(&one.to_string()), json)).collect();
        let detail = format!("supported values: {}", words.join(", "));
        found.faults.push(self.fault(FieldErrorKind::NotSupported, Some(json(value)), detail));
    }

    fn wrong_type(&self, expected: &str, got: &str) -> FieldError {
        let detail = format!("{} in body must be of type {expected}: {got:?}", self.path);
        self.fault(FieldErrorKind::TypeInvalid, Some(json(got)), detail)
    }

    fn too_many(&self, count: u64, max: u64) -> FieldError {
        let noun = if max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {max} {noun}");
        self.fault(FieldErrorKind::TooMany, Some(count.to_string()), detail)
    }

    fn invalid<V: serde::Serialize + ?Sized>(&self, value: &V, why: &str) -> FieldError {
        let detail = format!("{} in body {why}", self.path);
        self.fault(FieldErrorKind::Invalid, Some(json(value)), detail)
    }

    /// A fault that is told without its place.
    fn plain(&self, why: &str) -> FieldError {
        FieldError {
            kind: FieldErrorKind::Invalid,
            field: "<nil>".to_owned(),
            value: Some("\"\"".to_owned()),
            detail: format!("{:?} {why}", self.path),
        }
    }

    fn fault(&self, kind: FieldErrorKind, value: Option<String>, detail: String) -> FieldError {
        let field = if self.path.is_empty() { "<nil>".to_owned() } else { self.path.clone() };
        FieldError { kind, field, value, detail }
    }
}

/// The JSON type of a value, as it is told.
fn sort(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The largest number up to which all whole numbers are floating point numbers.
const WHOLE_MAX: f64 = 9_007_199_254_740_991.0;

/// A number that is whole, however it is written.
pub(super) fn whole(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        (number.is_f64() && float.fract() == 0.0 && float.abs() <= WHOLE_MAX).then_some(float as i64)
    })
}

fn is_multiple(number: &Number, of: f64) -> bool {
    if of <= 0.0 {
        return false;
    }
    if let Some(whole) = number.as_i64()
        && of.fract() == 0.0
        && of <= WHOLE_MAX
    {
        return whole % of as i64 == 0;
    }
    let value = number.as_f64().unwrap_or_default();
    let times = if of < 1.0 { 1.0 / of * value } else { value / of };
    // As near to a whole number as their rounding allows.
    (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
}

/// Whether two values mean the same; numbers by value.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        _ => one == other,
    }
}

fn shown(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() <= WHOLE_MAX {
        (number as i64).to_string()
    } else {
        number.to_string()
    }
}

fn json<V: serde::Serialize + ?Sized>(value: &V) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
