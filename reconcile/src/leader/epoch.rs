use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use setpoint_core::Result;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key};
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::{Guard, ReadAt, RequestContext};

use super::Record;
use super::lock::{Lock, empty, record_of};

/// What the object's name has more than the lease's.
const SUFFIX: &str = "-epoch";
/// Nobody looks at how long it counts, but it has to be said.
const DURATION: Duration = Duration::from_secs(1);

/// The object whose revision is what a leader's writes are compared with: a second Lease beside the first, named
/// `<name>-epoch`, that is written when leadership changes hands and at no other time.
///
/// The first cannot serve, since each renewal moves its revision.
pub(super) fn key_beside(lease: &Key) -> Key {
    let name = format!("{}{SUFFIX}", lease.name);
    Key { kind: lease.kind, namespace: lease.namespace.clone(), name: name.as_str().into() }
}

/// Begins a new epoch, if the lease is still as the guard says: whoever has lost it meanwhile does not get one. The
/// answer is what all writes of the epoch are guarded by.
///
/// # Errors
///
/// An error that is fenced if the lease has changed, a conflict if another was faster, and what else the store answers.
pub(super) async fn begin(lock: &Lock, lease: Guard, holder: &str, wall: Timestamp) -> Result<Guard> {
    let key = key_beside(&lock.key);
    let context = RequestContext { guards: Arc::from([lease]), ..lock.context.clone() };
    let found = match lock.store.get(&context, &key, ReadAt::Newest).await {
        Ok(epoch) => Some(epoch),
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let before = found.as_ref().map(record_of).unwrap_or_default();
    let record = Record {
        holder: holder.into(),
        duration: DURATION,
        acquired: Some(wall),
        renewed: None,
        transitions: before.transitions.saturating_add(1),
    };
    let mut draft = found.as_ref().map_or_else(|| empty(&lock.kind, &key), |epoch| Draft::of(epoch));
    if let Some(lease) = draft.spec_mut::<Lease>() {
        record.write_to(lease.spec.get_or_insert_default());
    }
    let written = match found {
        Some(_) => lock.store.update(&context, draft, Subresource::Main).await?,
        None => lock.store.create(&context, draft).await?,
    };
    Ok(Guard { key, revision: written.revision() })
}
