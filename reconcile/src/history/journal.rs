use std::collections::{BTreeMap, VecDeque};

use setpoint_core::object::{Key, Revision};

use super::record::WriteRecord;

/// The newest writes, in the order in which they were answered.
#[derive(Default)]
pub(super) struct Journal {
    writes: VecDeque<WriteRecord>,
    /// How many were dropped before the oldest that is kept.
    dropped: usize,
    /// The number of the write that made a revision, counted with those that were dropped.
    made: BTreeMap<Revision, usize>,
}

impl Journal {
    pub(super) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &WriteRecord> {
        self.writes.iter()
    }

    /// Adds a write, and drops the oldest if there are more than `max` then.
    ///
    /// What a run writes is noted twice where the store of everybody records too: first by that, then by the run, which
    /// knows more.
    pub(super) fn add(&mut self, write: WriteRecord, max: usize) {
        if let Some(known) = self.known(&write) {
            if (known.verb, &known.user) == (write.verb, &write.user) {
                known.run = known.run.or(write.run);
            }
            return;
        }
        if let Ok(revision) = write.answer {
            self.made.insert(revision, self.dropped + self.writes.len());
        }
        self.writes.push_back(write);
        while self.writes.len() > max {
            if let Some(WriteRecord { answer: Ok(revision), .. }) = self.writes.pop_front() {
                self.made.remove(&revision);
            }
            self.dropped += 1;
        }
    }

    /// The write that made an object's revision.
    pub(super) fn made(&self, object: &Key, revision: Revision) -> Option<&WriteRecord> {
        self.writes.get(self.place(revision)?).filter(|write| write.object == *object)
    }

    /// The newest write to an object before a revision.
    pub(super) fn before(&self, object: &Key, revision: Revision) -> Option<&WriteRecord> {
        let older = self.made.range(..revision).rev();
        older.filter_map(|(&revision, _)| self.made(object, revision)).next()
    }

    fn known(&mut self, write: &WriteRecord) -> Option<&mut WriteRecord> {
        let place = self.place(*write.answer.as_ref().ok()?)?;
        self.writes.get_mut(place).filter(|known| known.object == write.object)
    }

    fn place(&self, revision: Revision) -> Option<usize> {
        self.made.get(&revision)?.checked_sub(self.dropped)
    }
}
