use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use setpoint_runtime_traits::{
    AddressPool, ContainerId, ContainerMetadata, ErrorKind, PodSandbox, PodSandboxConfig, PodSandboxStatus,
    Result, RuntimeError, SandboxId, SandboxMetadata, SandboxState,
};

use super::image_shelf::ImageShelf;
use super::instance::Instance;
use super::record::SandboxRecord;

/// The address of pods where there is only one.
pub(super) const SHARED_ADDRESS: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// Everything a runtime knows. It waits for nothing and touches nothing outside.
#[derive(Debug)]
pub(super) struct World {
    pub(super) images: ImageShelf,
    /// Nobody watches over containers any more.
    pub(super) is_closed: bool,
    addresses: Addresses,
    sandboxes: BTreeMap<SandboxId, Sandbox>,
    identities: BTreeMap<SandboxMetadata, SandboxId>,
    containers: BTreeMap<ContainerId, Instance>,
}

/// What addresses pods get.
#[derive(Debug, Clone)]
pub(super) enum Addresses {
    /// Each its own.
    Own(AddressPool),
    /// All the same.
    Shared,
}

#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) record: SandboxRecord,
    pub(super) containers: BTreeSet<ContainerId>,
    listed: PodSandbox,
}

impl World {
    pub(super) fn new(images: ImageShelf, addresses: Addresses) -> Self {
        let (sandboxes, identities, containers) = Default::default();
        Self { images, is_closed: false, addresses, sandboxes, identities, containers }
    }

    /// Fails if this is closed.
    pub(super) fn check_open(&self) -> Result<()> {
        if self.is_closed {
            return Err(RuntimeError::new(ErrorKind::Unavailable, "the runtime was shut down"));
        }
        Ok(())
    }

    /// Fails if a sandbox of this identity exists.
    pub(super) fn check_unused(&self, metadata: &SandboxMetadata) -> Result<()> {
        match self.identities.get(metadata) {
            None => Ok(()),
            Some(holder) => Err(RuntimeError::new(
                ErrorKind::AlreadyExists,
                format!("sandbox {holder} is already there for {metadata:?}"),
            )),
        }
    }

    /// An address for a pod, if it gets one.
    pub(super) fn take_address(&mut self, config: &PodSandboxConfig) -> Result<Option<Ipv4Addr>> {
        match &mut self.addresses {
            _ if config.host_network => Ok(None),
            Addresses::Shared => Ok(Some(SHARED_ADDRESS)),
            Addresses::Own(pool) => pool
                .take()
                .map(Some)
                .ok_or_else(|| RuntimeError::new(ErrorKind::OutOfResources, "all pod addresses are in use")),
        }
    }

    pub(super) fn give_back(&mut self, address: Ipv4Addr) {
        if let Addresses::Own(pool) = &mut self.addresses {
            pool.give_back(address);
        }
    }

    /// Takes an address again that a pod had before a restart. False if another one has it.
    pub(super) fn reserve(&mut self, address: Ipv4Addr) -> bool {
        match &mut self.addresses {
            Addresses::Own(pool) => pool.reserve(address),
            Addresses::Shared => address == SHARED_ADDRESS,
        }
    }

    pub(super) fn insert_sandbox(&mut self, record: SandboxRecord) {
        let (id, metadata) = (record.id.clone(), record.config.metadata.clone());
        let mut listed = PodSandbox::new(id.clone(), metadata.clone(), record.created_at.0);
        listed.labels = record.config.labels.clone();
        listed.annotations = record.config.annotations.clone();
        listed.state = record.state;
        self.identities.insert(metadata, id.clone());
        self.sandboxes.insert(id, Sandbox { record, containers: BTreeSet::new(), listed });
    }

    pub(super) fn remove_sandbox(&mut self, id: &SandboxId) {
        if let Some(sandbox) = self.sandboxes.remove(id) {
            self.identities.remove(&sandbox.record.config.metadata);
        }
    }

    pub(super) fn sandbox(&self, id: &SandboxId) -> Result<&Sandbox> {
        self.sandboxes.get(id).ok_or_else(|| RuntimeError::not_found("sandbox", id))
    }

    pub(super) fn sandbox_mut(&mut self, id: &SandboxId) -> Option<&mut Sandbox> {
        self.sandboxes.get_mut(id)
    }

    pub(super) fn ready_sandbox(&self, id: &SandboxId) -> Result<&Sandbox> {
        let sandbox = self.sandbox(id)?;
        if sandbox.record.state != SandboxState::Ready {
            return Err(RuntimeError::new(ErrorKind::Conflict, format!("sandbox {id} is not ready")));
        }
        Ok(sandbox)
    }

    pub(super) fn sandboxes(&self) -> impl ExactSizeIterator<Item = &PodSandbox> {
        self.sandboxes.values().map(|sandbox| &sandbox.listed)
    }

    /// Fails if the sandbox has such a container.
    pub(super) fn check_unused_in(&self, sandbox: &SandboxId, metadata: &ContainerMetadata) -> Result<()> {
        let mut others = self.sandbox(sandbox)?.containers.iter().filter_map(|id| self.containers.get(id));
        match others.find(|other| other.container.metadata == *metadata) {
            None => Ok(()),
            Some(holder) => Err(RuntimeError::new(
                ErrorKind::AlreadyExists,
                format!("container {} is already there for {metadata:?}", holder.container.id),
            )),
        }
    }

    pub(super) fn insert_container(&mut self, instance: Instance) {
        let id = instance.container.id.clone();
        if let Some(sandbox) = self.sandboxes.get_mut(&instance.container.sandbox_id) {
            sandbox.containers.insert(id.clone());
        }
        self.containers.insert(id, instance);
    }

    pub(super) fn remove_container(&mut self, id: &ContainerId) {
        let Some(instance) = self.containers.remove(id) else { return };
        if let Some(sandbox) = self.sandboxes.get_mut(&instance.container.sandbox_id) {
            sandbox.containers.remove(id);
        }
    }

    pub(super) fn container(&self, id: &ContainerId) -> Result<&Instance> {
        self.containers.get(id).ok_or_else(|| RuntimeError::not_found("container", id))
    }

    pub(super) fn container_mut(&mut self, id: &ContainerId) -> Result<&mut Instance> {
        self.containers.get_mut(id).ok_or_else(|| RuntimeError::not_found("container", id))
    }

    /// A container that runs.
    pub(super) fn running(&self, id: &ContainerId) -> Result<&Instance> {
        let instance = self.container(id)?;
        if !instance.is_running() {
            return Err(RuntimeError::new(ErrorKind::Conflict, format!("container {id} does not run")));
        }
        Ok(instance)
    }

    pub(super) fn containers(&self) -> impl ExactSizeIterator<Item = &Instance> {
        self.containers.values()
    }

    pub(super) fn containers_mut(&mut self) -> impl Iterator<Item = &mut Instance> {
        self.containers.values_mut()
    }
}

impl Sandbox {
    pub(super) fn set_state(&mut self, state: SandboxState) {
        self.record.state = state;
        self.listed.state = state;
    }

    pub(super) fn status(&self) -> PodSandboxStatus {
        let mut status = PodSandboxStatus::new(self.listed.clone());
        status.host_network = self.record.config.host_network;
        status.ips = self.record.address.into_iter().map(Into::into).collect();
        status
    }
}
