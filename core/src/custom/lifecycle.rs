//! What becomes of a definition: its names are accepted, it is established, it goes (CRD-01, CRD-11).
//!
//! Everything here is decided from the definitions that there are; writing is the driver's.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::kind::Registry;

/// The finalizer that keeps a definition until its objects are gone.
pub const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Names that a definition may not take: those of others in its group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    resources: BTreeSet<String>,
    kinds: BTreeSet<String>,
}

/// What is to be done next with a definition.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing.
    Rest,
    /// Its status is to be this.
    Status(Value),
    /// Its objects are to be deleted, and then its status is to be this and its finalizer gone.
    Clean(Value),
}

impl Claims {
    /// Names that others in the group of a definition have: other definitions, and kinds of the program that are not
    /// the definition's own.
    pub fn against<'d>(
        definition: &Value,
        others: impl IntoIterator<Item = &'d Value>,
        registry: &Registry,
    ) -> Self {
        let group = &definition["spec"]["group"];
        let mut claims = Self::default();
        for other in others {
            if other["spec"]["group"] == *group && other["metadata"]["name"] != definition["metadata"]["name"]
            {
                claims.add(&other["status"]["acceptedNames"]);
            }
        }
        let wanted = &definition["spec"]["names"];
        let own = |kind: &crate::kind::Kind| {
            wanted["plural"] == *kind.names.plural && wanted["kind"] == *kind.names.kind
        };
        for kind in registry.kinds() {
            let is_listed = !kind.schema(None).name().is_empty();
            let is_programs = kind.custom.is_none() && (is_listed || !own(&kind));
            if is_programs && kind.versions.iter().any(|served| *group == *served.group) {
                claims.resources.extend([kind.names.plural.clone(), kind.names.singular.clone()]);
                claims.resources.extend(kind.names.short.iter().cloned());
                claims.kinds.extend([kind.names.kind.clone(), kind.names.list.clone()]);
            }
        }
        claims
    }

    fn add(&mut self, names: &Value) {
        let word = |name: &str| names[name].as_str().filter(|word| !word.is_empty()).map(str::to_owned);
        self.resources.extend(["plural", "singular"].into_iter().filter_map(word));
        self.resources.extend(words(&names["shortNames"]));
        self.kinds.extend(["kind", "listKind"].into_iter().filter_map(word));
    }
}

/// What is to be done next with a definition, given the names of others.
pub fn step(definition: &Value, claims: &Claims, now: Timestamp) -> Step {
    let status = &definition["status"];
    if !definition["metadata"]["deletionTimestamp"].is_null() {
        return cleanup(definition, now);
    }
    let (names, accepted) = accept(definition, claims);
    let is_accepted = accepted.holds;
    let mut wanted = status.clone();
    if !wanted.is_object() {
        wanted = json!({});
    }
    wanted["acceptedNames"] = names;
    set(&mut wanted, &accepted, now);
    if !is_established(definition) {
        let established = match (is_accepted, condition(status, "NamesAccepted")) {
            (false, _) => Condition {
                type_: "Established",
                holds: false,
                reason: "NotAccepted",
                message: "not all names are accepted".to_owned(),
            },
            (true, Some(before)) if before["status"] == "True" => Condition {
                type_: "Established",
                holds: true,
                reason: "InitialNamesAccepted",
                message: "the initial names have been accepted".to_owned(),
            },
            (true, _) => Condition {
                type_: "Established",
                holds: false,
                reason: "Installing",
                message: "the initial names have been accepted".to_owned(),
            },
        };
        set(&mut wanted, &established, now);
    }
    if wanted == *status { Step::Rest } else { Step::Status(wanted) }
}

/// Whether a kind is to be made of a definition: its names are accepted, now or before.
pub fn is_to_be_served(definition: &Value) -> bool {
    is_established(definition)
        || condition(&definition["status"], "NamesAccepted").is_some_and(|it| it["status"] == "True")
}

/// Whether a definition's kind has been served.
pub fn is_established(definition: &Value) -> bool {
    condition(&definition["status"], "Established").is_some_and(|it| it["status"] == "True")
}

/// The status of a definition whose deletion begins.
pub fn begin_deletion(status: &mut Value, now: Timestamp) {
    let pending = terminating(
        true,
        "InstanceDeletionPending",
        "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    );
    set(status, &pending, now);
}

fn cleanup(definition: &Value, now: Timestamp) -> Step {
    if !words(&definition["metadata"]["finalizers"]).any(|name| name == FINALIZER) {
        return Step::Rest;
    }
    let mut status = definition["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    if !is_established(definition) {
        let never = terminating(false, "NeverEstablished", "resource was never established");
        set(&mut status, &never, now);
        return Step::Clean(status);
    }
    let going = terminating(true, "InstanceDeletionInProgress", "CustomResource deletion is in progress");
    set(&mut status, &going, now);
    if status != definition["status"] {
        return Step::Status(status);
    }
    let done = terminating(false, "InstanceDeletionCompleted", "removed all instances");
    set(&mut status, &done, now);
    Step::Clean(status)
}

fn terminating(holds: bool, reason: &'static str, message: &str) -> Condition {
    Condition { type_: "Terminating", holds, reason, message: message.to_owned() }
}

/// The names that a definition gets, and what is said of them.
fn accept(definition: &Value, claims: &Claims) -> (Value, Condition) {
    let wanted = &definition["spec"]["names"];
    let accepted = &definition["status"]["acceptedNames"];
    let mut names: Map<String, Value> = accepted.as_object().cloned().unwrap_or_default();
    let mut conflict: Option<(&'static str, String)> = None;
    let is_used =
        |name: &Value, used: &BTreeSet<String>| name.as_str().is_some_and(|name| used.contains(name));
    let told = |name: &Value| format!("{name} is already in use");
    for (field, reason, used) in [
        ("plural", "PluralConflict", &claims.resources),
        ("singular", "SingularConflict", &claims.resources),
        ("shortNames", "ShortNamesConflict", &claims.resources),
        ("kind", "KindConflict", &claims.kinds),
        ("listKind", "ListKindConflict", &claims.kinds),
    ] {
        let want = &wanted[field];
        if *want == accepted[field] {
            continue;
        }
        let taken: Vec<String> = match want {
            Value::Array(list) => {
                let own: Vec<String> = words(&accepted[field]).collect();
                let is_own =
                    |name: &&Value| name.as_str().is_some_and(|name| own.iter().any(|own| own == name));
                list.iter().filter(|name| !is_own(name) && is_used(name, used)).map(told).collect()
            }
            name if is_used(name, used) => vec![told(name)],
            _ => Vec::new(),
        };
        match taken.as_slice() {
            [] => put(&mut names, field, want),
            [one] => conflict = Some((reason, one.clone())),
            several => conflict = Some((reason, format!("[{}]", several.join(", ")))),
        }
    }
    put(&mut names, "categories", &wanted["categories"]);
    let condition = match conflict {
        Some((reason, message)) => Condition { type_: "NamesAccepted", holds: false, reason, message },
        None => Condition {
            type_: "NamesAccepted",
            holds: true,
            reason: "NoConflicts",
            message: "no conflicts found".to_owned(),
        },
    };
    (Value::Object(names), condition)
}

fn put(names: &mut Map<String, Value>, field: &str, value: &Value) {
    if value.is_null() {
        names.remove(field);
    } else {
        names.insert(field.to_owned(), value.clone());
    }
}

/// What is said of a definition.
struct Condition {
    type_: &'static str,
    holds: bool,
    reason: &'static str,
    message: String,
}

fn condition<'v>(status: &'v Value, type_: &str) -> Option<&'v Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == type_)
}

/// Sets a condition; its time changes with its status.
fn set(status: &mut Value, condition: &Condition, now: Timestamp) {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let mut list = status["conditions"].as_array().cloned().unwrap_or_default();
    let word = if condition.holds { "True" } else { "False" };
    let mut entry = json!({
        "type": condition.type_, "status": word, "reason": condition.reason, "message": condition.message,
        "lastTransitionTime": now.to_string(),
    });
    match list.iter_mut().find(|known| known["type"] == condition.type_) {
        Some(known) => {
            if known["status"] == word && !known["lastTransitionTime"].is_null() {
                entry["lastTransitionTime"] = known["lastTransitionTime"].clone();
            }
            *known = entry;
        }
        None => list.push(entry),
    }
    status["conditions"] = Value::Array(list);
}

fn words(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned)
}
