use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::object::{ObjectRef, Text, TextMap, Uid};

use super::{Members, NodeInfo, Slot};
use crate::pod::PodInfo;

/// Nodes, and pods on nodes.
#[derive(Debug, Default)]
pub struct Cache {
    /// By slot; those of free slots have no object and no pods.
    nodes: Vec<NodeInfo>,
    slots: BTreeMap<Text, Slot>,
    free: Vec<Slot>,
    /// Nodes that pods can be placed on, by name.
    present: Vec<Slot>,
    pods: FxHashMap<Uid, Placed>,
    members: Members,
    namespaces: BTreeMap<Text, TextMap>,
}

#[derive(Debug)]
struct Placed {
    pod: Arc<PodInfo>,
    slot: Slot,
    is_assumed: bool,
}

impl Cache {
    /// The nodes that pods can be placed on, ordered by name.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &NodeInfo> {
        self.present.iter().map(|slot| self.at(*slot))
    }

    /// How many nodes pods can be placed on.
    pub fn node_count(&self) -> usize {
        self.present.len()
    }

    /// The node at a position in the order of [`Cache::nodes`].
    ///
    /// # Panics
    ///
    /// If there are not so many.
    pub fn nth(&self, position: usize) -> &NodeInfo {
        self.at(self.present[position])
    }

    /// How many slots there are, free ones included: all are below.
    pub fn slot_count(&self) -> usize {
        self.nodes.len()
    }

    /// The node with this number.
    ///
    /// # Panics
    ///
    /// If it was not given by this cache.
    pub fn at(&self, slot: Slot) -> &NodeInfo {
        &self.nodes[slot.0 as usize]
    }

    /// A node that pods can be placed on, by name.
    pub fn node(&self, name: &str) -> Option<&NodeInfo> {
        self.slots.get(name).map(|slot| self.at(*slot)).filter(|node| node.object.is_some())
    }

    /// A pod on a node, placed or assumed.
    pub fn pod(&self, uid: &Uid) -> Option<&Arc<PodInfo>> {
        self.pods.get(uid).map(|placed| &placed.pod)
    }

    /// All pods on nodes, in no particular order.
    pub fn pods(&self) -> impl ExactSizeIterator<Item = &Arc<PodInfo>> {
        self.pods.values().map(|placed| &placed.pod)
    }

    /// Whether a pod is assumed on a node, and not yet seen there.
    pub fn is_assumed(&self, uid: &Uid) -> bool {
        self.pods.get(uid).is_some_and(|placed| placed.is_assumed)
    }

    /// Who is where.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// The labels of a namespace.
    pub fn namespace_labels(&self, name: &str) -> TextMap {
        self.namespaces.get(name).cloned().unwrap_or_default()
    }

    /// Takes over a namespace's labels; `None` if it is gone.
    pub fn set_namespace(&mut self, name: &Text, labels: Option<TextMap>) {
        match labels {
            Some(labels) => drop(self.namespaces.insert(name.clone(), labels)),
            None => drop(self.namespaces.remove(name)),
        }
    }

    /// Takes over what a node says of itself.
    pub fn set_node(&mut self, object: &ObjectRef) {
        let slot = self.slot(&object.meta().name);
        let is_new = self.at(slot).object.is_none();
        self.nodes[slot.0 as usize].set_object(Some(object));
        if is_new {
            let at = self.present.partition_point(|other| self.at(*other).name < object.meta().name);
            self.present.insert(at, slot);
        }
    }

    /// A node is gone. Its pods, if any, count on it until they are.
    pub fn remove_node(&mut self, name: &str) {
        let Some(&slot) = self.slots.get(name) else { return };
        self.present.retain(|present| *present != slot);
        self.nodes[slot.0 as usize].set_object(None);
        self.free_if_empty(slot);
    }

    /// Counts a pod on the node it is bound to, once, as it is now. Confirms it if it was assumed.
    pub fn set_pod(&mut self, pod: Arc<PodInfo>) {
        self.remove_pod(&pod.uid);
        let Some(node) = pod.node_name().cloned() else { return };
        self.place(pod, &node, false);
    }

    /// Counts a pod on a node that it is about to be bound to.
    pub fn assume(&mut self, pod: Arc<PodInfo>, node: &Text) {
        self.remove_pod(&pod.uid);
        self.place(pod, node, true);
    }

    /// Counts an assumed pod no more. False if it is not assumed, or was confirmed.
    pub fn forget(&mut self, uid: &Uid) -> bool {
        self.is_assumed(uid) && self.remove_pod(uid).is_some()
    }

    /// Counts a pod no more, and gives it back.
    pub fn remove_pod(&mut self, uid: &Uid) -> Option<Arc<PodInfo>> {
        let Placed { pod, slot, .. } = self.pods.remove(uid)?;
        self.nodes[slot.0 as usize].remove(&pod);
        self.members.remove(&pod, slot);
        self.free_if_empty(slot);
        Some(pod)
    }

    fn place(&mut self, pod: Arc<PodInfo>, node: &Text, is_assumed: bool) {
        let slot = self.slot(node);
        self.nodes[slot.0 as usize].add(&pod);
        self.members.add(&pod, slot);
        self.pods.insert(pod.uid.clone(), Placed { pod, slot, is_assumed });
    }

    fn slot(&mut self, name: &Text) -> Slot {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = Slot(u32::try_from(self.nodes.len()).expect("there are fewer nodes than that"));
            self.nodes.push(NodeInfo::new(slot, name.clone()));
            slot
        });
        self.nodes[slot.0 as usize] = NodeInfo::new(slot, name.clone());
        self.slots.insert(name.clone(), slot);
        slot
    }

    fn free_if_empty(&mut self, slot: Slot) {
        let node = self.at(slot);
        if node.object.is_none() && node.pods == 0 {
            let name = node.name.clone();
            self.slots.remove(&name);
            self.free.push(slot);
        }
    }
}
