//! What a pod asks for as a whole (SCHED-16).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::resource_name;
use crate::quantity::Quantity;
use crate::rules::absent::{items, text};

/// Amounts by resource name, in order.
pub type Amounts = BTreeMap<String, Quantity>;

type Texts = Option<BTreeMap<String, Text>>;

/// What a pod needs of each resource on its node: the sum over its containers and sidecars, or what its
/// largest plain init container needs while it runs next to the sidecars started before, whichever is more,
/// plus overhead. A request of the pod as a whole replaces that sum.
///
/// Text that is no quantity counts as nothing.
pub fn pod_requests(spec: &PodSpec) -> Amounts {
    let mut total = aggregate_requests(spec);
    if let Some(resources) = &spec.resources {
        for (name, amount) in amounts(&resources.requests) {
            if resource_name::is_pod_level(name) {
                total.insert(name.to_owned(), amount);
            }
        }
    }
    add(&mut total, amounts(&spec.overhead));
    total
}

/// What a pod may use of each resource at the most, reckoned as [`pod_requests`] is. Overhead counts where there is a
/// limit.
pub fn pod_limits(spec: &PodSpec) -> Amounts {
    let mut total = aggregate_limits(spec);
    if let Some(resources) = &spec.resources {
        for (name, amount) in amounts(&resources.limits) {
            if resource_name::is_pod_level(name) {
                total.insert(name.to_owned(), amount);
            }
        }
    }
    for (name, amount) in amounts(&spec.overhead) {
        if let Some(limit) = total.get_mut(name).filter(|limit| !limit.is_zero()) {
            *limit += amount;
        }
    }
    total
}

/// What the containers request together.
pub(super) fn aggregate_requests(spec: &PodSpec) -> Amounts {
    aggregate(spec, |resources| &resources.requests)
}

/// What the containers are limited to together.
pub(super) fn aggregate_limits(spec: &PodSpec) -> Amounts {
    aggregate(spec, |resources| &resources.limits)
}

fn aggregate(spec: &PodSpec, part: fn(&ResourceRequirements) -> &Texts) -> Amounts {
    let of = |container: &Container| -> Amounts {
        container.resources.as_ref().map(|resources| owned(part(resources))).unwrap_or_default()
    };
    let mut running = Amounts::new();
    for container in &spec.containers {
        add(&mut running, of(container));
    }
    let mut sidecars = Amounts::new();
    let mut starting = Amounts::new();
    for container in items(&spec.init_containers) {
        let needed = of(container);
        let at_once = if is_sidecar(container) {
            add(&mut running, needed.clone());
            add(&mut sidecars, needed);
            sidecars.clone()
        } else {
            let mut at_once = needed;
            add(&mut at_once, sidecars.clone());
            at_once
        };
        raise(&mut starting, at_once);
    }
    raise(&mut running, starting);
    running
}

/// An init container that keeps running beside the others.
pub(crate) fn is_sidecar(container: &Container) -> bool {
    text(&container.restart_policy) == "Always"
}

/// The entries that are quantities.
pub(super) fn amounts(texts: &Texts) -> impl Iterator<Item = (&str, Quantity)> {
    texts.iter().flatten().filter_map(|(name, text)| Some((name.as_str(), Quantity::try_from(text).ok()?)))
}

fn owned(texts: &Texts) -> Amounts {
    amounts(texts).map(|(name, amount)| (name.to_owned(), amount)).collect()
}

fn add<N: Into<String>>(total: &mut Amounts, more: impl IntoIterator<Item = (N, Quantity)>) {
    for (name, amount) in more {
        *total.entry(name.into()).or_default() += amount;
    }
}

fn raise(total: &mut Amounts, to: Amounts) {
    for (name, amount) in to {
        let entry = total.entry(name).or_insert(amount);
        *entry = (*entry).max(amount);
    }
}

/// Completes requests and limits of the pod as a whole from those of its containers.
pub(super) fn default_pod_level(spec: &mut PodSpec) {
    if spec.resources.is_none() {
        return;
    }
    let (requested, limited) = (aggregate_requests(spec), aggregate_limits(spec));
    let Some(ResourceRequirements { requests, limits, .. }) = &mut spec.resources else { return };
    let is_empty = |texts: &Texts| texts.as_ref().is_none_or(BTreeMap::is_empty);
    if is_empty(limits) && is_empty(requests) {
        return;
    }
    let huge_pages = limited.into_iter().filter(|(name, _)| resource_name::is_huge_page(name));
    for (name, amount) in huge_pages {
        if !requests.as_ref().is_some_and(|requests| requests.contains_key(&name)) {
            limits.get_or_insert_default().entry(name).or_insert_with(|| amount.into());
        }
    }
    if is_empty(limits) {
        return;
    }
    let requests = requests.get_or_insert_default();
    for (name, amount) in requested {
        if resource_name::is_pod_level(&name) && resource_name::is_overcommit_allowed(&name) {
            requests.entry(name).or_insert_with(|| amount.into());
        }
    }
    for (name, limit) in limits.iter().flatten().filter(|(name, _)| resource_name::is_pod_level(name)) {
        requests.entry(name.clone()).or_insert_with(|| limit.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn requests(spec: Value) -> Vec<(String, String)> {
        let spec: PodSpec = serde_json::from_value(spec).expect("a pod spec");
        pod_requests(&spec).into_iter().map(|(name, amount)| (name, amount.to_string())).collect()
    }

    #[test]
    fn a_pod_asks_for_its_most() {
        // SCHED-16
        let container = |cpu: &str| json!({"name": "c", "resources": {"requests": {"cpu": cpu}}});
        let sidecar = |cpu: &str| {
            let mut container = container(cpu);
            container["restartPolicy"] = json!("Always");
            container
        };
        let rows = [
            (json!({"containers": [container("1"), container("500m")]}), "1500m"),
            (json!({"containers": [container("1")], "initContainers": [container("3")]}), "3"),
            (json!({"containers": [container("1")], "initContainers": [sidecar("2"), container("3")]}), "5"),
            (json!({"containers": [container("1")], "initContainers": [container("3"), sidecar("2")]}), "3"),
            (json!({"containers": [container("4")], "initContainers": [container("3"), sidecar("2")]}), "6"),
            (json!({"containers": [container("1")], "overhead": {"cpu": "100m"}}), "1100m"),
            (
                json!({"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}, "overhead": {"cpu": "1"}}),
                "4",
            ),
        ];
        for (spec, expected) in rows {
            assert_eq!(requests(spec), [("cpu".to_owned(), expected.to_owned())]);
        }
    }

    #[test]
    fn each_resource_has_its_own_most() {
        let spec = json!({
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}],
            "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "2", "example.com/x": "1"}}}],
        });
        let expected = [("cpu", "2"), ("example.com/x", "1"), ("memory", "1Gi")];
        assert_eq!(requests(spec), expected.map(|(name, amount)| (name.to_owned(), amount.to_owned())));
    }
}
