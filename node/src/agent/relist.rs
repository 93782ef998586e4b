//! What the runtime has in whole, by pod (AGENT-04), and removing what no pod asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Key, Uid};
use setpoint_runtime_traits::{
    ContainerFilter, ContainerId, ContainerState, RuntimeError, SandboxFilter, SandboxId, SandboxState,
};
use setpoint_store::request::ReadAt;

use super::host::Host;
use super::memory::PodMemory;
use super::observed::Observed;
use super::terminate::GRACE_MIN;

/// What the runtime has of one pod: ids and states.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inventory {
    /// The pod's namespace and name.
    pod: Option<(Arc<str>, Arc<str>)>,
    sandboxes: BTreeMap<SandboxId, SandboxState>,
    containers: BTreeMap<ContainerId, ContainerState>,
}

impl Host {
    /// Lists everything the runtime has that an agent made.
    ///
    /// # Errors
    ///
    /// If the runtime does not tell.
    pub(super) async fn relist(&self) -> Result<BTreeMap<Uid, Inventory>, RuntimeError> {
        let runtime = &self.runtime.runtime;
        let mut all: BTreeMap<Uid, Inventory> = BTreeMap::new();
        let mut owners: BTreeMap<SandboxId, Uid> = BTreeMap::new();
        for sandbox in runtime.list_pod_sandboxes(&SandboxFilter::default()).await? {
            // What has no such label was made by somebody else.
            let Some(uid) = sandbox.labels.get(super::config::POD_UID) else { continue };
            let uid = Uid::new(uid);
            owners.insert(sandbox.id.clone(), uid.clone());
            let inventory = all.entry(uid).or_default();
            inventory.pod.get_or_insert((sandbox.metadata.namespace, sandbox.metadata.name));
            inventory.sandboxes.insert(sandbox.id, sandbox.state);
        }
        for container in runtime.list_containers(&ContainerFilter::default()).await? {
            let Some(uid) = owners.get(&container.sandbox_id) else { continue };
            all.entry(uid.clone()).or_default().containers.insert(container.id, container.state);
        }
        *self.relisted_at.lock() = self.env.now();
        Ok(all)
    }

    /// Whether the store has no such pod on this node. A view that has just been begun may be older than the pod.
    ///
    /// # Errors
    ///
    /// If the store does not tell.
    pub(super) async fn is_orphan(&self, uid: &Uid, inventory: &Inventory) -> setpoint_core::Result<bool> {
        let Some((namespace, name)) = &inventory.pod else { return Ok(true) };
        let key = Key::namespaced(self.kinds.pod.id, &**namespace, &**name);
        let pod = match self.store.get(&self.request, &key, ReadAt::Newest).await {
            Err(error) if error.is_not_found() => return Ok(true),
            found => found?,
        };
        let node = &*self.settings.node_name;
        let is_here = pod.spec::<SharedPodSpec>().is_some_and(|spec| spec.node_name() == Some(node));
        Ok(pod.meta().uid.as_ref() != Some(uid) || !is_here)
    }

    /// Stops and removes what belongs to no pod.
    ///
    /// # Errors
    ///
    /// If the runtime fails; the next relist tries again.
    pub(super) async fn remove_orphan(&self, inventory: &Inventory) -> Result<(), RuntimeError> {
        let runtime = &self.runtime.runtime;
        for (id, state) in &inventory.containers {
            if *state == ContainerState::Running || *state == ContainerState::Unknown {
                runtime.stop_container(id, GRACE_MIN).await?;
            }
        }
        for id in inventory.sandboxes.keys() {
            runtime.stop_pod_sandbox(id).await?;
            runtime.remove_pod_sandbox(id).await?;
        }
        Ok(())
    }
}

impl Inventory {
    /// Whether this is what was seen when the pod was looked at last.
    pub(super) fn is(&self, observed: &Observed) -> bool {
        let sandboxes = observed.sandboxes().iter().map(|it| (&it.sandbox.id, it.sandbox.state));
        let containers = observed.containers().iter().map(|it| (&it.container.id, it.state()));
        let same = |count: usize, known: usize| count == known;
        same(self.sandboxes.len(), observed.sandboxes().len())
            && same(self.containers.len(), observed.containers().len())
            && sandboxes.into_iter().all(|(id, state)| self.sandboxes.get(id) == Some(&state))
            && containers.into_iter().all(|(id, state)| self.containers.get(id) == Some(&state))
    }

    /// A memory that knows of these.
    pub(super) fn to_memory(&self) -> PodMemory {
        PodMemory {
            sandboxes: self.sandboxes.keys().cloned().collect(),
            containers: self.containers.keys().cloned().collect(),
            ..PodMemory::default()
        }
    }
}
