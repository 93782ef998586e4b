use std::fmt;
use std::time::Duration;

use super::{Key, Lane, Popped, Queue};

/// A key on which its holder works. Dropping it ends the run, so a panic or a cancelled task cannot block the
/// key.
#[must_use = "dropping it ends the run"]
pub struct Run<K: Key> {
    queue: Queue<K>,
    popped: Popped<K>,
}

impl<K: Key> Run<K> {
    pub(super) fn new(queue: Queue<K>, popped: Popped<K>) -> Self {
        Self { queue, popped }
    }

    /// What to work on.
    pub fn key(&self) -> &K {
        &self.popped.key
    }

    /// The lane it was in.
    pub fn lane(&self) -> Lane {
        self.popped.lane
    }

    /// How long it was due before it started.
    pub fn waited(&self) -> Duration {
        self.popped.waited
    }

    /// The queue it came from.
    pub fn queue(&self) -> &Queue<K> {
        &self.queue
    }
}

impl<K: Key> Drop for Run<K> {
    fn drop(&mut self) {
        self.queue.done(&self.popped.key);
    }
}

impl<K: Key + fmt::Debug> fmt::Debug for Run<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Run").field(&self.popped).finish()
    }
}
