use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// Something that one service has at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Resource {
    Address(IpAddr),
    Port(u16),
}

/// What writes under way have chosen.
pub(super) type Held = Arc<Mutex<BTreeSet<Resource>>>;

/// What one write has chosen; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    held: Held,
    chosen: Vec<Resource>,
}

impl Hold {
    pub(super) fn new(held: Held, chosen: Vec<Resource>) -> Self {
        Self { held, chosen }
    }

    /// Nobody can tell whether the write was applied: what it chose is never chosen again.
    pub(crate) fn keep(mut self) {
        self.chosen.clear();
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.chosen.is_empty() {
            return;
        }
        let mut held = self.held.lock();
        for resource in &self.chosen {
            held.remove(resource);
        }
    }
}
