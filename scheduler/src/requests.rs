//! What pods request and nodes offer, as plain numbers.

use k8s_openapi::api::core::v1::{Container, PodSpec, PodStatus, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as QuantityText;
use setpoint_core::object::Text;
use setpoint_core::quantity::Quantity;
use setpoint_core::rules::pod::{Amounts, pod_requests};

/// What a container without a request counts as in [`PodRequests::scored`] (SCHED-17).
const DEFAULT_MILLI_CPU: &str = "100m";
const DEFAULT_MEMORY: &str = "200Mi";

/// Amounts of resources. What is not named is zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub milli_cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// Local disk in bytes.
    pub ephemeral_storage: i64,
    /// How many pods; only nodes have it.
    pub pods: i64,
    /// Huge pages, attachable volumes and extended resources, ordered by name.
    scalars: Vec<(Text, i64)>,
}

/// What one pod requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodRequests {
    /// What it takes of its node (SCHED-16).
    pub resources: Resources,
    /// CPU in thousandths and memory in bytes when nodes are compared by how much is allocated: containers
    /// without a request count with a small one (SCHED-17).
    pub scored: Scored,
}

/// CPU and memory that count in a comparison of nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scored {
    /// CPU in thousandths of a core.
    pub milli_cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
}

impl Resources {
    /// From amounts by resource name. Names that are no countable resource are left out.
    pub fn new<'a>(amounts: impl IntoIterator<Item = (&'a str, Quantity)>) -> Self {
        let mut resources = Self::default();
        for (name, amount) in amounts {
            match name {
                "cpu" => resources.milli_cpu = amount.milli_value(),
                "memory" => resources.memory = amount.value(),
                "ephemeral-storage" => resources.ephemeral_storage = amount.value(),
                "pods" => resources.pods = amount.value(),
                _ if is_scalar(name) => resources.scalars.push((name.into(), amount.value())),
                _ => {}
            }
        }
        resources.scalars.sort_unstable();
        resources
    }

    /// The amount of a resource that has no field of its own.
    pub fn scalar(&self, name: &str) -> i64 {
        self.position(name).map_or(0, |at| self.scalars[at].1)
    }

    /// The resources that have no field of their own, ordered by name.
    pub fn scalars(&self) -> &[(Text, i64)] {
        &self.scalars
    }

    /// Whether it is nothing at all. How many pods does not count.
    pub fn is_empty(&self) -> bool {
        self.milli_cpu == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.scalars.is_empty()
    }

    /// Adds what a pod requests.
    pub fn add(&mut self, more: &Self) {
        self.combine(more, i64::saturating_add);
    }

    /// Takes away what a pod requested.
    pub fn subtract(&mut self, less: &Self) {
        self.combine(less, i64::saturating_sub);
    }

    fn combine(&mut self, other: &Self, with: fn(i64, i64) -> i64) {
        self.milli_cpu = with(self.milli_cpu, other.milli_cpu);
        self.memory = with(self.memory, other.memory);
        self.ephemeral_storage = with(self.ephemeral_storage, other.ephemeral_storage);
        for (name, amount) in &other.scalars {
            match self.scalars.binary_search_by(|(known, _)| known.cmp(name)) {
                Ok(at) => self.scalars[at].1 = with(self.scalars[at].1, *amount),
                Err(at) => self.scalars.insert(at, (name.clone(), with(0, *amount))),
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.scalars.binary_search_by(|(known, _)| (**known).cmp(name)).ok()
    }
}

impl PodRequests {
    /// What a pod of this spec requests.
    pub fn of(spec: &PodSpec) -> Self {
        let requests = pod_requests(spec);
        let scored = scored(spec, &requests);
        Self { resources: resources(&requests), scored }
    }

    /// What a pod requests while its containers are resized: of what is desired, allocated and in effect the
    /// most (SCHED-16). `None` if that is what its spec says.
    pub fn while_resized(spec: &PodSpec, status: &PodStatus) -> Option<Self> {
        let mut raised = None;
        let statuses = || {
            let containers = status.container_statuses.iter().flatten();
            containers.chain(status.init_container_statuses.iter().flatten())
        };
        for status in statuses() {
            let in_effect = status.resources.as_ref().and_then(|resources| resources.requests.as_ref());
            for (name, amount) in status.allocated_resources.iter().chain(in_effect).flatten() {
                let Ok(amount) = Quantity::try_from(amount) else { continue };
                let find = |containers: &[Container]| {
                    containers.iter().position(|container| container.name == status.name)
                };
                let current: &PodSpec = raised.as_ref().unwrap_or(spec);
                let init = current.init_containers.as_deref().unwrap_or_default();
                let (is_init, at) = match (find(&current.containers), find(init)) {
                    (Some(at), _) => (false, at),
                    (None, Some(at)) => (true, at),
                    (None, None) => continue,
                };
                let container = if is_init { &init[at] } else { &current.containers[at] };
                if amount <= requested(container, name) {
                    continue;
                }
                let spec: &mut PodSpec = raised.get_or_insert_with(|| spec.clone());
                let container = if is_init {
                    &mut spec.init_containers.as_mut().expect("it was found there")[at]
                } else {
                    &mut spec.containers[at]
                };
                set_request(container, name, amount.into());
            }
        }
        raised.as_ref().map(Self::of)
    }
}

fn resources(amounts: &Amounts) -> Resources {
    Resources::new(amounts.iter().map(|(name, amount)| (name.as_str(), *amount)))
}

fn scored(spec: &PodSpec, requests: &Amounts) -> Scored {
    let level = spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let is_level_set = level.is_some_and(|requests| !requests.is_empty());
    let defaults: Vec<(&str, &str)> = [("cpu", DEFAULT_MILLI_CPU), ("memory", DEFAULT_MEMORY)]
        .into_iter()
        .filter(|(name, _)| !is_level_set || !requests.contains_key(*name))
        .collect();
    let mut filled = spec.clone();
    let init = filled.init_containers.iter_mut().flatten();
    for container in filled.containers.iter_mut().chain(init) {
        for &(name, amount) in &defaults {
            let requests = container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
            if !requests.is_some_and(|requests| requests.contains_key(name)) {
                set_request(container, name, QuantityText(amount.to_owned()));
            }
        }
    }
    let filled = resources(&pod_requests(&filled));
    Scored { milli_cpu: filled.milli_cpu, memory: filled.memory }
}

fn requested(container: &Container, name: &str) -> Quantity {
    let requests = container.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let text = requests.and_then(|requests| requests.get(name));
    text.and_then(|text| Quantity::try_from(text).ok()).unwrap_or_default()
}

fn set_request(container: &mut Container, name: &str, amount: QuantityText) {
    let resources = container.resources.get_or_insert_with(ResourceRequirements::default);
    resources.requests.get_or_insert_default().insert(name.to_owned(), amount);
}

/// Whether the scheduler counts a resource that has no field of its own.
fn is_scalar(name: &str) -> bool {
    name.contains('/') || name.starts_with("hugepages-") || name.starts_with("attachable-volumes-")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn requests(spec: Value) -> PodRequests {
        PodRequests::of(&serde_json::from_value(spec).expect("a pod spec"))
    }

    fn container(name: &str, requests: Value) -> Value {
        json!({"name": name, "resources": {"requests": requests}})
    }

    const MI: i64 = 1 << 20;

    #[test]
    fn containers_add_up_and_the_largest_start_counts() {
        // SCHED-16
        let got = requests(json!({
            "containers": [
                container("a", json!({"cpu": "100m", "memory": "100Mi"})),
                container("b", json!({"cpu": "200m", "example.com/gpu": "2", "nonsense": "1"})),
            ],
            "initContainers": [
                {"name": "side", "restartPolicy": "Always", "resources": {"requests": {"cpu": "50m"}}},
                container("init", json!({"cpu": "1", "ephemeral-storage": "1Mi"})),
            ],
            "overhead": {"memory": "10Mi"},
        }));
        assert_eq!(got.resources.milli_cpu, 1050);
        assert_eq!(got.resources.memory, 110 * MI);
        assert_eq!(got.resources.ephemeral_storage, MI);
        assert_eq!(got.resources.scalars(), [("example.com/gpu".into(), 2)]);
    }

    #[test]
    fn what_is_not_requested_counts_a_little_in_comparisons() {
        // SCHED-17
        let got = requests(json!({"containers": [{"name": "a"}, container("b", json!({"cpu": "1"}))]}));
        assert_eq!(got.resources.milli_cpu, 1000);
        assert_eq!(got.scored, Scored { milli_cpu: 1100, memory: 400 * MI });
        let of_pod = json!({"containers": [{"name": "a"}], "resources": {"requests": {"cpu": "2"}}});
        assert_eq!(requests(of_pod).scored, Scored { milli_cpu: 2000, memory: 200 * MI });
    }

    #[test]
    fn while_it_is_resized_the_most_counts() {
        // SCHED-16
        let spec = json!({"containers": [container("a", json!({"cpu": "1"}))]});
        let spec: PodSpec = serde_json::from_value(spec).expect("a pod spec");
        let status = |cpu: &str| -> PodStatus {
            serde_json::from_value(json!({"containerStatuses": [{
                "name": "a", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                "allocatedResources": {"cpu": cpu},
            }]}))
            .expect("a status")
        };
        assert_eq!(PodRequests::while_resized(&spec, &status("500m")), None);
        let raised = PodRequests::while_resized(&spec, &status("3")).expect("more is allocated");
        assert_eq!(raised.resources.milli_cpu, 3000);
    }

    #[test]
    fn what_is_added_can_be_taken_away() {
        let pod = requests(json!({"containers": [container("a", json!({"cpu": "1", "a.b/c": "1"}))]}));
        let mut node = Resources::default();
        node.add(&pod.resources);
        node.add(&pod.resources);
        assert_eq!((node.milli_cpu, node.scalar("a.b/c")), (2000, 2));
        node.subtract(&pod.resources);
        node.subtract(&pod.resources);
        assert_eq!((node.milli_cpu, node.scalar("a.b/c"), node.scalar("x/y")), (0, 0, 0));
    }
}
