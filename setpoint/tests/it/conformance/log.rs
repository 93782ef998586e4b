use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use parking_lot::Mutex;
use serde_json::Value;
use setpoint::env::{Env, Instant, Task};
use setpoint::store::ObjectStore;
use setpoint::store::request::{RequestContext, Selection, WatchEvent, WatchQuery};

use super::server::Server;

/// How often it is looked whether anything has changed.
const STEP: Duration = Duration::from_millis(50);

/// One event of a watch.
pub(super) struct Entry {
    pub(super) kind: &'static str,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub(super) word: &'static str,
    pub(super) object: Value,
}

/// What was seen on watches of a namespace since the scenario began, and when something last changed.
#[derive(Clone)]
pub(super) struct Log {
    env: Env,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    entries: Vec<Entry>,
    /// When something other than an event changed.
    changed: Instant,
}

impl Log {
    pub(super) fn new(env: &Env) -> Self {
        let shared = Shared { entries: Vec::new(), changed: env.now() };
        Self { env: env.clone(), shared: Arc::new(Mutex::new(shared)) }
    }

    /// Watches a kind, if it is known; the watch ends with the task.
    pub(super) fn record(&self, server: &Server, kind: &'static str, namespace: &str) -> Option<Task<()>> {
        let store = Arc::clone(server.store());
        let (path, plural) = super::server::place_of(kind);
        let (group, version) = path.rsplit_once('/').expect("a path has a version");
        let group = group.strip_prefix("/apis/").unwrap_or_default();
        let id = store.registry().find_resource(group, version, plural)?.id;
        let selection = Selection::namespace(id, namespace);
        let log = self.clone();
        let from = store.snapshot().expect("the store is in this process").revision();
        Some(self.env.spawn("record", async move { log.follow(&*store, kind, selection, from).await }))
    }

    async fn follow(
        &self,
        store: &dyn ObjectStore,
        kind: &'static str,
        selection: Selection,
        mut from: setpoint::model::object::Revision,
    ) {
        let context = RequestContext::system("conformance");
        loop {
            let query = WatchQuery::after(selection.clone(), from);
            let mut events = store.watch(&context, &query).await.expect("nothing has expired");
            while let Some(event) = events.next().await {
                let event = event.expect("nothing has expired");
                from = event.revision();
                let (word, object) = match &event {
                    WatchEvent::Added(object) => ("ADDED", object),
                    WatchEvent::Modified(object) => ("MODIFIED", object),
                    WatchEvent::Deleted(object) => ("DELETED", object),
                    WatchEvent::Bookmark { .. } => continue,
                };
                self.add(Entry { kind, word, object: object.to_value() });
            }
        }
    }

    fn add(&self, entry: Entry) {
        let shared = &mut *self.shared.lock();
        if entry.kind != "Event" {
            shared.changed = self.env.now();
        }
        shared.entries.push(entry);
    }

    /// Waits until nothing but events has changed for that long.
    pub(super) async fn settle(&self, quiet: Duration, limit: Duration) -> Result<(), String> {
        let until = self.env.now() + limit;
        self.shared.lock().changed = self.env.now();
        while self.env.now() < until {
            if self.env.now() - self.shared.lock().changed >= quiet {
                return Ok(());
            }
            self.env.sleep(STEP).await;
        }
        Err("did not settle".to_owned())
    }

    /// Looks at all that was seen.
    pub(super) fn read<T>(&self, look: impl FnOnce(&[Entry]) -> T) -> T {
        look(&self.shared.lock().entries)
    }
}
