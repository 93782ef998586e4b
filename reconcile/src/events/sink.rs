use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use rustc_hash::FxHashMap;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, Uid};
use setpoint_core::patch::Patch;
use setpoint_store::ObjectStore;
use setpoint_store::request::{RequestContext, Write};

use super::correlator::{COMBINED_PREFIX, Keys};
use super::recorder::Recorded;
use super::{Correlator, EventRecord, Occurrence, Regarding, Reporter};

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

/// An event that is to be written. It is put in words only then, since others may follow it into the same.
struct Pending {
    recorded: Recorded,
    name: String,
    combined: bool,
    count: i32,
    first: Timestamp,
    last: Timestamp,
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
                Err(error) => self.give_up(&pending, &error),
            }
        }
    }

    fn correlate(&mut self, recorded: VecDeque<Recorded>) -> Vec<Pending> {
        let now = self.env.wall();
        let nanos = u64::try_from(now.as_nanosecond()).unwrap_or_default();
        let mut pending: Vec<Pending> = Vec::new();
        let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
        let (mut message, mut uid) = (String::new(), UidText::default());
        for recorded in recorded {
            self.suffix = nanos.max(self.suffix + 1);
            message.clear();
            recorded.push_message(&mut message);
            let keys = keys(&recorded, uid.of(recorded.text.regarding.uid.as_ref()), &message);
            let tally = self.correlator.tally(&keys, now, self.suffix);
            if !tally.is_allowed {
                continue;
            }
            let (combined, count, first) = (tally.combined, tally.count, tally.first);
            match by_name.get(tally.name).and_then(|at| pending.get_mut(*at)) {
                Some(known) => {
                    let (name, is_new) = (std::mem::take(&mut known.name), known.is_new);
                    *known = Pending { recorded, name, combined, count, first, last: now, is_new };
                }
                None => {
                    let (name, is_new) = (tally.name.to_owned(), count == 1);
                    by_name.insert(name.clone(), pending.len());
                    pending.push(Pending { recorded, name, combined, count, first, last: now, is_new });
                }
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
    fn give_up(&self, pending: &Pending, error: &setpoint_core::Error) {
        tracing::debug!(name = pending.name, %error, "an event was not written");
    }
}

impl Pending {
    fn record(&self) -> EventRecord {
        let Self { recorded, name, combined, count, first, last, .. } = self;
        let text = &recorded.text;
        let mut message = if *combined { COMBINED_PREFIX.to_owned() } else { String::new() };
        recorded.push_message(&mut message);
        let occurrence = Occurrence {
            involved: text.regarding.to_reference(),
            event_type: text.type_,
            reason: text.reason.to_string(),
            message,
            reporter: Reporter { component: (&*recorded.source).into(), host: "".into() },
        };
        let (combined, count, first, last) = (*combined, *count, *first, *last);
        EventRecord { name: name.clone(), occurrence, combined, count, first, last }
    }
}

/// By what something recorded is told apart.
fn keys<'a>(recorded: &'a Recorded, uid: &'a str, message: &'a str) -> Keys<'a> {
    let Recorded { source, text, .. } = recorded;
    let Regarding { kind, api_version, namespace, name, field_path, .. } = &*text.regarding;
    Keys {
        subject: [source, "", kind, namespace, name, uid, api_version],
        field_path,
        event_type: text.type_.as_str(),
        reason: &text.reason,
        message,
    }
}

/// The text of a uid, which is most often that of the one before.
#[derive(Default)]
struct UidText {
    uid: Option<Uid>,
    text: String,
}

impl UidText {
    fn of(&mut self, uid: Option<&Uid>) -> &str {
        if self.uid.as_ref() != uid {
            self.uid = uid.cloned();
            self.text = uid.map(ToString::to_string).unwrap_or_default();
        }
        &self.text
    }
}

fn write(kind: &Arc<Kind>, pending: &Pending) -> Option<Write> {
    let record = pending.record();
    if pending.is_new {
        return Draft::from_whole(Arc::clone(kind), record.to_event()).ok().map(Write::Create);
    }
    let key = Key::namespaced(kind.id, record.namespace(), record.name.as_str());
    Some(Write::Patch(key, Patch::Merge(record.to_patch()), Subresource::Main))
}
