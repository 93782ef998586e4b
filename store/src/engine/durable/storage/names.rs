use std::collections::BTreeMap;

use setpoint_core::env::Random;

use super::faulty::Crash;

/// The names of a folder: as a running system sees them, and what a crash may leave of them.
#[derive(Default)]
pub(super) struct Names {
    seen: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    /// What became of names since the folder was synced, in order. A file that gets another name is two changes, of
    /// which a crash may leave one.
    changes: Vec<(String, Option<u64>)>,
}

impl Names {
    /// Names that are all durable.
    pub(super) fn durable(names: BTreeMap<String, u64>) -> Self {
        Self { seen: names.clone(), durable: names, changes: Vec::new() }
    }

    pub(super) fn seen(&self) -> &BTreeMap<String, u64> {
        &self.seen
    }

    pub(super) fn get(&self, name: &str) -> Option<u64> {
        self.seen.get(name).copied()
    }

    pub(super) fn insert(&mut self, name: &str, id: u64) {
        self.seen.insert(name.to_owned(), id);
        self.changes.push((name.to_owned(), Some(id)));
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<u64> {
        let id = self.seen.remove(name)?;
        self.changes.push((name.to_owned(), None));
        Some(id)
    }

    pub(super) fn sync(&mut self) {
        self.durable = self.seen.clone();
        self.changes.clear();
    }

    /// Changes one name behind everybody's back, durably.
    pub(super) fn force(&mut self, name: &str, id: Option<u64>) {
        self.changes.retain(|(changed, _)| changed != name);
        for names in [&mut self.seen, &mut self.durable] {
            match id {
                Some(id) => names.insert(name.to_owned(), id),
                None => names.remove(name),
            };
        }
    }

    /// How many changes a crash may undo.
    pub(super) fn unsynced(&self) -> usize {
        self.changes.len()
    }

    /// What there is after a crash that leaves certain changes.
    pub(super) fn after(&self, mut is_kept: impl FnMut(usize) -> bool) -> BTreeMap<String, u64> {
        let mut left = self.durable.clone();
        for (place, (name, id)) in self.changes.iter().enumerate() {
            match id {
                _ if !is_kept(place) => {}
                Some(id) => drop(left.insert(name.clone(), *id)),
                None => drop(left.remove(name)),
            }
        }
        left
    }

    /// What there is after a crash of some sort.
    pub(super) fn after_crash(&self, mode: Crash, random: &mut Random) -> BTreeMap<String, u64> {
        match mode {
            Crash::Lost => self.durable.clone(),
            Crash::Kept => self.seen.clone(),
            Crash::Torn => {
                let kept = random.below(self.changes.len() + 1);
                self.after(|place| place < kept)
            }
            Crash::Reordered | Crash::Zeroed => self.after(|_| random.below(2) == 0),
        }
    }
}
