use std::fmt;
use std::io;

/// Bytes that are not what they were when they were written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file} at byte {offset}: {what}")]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Where in it, as far as that can be said.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
}

/// Why a store cannot be opened, checked, saved or restored.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct StorageError {
    what: Problem,
    #[source]
    source: Option<io::Error>,
}

#[derive(Debug)]
enum Problem {
    Locked(String),
    NotAStore(String),
    Exists(String),
    Damaged(Damage),
    Io(String),
}

impl StorageError {
    pub(super) fn locked(storage: String) -> Self {
        Self { what: Problem::Locked(storage), source: None }
    }

    pub(super) fn not_a_store(why: String) -> Self {
        Self { what: Problem::NotAStore(why), source: None }
    }

    pub(super) fn exists(what: String) -> Self {
        Self { what: Problem::Exists(what), source: None }
    }

    pub(super) fn io(attempted: impl Into<String>, error: io::Error) -> Self {
        Self { what: Problem::Io(attempted.into()), source: Some(error) }
    }

    /// Another process, or another part of this one, has the store open.
    pub fn is_locked(&self) -> bool {
        matches!(self.what, Problem::Locked(_))
    }

    /// What is there is damaged: nothing was changed, and nothing is served.
    pub fn is_damaged(&self) -> bool {
        matches!(self.what, Problem::Damaged(_))
    }

    /// The folder holds something else, or nothing where a store was expected.
    pub fn is_not_a_store(&self) -> bool {
        matches!(self.what, Problem::NotAStore(_))
    }

    /// What was to be made is there already.
    pub fn is_existing(&self) -> bool {
        matches!(self.what, Problem::Exists(_))
    }

    /// Where the damage is.
    pub fn damage(&self) -> Option<&Damage> {
        match &self.what {
            Problem::Damaged(damage) => Some(damage),
            _ => None,
        }
    }
}

impl From<Damage> for StorageError {
    fn from(damage: Damage) -> Self {
        Self { what: Problem::Damaged(damage), source: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(storage) => write!(f, "{storage} is in use by another store"),
            Self::NotAStore(why) => f.write_str(why),
            Self::Exists(what) => write!(f, "{what} is there already"),
            Self::Damaged(damage) => write!(f, "the store is damaged: {damage}"),
            Self::Io(attempted) => write!(f, "{attempted} failed"),
        }
    }
}
