use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_core::object::Revision;

use super::Fingerprint;

/// What happened, in order.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    fingerprint: Fingerprint,
    /// How many objects of each resource were created and deleted.
    counts: BTreeMap<(String, &'static str), u64>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Duration,
    /// Who did it, or whom it befell.
    pub(crate) who: String,
    pub(crate) what: String,
    /// Whether it is a fault.
    pub(crate) is_fault: bool,
    /// The revision it made.
    pub(crate) revision: Option<Revision>,
}

/// Entries of one run at the most: past that only the fingerprint goes on.
const ENTRIES_MAX: usize = 200_000;

impl Ledger {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), fingerprint: Fingerprint::START, counts: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, at: Duration, who: &str, what: String, is_fault: bool) {
        self.add_change(at, who, what, is_fault, None);
    }

    pub(crate) fn add_change(
        &mut self,
        at: Duration,
        who: &str,
        what: String,
        is_fault: bool,
        revision: Option<Revision>,
    ) {
        self.fingerprint.add(&format!("{}", at.as_nanos()));
        self.fingerprint.add(who);
        self.fingerprint.add(&what);
        if self.entries.len() < ENTRIES_MAX {
            self.entries.push(Entry { at, who: who.to_owned(), what, is_fault, revision });
        }
    }

    pub(crate) fn count(&mut self, resource: &str, what: &'static str) {
        *self.counts.entry((resource.to_owned(), what)).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> &BTreeMap<(String, &'static str), u64> {
        &self.counts
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint.value()
    }
}
