use serde_json::{Map, Value};

use super::read::text;

/// A rule of a schema, as it is written (CRD-05).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// What must hold.
    pub rule: String,
    /// What is told if it does not.
    pub message: String,
    /// An expression that makes what is told.
    pub message_expression: String,
    /// The reason of the fault.
    pub reason: Option<String>,
    /// Where below its place the fault is told.
    pub field_path: String,
    /// Whether it is also looked at where there is no value before, if that is said.
    pub optional_old_self: Option<bool>,
}

impl Rule {
    pub(super) fn read(rule: &Map<String, Value>) -> Self {
        let word = |name: &str| text(rule, name).unwrap_or_default().to_owned();
        Self {
            rule: word("rule"),
            message: word("message"),
            message_expression: word("messageExpression"),
            reason: text(rule, "reason").map(str::to_owned),
            field_path: word("fieldPath"),
            optional_old_self: rule.get("optionalOldSelf").and_then(Value::as_bool),
        }
    }

    /// What it is called in faults.
    pub(super) fn shown(&self) -> &str {
        if self.message.is_empty() { self.rule.trim() } else { self.message.trim() }
    }

    /// What is told if it does not hold and no expression says so.
    pub(super) fn words(&self) -> String {
        if self.message.is_empty() {
            format!("failed rule: {}", self.rule.trim())
        } else {
            self.message.trim().to_owned()
        }
    }

    /// As upstream shows it in faults: its internal form.
    pub(super) fn written(&self) -> Value {
        serde_json::json!({
            "Rule": self.rule,
            "Message": self.message,
            "MessageExpression": self.message_expression,
            "Reason": self.reason,
            "FieldPath": self.field_path,
            "OptionalOldSelf": self.optional_old_self,
        })
    }
}
