use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_runtime_traits::{
    ContainerConfig, ContainerEvent, ContainerEventKind, ContainerId, ErrorKind, EventFeed, PodSandboxConfig,
    Result, RuntimeError, SandboxId, SandboxState,
};

use super::ImageResolver;
use super::instance::Instance;
use super::launch::{Launch, Surroundings, is_plain, mount_links};
use super::record::{ContainerRecord, Moment, Phase, SandboxRecord};
use super::state::World;
use super::state_directory::StateDirectory;
use crate::image_name::content_of;

/// What is fixed when a runtime is set up.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) search_path: String,
    pub(super) sandboxes_max: usize,
    pub(super) containers_max: usize,
    pub(super) log_file_bytes_max: u64,
    pub(super) has_pod_network: bool,
}

/// What the runtime and its tasks share.
///
/// Records are written under the lock, so that disk and memory agree on the order of things; each write is one
/// of some kilobytes to the page cache.
pub(super) struct Shared {
    pub(super) env: Env,
    pub(super) settings: Settings,
    pub(super) resolver: Arc<dyn ImageResolver>,
    pub(super) directory: StateDirectory,
    pub(super) events: EventFeed,
    world: Mutex<World>,
}

impl Shared {
    pub(super) fn new(
        env: Env,
        settings: Settings,
        resolver: Arc<dyn ImageResolver>,
        directory: StateDirectory,
        world: World,
    ) -> Self {
        Self { env, settings, resolver, directory, events: EventFeed::new(), world: Mutex::new(world) }
    }

    /// Does something with the world as it is now.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        act(&mut self.world.lock())
    }

    fn new_id(&self) -> String {
        self.env.uuid().simple().to_string()
    }

    pub(super) fn publish(&self, kind: ContainerEventKind, instance: &Instance) {
        let container = &instance.container;
        let (id, sandbox) = (container.id.clone(), container.sandbox_id.clone());
        self.events.publish(&ContainerEvent::new(kind, id, sandbox, instance.pod.clone(), self.env.wall()));
    }

    pub(super) fn run_sandbox(&self, config: &PodSandboxConfig) -> Result<SandboxId> {
        check_log_directory(&config.log_directory)?;
        self.with(|world| {
            world.check_open()?;
            world.check_unused(&config.metadata)?;
            check_room("sandboxes", world.sandboxes().len(), self.settings.sandboxes_max)?;
            if !config.port_mappings.is_empty() && !config.host_network {
                tracing::warn!(pod = ?config.metadata, "ports of the node do not lead into pods of this runtime");
            }
            let address = world.take_address(config)?;
            let id = SandboxId::new(self.new_id());
            let record = SandboxRecord {
                id: id.clone(),
                config: config.clone(),
                created_at: Moment(self.env.wall()),
                state: SandboxState::Ready,
                address,
            };
            if let Err(error) = self.directory.make_sandbox(&record) {
                address.into_iter().for_each(|address| world.give_back(address));
                return Err(not_kept("sandbox", &id, error));
            }
            world.insert_sandbox(record);
            Ok(id)
        })
    }

    /// Lets no more containers start in the sandbox, and has those that run killed. Answers which those are.
    pub(super) fn close_sandbox(&self, id: &SandboxId) -> Vec<ContainerId> {
        let now = self.env.now();
        self.with(|world| {
            let Some(sandbox) = world.sandbox_mut(id) else { return Vec::new() };
            sandbox.set_state(SandboxState::NotReady);
            self.keep_sandbox(&sandbox.record);
            let containers: Vec<_> = sandbox.containers.iter().cloned().collect();
            for instance in containers.iter().filter_map(|id| world.container(id).ok()) {
                instance.orders.stop(Duration::ZERO, now);
            }
            containers
        })
    }

    /// Gives the address of a sandbox back whose containers have ended.
    pub(super) fn disconnect_sandbox(&self, id: &SandboxId) {
        self.with(|world| {
            let Some(sandbox) = world.sandbox_mut(id) else { return };
            let Some(address) = sandbox.record.address.take() else { return };
            self.keep_sandbox(&sandbox.record);
            world.give_back(address);
        });
    }

    /// Forgets a sandbox without containers; the folder that is answered is still to be deleted.
    pub(super) fn forget_sandbox(&self, id: &SandboxId) -> Result<Option<PathBuf>> {
        self.with(|world| {
            let Ok(sandbox) = world.sandbox(id) else { return Ok(None) };
            if !sandbox.containers.is_empty() {
                let message = format!("sandbox {id} got another container while it was removed");
                return Err(RuntimeError::new(ErrorKind::Conflict, message));
            }
            let folder =
                self.directory.discard_sandbox(id).map_err(|error| not_kept("sandbox", id, error))?;
            world.remove_sandbox(id);
            Ok(Some(folder))
        })
    }

    pub(super) fn create_container(
        &self,
        sandbox_id: &SandboxId,
        config: &ContainerConfig,
        pod: &PodSandboxConfig,
    ) -> Result<ContainerId> {
        let links = mount_links(config)?;
        check_log_directory(&pod.log_directory)?;
        self.with(|world| {
            world.check_open()?;
            let image_id = config.image_id.clone().unwrap_or_else(|| content_of(&config.image));
            let image =
                world.images.get(&image_id).ok_or_else(|| RuntimeError::not_found("image", &image_id));
            let sandbox = world.ready_sandbox(sandbox_id)?;
            world.check_unused_in(sandbox_id, &config.metadata)?;
            check_room("containers", world.containers().len(), self.settings.containers_max)?;
            let id = ContainerId::new(self.new_id());
            let folder = self.directory.container(sandbox_id, &id);
            let around = Surroundings {
                id: &id,
                root: &folder.root(),
                search_path: &self.settings.search_path,
                hostname: &sandbox.record.config.hostname,
                pod_ip: sandbox.record.address,
            };
            let metadata = sandbox.record.config.metadata.clone();
            let record = ContainerRecord {
                launch: Launch::plan(config, image?, around)?,
                log_path: log_path(config, pod)?.unwrap_or_else(|| folder.file("log")),
                id: id.clone(),
                sandbox_id: sandbox_id.clone(),
                config: config.clone(),
                image_id,
                created_at: Moment(self.env.wall()),
                phase: Phase::Created,
            };
            if let Err(error) = self.directory.make_container(&record, &links) {
                // Whatever was made of it goes with its sandbox at the latest.
                drop(self.directory.discard_container(sandbox_id, &id));
                return Err(not_kept("container", &id, error));
            }
            let instance = Instance::new(record, metadata);
            self.publish(ContainerEventKind::Created, &instance);
            world.insert_container(instance);
            Ok(id)
        })
    }

    /// Forgets a container that has ended; the folder that is answered is still to be deleted.
    pub(super) fn forget_container(&self, id: &ContainerId) -> Result<Option<PathBuf>> {
        self.with(|world| {
            let Ok(instance) = world.container(id) else { return Ok(None) };
            if instance.is_live() {
                let message = format!("container {id} was started while it was removed");
                return Err(RuntimeError::new(ErrorKind::Conflict, message));
            }
            let folder = self.directory.discard_container(&instance.container.sandbox_id, id);
            let folder = folder.map_err(|error| not_kept("container", id, error))?;
            self.publish(ContainerEventKind::Deleted, instance);
            world.remove_container(id);
            Ok(Some(folder))
        })
    }

    /// A container moves on: on disk, in memory, and for those who listen.
    pub(super) fn move_on(&self, instance: &mut Instance, phase: Phase, kind: Option<ContainerEventKind>) {
        instance.set_phase(phase);
        if let Err(error) = self.directory.write_container(&instance.record) {
            // What runs is known all the same; only an agent after this one may know less.
            let id = &instance.container.id;
            tracing::warn!(container = %id, %error, "the record of a container is not up to date");
        }
        if let Some(kind) = kind {
            self.publish(kind, instance);
        }
    }

    fn keep_sandbox(&self, record: &SandboxRecord) {
        if let Err(error) = self.directory.write_sandbox(record) {
            tracing::warn!(sandbox = %record.id, %error, "the record of a sandbox is not up to date");
        }
    }
}

fn check_room(what: &str, used: usize, max: usize) -> Result<()> {
    if used < max {
        return Ok(());
    }
    Err(RuntimeError::new(ErrorKind::OutOfResources, format!("this node takes no more than {max} {what}")))
}

fn check_log_directory(path: &Path) -> Result<()> {
    if path.as_os_str().is_empty() || path.is_absolute() {
        return Ok(());
    }
    Err(RuntimeError::new(ErrorKind::InvalidSpec, format!("log directory {path:?} is not absolute")))
}

/// Where its log goes; `None` is with the rest of the container.
fn log_path(config: &ContainerConfig, pod: &PodSandboxConfig) -> Result<Option<PathBuf>> {
    if pod.log_directory.as_os_str().is_empty() || config.log_path.as_os_str().is_empty() {
        return Ok(None);
    }
    if !is_plain(&config.log_path) {
        let message = format!("log path {:?} leads out of the pod's folder of logs", config.log_path);
        return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
    }
    Ok(Some(pod.log_directory.join(&config.log_path)))
}

/// The disk did not take it.
pub(super) fn not_kept(what: &str, id: &impl Display, error: io::Error) -> RuntimeError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::OutOfResources,
        io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    };
    RuntimeError::new(kind, format!("the state of {what} {id} cannot be written: {error}")).with_source(error)
}
