//! Whether a node takes a pod that was bound to it (AGENT-26).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint, Toleration};
use setpoint_core::object::TextMap;
use setpoint_core::quantity::Quantity;
use setpoint_core::rules::pod::{Amounts, pod_requests};

use super::observed::host_network;
use super::pod_status::Failure;

/// What a node has for pods.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeRoom {
    /// Its name.
    pub(super) name: String,
    /// Its labels.
    pub(super) labels: TextMap,
    /// Its taints.
    pub(super) taints: Vec<Taint>,
    /// What pods can have, `pods` included.
    pub(super) allocatable: Amounts,
}

/// What the pods that were taken have.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pods: i64,
    amounts: Amounts,
    ports: BTreeMap<(String, i32), Vec<String>>,
}

impl Taken {
    /// Counts a pod that was taken.
    pub(super) fn add(&mut self, spec: &PodSpec) {
        self.pods += 1;
        for (name, amount) in pod_requests(spec) {
            *self.amounts.entry(name).or_default() += amount;
        }
        for (port, ip) in host_ports(spec) {
            self.ports.entry(port).or_default().push(ip);
        }
    }
}

/// Why the node refuses a pod, if it does: the first of the rules that says no.
pub(super) fn refusal(spec: &PodSpec, room: &NodeRoom, taken: &Taken) -> Option<Failure> {
    lacks(spec, room, taken)
        .or_else(|| mismatch(spec, room))
        .or_else(|| port_in_use(spec, taken))
        .or_else(|| not_tolerated(spec, room))
}

fn lacks(spec: &PodSpec, room: &NodeRoom, taken: &Taken) -> Option<Failure> {
    let out_of = |name: &str, requested: i64, used: i64, capacity: i64| {
        let message = format!(
            "Pod was rejected: Node didn't have enough resource: {name}, requested: {requested}, used: {used}, \
             capacity: {capacity}"
        );
        Failure { reason: format!("OutOf{name}").into(), message }
    };
    // Amounts of cpu are shown in thousandths.
    let shown =
        |name: &str, amount: Quantity| if name == "cpu" { amount.milli_value() } else { amount.value() };
    if let Some(pods) = room.allocatable.get("pods").map(Quantity::value)
        && taken.pods >= pods
    {
        return Some(out_of("pods", 1, taken.pods, pods));
    }
    let mut requests: Vec<(String, Quantity)> = pod_requests(spec).into_iter().collect();
    // cpu and memory first, whatever else there is.
    requests.sort_by_key(|(name, _)| match name.as_str() {
        "cpu" => 0,
        "memory" => 1,
        "ephemeral-storage" => 2,
        _ => 3,
    });
    requests.into_iter().filter(|(_, amount)| !amount.is_zero()).find_map(|(name, requested)| {
        let used = taken.amounts.get(&name).copied().unwrap_or_default();
        // What the node knows nothing of was granted by somebody else.
        let capacity = *room.allocatable.get(&name)?;
        (used + requested > capacity)
            .then(|| out_of(&name, shown(&name, requested), shown(&name, used), shown(&name, capacity)))
    })
}

fn mismatch(spec: &PodSpec, room: &NodeRoom) -> Option<Failure> {
    let selected =
        spec.node_selector.iter().flatten().all(|(key, value)| room.labels.get(key) == Some(value));
    let affinity = spec.affinity.as_ref().and_then(|it| it.node_affinity.as_ref());
    let required = affinity.and_then(|it| it.required_during_scheduling_ignored_during_execution.as_ref());
    let matched = required
        .is_none_or(|required| required.node_selector_terms.iter().any(|term| term_matches(term, room)));
    (!selected || !matched).then(|| Failure {
        reason: "NodeAffinity".into(),
        message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"
            .to_owned(),
    })
}

/// A term without requirements matches nothing.
fn term_matches(term: &NodeSelectorTerm, room: &NodeRoom) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let fields = term.match_fields.as_deref().unwrap_or_default();
    (!expressions.is_empty() || !fields.is_empty())
        && expressions.iter().all(|it| requirement_matches(it, room.labels.get(&it.key)))
        && fields.iter().all(|it| it.key == "metadata.name" && requirement_matches(it, Some(&room.name)))
}

fn requirement_matches(requirement: &NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let listed = || value.is_some_and(|value| values.iter().any(|it| it == value));
    let compared = || -> Option<std::cmp::Ordering> {
        let bound: i64 = values.first()?.parse().ok()?;
        Some(value?.parse::<i64>().ok()?.cmp(&bound))
    };
    match requirement.operator.as_str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared().is_some_and(std::cmp::Ordering::is_gt),
        "Lt" => compared().is_some_and(std::cmp::Ordering::is_lt),
        _ => false,
    }
}

fn port_in_use(spec: &PodSpec, taken: &Taken) -> Option<Failure> {
    let wild = |ip: &str| ip.is_empty() || ip == "0.0.0.0" || ip == "::";
    let conflict = host_ports(spec).any(|(port, ip)| {
        let holders = taken.ports.get(&port).map(Vec::as_slice).unwrap_or_default();
        holders.iter().any(|holder| wild(holder) || wild(&ip) || *holder == ip)
    });
    conflict.then(|| Failure {
        reason: "NodePorts".into(),
        message:
            "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested \
                  pod ports"
                .to_owned(),
    })
}

/// Ports of the node that a pod takes: protocol and port, and at which address.
fn host_ports(spec: &PodSpec) -> impl Iterator<Item = ((String, i32), String)> {
    let containers = spec.containers.iter().chain(super::observed::init_containers(spec));
    let own_network = !host_network(spec);
    containers.flat_map(|container| container.ports.as_deref().unwrap_or_default()).filter_map(move |port| {
        let number =
            port.host_port.filter(|port| *port > 0).or((!own_network).then_some(port.container_port))?;
        let protocol = port.protocol.clone().unwrap_or_else(|| "TCP".to_owned());
        Some(((protocol, number), port.host_ip.clone().unwrap_or_default()))
    })
}

fn not_tolerated(spec: &PodSpec, room: &NodeRoom) -> Option<Failure> {
    let tolerations = spec.tolerations.as_deref().unwrap_or_default();
    let refused = room
        .taints
        .iter()
        .filter(|taint| taint.effect == "NoExecute")
        .any(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)));
    refused.then(|| Failure {
        reason: "TaintToleration".into(),
        message: "Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
            .to_owned(),
    })
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let effect = text(&toleration.effect);
    let key = text(&toleration.key);
    if (!effect.is_empty() && effect != taint.effect) || (!key.is_empty() && key != taint.key) {
        return false;
    }
    match text(&toleration.operator).as_str() {
        "" | "Equal" => text(&toleration.value) == text(&taint.value),
        "Exists" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
