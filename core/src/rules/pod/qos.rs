//! How a pod fares when its node runs short (AGENT-28).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{PodSpec, ResourceRequirements};

use super::requests::{Amounts, amounts};
use crate::quantity::Quantity;
use crate::rules::absent::items;

/// The class a pod keeps for its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QosClass {
    /// Every container is limited in CPU and memory to what it requests.
    Guaranteed,
    /// Something is requested or limited.
    Burstable,
    /// Nothing is.
    BestEffort,
}

impl QosClass {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guaranteed => "Guaranteed",
            Self::Burstable => "Burstable",
            Self::BestEffort => "BestEffort",
        }
    }
}

/// The class of a pod with this spec. Only CPU and memory count; zero counts as not given.
pub fn qos_class(spec: &PodSpec) -> QosClass {
    let mut requested = Amounts::new();
    let mut limited = Amounts::new();
    let mut is_limited_everywhere = true;
    let mut count = |resources: Option<&ResourceRequirements>| {
        let part = |part: fn(&ResourceRequirements) -> &Option<BTreeMap<_, _>>| {
            resources.into_iter().flat_map(move |resources| counted(part(resources)))
        };
        add(&mut requested, part(|resources| &resources.requests));
        is_limited_everywhere &= part(|resources| &resources.limits).count() == 2;
        add(&mut limited, part(|resources| &resources.limits));
    };
    if spec.resources.is_some() {
        count(spec.resources.as_ref());
    } else {
        for container in spec.containers.iter().chain(items(&spec.init_containers)) {
            count(container.resources.as_ref());
        }
    }
    if requested.is_empty() && limited.is_empty() {
        QosClass::BestEffort
    } else if is_limited_everywhere && requested == limited {
        QosClass::Guaranteed
    } else {
        QosClass::Burstable
    }
}

fn counted(
    texts: &Option<BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>,
) -> impl Iterator<Item = (&str, Quantity)> {
    amounts(texts).filter(|(name, amount)| {
        matches!(*name, "cpu" | "memory") && !amount.is_zero() && !amount.is_negative()
    })
}

fn add<'a>(total: &mut Amounts, more: impl Iterator<Item = (&'a str, Quantity)>) {
    for (name, amount) in more {
        *total.entry(name.to_owned()).or_default() += amount;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn classes_follow_requests_and_limits() {
        // AGENT-28
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let pod = |resources: &[Value]| {
            let containers: Vec<Value> =
                resources.iter().map(|resources| json!({"name": "c", "resources": resources})).collect();
            let spec = serde_json::from_value(json!({"containers": containers})).expect("a pod spec");
            qos_class(&spec)
        };
        let full = json!({"requests": both, "limits": both});
        let more = json!({"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": both});
        let rows = [
            (vec![json!({})], QosClass::BestEffort),
            (vec![json!({"requests": {"example.com/x": "1"}})], QosClass::BestEffort),
            (vec![json!({"requests": {"cpu": "0"}})], QosClass::BestEffort),
            (vec![full.clone()], QosClass::Guaranteed),
            (vec![full.clone(), full.clone()], QosClass::Guaranteed),
            (vec![full.clone(), json!({})], QosClass::Burstable),
            (vec![more], QosClass::Burstable),
            (vec![json!({"requests": {"cpu": "1"}, "limits": {"cpu": "1"}})], QosClass::Burstable),
            (vec![json!({"limits": both})], QosClass::Burstable),
        ];
        for (resources, class) in rows {
            assert_eq!(pod(&resources), class, "{resources:?}");
        }
    }

    #[test]
    fn resources_of_the_whole_pod_decide_alone() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let spec = json!({"containers": [{"name": "c"}], "resources": {"requests": both, "limits": both}});
        assert_eq!(qos_class(&serde_json::from_value(spec).expect("a pod spec")), QosClass::Guaranteed);
    }
}
