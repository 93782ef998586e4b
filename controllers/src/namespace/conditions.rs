use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NamespaceCondition, NamespaceStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::conditions;

use super::observed::Content;
use super::remaining::Remaining;

/// The conditions of a namespace that is being deleted (NS-04): type, and reason and message if all is well.
const WELL: [(&str, &str, &str); 5] = [
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    ("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
    ("NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
];

/// What is known of the emptying of a namespace.
#[derive(Debug, Default)]
pub(super) struct Findings<'a> {
    /// What is left of each kind.
    pub(super) remaining: Vec<(&'a Content, &'a Remaining)>,
    /// Why kinds could not be emptied.
    pub(super) errors: Vec<String>,
}

impl Findings<'_> {
    /// The status that says so, if it is not the one that is there.
    pub(super) fn status(&self, old: &NamespaceStatus, now: Timestamp) -> Option<NamespaceStatus> {
        let mut status = old.clone();
        status.phase = Some("Terminating".to_owned());
        let list = status.conditions.get_or_insert_default();
        for (type_, reason, message) in WELL {
            let (status, reason, message) = match self.fault(type_) {
                Some((reason, message)) => ("True", reason, message),
                None => ("False", reason, message.to_owned()),
            };
            conditions::update(
                list,
                NamespaceCondition {
                    type_: type_.to_owned(),
                    status: status.to_owned(),
                    reason: Some(reason.to_owned()),
                    message: Some(message),
                    last_transition_time: Some(Time(now)),
                },
            );
        }
        (status != *old).then_some(status)
    }

    /// What is not well: reason and message.
    fn fault(&self, type_: &str) -> Option<(&'static str, String)> {
        match type_ {
            "NamespaceDeletionContentFailure" if !self.errors.is_empty() => {
                let mut errors = self.errors.clone();
                errors.sort();
                let (count, errors) = (errors.len(), errors.join(", "));
                let message = format!("Failed to delete all resource types, {count} remaining: {errors}");
                Some(("ContentDeletionFailed", message))
            }
            "NamespaceContentRemaining" if self.remaining.iter().any(|(_, left)| left.count > 0) => {
                let left = self.remaining.iter().filter(|(_, left)| left.count > 0);
                let mut parts: Vec<String> = left
                    .map(|(content, left)| {
                        format!("{} has {} resource instances", content.resource(), left.count)
                    })
                    .collect();
                parts.sort();
                let message = format!("Some resources are remaining: {}", parts.join(", "));
                Some(("SomeResourcesRemain", message))
            }
            "NamespaceFinalizersRemaining" => {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for (finalizer, count) in self.remaining.iter().flat_map(|(_, left)| &left.finalizers) {
                    *counts.entry(finalizer).or_default() += count;
                }
                let parts: Vec<String> = counts
                    .into_iter()
                    .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
                    .collect();
                let message =
                    format!("Some content in the namespace has finalizers remaining: {}", parts.join(", "));
                (!parts.is_empty()).then_some(("SomeFinalizersRemain", message))
            }
            _ => None,
        }
    }
}
