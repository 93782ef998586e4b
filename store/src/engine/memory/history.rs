use std::collections::VecDeque;
use std::sync::Arc;

use setpoint_core::env::Instant;
use setpoint_core::object::Revision;

use super::HistoryLimits;
use crate::engine::{Change, Expired};

/// The last changes of one kind, oldest first.
///
/// Every change after [`History::floor`] is in it.
#[derive(Debug)]
pub(in crate::engine) struct History {
    changes: VecDeque<(Instant, Arc<Change>)>,
    floor: Revision,
}

impl History {
    pub(in crate::engine) fn new(floor: Revision) -> Self {
        Self { changes: VecDeque::new(), floor }
    }

    pub(in crate::engine) fn push(&mut self, now: Instant, change: Arc<Change>, limits: &HistoryLimits) {
        self.changes.push_back((now, change));
        while let Some((at, oldest)) = self.changes.front()
            && (self.changes.len() > limits.changes_max || now - *at > limits.age_max)
        {
            self.floor = self.floor.max(oldest.revision);
            self.changes.pop_front();
        }
    }

    /// All changes after `from`, oldest first.
    pub(in crate::engine) fn after(
        &self,
        from: Revision,
    ) -> Result<impl DoubleEndedIterator<Item = &Arc<Change>>, Expired> {
        if from < self.floor {
            return Err(Expired { requested: from, floor: self.floor });
        }
        let start = self.changes.partition_point(|(_, change)| change.revision <= from);
        Ok(self.changes.range(start..).map(|(_, change)| change))
    }

    /// The revision of the last change that is older than `age`.
    #[cfg(feature = "durable")]
    pub(in crate::engine) fn older_than(&self, now: Instant, age: std::time::Duration) -> Option<Revision> {
        let older = self.changes.partition_point(|(at, _)| now - *at > age);
        older.checked_sub(1).and_then(|last| self.changes.get(last)).map(|(_, change)| change.revision)
    }

    pub(in crate::engine) fn compact(&mut self, revision: Revision) {
        self.floor = self.floor.max(revision);
        let kept = self.changes.partition_point(|(_, change)| change.revision <= revision);
        self.changes.drain(..kept);
    }
}
