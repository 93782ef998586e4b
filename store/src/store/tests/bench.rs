use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};
use setpoint_core::Result;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Revision};
use setpoint_core::patch::{Patch, PatchType};

use crate::Store;
use crate::admission::Chain;
use crate::engine::memory::HistoryLimits;
use crate::engine::{Engine, Memory};
use crate::object_store::{ObjectStore, WatchStream};
use crate::request::{
    DeleteOptions, ListQuery, ObjectList, ReadAt, RequestContext, Selection, WatchEvent, WatchFrom,
    WatchQuery, Write, Written,
};

/// The namespace of all objects that name none.
pub(super) const NAMESPACE: &str = "default";

/// A store of its own, spoken to in JSON.
pub(super) struct Bench<E: Engine = Memory> {
    sim: Simulation,
    pub(super) env: Env,
    pub(super) store: Store<E>,
    pub(super) context: RequestContext,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with_admission(Chain::upstream())
    }

    pub(super) fn with_admission(admission: Chain) -> Self {
        Self::with(admission, HistoryLimits::UPSTREAM)
    }

    /// With a history of so many changes of each kind.
    pub(super) fn with_history(changes_max: usize) -> Self {
        Self::with(Chain::upstream(), HistoryLimits { changes_max, ..HistoryLimits::UPSTREAM })
    }

    fn with(admission: Chain, limits: HistoryLimits) -> Self {
        Self::over(|env| Memory::with_history(env, limits), admission)
    }
}

impl<E: Engine> Bench<E> {
    /// With an engine of its own.
    pub(super) fn over(engine: impl FnOnce(&Env) -> E, admission: Chain) -> Self {
        let sim = Simulation::new(3);
        let env = sim.env();
        let registry = setpoint_core::kind::Registry::builtin();
        let store = Store::new(&env, engine(&env), registry, admission);
        let bench = Self { sim, env, store, context: RequestContext::system("test") };
        bench.run(bench.store.ensure_namespace(NAMESPACE)).expect("it is new");
        bench
    }

    /// Waits for a future on virtual time.
    pub(super) fn run<F: Future>(&self, future: F) -> F::Output {
        self.sim.block_on(future).expect("nothing waits for ever")
    }

    /// Lets time pass.
    pub(super) fn pass(&self, seconds: u64) {
        self.sim.run_for(Duration::from_secs(seconds));
    }

    /// The kind that is called so.
    pub(super) fn kind(&self, name: &str) -> Arc<Kind> {
        self.store.registry().find_by_any_name(name).unwrap_or_else(|| panic!("no kind is called {name}"))
    }

    /// The place of an object.
    pub(super) fn key(&self, kind: &str, name: &str) -> Key {
        let kind = self.kind(kind);
        let namespace = kind.is_namespaced().then(|| NAMESPACE.into());
        Key { kind: kind.id, namespace, name: name.into() }
    }

    /// A draft of an object, whose kind decides what it is.
    pub(super) fn draft(&self, body: Value) -> Draft {
        let kind = self.kind(&body["kind"].as_str().expect("a body has a kind").to_lowercase());
        let mut draft = Draft::from_value(Arc::clone(&kind), body).expect("the body fits the kind");
        if kind.is_namespaced() && draft.meta().namespace.is_none() {
            draft.meta_mut().namespace = Some(NAMESPACE.into());
        }
        draft
    }

    pub(super) fn write(&self, write: Write) -> Result<Written> {
        self.run(self.store.write(&self.context, write))
    }

    pub(super) fn try_create(&self, body: Value) -> Result<ObjectRef> {
        Ok(self.write(Write::Create(self.draft(body)))?.object)
    }

    pub(super) fn create(&self, body: Value) -> ObjectRef {
        self.try_create(body).expect("it is new and valid")
    }

    pub(super) fn update(&self, body: Value) -> Result<Written> {
        self.write(Write::Update(self.draft(body), Subresource::Main))
    }

    pub(super) fn update_status(&self, body: Value) -> Result<Written> {
        self.write(Write::Update(self.draft(body), Subresource::Status))
    }

    pub(super) fn merge(&self, kind: &str, name: &str, body: Value) -> Result<Written> {
        self.patch(kind, name, PatchType::Merge, body, Subresource::Main)
    }

    pub(super) fn patch(
        &self,
        kind: &str,
        name: &str,
        patch_type: PatchType,
        body: Value,
        side: Subresource,
    ) -> Result<Written> {
        let patch = Patch::decode(patch_type, body)?;
        self.write(Write::Patch(self.key(kind, name), patch, side))
    }

    pub(super) fn delete(&self, kind: &str, name: &str, options: DeleteOptions) -> Result<Written> {
        self.write(Write::Delete(self.key(kind, name), options))
    }

    /// An object as clients see it, if it is there.
    pub(super) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let key = self.key(kind, name);
        let found = self.run(self.store.get(&self.context, &key, ReadAt::Newest));
        found.ok().map(|object| object.to_value())
    }

    pub(super) fn list(&self, query: &ListQuery) -> Result<ObjectList> {
        self.run(self.store.list(&self.context, query))
    }

    /// All objects of a kind.
    pub(super) fn all(&self, kind: &str) -> Selection {
        Selection::all(self.kind(kind).id)
    }

    /// What is selected by labels and fields.
    pub(super) fn selected(&self, kind: &str, labels: &str, fields: &str) -> Selection {
        let labels = labels.parse().expect("a label selector");
        self.all(kind).labels(labels).fields(fields.parse().expect("a field selector"))
    }

    /// The newest revision.
    pub(super) fn revision(&self) -> Revision {
        self.store.snapshot().expect("it is in this process").revision()
    }

    pub(super) fn watch(&self, selection: Selection, from: WatchFrom) -> Watching {
        self.try_watch(selection, from).expect("the watch begins")
    }

    pub(super) fn try_watch(&self, selection: Selection, from: WatchFrom) -> Result<Watching> {
        let query = WatchQuery { selection, from, bookmarks: true };
        Ok(Watching(self.run(self.store.watch(&self.context, &query))?))
    }

    /// Watches all objects of a kind from now on.
    pub(super) fn watch_all(&self, kind: &str) -> Watching {
        self.watch(self.all(kind), WatchFrom::Now)
    }
}

/// A watch that is asked what it has told so far.
pub(super) struct Watching(WatchStream);

impl Watching {
    /// What has come since the last time.
    pub(super) fn events(&mut self) -> Vec<WatchEvent> {
        let mut events = Vec::new();
        while let Some(Some(event)) = self.0.next().now_or_never() {
            events.push(event.expect("the watch goes on"));
        }
        events
    }

    /// The same in words, such as `ADDED a`.
    pub(super) fn told(&mut self) -> Vec<String> {
        self.events().iter().map(word).collect()
    }

    /// Waits for the next event.
    pub(super) async fn next(&mut self) -> Option<Result<WatchEvent>> {
        self.0.next().await
    }
}

fn word(event: &WatchEvent) -> String {
    let (word, object) = match event {
        WatchEvent::Added(object) => ("ADDED", object),
        WatchEvent::Modified(object) => ("MODIFIED", object),
        WatchEvent::Deleted(object) => ("DELETED", object),
        WatchEvent::Bookmark { initial_events_end: true, .. } => return "BOOKMARK end".to_owned(),
        WatchEvent::Bookmark { .. } => return "BOOKMARK".to_owned(),
    };
    format!("{word} {}", object.meta().name)
}

/// A ConfigMap.
pub(super) fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"k": "v"}})
}

/// A ConfigMap with labels.
pub(super) fn labelled(name: &str, labels: Value) -> Value {
    with(map(name), "labels", labels)
}

/// A pod.
pub(super) fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "app:1"}]},
    })
}

/// A Deployment.
pub(super) fn deployment(name: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "app:1"}]},
            },
        },
    })
}

/// With a field of its metadata set.
pub(super) fn with(mut body: Value, field: &str, value: Value) -> Value {
    body["metadata"][field] = value;
    body
}

/// The names of a list's objects.
pub(super) fn names(list: &ObjectList) -> Vec<String> {
    list.items.iter().map(|object| object.meta().name.to_string()).collect()
}
