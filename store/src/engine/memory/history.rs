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
pub(super) struct History {
    changes: VecDeque<(Instant, Arc<Change>)>,
    floor: Revision,
}

impl History {
    pub(super) fn new(floor: Revision) -> Self {
        Self { changes: VecDeque::new(), floor }
    }

    pub(super) fn push(&mut self, now: Instant, change: Arc<Change>, limits: &HistoryLimits) {
        self.changes.push_back((now, change));
        while let Some((at, oldest)) = self.changes.front()
            && (self.changes.len() > limits.changes_max || now - *at > limits.age_max)
        {
            self.floor = self.floor.max(oldest.revision);
            self.changes.pop_front();
        }
    }

    /// All changes after `from`, oldest first.
    pub(super) fn after(
        &self,
        from: Revision,
    ) -> Result<impl DoubleEndedIterator<Item = &Arc<Change>>, Expired> {
        if from < self.floor {
            return Err(Expired { requested: from, floor: self.floor });
        }
        let start = self.changes.partition_point(|(_, change)| change.revision <= from);
        Ok(self.changes.range(start..).map(|(_, change)| change))
    }

    pub(super) fn compact(&mut self, revision: Revision) {
        self.floor = self.floor.max(revision);
        let kept = self.changes.partition_point(|(_, change)| change.revision <= revision);
        self.changes.drain(..kept);
    }
}
