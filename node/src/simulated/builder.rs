use std::fmt;
use std::net::Ipv4Addr;
use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_runtime_traits::{AddressPool, ImageRef};

use super::driver::{Shared, drive};
use super::image_shelf::ImageShelf;
use super::state::World;
use super::{Script, SimulatedRuntime};

/// The addresses of pods unless said otherwise: 10.0.0.1 and the 65533 after it.
pub const POD_ADDRESSES_DEFAULT: (Ipv4Addr, u32) = (Ipv4Addr::new(10, 0, 0, 1), 65_534);

/// Sets up a [`SimulatedRuntime`].
pub struct SimulatedRuntimeBuilder {
    name: Arc<str>,
    env: Env,
    script: Script,
    images: ImageShelf,
    addresses: AddressPool,
}

impl SimulatedRuntimeBuilder {
    pub(super) fn new(name: Arc<str>, env: Env) -> Self {
        let (first, count) = POD_ADDRESSES_DEFAULT;
        Self {
            name,
            env,
            script: Script::default(),
            images: ImageShelf::default(),
            addresses: AddressPool::new(first, count),
        }
    }

    /// What containers do of which neither annotations nor image say otherwise.
    #[must_use]
    pub fn script(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    /// What containers of this image do of which annotations do not say otherwise. It does not put the image
    /// on the node.
    #[must_use]
    pub fn image(mut self, image: impl Into<ImageRef>, script: Script) -> Self {
        self.images.put_script(&image.into(), script);
        self
    }

    /// An image that is on the node from the start, so that it need not be pulled.
    #[must_use]
    pub fn image_present(mut self, image: impl Into<ImageRef>) -> Self {
        self.images.put(&image.into());
        self
    }

    /// An image that cannot be pulled. All others can.
    #[must_use]
    pub fn image_nonexistent(mut self, image: impl Into<ImageRef>) -> Self {
        self.images.forbid(&image.into());
        self
    }

    /// The addresses of pods: `count` from `first` on. They bound the number of pods with a network of their
    /// own.
    #[must_use]
    pub fn addresses(mut self, first: Ipv4Addr, count: u32) -> Self {
        self.addresses = AddressPool::new(first, count);
        self
    }

    /// The runtime. Its one task runs until it is dropped.
    pub fn build(self) -> SimulatedRuntime {
        let world = World::new(self.name, self.addresses, self.images);
        let shared = Arc::new(Shared::new(self.env.clone(), self.script, world));
        let driver = self.env.spawn("simulated runtime", drive(Arc::clone(&shared)));
        SimulatedRuntime { shared, _driver: driver }
    }
}

impl fmt::Debug for SimulatedRuntimeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedRuntimeBuilder").field("name", &self.name).finish_non_exhaustive()
    }
}
