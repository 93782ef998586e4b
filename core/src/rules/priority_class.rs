//! PriorityClasses.

use k8s_openapi::api::scheduling::v1::PriorityClass;

use super::absent::{number, text};
use super::checks;
use super::object_meta::{self, Scope};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The highest priority that users may define.
pub const USER_VALUE_MAX: i32 = 1_000_000_000;

/// Names that begin so are the system's.
const SYSTEM_PREFIX: &str = "system-";

/// The system's own classes.
const SYSTEM: [(&str, i32); 2] =
    [("system-node-critical", 2_000_001_000), ("system-cluster-critical", 2_000_000_000)];

/// Fills in value and policy, and leaves out what says nothing.
pub fn default(class: &mut PriorityClass) {
    class.value.get_or_insert_default();
    class.preemption_policy.get_or_insert_with(|| "PreemptLowerPriority".to_owned());
    if class.description.as_deref() == Some("") {
        class.description = None;
    }
    if class.global_default == Some(false) {
        class.global_default = None;
    }
}

/// All that is wrong with a new class.
pub fn validate_create(meta: &Meta, class: &PriorityClass) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    let metadata = Path::new("metadata");
    if meta.name.starts_with(SYSTEM_PREFIX) {
        if let Some(why) = system_fault(&meta.name, class) {
            let why = format!(
                "priority class names with '{SYSTEM_PREFIX}' prefix are reserved for system use only. error: {why}"
            );
            errors.push(FieldError::forbidden(&metadata.child("name"), why));
        }
    } else if number(class.value) > USER_VALUE_MAX {
        let why = format!("maximum allowed value of a user defined priority is {USER_VALUE_MAX}");
        errors.push(FieldError::forbidden(&Path::new("value"), why));
    }
    checks::required_one_of(
        text(&class.preemption_policy),
        &["Never", "PreemptLowerPriority"],
        &Path::new("preemptionPolicy"),
        &mut errors,
    );
    errors
}

fn system_fault(name: &str, class: &PriorityClass) -> Option<String> {
    match SYSTEM.iter().find(|(known, _)| *known == name) {
        None => Some(format!("{name} is not a known system priority class")),
        Some((_, value)) if *value != number(class.value) => {
            Some(format!("value of {name} PriorityClass must be {value}"))
        }
        Some(_) if class.global_default == Some(true) => {
            Some(format!("globalDefault of {name} PriorityClass must be false"))
        }
        Some(_) => None,
    }
}

/// All that is wrong with a changed class: priority and policy stay.
pub fn validate_update(
    new_meta: &Meta,
    new: &PriorityClass,
    old_meta: &Meta,
    old: &PriorityClass,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    if new.value != old.value {
        errors.push(FieldError::forbidden(&Path::new("value"), "may not be changed in an update."));
    }
    let path = Path::new("preemptionPolicy");
    checks::immutable(&new.preemption_policy, &old.preemption_policy, &path, &mut errors);
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(value: i32) -> PriorityClass {
        let mut class = PriorityClass { value: Some(value), ..PriorityClass::default() };
        default(&mut class);
        class
    }

    fn faults(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn high_priorities_and_system_names_are_reserved() {
        assert_eq!(validate_create(&Meta::cluster("high"), &class(USER_VALUE_MAX)), []);
        assert_eq!(
            faults(&validate_create(&Meta::cluster("higher"), &class(USER_VALUE_MAX + 1))),
            ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]
        );
        assert_eq!(validate_create(&Meta::cluster("system-node-critical"), &class(2_000_001_000)), []);
        assert_eq!(
            faults(&validate_create(&Meta::cluster("system-own"), &class(1))),
            [
                "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use \
              only. error: system-own is not a known system priority class"
            ]
        );
    }

    #[test]
    fn priorities_stay() {
        let meta = Meta::cluster("high");
        assert_eq!(
            faults(&validate_update(&meta, &class(2), &meta, &class(1))),
            ["value: Forbidden: may not be changed in an update."]
        );
    }
}
