//! The Node object of an agent: what it is made of, and its status (NODE-01, NODE-05, NODE-06).

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{
    ContainerImage, Node, NodeAddress, NodeCondition, NodeSpec, NodeStatus, NodeSystemInfo,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use setpoint_core::quantity::{Format, Quantity};
use setpoint_core::rules::normal_form::{NormalForm, Spelling};
use setpoint_core::rules::pod::Amounts;
use setpoint_runtime_traits::{NodeInfo, RuntimeStatus, RuntimeVersion};

use super::AgentSettings;

/// The version that the agent behaves like.
const KUBELET_VERSION: &str = "v1.36.0";
/// How many images a status names, and how many names of each.
const IMAGES_MAX: usize = 50;
const NAMES_MAX: usize = 5;

/// What a node is, from its settings and what its runtime tells.
#[derive(Debug, Clone, Default)]
pub(super) struct NodeFacts {
    /// What there is.
    pub(super) capacity: Amounts,
    /// What pods can have.
    pub(super) allocatable: Amounts,
    /// The addresses, the primary one first.
    pub(super) addresses: Vec<NodeAddress>,
    /// Labels it gives itself.
    pub(super) labels: BTreeMap<String, String>,
    /// The machine and the runtime.
    pub(super) info: NodeSystemInfo,
}

/// What a node's status is made of at one time.
#[derive(Debug, Clone)]
pub(super) struct Health {
    /// Why it is not ready, if it is not.
    pub(super) problems: Vec<String>,
    /// The images it has.
    pub(super) images: Vec<ContainerImage>,
}

impl NodeFacts {
    /// Puts together what is known; what the runtime tells comes first.
    pub(super) fn new(settings: &AgentSettings, info: Option<&NodeInfo>, version: &RuntimeVersion) -> Self {
        let mut capacity: Amounts = settings.capacity.clone();
        let mut reserved = settings.reserved.clone();
        let mut addresses: Vec<NodeAddress> = Vec::new();
        let mut labels = settings.labels.clone();
        let told = info.cloned().unwrap_or_default();
        let parsed = |amounts: &BTreeMap<String, String>| -> Amounts {
            let amount = |(name, text): (&String, &String)| Some((name.clone(), text.parse().ok()?));
            amounts.iter().filter_map(amount).collect()
        };
        capacity.extend(parsed(&told.capacity));
        reserved.extend(parsed(&told.reserved));
        let pods = i64::from(settings.pods_max);
        capacity.entry("pods".to_owned()).or_insert(Quantity::new(pods, Format::DecimalSi));
        for address in &told.addresses {
            addresses.push(NodeAddress { type_: address.kind.clone(), address: address.address.clone() });
        }
        if addresses.iter().all(|address| address.type_ != "InternalIP") {
            let own = settings.addresses.iter();
            addresses
                .extend(own.map(|ip| NodeAddress { type_: "InternalIP".to_owned(), address: ip.clone() }));
        }
        if addresses.iter().all(|address| address.type_ != "Hostname") {
            let address = settings.node_name.clone();
            addresses.push(NodeAddress { type_: "Hostname".to_owned(), address });
        }
        let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
        let operating_system = or(told.operating_system, std::env::consts::OS);
        let architecture = or(told.architecture, architecture());
        labels.extend(told.labels);
        for (key, value) in [
            ("kubernetes.io/hostname", &settings.node_name),
            ("kubernetes.io/os", &operating_system),
            ("kubernetes.io/arch", &architecture),
        ] {
            labels.insert(key.to_owned(), value.clone());
        }
        let allocatable = capacity
            .iter()
            .map(|(name, amount)| {
                let rest = *amount - reserved.get(name).copied().unwrap_or(Quantity::ZERO);
                (name.clone(), if rest.is_negative() { Quantity::ZERO } else { rest })
            })
            .collect();
        let info = NodeSystemInfo {
            architecture,
            boot_id: told.boot_id,
            container_runtime_version: format!("{}://{}", version.name, version.version),
            kernel_version: told.kernel_version,
            kube_proxy_version: String::new(),
            kubelet_version: KUBELET_VERSION.to_owned(),
            system_uuid: told.machine_id.clone(),
            machine_id: told.machine_id,
            operating_system,
            os_image: told.os_image,
            ..NodeSystemInfo::default()
        };
        Self { capacity, allocatable, addresses, labels, info }
    }

    /// The addresses at which pods of the node's network are.
    pub(super) fn host_ips(&self) -> Vec<String> {
        let internal = self.addresses.iter().filter(|address| address.type_ == "InternalIP");
        internal.map(|address| address.address.clone()).collect()
    }

    /// The Node to be created.
    pub(super) fn node(&self, settings: &AgentSettings) -> Node {
        Node {
            metadata: ObjectMeta {
                name: Some(settings.node_name.clone()),
                labels: Some(self.labels.clone()),
                ..ObjectMeta::default()
            },
            spec: Some(NodeSpec {
                taints: (!settings.taints.is_empty()).then(|| settings.taints.clone()),
                ..NodeSpec::default()
            }),
            status: None,
        }
    }

    /// The status that follows `before`; what others wrote is kept.
    pub(super) fn status(&self, before: &NodeStatus, health: &Health, now: Timestamp) -> NodeStatus {
        let texts = |amounts: &Amounts| -> BTreeMap<String, Text> {
            amounts.iter().map(|(name, amount)| (name.clone(), Text(amount.to_string()))).collect()
        };
        let mut conditions = before.conditions.clone().unwrap_or_default();
        for condition in self.conditions(health, now) {
            setpoint_core::conditions::update(&mut conditions, condition);
        }
        let mut images = health.images.clone();
        images.sort_by(|a, b| b.size_bytes.cmp(&a.size_bytes).then_with(|| a.names.cmp(&b.names)));
        images.truncate(IMAGES_MAX);
        NodeStatus {
            capacity: Some(texts(&self.capacity)),
            allocatable: Some(texts(&self.allocatable)),
            addresses: Some(self.addresses.clone()),
            conditions: Some(conditions),
            images: (!images.is_empty()).then_some(images),
            node_info: Some(self.info.clone()),
            ..before.clone()
        }
    }

    /// Ready comes last, as upstream has it.
    fn conditions(&self, health: &Health, now: Timestamp) -> [NodeCondition; 4] {
        let at = Time(Timestamp::from_second(now.as_second()).unwrap_or(now));
        let condition = |type_: &str, holds: bool, reason: &str, message: String| NodeCondition {
            type_: type_.to_owned(),
            status: if holds { "True" } else { "False" }.to_owned(),
            reason: Some(reason.to_owned()),
            message: Some(message),
            last_heartbeat_time: Some(at.clone()),
            last_transition_time: Some(at.clone()),
        };
        let no = |type_, reason, message: &str| condition(type_, false, reason, message.to_owned());
        let mut problems = health.problems.clone();
        let required = ["cpu", "memory", "pods", "ephemeral-storage"];
        let missing: Vec<&str> =
            required.into_iter().filter(|name| !self.capacity.contains_key(*name)).collect();
        if !missing.is_empty() {
            problems.push(format!("missing node capacity for resources: {}", missing.join(", ")));
        }
        let ready = if problems.is_empty() {
            condition("Ready", true, "KubeletReady", "kubelet is posting ready status".to_owned())
        } else {
            condition("Ready", false, "KubeletNotReady", problems.join(", "))
        };
        [
            no("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            no("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            no("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            ready,
        ]
    }
}

/// What keeps the runtime from working, in words.
pub(super) fn runtime_problems(status: &RuntimeStatus) -> Vec<String> {
    let mut problems = Vec::new();
    for (kind, word) in [
        (RuntimeStatus::RUNTIME_READY, "container runtime not ready"),
        (RuntimeStatus::NETWORK_READY, "container runtime network not ready"),
    ] {
        let found = status.conditions.iter().find(|condition| condition.kind == kind);
        let holds = found.is_some_and(|condition| condition.status);
        if !holds {
            let (reason, message) = found.map_or(("", ""), |it| (it.reason.as_str(), it.message.as_str()));
            problems.push(format!("{word}: {kind}=false reason:{reason} message:{message}"));
        }
    }
    problems
}

/// The images of a status.
pub(super) fn images(images: Vec<setpoint_runtime_traits::Image>) -> Vec<ContainerImage> {
    let one = |image: setpoint_runtime_traits::Image| {
        let names =
            image.digests.iter().chain(&image.tags).take(NAMES_MAX).map(ToString::to_string).collect();
        ContainerImage { names: Some(names), size_bytes: i64::try_from(image.size_bytes).ok() }
    };
    images.into_iter().map(one).collect()
}

/// Whether two statuses say the same, heartbeats aside (NODE-04).
pub(super) fn is_same(a: &NodeStatus, b: &NodeStatus) -> bool {
    let still = |status: &NodeStatus| {
        let mut status = status.clone();
        for condition in status.conditions.iter_mut().flatten() {
            condition.last_heartbeat_time = None;
        }
        // The store keeps what a status means, not how it was spelled: a size of zero is left out.
        status.normalize(Spelling::ByValue);
        status
    };
    still(a) == still(b)
}

/// The architecture as labels have it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use setpoint_core::conditions::find;

    use super::super::fixtures::at;
    use super::*;

    fn facts(resources: &[(&str, &str)]) -> NodeFacts {
        let mut settings = AgentSettings::new("node-1");
        settings.addresses = vec!["192.0.2.1".to_owned()];
        settings.reserved.insert("memory".to_owned(), "100Mi".parse().expect("a quantity"));
        for (name, amount) in resources {
            settings.capacity.insert((*name).to_owned(), amount.parse().expect("a quantity"));
        }
        let version = RuntimeVersion { name: "simulated".to_owned(), version: "1".to_owned() };
        NodeFacts::new(&settings, None, &version)
    }

    const ALL: [(&str, &str); 3] = [("cpu", "4"), ("memory", "1Gi"), ("ephemeral-storage", "10Gi")];

    fn healthy() -> Health {
        Health { problems: Vec::new(), images: Vec::new() }
    }

    #[test]
    fn allocatable_is_what_is_not_reserved() {
        // NODE-06
        let status = facts(&ALL).status(&NodeStatus::default(), &healthy(), at(0));
        let allocatable = status.allocatable.expect("set");
        assert_eq!((allocatable["memory"].0.as_str(), allocatable["pods"].0.as_str()), ("924Mi", "110"));
        let addresses: Vec<_> = status.addresses.into_iter().flatten().map(|it| it.type_).collect();
        assert_eq!(addresses, ["InternalIP", "Hostname"]);
    }

    #[test]
    fn a_node_is_ready_unless_something_is_missing() {
        // NODE-05
        let ready = |facts: NodeFacts, health: &Health| {
            let status = facts.status(&NodeStatus::default(), health, at(0));
            let found = find(status.conditions.iter().flatten(), "Ready").expect("there").clone();
            (found.status, found.reason.unwrap_or_default(), found.message.unwrap_or_default())
        };
        let expected = ("True", "KubeletReady", "kubelet is posting ready status");
        let (status, reason, message) = ready(facts(&ALL), &healthy());
        assert_eq!((&*status, &*reason, &*message), expected);
        let (status, reason, message) = ready(facts(&ALL[1..]), &healthy());
        let expected = ("False", "KubeletNotReady", "missing node capacity for resources: cpu");
        assert_eq!((&*status, &*reason, &*message), expected);
        let mut broken = RuntimeStatus::ready();
        broken.conditions.pop();
        let health = Health { problems: runtime_problems(&broken), ..healthy() };
        assert_eq!(ready(facts(&ALL), &health).0, "False");
    }

    #[test]
    fn heartbeats_alone_are_no_change() {
        // NODE-04
        let facts = facts(&ALL);
        let first = facts.status(&NodeStatus::default(), &healthy(), at(0));
        let second = facts.status(&first, &healthy(), at(10));
        assert!(first != second && is_same(&first, &second));
        let broken = Health { problems: vec!["x".to_owned()], ..healthy() };
        assert!(!is_same(&first, &facts.status(&first, &broken, at(20))));
    }
}
