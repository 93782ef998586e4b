use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::kind::Kind;

use super::failure::{Fate, fate, out_of_time, refusal};
use super::shared::Shared;
use crate::engine::CommitError;

/// How long a lease is given to new Events.
const REUSED_FOR: Duration = Duration::from_secs(60);
/// To how many Events, so that etcd has not to remove too many at once.
const REUSED_MAX: u32 = 1_000;

/// The lease that Events are attached to, many to one: it runs out some time after the youngest of them may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventLease {
    id: i64,
    until: Instant,
    used: u32,
}

impl Shared {
    /// The lease of an object that is to go by itself: that of an Event, if those do (STORE-30).
    pub(super) async fn lease_for(&self, kind: &Kind) -> Result<Option<i64>, CommitError> {
        let Some(ttl) = self.settings.event_ttl.filter(|_| &*kind.resource.resource == "events") else {
            return Ok(None);
        };
        if let Some(lease) = &mut *self.lease.lock()
            && lease.until > self.env.now()
            && lease.used < REUSED_MAX
        {
            lease.used += 1;
            return Ok(Some(lease.id));
        }
        let until = self.env.now() + REUSED_FOR.min(ttl);
        let seconds = i64::try_from((ttl + REUSED_FOR.min(ttl)).as_secs().max(1)).unwrap_or(i64::MAX);
        let mut client = self.client.lease_client();
        let granted = self.env.timeout(self.settings.request_timeout, client.grant(seconds, None)).await;
        let granted = match granted {
            Ok(Ok(granted)) => granted,
            // A lease that nothing is attached to is nothing that was done.
            Ok(Err(error)) => {
                let known = if fate(&error) == Fate::Unknown { Fate::NotDone } else { fate(&error) };
                return Err(refusal(known, &error));
            }
            Err(elapsed) => return Err(CommitError::Unavailable(out_of_time(elapsed).to_string())),
        };
        *self.lease.lock() = Some(EventLease { id: granted.id(), until, used: 1 });
        Ok(Some(granted.id()))
    }
}
