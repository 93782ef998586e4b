//! Where a custom object keeps its number of replicas (CRD-07).

use serde_json::Value;

use crate::field::{FieldError, FieldErrors, Path};
use crate::kind::ScalePaths;

impl ScalePaths {
    /// The number that is wanted; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// If it is no number.
    pub fn replicas(&self, object: &Value) -> Result<Option<i64>, String> {
        number(object, &self.spec_replicas)
    }

    /// The number that is there.
    ///
    /// # Errors
    ///
    /// If it is no number.
    pub fn observed(&self, object: &Value) -> Result<i64, String> {
        Ok(number(object, &self.status_replicas)?.unwrap_or_default())
    }

    /// The selector of what is counted; empty if there is none.
    ///
    /// # Errors
    ///
    /// If it is no text.
    pub fn selector(&self, object: &Value) -> Result<String, String> {
        let Some(path) = &self.selector else { return Ok(String::new()) };
        match find(object, path) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(format!(".{} accessor error: {other} is not a string", path.join("."))),
        }
    }

    /// The fields of a merge patch that sets the number.
    pub fn patch(&self, replicas: i64) -> Value {
        let innermost = Value::from(replicas);
        self.spec_replicas
            .iter()
            .rev()
            .fold(innermost, |value, name| Value::Object([(name.clone(), value)].into_iter().collect()))
    }
}

fn find<'v>(object: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, name| value.get(name))
}

fn number(object: &Value, path: &[String]) -> Result<Option<i64>, String> {
    match find(object, path) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| format!(".{} accessor error: {value} is not an int64", path.join("."))),
    }
}

/// What is wrong with the numbers of an object.
pub(super) fn check(paths: &ScalePaths, object: &Value, with_spec: bool, faults: &mut FieldErrors) {
    let mut look = |path: &[String], found: Result<Option<i64>, String>| {
        let field = format!(".{}", path.join("."));
        let field = Path::new(&field);
        match found {
            Err(why) => faults.push(FieldError::invalid(&field, &0, why)),
            Ok(Some(count)) if count < 0 => {
                faults.push(FieldError::invalid(&field, &count, "should be a non-negative integer"));
            }
            Ok(Some(count)) if count > i64::from(i32::MAX) => {
                let why = format!("should be less than or equal to {}", i32::MAX);
                faults.push(FieldError::invalid(&field, &count, why));
            }
            Ok(_) => {}
        }
    };
    if with_spec {
        look(&paths.spec_replicas, paths.replicas(object));
    }
    look(&paths.status_replicas, paths.observed(object).map(Some));
    if let (Err(why), Some(path)) = (paths.selector(object), &paths.selector) {
        let field = format!(".{}", path.join("."));
        faults.push(FieldError::invalid(&Path::new(&field), "", why));
    }
}
