use std::collections::VecDeque;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Event;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key};
use setpoint_core::patch::Patch;
use setpoint_store::ObjectStore;
use setpoint_store::request::{RequestContext, Write};

use super::recorder::Recorded;
use super::{Correlator, EventRecord, Occurrence, Outcome, Reporter};

/// Turns what was recorded into events of a store.
pub(super) struct Sink {
    env: Env,
    store: Arc<dyn ObjectStore>,
    kind: Option<Arc<Kind>>,
    context: RequestContext,
    correlator: Correlator,
    /// The last name's suffix; no two are the same.
    suffix: u64,
}

/// An event that is to be written.
struct Pending {
    record: EventRecord,
    is_new: bool,
}

impl Sink {
    pub(super) fn new(env: Env, store: Arc<dyn ObjectStore>) -> Self {
        let kind = store.registry().of::<Event>();
        let context = RequestContext::system("event-sink");
        Self { env, store, kind, context, correlator: Correlator::new(), suffix: 0 }
    }

    /// Writes what was recorded. Of several changes of one event only the last is written.
    pub(super) async fn write(&mut self, recorded: VecDeque<Recorded>) {
        // A store without events has nobody to tell.
        let Some(kind) = self.kind.clone() else { return };
        let pending = self.correlate(recorded);
        let writes = pending.iter().filter_map(|pending| write(&kind, pending)).collect();
        let results = self.store.write_batch(&self.context, writes).await;
        for (pending, result) in pending.into_iter().zip(results) {
            match result {
                Ok(_) => {}
                Err(error) if error.is_not_found() && !pending.is_new => self.create(&kind, pending).await,
                Err(error) => self.give_up(&pending.record, &error),
            }
        }
    }

    fn correlate(&mut self, recorded: VecDeque<Recorded>) -> Vec<Pending> {
        let now = self.env.wall();
        let mut pending: Vec<Pending> = Vec::new();
        for recorded in recorded {
            let nanos = u64::try_from(now.as_nanosecond()).unwrap_or_default();
            self.suffix = nanos.max(self.suffix + 1);
            let message = recorded.message();
            let Recorded { source, text, .. } = recorded;
            let occurrence = Occurrence {
                involved: text.regarding.to_reference(),
                event_type: text.type_,
                reason: text.reason.to_string(),
                message,
                reporter: Reporter { component: (&*source).into(), host: "".into() },
            };
            let (record, is_new) = match self.correlator.observe(occurrence, now, self.suffix) {
                Outcome::Create(record) => (record, true),
                Outcome::Update(record) => (record, false),
                Outcome::Dropped => continue,
            };
            match pending.iter_mut().rev().find(|known| known.record.name == record.name) {
                Some(known) => known.record = record,
                None => pending.push(Pending { record, is_new }),
            }
        }
        pending
    }

    /// An event that is to be changed and is gone is written anew.
    async fn create(&self, kind: &Arc<Kind>, pending: Pending) {
        let Some(write) = write(kind, &Pending { is_new: true, ..pending }) else { return };
        if let Err(error) = self.store.write(&self.context, write).await {
            tracing::debug!(%error, "an event was not written");
        }
    }

    /// Events are a courtesy: one that the store refuses is lost.
    fn give_up(&self, record: &EventRecord, error: &setpoint_core::Error) {
        tracing::debug!(name = record.name, %error, "an event was not written");
    }
}

fn write(kind: &Arc<Kind>, pending: &Pending) -> Option<Write> {
    let Pending { record, is_new } = pending;
    if *is_new {
        return Draft::from_whole(Arc::clone(kind), record.to_event()).ok().map(Write::Create);
    }
    let key = Key::namespaced(kind.id, record.namespace(), record.name.as_str());
    Some(Write::Patch(key, Patch::Merge(record.to_patch()), Subresource::Main))
}
