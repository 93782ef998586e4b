//! The task that writes: one group after the other, each synced before it is seen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use setpoint_core::object::Revision;

use super::log::{Entry, Log, TooLarge, WriteError};
use super::shared::{Shared, Work};

/// What became of a group.
struct Written {
    outcome: Result<u64, WriteError>,
    /// The revision after what was written.
    last: Revision,
    /// A change that is too large; what follows it was not written either.
    refused: Option<TooLarge>,
}

/// Writes a group, or as much of it as is before a change that is too large.
fn write(log: &mut Log, group: &[Entry], last: Revision, micros: i64) -> Written {
    match log.append(group, micros) {
        Err(WriteError::TooLarge(refused)) => {
            let before = |entry: &Entry| entry.revision().is_none_or(|revision| revision < refused.revision);
            let rest = group.iter().position(|entry| !before(entry)).unwrap_or(group.len());
            let outcome = if rest == 0 { Ok(0) } else { log.append(&group[..rest], micros) };
            Written { outcome, last: Revision(refused.revision.0 - 1), refused: Some(refused) }
        }
        outcome => Written { outcome, last, refused: None },
    }
}

/// Writes what is prepared until the engine is closed or has failed. What comes up while a group is written is the next
/// group, so however many writers there are, each waits for two syncs at the most.
pub(super) async fn write_groups(shared: Arc<Shared>, mut log: Log) {
    loop {
        let work = std::future::poll_fn(|context| {
            shared.work.register(context.waker());
            match shared.inner.write().next_work() {
                Some(work) => Poll::Ready(work),
                None => Poll::Pending,
            }
        });
        let (group, last) = match work.await {
            Work::Group(group, last) => (group, last),
            Work::Close => break,
        };
        let records = group.len() as u64;
        let compacted = match group.first() {
            Some(Entry::Compact(floor)) => Some(*floor),
            _ => None,
        };
        let micros = shared.env.wall().as_microsecond();
        let written = shared.env.blocking("store-log", move || {
            let written = write(&mut log, &group, last, micros);
            // The group is dropped here: the last version of many an object goes with it.
            drop(group);
            (log, written)
        });
        let Written { outcome, last, refused } = match written.await {
            Ok((back, written)) => {
                log = back;
                written
            }
            Err(end) => {
                shared.settle(Err(WriteError::Unknown(end.to_string())), last, compacted);
                return;
            }
        };
        if let Ok(bytes) = &outcome {
            shared.log_bytes.fetch_add(*bytes, Ordering::Relaxed);
            shared.log_records.fetch_add(records, Ordering::Relaxed);
        }
        let refused = refused.filter(|_| outcome.is_ok());
        shared.settle(outcome.map(drop), last, compacted);
        if let Some(refused) = refused {
            shared.refuse(refused);
        }
        shared.request_due_snapshot();
    }
    let failed = shared.inner.read().is_failed();
    if !failed {
        let micros = shared.env.wall().as_microsecond();
        let closed = shared.env.blocking("store-log", move || log.append(&[Entry::Closed], micros).is_ok());
        // A log that does not say that it was closed is rewritten when it is opened; nothing else follows from it.
        let _outcome = closed.await;
    }
    shared.inner.write().closed();
}
