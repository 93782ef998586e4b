use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Event;
use setpoint_core::Result;
use setpoint_core::object::Object;

use super::Store;
use crate::engine::Engine;
use crate::object_store::{ObjectStore, ObjectStoreExt};
use crate::request::{DeleteOptions, Preconditions, RequestContext};

impl<E: Engine> Store<E> {
    /// Removes events that were last written longer ago than `age_max`, and tells how many (STORE-30).
    ///
    /// To be called now and then; how often is how coarse the expiry is. An event that is written again
    /// meanwhile stays.
    ///
    /// # Errors
    ///
    /// The first failure of the engine.
    pub async fn expire_events(&self, age_max: SignedDuration) -> Result<usize> {
        let Some(kind) = self.registry().of::<Event>() else { return Ok(0) };
        let now = self.env().wall();
        let is_old = |event: &Object| now.duration_since(last_written(event)) > age_max;
        let snapshot = self.engine().snapshot();
        let old: Vec<_> = snapshot.list(kind.id).filter(|event| is_old(event)).cloned().collect();
        drop(snapshot);
        let context = RequestContext::system("event-expiry");
        let mut expired = 0;
        for event in old {
            let preconditions = Preconditions { uid: None, revision: Some(event.revision()) };
            let options = DeleteOptions { preconditions, ..DeleteOptions::default() };
            match self.delete(&context, &event.key(), options).await {
                Ok(_) => expired += 1,
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(expired)
    }
}

/// When an event was last written, as far as it says so itself.
fn last_written(event: &Object) -> Timestamp {
    let told = event.spec::<Event>().and_then(|event| {
        let series = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref());
        let last = event.last_timestamp.as_ref().map(|time| time.0);
        series.map(|time| time.0).or(last).or(event.event_time.as_ref().map(|time| time.0))
    });
    told.max(event.meta().creation_timestamp).unwrap_or(Timestamp::MAX)
}
