//! Reading and writing the lists of conditions in a status (DEP-55).
//!
//! Conditions of types a writer does not know are kept. When a condition changed is said by its transition
//! time, which is that of its last change of status; the writer gives the time, and it is used only if the
//! status did change.

use k8s_openapi::api::apps::v1::{
    DaemonSetCondition, DeploymentCondition, ReplicaSetCondition, StatefulSetCondition,
};
use k8s_openapi::api::batch::v1::JobCondition;
use k8s_openapi::api::core::v1::{NamespaceCondition, NodeCondition, PodCondition};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// One observation of an object's state. Absent texts read as empty.
pub trait Condition {
    /// What is observed; a list has each type once.
    fn type_(&self) -> &str;

    /// `True`, `False` or `Unknown`.
    fn status(&self) -> &str;

    /// Why, in a word for programs.
    fn reason(&self) -> &str;

    /// Why, in a sentence for people.
    fn message(&self) -> &str;

    /// Since when the status is what it is.
    fn last_transition_time(&self) -> Option<&Time>;

    /// Says since when the status is what it is.
    fn set_last_transition_time(&mut self, time: Option<Time>);
}

/// The condition of this type.
///
/// Takes lists as they are in a status: `find(status.conditions.iter().flatten(), "Available")`.
pub fn find<'a, C: Condition + 'a>(
    conditions: impl IntoIterator<Item = &'a C>,
    type_: &str,
) -> Option<&'a C> {
    conditions.into_iter().find(|condition| condition.type_() == type_)
}

/// Whether there is a condition of this type with status `True`.
pub fn is_true<'a, C: Condition + 'a>(conditions: impl IntoIterator<Item = &'a C>, type_: &str) -> bool {
    find(conditions, type_).is_some_and(|condition| condition.status() == "True")
}

/// Writes a condition as workload controllers do (DEP-55). Returns whether the list changed.
///
/// If its status and reason are those of the one there, nothing is written, whatever the message. Otherwise
/// it goes to the end of the list, with the transition time of the one there if the status is the same.
pub fn set<C: Condition>(conditions: &mut Vec<C>, mut condition: C) -> bool {
    if let Some(current) = find(conditions.iter(), condition.type_()) {
        let same_status = current.status() == condition.status();
        if same_status && current.reason() == condition.reason() {
            return false;
        }
        if same_status {
            condition.set_last_transition_time(current.last_transition_time().cloned());
        }
    }
    remove(conditions, condition.type_());
    conditions.push(condition);
    true
}

/// Writes a condition in place, as is done to pods and nodes. Returns whether the list changed.
///
/// The transition time of the one there is kept if the status is the same; everything else is taken over.
pub fn update<C: Condition + PartialEq>(conditions: &mut Vec<C>, mut condition: C) -> bool {
    let Some(current) = conditions.iter_mut().find(|current| current.type_() == condition.type_()) else {
        conditions.push(condition);
        return true;
    };
    if current.status() == condition.status() {
        condition.set_last_transition_time(current.last_transition_time().cloned());
    }
    let changed = *current != condition;
    *current = condition;
    changed
}

/// Removes the condition of this type. Returns whether there was one.
pub fn remove<C: Condition>(conditions: &mut Vec<C>, type_: &str) -> bool {
    let count = conditions.len();
    conditions.retain(|condition| condition.type_() != type_);
    conditions.len() != count
}

macro_rules! text {
    (optional $field:expr) => {
        $field.as_deref().unwrap_or_default()
    };
    (required $field:expr) => {
        &$field
    };
}

/// The types differ only in whether their type and status can be absent.
macro_rules! conditions {
    ($($presence:tt $condition:ty),* $(,)?) => {$(
        impl Condition for $condition {
            fn type_(&self) -> &str {
                text!($presence self.type_)
            }

            fn status(&self) -> &str {
                text!($presence self.status)
            }

            fn reason(&self) -> &str {
                text!(optional self.reason)
            }

            fn message(&self) -> &str {
                text!(optional self.message)
            }

            fn last_transition_time(&self) -> Option<&Time> {
                self.last_transition_time.as_ref()
            }

            fn set_last_transition_time(&mut self, time: Option<Time>) {
                self.last_transition_time = time;
            }
        }
    )*};
}

conditions! {
    optional DaemonSetCondition,
    optional DeploymentCondition,
    required JobCondition,
    required NamespaceCondition,
    required NodeCondition,
    required PodCondition,
    optional ReplicaSetCondition,
    optional StatefulSetCondition,
}

#[cfg(test)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::*;

    fn time(second: i64) -> Option<Time> {
        Some(Time(Timestamp::from_second(second).expect("in range")))
    }

    fn condition(type_: &str, status: &str, reason: &str, second: i64) -> DeploymentCondition {
        DeploymentCondition {
            type_: Some(type_.to_owned()),
            status: Some(status.to_owned()),
            reason: Some(reason.to_owned()),
            message: Some(format!("at {second}")),
            last_transition_time: time(second),
            last_update_time: time(second),
        }
    }

    fn list() -> Vec<DeploymentCondition> {
        vec![condition("Progressing", "True", "New", 1), condition("Mine", "True", "Other", 1)]
    }

    #[test]
    fn the_same_status_and_reason_are_not_written() {
        // DEP-55
        let mut conditions = list();
        assert!(!set(&mut conditions, condition("Progressing", "True", "New", 2)));
        assert_eq!(conditions, list());
    }

    #[test]
    fn the_same_status_keeps_its_transition_time() {
        // DEP-55
        let mut conditions = list();
        assert!(set(&mut conditions, condition("Progressing", "True", "Updated", 2)));
        let written = find(&conditions, "Progressing").expect("it was written");
        assert_eq!((written.last_transition_time(), &written.last_update_time), (time(1).as_ref(), &time(2)));
        assert!(set(&mut conditions, condition("Progressing", "False", "Deadline", 3)));
        let written = find(&conditions, "Progressing").expect("it was written");
        assert_eq!(written.last_transition_time(), time(3).as_ref());
    }

    #[test]
    fn a_written_condition_goes_last_and_others_stay() {
        // DEP-55
        let mut conditions = list();
        set(&mut conditions, condition("Available", "True", "Minimum", 2));
        set(&mut conditions, condition("Progressing", "False", "Deadline", 2));
        let types: Vec<_> = conditions.iter().map(Condition::type_).collect();
        assert_eq!(types, ["Mine", "Available", "Progressing"]);
    }

    #[test]
    fn updates_stay_in_place() {
        let ready = |status: &str, second| PodCondition {
            type_: "Ready".to_owned(),
            status: status.to_owned(),
            last_transition_time: time(second),
            ..PodCondition::default()
        };
        let mut conditions = vec![ready("False", 1)];
        assert!(update(
            &mut conditions,
            PodCondition { type_: "Initialized".to_owned(), ..ready("True", 1) }
        ));
        assert!(!update(&mut conditions, ready("False", 2)));
        assert_eq!(conditions[0], ready("False", 1));
        assert!(update(
            &mut conditions,
            PodCondition { message: Some("why".to_owned()), ..ready("False", 2) }
        ));
        assert_eq!(
            (conditions[0].message(), conditions[0].last_transition_time()),
            ("why", time(1).as_ref())
        );
        assert!(update(&mut conditions, ready("True", 3)));
        assert_eq!(conditions[0], ready("True", 3));
        assert!(is_true(&conditions, "Ready") && !is_true(&conditions, "Absent"));
    }

    #[test]
    fn removes_only_the_type_asked_for() {
        let mut conditions = list();
        assert!(!remove(&mut conditions, "Available"));
        assert!(remove(&mut conditions, "Progressing"));
        assert_eq!(conditions, list()[1..]);
        assert!(find(Some(conditions).iter().flatten(), "Mine").is_some());
    }

    #[test]
    fn absent_texts_read_as_empty() {
        let absent = ReplicaSetCondition::default();
        assert_eq!((absent.type_(), absent.status(), absent.reason(), absent.message()), ("", "", "", ""));
    }
}
