//! The files of a store: all that it asks of the world, and the two worlds there are.
//!
//! What an implementation must promise is what file systems promise, and no more:
//!
//! 1. What was written to a file survives a crash once [`StorageFile::sync`] has returned without an error. Until then
//!    any part of it may be lost, and what is kept need not be a beginning of it.
//! 2. A name is there, moved or gone for good once [`Storage::sync_directory`] has returned.
//! 3. After a failed sync nothing is known of what it was to make durable, and a later sync that succeeds says nothing
//!    about it.
//! 4. Who holds the [lock](Storage::lock) is the only one.

mod disk;
mod faulty;
mod names;

use std::fmt;
use std::io;

pub use self::disk::Disk;
pub use self::faulty::{Crash, Faults, Faulty};

/// A folder of files without folders in it.
pub trait Storage: Send + Sync + 'static {
    /// Becomes the only user of the folder until the lock is dropped.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if another has it.
    fn lock(&self) -> io::Result<Box<dyn Lock>>;

    /// The names of all files, in order.
    ///
    /// # Errors
    ///
    /// As the folder is read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file to read and write it.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] if it is not there.
    fn open(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// Makes a new and empty file; one of that name is emptied.
    ///
    /// # Errors
    ///
    /// As the folder is written.
    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>>;

    /// Gives a file another name; a file that has it goes.
    ///
    /// # Errors
    ///
    /// As the folder is written.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// As the folder is written.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable which names there are.
    ///
    /// # Errors
    ///
    /// If that cannot be said.
    fn sync_directory(&self) -> io::Result<()>;

    /// What the folder is called in messages.
    fn name(&self) -> String;
}

/// An open file.
pub trait StorageFile: Send {
    /// Its length in bytes.
    ///
    /// # Errors
    ///
    /// As it is read.
    fn length(&self) -> io::Result<u64>;

    /// Reads from a place until `buffer` is full or the file ends; tells how many bytes there were.
    ///
    /// # Errors
    ///
    /// As it is read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of `bytes` at a place. After an error any part of them may have been written.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::StorageFull`] if there is no room.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts it off.
    ///
    /// # Errors
    ///
    /// As it is written.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    ///
    /// If that cannot be said.
    fn sync(&mut self) -> io::Result<()>;
}

/// Keeps others out until it is dropped.
pub trait Lock: Send + Sync {}

impl fmt::Debug for dyn Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Storage({})", self.name())
    }
}

/// All of a file.
///
/// # Errors
///
/// As it is read.
pub(super) fn read_all(file: &dyn StorageFile) -> io::Result<Vec<u8>> {
    let length = usize::try_from(file.length()?).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut bytes = vec![0; length];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

#[cfg(test)]
mod tests;
