//! The task that makes snapshots, beside the one that writes the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::StreamExt;
use futures::channel::mpsc;
use setpoint_core::kind::Kind;
use setpoint_core::object::Revision;

use super::codec::RawObject;
use super::error::StorageError;
use super::files::{Incarnation, segment_name, snapshot_name};
use super::parked::Parked;
use super::shared::{Shared, SnapshotRequest};
use super::snapshot::{SnapshotInfo, SnapshotWriter, begin_snapshot, snapshot_header};
use super::storage::{Lock, Storage};
use super::survey::Survey;
use crate::tables::Snapshot;

/// Snapshots that are kept.
const GENERATIONS: usize = 2;

/// What goes into a snapshot.
pub(super) struct Content {
    pub(super) incarnation: Incarnation,
    pub(super) floor: Revision,
    pub(super) objects: Snapshot,
    pub(super) kinds: Vec<Arc<Kind>>,
    pub(super) parked: Vec<RawObject>,
}

/// A snapshot that was made.
struct Made {
    revision: Revision,
    bytes: u64,
    verified: Vec<Revision>,
}

/// Makes snapshots as they are asked for, until nobody can ask any more.
pub(super) async fn make_snapshots(
    shared: Arc<Shared>,
    mut requests: mpsc::Receiver<SnapshotRequest>,
    lock: Arc<dyn Lock>,
) {
    while let Some(request) = requests.next().await {
        let content = shared.content();
        let bytes = shared.log_bytes.load(Ordering::Relaxed);
        let records = shared.log_records.load(Ordering::Relaxed);
        let (storage, lock) = (Arc::clone(&shared.storage), Arc::clone(&lock));
        let work = shared.env.blocking("store-snapshot", move || {
            let made = make(&*storage, &content);
            drop(lock);
            made
        });
        let made = match work.await {
            Ok(made) => made,
            Err(end) => Err(StorageError::io("making a snapshot", std::io::Error::other(end))),
        };
        let answer = {
            let snapshots = &mut *shared.snapshots.lock();
            match made {
                Ok(Made { revision, bytes, verified }) => {
                    snapshots.verified = verified;
                    snapshots.bytes = bytes;
                    snapshots.failure = None;
                    Ok(revision)
                }
                Err(error) => {
                    snapshots.failure = Some(told(&error));
                    Err(error)
                }
            }
        };
        // After a failure as much must be written again before the next attempt, which is asked for by that alone.
        shared.log_bytes.fetch_sub(bytes, Ordering::Relaxed);
        shared.log_records.fetch_sub(records, Ordering::Relaxed);
        if let Some(asker) = request {
            drop(asker.send(answer));
        }
    }
}

impl Shared {
    /// Everything at the newest revision that may be seen.
    pub(super) fn content(&self) -> Content {
        self.unpark();
        let inner = self.inner.read();
        Content {
            incarnation: self.incarnation,
            floor: inner.state.floor(),
            objects: inner.state.snapshot(),
            kinds: self.registry.kinds(),
            parked: inner.parked.objects(),
        }
    }

    /// Asks for a snapshot if the log has grown enough.
    pub(super) fn request_due_snapshot(&self) {
        let bytes_max = self.settings.snapshot_bytes.max(self.snapshots.lock().bytes);
        if self.log_bytes.load(Ordering::Relaxed) >= bytes_max
            || self.log_records.load(Ordering::Relaxed) >= self.settings.snapshot_records
        {
            // One that is under way, or asked for, is enough.
            let _outcome = self.snapshot_requests.lock().try_send(None);
        }
    }
}

/// Writes all objects.
pub(super) fn write(content: &Content, mut writer: SnapshotWriter<'_>) -> std::io::Result<u64> {
    for kind in &content.kinds {
        for object in content.objects.list(kind.id) {
            writer.object(object)?;
        }
    }
    Parked::write(&content.parked, &mut writer)?;
    writer.finish()
}

/// Writes a snapshot, reads it again, and removes what is not needed any more.
fn make(storage: &dyn Storage, content: &Content) -> Result<Made, StorageError> {
    let revision = content.objects.revision();
    let name = snapshot_name(revision);
    let io = |error| StorageError::io(format!("writing {name}"), error);
    let header = snapshot_header(content.incarnation, revision, content.floor);
    let survey = Survey::of(storage)?;
    let there = survey.snapshots.iter().any(|(other, _)| *other == revision)
        && SnapshotInfo::read(storage, &name).is_ok_and(|info| info.verify(storage).is_ok());
    if !there {
        let written = begin_snapshot(storage, &header).and_then(|writer| write(content, writer));
        if let Err(error) = written {
            // The room it takes is needed by others; its remains are removed when the store is opened, else.
            let _outcome = storage.remove(&format!("{name}{}", super::files::UNFINISHED));
            return Err(io(error));
        }
    }
    let info = SnapshotInfo::read(storage, &name)?;
    info.verify(storage)?;
    let verified = remove_old(storage, content.incarnation).map_err(io)?;
    Ok(Made { revision, bytes: info.length, verified })
}

/// Removes all snapshots but the newest good ones, and the log before the older of these.
fn remove_old(storage: &dyn Storage, incarnation: Incarnation) -> std::io::Result<Vec<Revision>> {
    let survey = Survey::of(storage).map_err(std::io::Error::other)?;
    let is_good = |name: &str| {
        SnapshotInfo::read(storage, name)
            .is_ok_and(|info| info.header.incarnation == incarnation && info.verify(storage).is_ok())
    };
    let mut kept = Vec::new();
    for (revision, name) in survey.snapshots.iter().rev() {
        if kept.len() < GENERATIONS && is_good(name) {
            kept.insert(0, *revision);
        } else {
            storage.remove(name)?;
        }
    }
    if kept.len() < GENERATIONS {
        return Ok(kept);
    }
    for pair in survey.segments.windows(2) {
        let [(base, _), (next, _)] = pair else { continue };
        if *next <= kept[0] {
            storage.remove(&segment_name(*base))?;
            // The oldest goes first, for good: a piece that comes back after a crash while the one after it stays away
            // would look like a log that has lost one.
            storage.sync_directory()?;
        }
    }
    Ok(kept)
}

/// An error with its cause, in one line.
pub(super) fn told(error: &StorageError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
