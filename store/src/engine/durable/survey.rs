use setpoint_core::object::Revision;

use super::error::{Damage, StorageError};
use super::files::{
    FORMAT, FileKind, HEADER, Header, Incarnation, MARK, RESERVE, TORN, UNFINISHED, segment_base,
    snapshot_revision,
};
use super::storage::{Storage, read_all};

/// Which files there are.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What the store is, if it is one.
    pub(super) format: Option<Header>,
    /// Pieces of the log, oldest first, by the revision they begin after.
    pub(super) segments: Vec<(Revision, String)>,
    /// Snapshots, oldest first.
    pub(super) snapshots: Vec<(Revision, String)>,
    /// Whether somebody has used it.
    pub(super) has_marks: bool,
    /// What was not finished.
    pub(super) unfinished: Vec<String>,
    /// What is none of ours.
    pub(super) foreign: Vec<String>,
}

impl Survey {
    pub(super) fn of(storage: &dyn Storage) -> Result<Self, StorageError> {
        let mut survey = Self::default();
        let names = storage.list().map_err(|error| StorageError::io("listing the folder", error))?;
        for name in names {
            if name.ends_with(UNFINISHED) {
                survey.unfinished.push(name);
            } else if let Some(base) = segment_base(&name) {
                survey.segments.push((base, name));
            } else if let Some(revision) = snapshot_revision(&name) {
                survey.snapshots.push((revision, name));
            } else if name == FORMAT {
                let file = storage.open(FORMAT).and_then(|file| read_all(&*file));
                let bytes = file.map_err(|error| StorageError::io("reading FORMAT", error))?;
                survey.format = Some(Header::decode(FileKind::Format, FORMAT, &bytes)?.0);
            } else if name == MARK {
                survey.has_marks = true;
            } else if name != RESERVE && !name.ends_with(TORN) {
                survey.foreign.push(name);
            }
        }
        Ok(survey)
    }

    /// Whether a store was being made here, and not one change was acknowledged: the file that says so is the last
    /// that is made, and nothing is written before it is durable.
    pub(super) fn is_new(&self, storage: &dyn Storage) -> Result<bool, StorageError> {
        if self.format.is_some() || self.has_marks || !self.snapshots.is_empty() || !self.foreign.is_empty() {
            return Ok(false);
        }
        for (_, name) in &self.segments {
            let length = storage.open(name).and_then(|file| file.length());
            if length.map_err(|error| StorageError::io(format!("reading {name}"), error))? > HEADER as u64 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What the store is.
    pub(super) fn require_format(&self, storage: &dyn Storage) -> Result<Header, StorageError> {
        self.format.ok_or_else(|| {
            let files = self.segments.iter().chain(&self.snapshots).map(|(_, name)| name);
            match files.chain(&self.foreign).next() {
                Some(name) => StorageError::not_a_store(format!(
                    "{} holds {name} but no file {FORMAT}: it is no store, or has lost what says which",
                    storage.name()
                )),
                None => StorageError::not_a_store(format!("{} holds no store", storage.name())),
            }
        })
    }
}

/// Refuses a file of another store.
pub(super) fn require_same(
    incarnation: Incarnation,
    file: &str,
    header: &Header,
    number: Revision,
) -> Result<(), Damage> {
    let damage = |what: String| Damage { file: file.to_owned(), offset: 0, what };
    if header.incarnation != incarnation {
        return Err(damage("it belongs to another store, or to this one before a restore".to_owned()));
    }
    if header.number != number.0 {
        return Err(damage(format!("its name says revision {number}, its header {}", header.number)));
    }
    Ok(())
}
