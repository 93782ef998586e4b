use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_runtime_traits::AddressPool;

use super::image_shelf::ImageShelf;
use super::log_file::LOG_FILE_BYTES_MAX_DEFAULT;
use super::recovery::recover;
use super::shared::{Settings, Shared};
use super::state::{Addresses, World};
use super::state_directory::StateDirectory;
use super::{ImageResolver, ImageTable, ProcessRuntime};

/// The addresses of pods unless said otherwise: 127.1.0.1 and the 65533 after it.
pub const LOOPBACK_ADDRESSES_DEFAULT: (Ipv4Addr, u32) = (Ipv4Addr::new(127, 1, 0, 1), 65_534);

/// The PATH of containers unless said otherwise.
pub const SEARCH_PATH_DEFAULT: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How many containers there may be at a time, ended ones included, unless said otherwise. Each that runs takes
/// four of this process's file descriptors.
pub const CONTAINERS_MAX_DEFAULT: usize = 512;

/// How many sandboxes there may be at a time, stopped ones included, unless said otherwise.
pub const SANDBOXES_MAX_DEFAULT: usize = 512;

/// Sets up a [`ProcessRuntime`].
pub struct ProcessRuntimeBuilder {
    directory: PathBuf,
    env: Env,
    images: Arc<dyn ImageResolver>,
    addresses: Addresses,
    settings: Settings,
}

/// A runtime could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its directory cannot be used.
    #[error("state directory {} cannot be used", .directory.display())]
    Directory {
        /// Which.
        directory: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another runtime works in this directory.
    #[error("state directory {} is in use by another runtime", .0.display())]
    InUse(PathBuf),
}

impl ProcessRuntimeBuilder {
    pub(super) fn new(directory: PathBuf, env: Env) -> Self {
        let (first, count) = LOOPBACK_ADDRESSES_DEFAULT;
        let is_linux = cfg!(target_os = "linux");
        let addresses =
            if is_linux { Addresses::Own(AddressPool::new(first, count)) } else { Addresses::Shared };
        let settings = Settings {
            search_path: SEARCH_PATH_DEFAULT.to_owned(),
            sandboxes_max: SANDBOXES_MAX_DEFAULT,
            containers_max: CONTAINERS_MAX_DEFAULT,
            log_file_bytes_max: LOG_FILE_BYTES_MAX_DEFAULT,
            has_pod_network: is_linux,
        };
        Self { directory, env, images: Arc::new(ImageTable::with_host()), addresses, settings }
    }

    /// What image names stand for. Without it there is only [`HOST_IMAGE`](super::HOST_IMAGE).
    #[must_use]
    pub fn images(mut self, images: impl ImageResolver + 'static) -> Self {
        self.images = Arc::new(images);
        self
    }

    /// Gives each pod an address of its own: one of the `count` from `first` on. They must be addresses of this
    /// machine, as all of 127.0.0.0/8 are on Linux, and no other runtime's. They bound the number of pods.
    #[must_use]
    pub fn addresses(mut self, first: Ipv4Addr, count: u32) -> Self {
        self.addresses = Addresses::Own(AddressPool::new(first, count));
        self.settings.has_pod_network = true;
        self
    }

    /// Gives all pods the address 127.0.0.1, so that no two of them can listen at one port.
    #[must_use]
    pub fn shared_address(mut self) -> Self {
        self.addresses = Addresses::Shared;
        self.settings.has_pod_network = false;
        self
    }

    /// The PATH of containers that do not set their own.
    #[must_use]
    pub fn search_path(mut self, path: impl Into<String>) -> Self {
        self.settings.search_path = path.into();
        self
    }

    /// How many containers there may be at a time, ended ones included.
    #[must_use]
    pub fn containers_max(mut self, max: usize) -> Self {
        self.settings.containers_max = max;
        self
    }

    /// How many sandboxes there may be at a time, stopped ones included.
    #[must_use]
    pub fn sandboxes_max(mut self, max: usize) -> Self {
        self.settings.sandboxes_max = max;
        self
    }

    /// How large a log file becomes before it is moved to `<path>.1`, over the one before it.
    #[must_use]
    pub fn log_file_bytes_max(mut self, max: u64) -> Self {
        self.settings.log_file_bytes_max = max;
        self
    }

    /// The runtime, with all that one before it left in the directory. It reads the disk without yielding.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with its I/O enabled.
    pub fn open(self) -> Result<ProcessRuntime, OpenError> {
        let failed = |source| OpenError::Directory { directory: self.directory.clone(), source };
        let directory = StateDirectory::open(&self.directory).map_err(failed)?;
        let Some(lock) = directory.lock().map_err(failed)? else {
            return Err(OpenError::InUse(self.directory));
        };
        let images = ImageShelf::preloaded(&*self.images, &self.settings.search_path);
        let world = World::new(images, self.addresses);
        let shared = Arc::new(Shared::new(self.env, self.settings, self.images, directory, world));
        // Made first, so that the watches already begun end with it if this fails.
        let runtime = ProcessRuntime::new(shared, lock);
        recover(&runtime.shared).map_err(failed)?;
        Ok(runtime)
    }
}

impl fmt::Debug for ProcessRuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessRuntimeBuilder")
            .field("directory", &self.directory)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
