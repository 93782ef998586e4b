//! The task that writes: one group after the other, each synced before it is seen.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use super::log::{Entry, Log, WriteError};
use super::shared::{Shared, Work};

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
            let outcome = log.append(&group, micros);
            // The group is dropped here: the last version of many an object goes with it.
            drop(group);
            (log, outcome)
        });
        let outcome = match written.await {
            Ok((back, outcome)) => {
                log = back;
                outcome
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
        shared.settle(outcome.map(drop), last, compacted);
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
