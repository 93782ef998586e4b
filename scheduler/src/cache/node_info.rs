use k8s_openapi::api::core::v1::{NodeSpec, NodeStatus, Taint};
use setpoint_core::object::{ObjectRef, Text, TextMap};
use setpoint_core::quantity::Quantity;

use crate::pod::PodInfo;
use crate::ports::HostPort;
use crate::requests::{Resources, Scored};

/// A node's number within its cache. A node that has gone leaves it to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// A node with what its pods take of it.
#[derive(Debug, Clone)]
pub struct NodeInfo {
    /// Its number.
    pub slot: Slot,
    /// Its name.
    pub name: Text,
    /// The node; `None` for one that is not known and yet has pods.
    pub object: Option<ObjectRef>,
    /// Its labels.
    pub labels: TextMap,
    /// What it offers to pods.
    pub allocatable: Resources,
    /// What its pods request.
    pub requested: Resources,
    /// What its pods count as when nodes are compared.
    pub scored: Scored,
    /// How many pods it has.
    pub pods: i64,
    /// The ports that its pods take.
    pub ports: Vec<HostPort>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether nothing new is to be placed there.
    pub is_unschedulable: bool,
    /// How many pods of each priority it has, lowest first.
    priorities: Vec<(i32, u32)>,
}

impl NodeInfo {
    /// A node that is not known yet.
    pub fn new(slot: Slot, name: Text) -> Self {
        Self {
            slot,
            name,
            object: None,
            labels: TextMap::default(),
            allocatable: Resources::default(),
            requested: Resources::default(),
            scored: Scored::default(),
            pods: 0,
            ports: Vec::new(),
            taints: Vec::new(),
            is_unschedulable: false,
            priorities: Vec::new(),
        }
    }

    /// A node without pods.
    pub fn of(object: &ObjectRef) -> Self {
        let mut node = Self::new(Slot(0), object.meta().name.clone());
        node.set_object(Some(object));
        node
    }

    /// Takes over what the node says of itself; `None` if it is gone.
    pub fn set_object(&mut self, object: Option<&ObjectRef>) {
        let spec = object.and_then(|object| object.spec::<NodeSpec>());
        let status = object.and_then(|object| object.status::<NodeStatus>());
        let allocatable = status.and_then(|status| status.allocatable.as_ref()).into_iter().flatten();
        self.allocatable = Resources::new(
            allocatable.filter_map(|(name, text)| Some((name.as_str(), Quantity::try_from(text).ok()?))),
        );
        self.taints = spec.and_then(|spec| spec.taints.clone()).unwrap_or_default();
        self.is_unschedulable = spec.and_then(|spec| spec.unschedulable).unwrap_or_default();
        self.labels = object.map(|object| object.meta().labels.clone()).unwrap_or_default();
        self.object = object.cloned();
    }

    /// The value of one of its labels.
    pub fn label(&self, key: &str) -> Option<&Text> {
        self.labels.get_text(key)
    }

    /// Counts one more pod.
    pub fn add(&mut self, pod: &PodInfo) {
        self.requested.add(&pod.requests.resources);
        self.scored.milli_cpu += pod.requests.scored.milli_cpu;
        self.scored.memory += pod.requests.scored.memory;
        self.pods += 1;
        self.ports.extend(pod.template().ports.iter().cloned());
        match self.priorities.binary_search_by_key(&pod.priority(), |(priority, _)| *priority) {
            Ok(at) => self.priorities[at].1 += 1,
            Err(at) => self.priorities.insert(at, (pod.priority(), 1)),
        }
    }

    /// Counts one pod less, which was counted as it is.
    pub fn remove(&mut self, pod: &PodInfo) {
        self.requested.subtract(&pod.requests.resources);
        self.scored.milli_cpu -= pod.requests.scored.milli_cpu;
        self.scored.memory -= pod.requests.scored.memory;
        self.pods -= 1;
        for port in &pod.template().ports {
            if let Some(at) = self.ports.iter().position(|taken| taken == port) {
                self.ports.swap_remove(at);
            }
        }
        if let Ok(at) = self.priorities.binary_search_by_key(&pod.priority(), |(priority, _)| *priority) {
            self.priorities[at].1 -= 1;
            if self.priorities[at].1 == 0 {
                self.priorities.remove(at);
            }
        }
    }

    /// Whether it has pods of a lower priority, which could make room.
    pub fn has_pods_below(&self, priority: i32) -> bool {
        self.priorities.first().is_some_and(|(lowest, _)| *lowest < priority)
    }
}
