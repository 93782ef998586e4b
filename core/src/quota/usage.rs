use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{
    PersistentVolumeClaimSpec, PersistentVolumeClaimStatus, PodSpec, PodStatus, ServiceSpec,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::item::Item;
use super::tracked::{alias, count_name, of_storage_class};
use crate::quantity::{Format, Quantity};
use crate::rules::pod::{Amounts, is_extended_resource, pod_limits, pod_requests};

/// Resources of which quotas count both requests and limits.
const COMPUTE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

impl Item<'_> {
    /// What the object uses, by the names that quotas have for it.
    ///
    /// A pod that has ended, or should be gone by now, uses nothing but its place in the store.
    pub fn usage(&self, now: Timestamp) -> Amounts {
        let mut usage = Amounts::from([(count_name(self.kind), one())]);
        usage.extend(alias(self.kind).map(|name| (name.to_owned(), one())));
        if let Some(spec) = self.pod() {
            if self.is_charged(now) {
                usage.insert("pods".to_owned(), one());
                usage.extend(compute(&pod_requests(spec.common()), &pod_limits(spec.common())));
            }
        } else if let Some(spec) = self.spec::<ServiceSpec>() {
            usage.extend(of_service(spec));
        } else if let Some(spec) = self.spec::<PersistentVolumeClaimSpec>() {
            usage.extend(of_claim(spec, self.status()));
        }
        usage
    }

    /// Whether a pod still counts.
    fn is_charged(&self, now: Timestamp) -> bool {
        let phase = self.status::<PodStatus>().and_then(|status| status.phase.as_deref());
        if matches!(phase, Some("Succeeded" | "Failed")) {
            return false;
        }
        match (self.meta.deletion_timestamp, self.meta.deletion_grace_period_seconds) {
            (Some(at), Some(grace)) => {
                let end = at.saturating_add(SignedDuration::from_secs(grace)).unwrap_or(Timestamp::MAX);
                now <= end
            }
            _ => true,
        }
    }
}

/// Whole bytes, since a quota counts nothing smaller; `None` if there are more than can be counted.
fn whole(amount: Quantity) -> Option<Quantity> {
    let bytes = amount.value();
    (bytes < i64::MAX).then(|| Quantity::new(bytes, amount.format()))
}

fn one() -> Quantity {
    count(1)
}

fn count(number: usize) -> Quantity {
    Quantity::new(i64::try_from(number).unwrap_or(i64::MAX), Format::DecimalSi)
}

/// Requests and limits under the names of quotas.
pub(super) fn compute(requests: &Amounts, limits: &Amounts) -> Amounts {
    let mut usage = Amounts::new();
    for name in COMPUTE {
        if let Some(amount) = requests.get(name) {
            usage.insert(name.to_owned(), *amount);
            usage.insert(format!("requests.{name}"), *amount);
        }
        if let Some(amount) = limits.get(name) {
            usage.insert(format!("limits.{name}"), *amount);
        }
    }
    for (name, amount) in requests {
        if name.starts_with("hugepages-") {
            usage.insert(name.clone(), *amount);
            usage.insert(format!("requests.{name}"), *amount);
        } else if is_extended_resource(name) {
            usage.insert(format!("requests.{name}"), *amount);
        }
    }
    usage
}

/// The resources that quotas count which a container does not name, of those that it has to.
pub(super) fn missing(spec: &PodSpec, required: &[&str]) -> BTreeMap<String, Vec<String>> {
    let mut missing: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if spec.resources.is_some() {
        return missing;
    }
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        let of = |texts: Option<&BTreeMap<String, Text>>| -> Amounts {
            let entries = texts.into_iter().flatten();
            entries.filter_map(|(name, text)| Some((name.clone(), Quantity::try_from(text).ok()?))).collect()
        };
        let resources = container.resources.as_ref();
        let named = compute(
            &of(resources.and_then(|it| it.requests.as_ref())),
            &of(resources.and_then(|it| it.limits.as_ref())),
        );
        for name in required.iter().filter(|name| !named.contains_key(**name)) {
            let containers = missing.entry((*name).to_owned()).or_default();
            containers.push(container.name.clone());
        }
    }
    missing.values_mut().for_each(|containers| containers.sort());
    missing
}

fn of_service(spec: &ServiceSpec) -> Amounts {
    let ports = spec.ports.as_deref().unwrap_or_default();
    let chosen = || ports.iter().filter(|port| port.node_port.is_some_and(|port| port != 0)).count();
    let (node_ports, balancers) = match spec.type_.as_deref() {
        Some("NodePort") => (ports.len(), 0),
        Some("LoadBalancer") if spec.allocate_load_balancer_node_ports == Some(false) => (chosen(), 1),
        Some("LoadBalancer") => (ports.len(), 1),
        _ => (0, 0),
    };
    Amounts::from([
        ("services".to_owned(), one()),
        ("services.nodeports".to_owned(), count(node_ports)),
        ("services.loadbalancers".to_owned(), count(balancers)),
    ])
}

/// A claim that is made smaller again counts with what it was given until that is taken back.
fn of_claim(spec: &PersistentVolumeClaimSpec, status: Option<&PersistentVolumeClaimStatus>) -> Amounts {
    let mut usage = Amounts::from([("persistentvolumeclaims".to_owned(), one())]);
    let class = spec.storage_class_name.as_deref().filter(|class| !class.is_empty());
    usage.extend(class.map(|class| (of_storage_class(class, "persistentvolumeclaims"), one())));
    let storage = |texts: &BTreeMap<String, Text>| whole(Quantity::try_from(texts.get("storage")?).ok()?);
    let requested = spec.resources.as_ref().and_then(|it| it.requests.as_ref()).and_then(storage);
    let given = status.and_then(|status| status.allocated_resources.as_ref()).and_then(storage);
    if let Some(requested) = requested {
        let amount = given.map_or(requested, |given| given.max(requested));
        usage.insert("requests.storage".to_owned(), amount);
        usage.extend(class.map(|class| (of_storage_class(class, "requests.storage"), amount)));
    }
    usage
}
