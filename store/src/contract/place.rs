use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Text};

use crate::object_store::{ObjectStore, ObjectStoreExt, WatchStream};
use crate::request::{RequestContext, Selection, WatchEvent, WatchQuery, Write, Written};

/// How long what must happen may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A namespace of a store, for one check.
pub(super) struct Place {
    pub(super) env: Env,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) context: RequestContext,
    pub(super) namespace: Text,
}

impl Place {
    pub(super) async fn new(env: &Env, store: Arc<dyn ObjectStore>, namespace: String) -> Self {
        let context = RequestContext::system("contract");
        let place = Self { env: env.clone(), store, context, namespace: namespace.as_str().into() };
        let body = json!({"metadata": {"name": namespace}});
        place.create("Namespace", body).await.expect("the namespace is new");
        place
    }

    /// A kind by its name.
    pub(super) fn kind(&self, name: &str) -> Arc<Kind> {
        let kinds = self.store.registry().kinds();
        kinds
            .into_iter()
            .find(|kind| kind.names.kind == name)
            .unwrap_or_else(|| panic!("{name} is a built-in kind"))
    }

    pub(super) fn key(&self, kind: &str, name: &str) -> Key {
        let kind = self.kind(kind);
        let namespace = kind.is_namespaced().then(|| self.namespace.clone());
        Key { kind: kind.id, namespace, name: name.into() }
    }

    pub(super) fn draft(&self, kind: &str, body: Value) -> Draft {
        let kind = self.kind(kind);
        let is_namespaced = kind.is_namespaced();
        let mut draft = Draft::from_value(kind, body).expect("the body fits the kind");
        if is_namespaced {
            draft.meta_mut().namespace = Some(self.namespace.clone());
        }
        draft
    }

    /// A config map.
    pub(super) fn map(&self, name: &str, text: &str) -> Draft {
        self.draft(
            "ConfigMap",
            json!({"metadata": {"name": name, "labels": {"app": name}}, "data": {"text": text}}),
        )
    }

    pub(super) async fn create(&self, kind: &str, body: Value) -> Result<ObjectRef> {
        self.store.create(&self.context, self.draft(kind, body)).await
    }

    pub(super) async fn create_map(&self, name: &str) -> ObjectRef {
        self.store.create(&self.context, self.map(name, "a")).await.expect("the map is new")
    }

    /// Another version of an object.
    pub(super) async fn change(&self, object: &ObjectRef, annotation: &str) -> Result<ObjectRef> {
        let mut draft = Draft::of(object);
        let annotations = draft.meta().annotations.with("changed", annotation);
        draft.meta_mut().annotations = annotations;
        self.store.update(&self.context, draft, Subresource::Main).await
    }

    pub(super) async fn write(&self, write: Write) -> Result<Written> {
        self.store.write(&self.context, write).await
    }

    /// All objects of a kind here.
    pub(super) fn selection(&self, kind: &str) -> Selection {
        Selection::namespace(self.kind(kind).id, self.namespace.clone())
    }

    pub(super) async fn watch(&self, query: &WatchQuery) -> WatchStream {
        self.store.watch(&self.context, query).await.expect("it can be watched")
    }

    /// The next event, in good time.
    pub(super) async fn next(&self, events: &mut WatchStream) -> WatchEvent {
        let next = self.env.timeout(PATIENCE, events.next()).await.expect("something is told");
        next.expect("the watch goes on").expect("the watch is sound")
    }

    /// The next event in short: a letter and the name.
    pub(super) async fn told(&self, events: &mut WatchStream) -> String {
        let event = self.next(events).await;
        let letter = match &event {
            WatchEvent::Added(_) => '+',
            WatchEvent::Modified(_) => '~',
            WatchEvent::Deleted(_) => '-',
            WatchEvent::Bookmark { initial_events_end, .. } => {
                return format!("bookmark {initial_events_end}");
            }
        };
        format!("{letter}{}", event.object().map(|object| object.meta().name.to_string()).unwrap_or_default())
    }
}

/// The text in a config map.
pub(super) fn text(object: &ObjectRef) -> String {
    object.to_value()["data"]["text"].as_str().unwrap_or_default().to_owned()
}
