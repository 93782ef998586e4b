//! Which verbs and subresources a kind has: what discovery tells and what paths lead to (DISC-02, DISC-03).

use setpoint_core::kind::Kind;

use crate::reviews;

/// A subresource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sub {
    /// Its name in paths.
    pub(crate) name: &'static str,
    /// What its bodies are, if they are not of the resource's own kind: group, version and kind.
    pub(crate) shows: Option<(&'static str, &'static str, &'static str)>,
    /// What can be done with it, sorted.
    pub(crate) verbs: &'static [&'static str],
}

const STATUS: Sub = Sub { name: "status", shows: None, verbs: &["get", "patch", "update"] };
const SCALE: Sub =
    Sub { name: "scale", shows: Some(("autoscaling", "v1", "Scale")), verbs: &["get", "patch", "update"] };
const BINDING: Sub = Sub { name: "binding", shows: Some(("", "v1", "Binding")), verbs: &["create"] };
const EPHEMERAL: Sub = Sub { name: "ephemeralcontainers", shows: None, verbs: &["get", "patch", "update"] };
const RESIZE: Sub = Sub { name: "resize", shows: None, verbs: &["get", "patch", "update"] };
const EVICTION: Sub = Sub { name: "eviction", shows: Some(("policy", "v1", "Eviction")), verbs: &["create"] };
const ATTACH: Sub =
    Sub { name: "attach", shows: Some(("", "v1", "PodAttachOptions")), verbs: &["create", "get"] };
const EXEC: Sub = Sub { name: "exec", shows: Some(("", "v1", "PodExecOptions")), verbs: &["create", "get"] };
const LOG: Sub = Sub { name: "log", shows: None, verbs: &["get"] };
const FINALIZE: Sub = Sub { name: "finalize", shows: None, verbs: &["update"] };

/// Resources whose replicas are counted by a scale.
const SCALED: [(&str, &str); 4] = [
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
];

/// The subresources of a kind, sorted by name.
pub(crate) fn subresources(kind: &Kind) -> Vec<Sub> {
    let place = (&*kind.resource.group, &*kind.resource.resource);
    let mut subs = Vec::new();
    match place {
        ("", "pods") => subs.extend([ATTACH, BINDING, EPHEMERAL, EVICTION, EXEC, LOG, RESIZE]),
        ("", "namespaces") => subs.push(FINALIZE),
        _ if SCALED.contains(&place) || is_scaled(kind) => subs.push(SCALE),
        _ => {}
    }
    if kind.has_status {
        subs.push(STATUS);
    }
    subs
}

/// Whether a custom kind says where its replicas are counted (CRD-07).
pub(crate) fn is_scaled(kind: &Kind) -> bool {
    kind.custom.as_ref().is_some_and(|custom| custom.versions.iter().any(|version| version.scale.is_some()))
}

/// A subresource by its name.
pub(crate) fn subresource(kind: &Kind, name: &str) -> Option<Sub> {
    subresources(kind).into_iter().find(|sub| sub.name == name)
}

/// What can be done with objects of a kind, sorted (DISC-02).
pub(crate) fn verbs(kind: &Kind) -> &'static [&'static str] {
    if reviews::is_review(kind) {
        return &["create"];
    }
    // Namespaces go one by one.
    if kind.resource.group.is_empty() && kind.resource.resource == "namespaces" {
        return &["create", "delete", "get", "list", "patch", "update", "watch"];
    }
    &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
}
