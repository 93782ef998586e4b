use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use setpoint_runtime_traits::{ContainerId, SandboxId};

use super::launch::MountLink;
use super::record::{ContainerRecord, SandboxRecord};

/// The largest record that is read.
const RECORD_BYTES_MAX: u64 = 4 << 20;

const SANDBOX_RECORD: &str = "sandbox.json";
const CONTAINER_RECORD: &str = "container.json";

/// What a runtime keeps on disk, for itself after a restart. Only this user can read it.
///
/// ```text
/// lock                                   held while a runtime works here
/// removed/                               what is being deleted
/// sandboxes/<sandbox>/sandbox.json
/// sandboxes/<sandbox>/<container>/container.json
/// sandboxes/<sandbox>/<container>/stdin, stdout, stderr     named pipes
/// sandboxes/<sandbox>/<container>/root/  the container's own folder
/// ```
///
/// Names of folders are ids that the runtime drew itself, so no name of a pod leads out of it. A record is
/// replaced as a whole: a reader finds the old or the new one. It is not synced, since no process survives the
/// machine; one that a power failure spoilt is passed over.
#[derive(Debug)]
pub(super) struct StateDirectory {
    root: PathBuf,
}

impl StateDirectory {
    /// Makes what is missing below `root`, and deletes what was being deleted.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let directory = Self { root: std::path::absolute(root)? };
        make_folder(&directory.sandboxes())?;
        if let Err(error) = fs::remove_dir_all(directory.removed())
            && error.kind() != io::ErrorKind::NotFound
        {
            // A container can leave folders that even their owner cannot empty; nobody needs them gone.
            tracing::warn!(folder = %directory.removed().display(), %error, "what was removed is not deleted");
        }
        make_folder(&directory.removed())?;
        Ok(directory)
    }

    /// The lock that one runtime at a time holds, or `None` if another one does.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.root.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Fails if it is not there any more.
    pub(super) fn check(&self) -> io::Result<()> {
        fs::metadata(self.sandboxes()).map(drop)
    }

    fn sandboxes(&self) -> PathBuf {
        self.root.join("sandboxes")
    }

    fn removed(&self) -> PathBuf {
        self.root.join("removed")
    }

    fn sandbox(&self, id: &SandboxId) -> PathBuf {
        self.sandboxes().join(id.as_str())
    }

    pub(super) fn container(&self, sandbox: &SandboxId, id: &ContainerId) -> ContainerFolder {
        ContainerFolder(self.sandbox(sandbox).join(id.as_str()))
    }

    pub(super) fn make_sandbox(&self, record: &SandboxRecord) -> io::Result<()> {
        make_new_folder(&self.sandbox(&record.id))?;
        self.write_sandbox(record)
    }

    pub(super) fn write_sandbox(&self, record: &SandboxRecord) -> io::Result<()> {
        write(&self.sandbox(&record.id), SANDBOX_RECORD, record)
    }

    pub(super) fn make_container(&self, record: &ContainerRecord, links: &[MountLink]) -> io::Result<()> {
        let folder = self.container(&record.sandbox_id, &record.id);
        let root = folder.root();
        make_new_folder(&folder.0)?;
        make_new_folder(&root)?;
        for MountLink { link, host_path } in links {
            let link = root.join(link);
            make_folder(link.parent().unwrap_or(&root))?;
            symlink(host_path, link)?;
        }
        self.write_container(record)
    }

    pub(super) fn write_container(&self, record: &ContainerRecord) -> io::Result<()> {
        write(&self.container(&record.sandbox_id, &record.id).0, CONTAINER_RECORD, record)
    }

    /// Takes a sandbox away at once; the folder that is answered is still to be deleted.
    pub(super) fn discard_sandbox(&self, id: &SandboxId) -> io::Result<PathBuf> {
        self.discard(&self.sandbox(id), id.as_str())
    }

    /// Takes a container away at once; the folder that is answered is still to be deleted.
    pub(super) fn discard_container(&self, sandbox: &SandboxId, id: &ContainerId) -> io::Result<PathBuf> {
        self.discard(&self.container(sandbox, id).0, id.as_str())
    }

    fn discard(&self, folder: &Path, id: &str) -> io::Result<PathBuf> {
        let removed = self.removed().join(id);
        match fs::rename(folder, &removed) {
            // Somebody cleared up by hand.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(removed),
            done => done.map(|()| removed),
        }
    }

    /// Everything that is there. What cannot be read is passed over with a warning and stays.
    pub(super) fn read_all(&self) -> io::Result<Vec<(SandboxRecord, Vec<ContainerRecord>)>> {
        let mut all = Vec::new();
        for folder in folders(&self.sandboxes())? {
            let record: Option<SandboxRecord> = read(&folder, SANDBOX_RECORD);
            let Some(sandbox) = record.filter(|record| is_named(&folder, record.id.as_str())) else {
                continue;
            };
            let containers = folders(&folder)?.into_iter().filter_map(|folder| {
                let record: ContainerRecord = read(&folder, CONTAINER_RECORD)?;
                (is_named(&folder, record.id.as_str()) && record.sandbox_id == sandbox.id).then_some(record)
            });
            let containers = containers.collect();
            all.push((sandbox, containers));
        }
        Ok(all)
    }
}

/// The folder of one container.
#[derive(Debug, Clone)]
pub(super) struct ContainerFolder(PathBuf);

impl ContainerFolder {
    /// The container's own folder.
    pub(super) fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    /// A file or pipe of the runtime.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// Only where its parent is: if somebody takes the directory away, no other is made in its place.
fn make_new_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn write(folder: &Path, name: &str, record: &impl Serialize) -> io::Result<()> {
    let fresh = folder.join(format!("{name}.new"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(&serde_json::to_vec(record)?)?;
    fs::rename(fresh, folder.join(name))
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Option<T> {
    let read = || -> io::Result<T> {
        let mut text = Vec::new();
        File::open(folder.join(name))?.take(RECORD_BYTES_MAX).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    };
    read()
        .inspect_err(|error| tracing::warn!(folder = %folder.display(), %error, "a record cannot be read"))
        .ok()
}

fn is_named(folder: &Path, id: &str) -> bool {
    folder.file_name().is_some_and(|name| name == id)
}

fn folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests;
