use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use setpoint_core::env::{Env, Instant};
use setpoint_runtime_traits::{
    AddressPool, Container, ContainerConfig, ContainerEvent, ContainerEventKind, ContainerId, ContainerState,
    ErrorKind, EventFeed, Exit, ImageId, PodSandbox, PodSandboxConfig, PodSandboxStatus, Result,
    RuntimeError, SandboxId, SandboxMetadata, SandboxState,
};

use super::Script;
use super::fate::Fate;
use super::image_shelf::ImageShelf;
use super::instance::Instance;

/// The signal that nothing survives.
pub(super) const KILL: i32 = 9;

/// A moment on both clocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    pub(super) wall: Timestamp,
}

impl Moment {
    pub(super) fn now(env: &Env) -> Self {
        Self { instant: env.now(), wall: env.wall() }
    }

    /// The time of day at an earlier instant.
    fn wall_at(&self, earlier: Instant) -> Timestamp {
        self.wall.saturating_sub(self.instant - earlier).unwrap_or(self.wall)
    }
}

/// Everything a simulated runtime holds. A synchronous machine: it waits for nothing, and what it is told
/// happens at the moment given.
///
/// [`World::settle`] must be called with a moment before anything else is asked at that moment, and again when
/// the deadline that it answers has come.
#[derive(Debug)]
pub(super) struct World {
    pub(super) images: ImageShelf,
    pub(super) events: EventFeed,
    pub(super) network_ready: bool,
    pub(super) available: bool,
    name: Arc<str>,
    sandboxes: BTreeMap<SandboxId, Sandbox>,
    identities: BTreeMap<SandboxMetadata, SandboxId>,
    containers: BTreeMap<ContainerId, Instance>,
    /// Exactly the `due` of all instances.
    deadlines: BTreeSet<(Instant, ContainerId)>,
    addresses: AddressPool,
    made: u64,
}

#[derive(Debug)]
struct Sandbox {
    sandbox: PodSandbox,
    address: Option<Ipv4Addr>,
    host_network: bool,
    containers: BTreeSet<ContainerId>,
}

impl World {
    pub(super) fn new(name: Arc<str>, addresses: AddressPool, images: ImageShelf) -> Self {
        Self {
            images,
            events: EventFeed::new(),
            network_ready: true,
            available: true,
            name,
            sandboxes: BTreeMap::new(),
            identities: BTreeMap::new(),
            containers: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            addresses,
            made: 0,
        }
    }

    /// Ends what was due by `now`, in the order in which it was due.
    pub(super) fn settle(&mut self, now: Moment) {
        while self.next_deadline() <= now.instant {
            let Some((at, id)) = self.deadlines.pop_first() else { return };
            let due = self.containers.get(&id).and_then(|instance| instance.due);
            self.end(&id, due.map_or(Exit::Unknown, |(_, exit)| exit), now.wall_at(at));
        }
    }

    /// When [`World::settle`] must be called next.
    pub(super) fn next_deadline(&self) -> Instant {
        self.deadlines.first().map_or(Instant::NEVER, |(at, _)| *at)
    }

    pub(super) fn run_sandbox(&mut self, config: &PodSandboxConfig, now: Moment) -> Result<SandboxId> {
        if let Some(holder) = self.identities.get(&config.metadata) {
            let message = format!("sandbox {holder} is already there for {:?}", config.metadata);
            return Err(RuntimeError::new(ErrorKind::AlreadyExists, message));
        }
        let address = if config.host_network { None } else { Some(self.take_address()?) };
        let id = SandboxId::new(self.next_id("sandbox"));
        let mut sandbox = PodSandbox::new(id.clone(), config.metadata.clone(), now.wall);
        sandbox.labels = config.labels.clone();
        sandbox.annotations = config.annotations.clone();
        let host_network = config.host_network;
        self.identities.insert(config.metadata.clone(), id.clone());
        self.sandboxes
            .insert(id.clone(), Sandbox { sandbox, address, host_network, containers: BTreeSet::new() });
        Ok(id)
    }

    fn take_address(&mut self) -> Result<Ipv4Addr> {
        if !self.network_ready {
            return Err(RuntimeError::new(ErrorKind::Unavailable, "the pod network is not ready"));
        }
        self.addresses
            .take()
            .ok_or_else(|| RuntimeError::new(ErrorKind::OutOfResources, "all pod addresses are in use"))
    }

    pub(super) fn stop_sandbox(&mut self, id: &SandboxId, now: Moment) {
        let Some(sandbox) = self.sandboxes.get_mut(id) else { return };
        sandbox.sandbox.state = SandboxState::NotReady;
        if let Some(address) = sandbox.address.take() {
            self.addresses.give_back(address);
        }
        for container in sandbox.containers.clone() {
            self.kill(&container, now);
        }
    }

    pub(super) fn remove_sandbox(&mut self, id: &SandboxId, now: Moment) {
        self.stop_sandbox(id, now);
        let Some(sandbox) = self.sandboxes.remove(id) else { return };
        self.identities.remove(&sandbox.sandbox.metadata);
        for container in &sandbox.containers {
            self.remove_container(container, now);
        }
    }

    /// The sandbox is not ready any more, its containers run on (AGENT-06).
    pub(super) fn break_sandbox(&mut self, id: &SandboxId) -> Result<()> {
        let sandbox = self.sandboxes.get_mut(id).ok_or_else(|| RuntimeError::not_found("sandbox", id))?;
        sandbox.sandbox.state = SandboxState::NotReady;
        Ok(())
    }

    pub(super) fn sandbox_status(&self, id: &SandboxId) -> Result<PodSandboxStatus> {
        let sandbox = self.sandboxes.get(id).ok_or_else(|| RuntimeError::not_found("sandbox", id))?;
        let mut status = PodSandboxStatus::new(sandbox.sandbox.clone());
        status.host_network = sandbox.host_network;
        status.ips = sandbox.address.into_iter().map(Into::into).collect();
        Ok(status)
    }

    pub(super) fn sandboxes(&self) -> impl Iterator<Item = &PodSandbox> {
        self.sandboxes.values().map(|sandbox| &sandbox.sandbox)
    }

    pub(super) fn create_container(
        &mut self,
        sandbox_id: &SandboxId,
        config: &ContainerConfig,
        image_id: ImageId,
        script: Arc<Script>,
        now: Moment,
    ) -> Result<ContainerId> {
        let sandbox = self.ready_sandbox(sandbox_id)?;
        let pod = sandbox.sandbox.metadata.clone();
        let holder = sandbox.containers.iter().find(|id| {
            self.containers.get(*id).is_some_and(|other| other.container.metadata == config.metadata)
        });
        if let Some(holder) = holder {
            let message = format!("container {holder} is already there for {:?}", config.metadata);
            return Err(RuntimeError::new(ErrorKind::AlreadyExists, message));
        }
        let id = ContainerId::new(self.next_id("container"));
        let container = Container::created(id.clone(), sandbox_id.clone(), config, image_id, now.wall);
        let (mounts, resources) = (config.mounts.clone(), config.resources.clone());
        let instance = Instance::created(container, pod, script, mounts, resources);
        self.containers.insert(id.clone(), instance);
        if let Some(sandbox) = self.sandboxes.get_mut(sandbox_id) {
            sandbox.containers.insert(id.clone());
        }
        self.publish(ContainerEventKind::Created, &id, now.wall);
        Ok(id)
    }

    fn ready_sandbox(&self, id: &SandboxId) -> Result<&Sandbox> {
        let sandbox = self.sandboxes.get(id).ok_or_else(|| RuntimeError::not_found("sandbox", id))?;
        if sandbox.sandbox.state != SandboxState::Ready {
            return Err(RuntimeError::new(ErrorKind::Conflict, format!("sandbox {id} is not ready")));
        }
        Ok(sandbox)
    }

    /// An instance that can be started now, in its sandbox.
    pub(super) fn startable(&mut self, id: &ContainerId) -> Result<&mut Instance> {
        let sandbox_id = self.container(id)?.container.sandbox_id.clone();
        self.ready_sandbox(&sandbox_id)?;
        let instance = self.container_mut(id)?;
        if instance.container.state != ContainerState::Created {
            let message = format!("container {id} was started before");
            return Err(RuntimeError::new(ErrorKind::Conflict, message));
        }
        Ok(instance)
    }

    pub(super) fn start_container(&mut self, id: &ContainerId, fate: &Fate, now: Moment) -> Result<()> {
        let instance = self.startable(id)?;
        if fate.start_fails {
            instance.fail_to_start(now);
            self.publish(ContainerEventKind::Stopped, id, now.wall);
            let message = format!("starting container {id} was scripted to fail");
            return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
        }
        instance.start(fate, now);
        if let Some((at, _)) = instance.due {
            self.deadlines.insert((at, id.clone()));
        }
        self.publish(ContainerEventKind::Started, id, now.wall);
        self.settle(now);
        Ok(())
    }

    /// Asks to stop now, kills after `grace`: whichever end comes first is due.
    pub(super) fn stop_container(
        &mut self,
        id: &ContainerId,
        grace: Duration,
        stop_after: Option<Duration>,
        now: Moment,
    ) {
        let Some(instance) = self.containers.get_mut(id).filter(|instance| instance.is_running()) else {
            return;
        };
        let (after, exit) = match stop_after {
            Some(after) if after < grace => (after, instance.script.stop_exit),
            _ => (grace, Exit::Signal(KILL)),
        };
        let at = now.instant + after;
        if let Some((due, _)) = instance.due {
            if due <= at {
                return;
            }
            self.deadlines.remove(&(due, id.clone()));
        }
        instance.due = Some((at, exit));
        self.deadlines.insert((at, id.clone()));
        self.settle(now);
    }

    /// It ends now, in this way, if it runs.
    pub(super) fn exit_container(&mut self, id: &ContainerId, exit: Exit, now: Moment) -> Result<()> {
        let instance = self.container(id)?;
        if !instance.is_running() {
            return Err(RuntimeError::new(ErrorKind::Conflict, format!("container {id} does not run")));
        }
        if let Some((at, _)) = instance.due {
            self.deadlines.remove(&(at, id.clone()));
        }
        self.end(id, exit, now.wall);
        Ok(())
    }

    fn kill(&mut self, id: &ContainerId, now: Moment) {
        // Not running is as good as killed.
        drop(self.exit_container(id, Exit::Signal(KILL), now));
    }

    fn end(&mut self, id: &ContainerId, exit: Exit, at: Timestamp) {
        if let Some(instance) = self.containers.get_mut(id) {
            instance.end(exit, at);
            self.publish(ContainerEventKind::Stopped, id, at);
        }
    }

    pub(super) fn remove_container(&mut self, id: &ContainerId, now: Moment) {
        self.kill(id, now);
        self.publish(ContainerEventKind::Deleted, id, now.wall);
        let Some(instance) = self.containers.remove(id) else { return };
        instance.wake();
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

    pub(super) fn containers(&self) -> impl Iterator<Item = &Instance> {
        self.containers.values()
    }

    fn publish(&self, kind: ContainerEventKind, id: &ContainerId, at: Timestamp) {
        if let Some(instance) = self.containers.get(id) {
            let (sandbox, pod) = (instance.container.sandbox_id.clone(), instance.pod.clone());
            self.events.publish(&ContainerEvent::new(kind, id.clone(), sandbox, pod, at));
        }
    }

    fn next_id(&mut self, what: &str) -> String {
        self.made += 1;
        format!("{}-{what}-{:08}", self.name, self.made)
    }
}
