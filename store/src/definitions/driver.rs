use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::Value;
use setpoint_core::custom::lifecycle::{self, Claims, Step};
use setpoint_core::custom::{Definition, limits};
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Registry, Subresource};
use setpoint_core::object::{Draft, Part};
use setpoint_core::{GroupResource, Result};

use super::known::{Entry, Known};
use crate::object_store::{ObjectStore, ObjectStoreExt};
use crate::request::{DeleteOptions, ListQuery, RequestContext, Selection, WatchEvent, WatchQuery};

/// How long after a failure everything is read anew.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked whether the objects of a definition that goes are gone.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(1);

/// Does what is decided of definitions.
pub(super) struct Driver {
    env: Env,
    store: Arc<dyn ObjectStore>,
    registry: Registry,
    kind: Arc<Kind>,
    context: RequestContext,
    known: Known,
    /// Whether the store is in this process.
    is_here: bool,
    /// Definitions whose objects are going.
    going: BTreeSet<String>,
}

impl Driver {
    /// `None` if the store has no kind of definitions.
    pub(super) fn new(env: &Env, store: Arc<dyn ObjectStore>) -> Option<Self> {
        let registry = store.registry().clone();
        let kind = registry.find_in_group("CustomResourceDefinition", "apiextensions.k8s.io")?;
        Some(Self {
            env: env.clone(),
            context: RequestContext::system("kube-apiserver"),
            is_here: store.snapshot().is_some(),
            store,
            registry,
            kind,
            known: Known::default(),
            going: BTreeSet::new(),
        })
    }

    /// Registers the kinds of what is established, as far as it can be seen without waiting.
    pub(super) fn serve_what_is_established(&mut self) {
        let Some(snapshot) = self.store.snapshot() else { return };
        self.known = Known::of(snapshot.list_from(self.kind.id, "", "").cloned());
        for name in self.known.names() {
            if let Some(entry) = self.known.get(&name)
                && lifecycle::is_established(&entry.head)
            {
                self.serve(entry);
            }
        }
    }

    pub(super) async fn run(mut self) {
        let registry = self.registry.clone();
        let _right = registry.define().await;
        loop {
            if let Err(error) = self.follow().await {
                tracing::warn!(%error, "definitions are read anew");
            }
            self.env.sleep(RETRY).await;
        }
    }

    /// Reads all definitions and follows them until the watch ends.
    async fn follow(&mut self) -> Result<()> {
        let selection = Selection::all(self.kind.id);
        let list = self.store.list(&self.context, &ListQuery::new(selection.clone())).await?;
        let before = std::mem::replace(&mut self.known, Known::of(list.items));
        for name in before.names().into_iter().filter(|name| self.known.get(name).is_none()) {
            if let Some(entry) = before.get(&name) {
                self.forget(entry);
            }
        }
        let mut events =
            self.store.watch(&self.context, &WatchQuery::after(selection, list.revision)).await?;
        for name in self.known.names() {
            self.look_at(&name).await;
        }
        loop {
            let is_idle = self.going.is_empty();
            let tick = async {
                if is_idle {
                    futures::future::pending::<()>().await;
                }
                self.env.sleep(CLEANUP_INTERVAL).await;
            };
            let event = futures::select_biased! {
                event = events.next().fuse() => Some(event),
                () = Box::pin(tick).fuse() => None,
            };
            match event {
                None => {
                    for name in std::mem::take(&mut self.going) {
                        self.look_at(&name).await;
                    }
                }
                Some(None) => return Ok(()),
                Some(Some(event)) => self.told(event?).await,
            }
        }
    }

    async fn told(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                let name = object.meta().name.to_string();
                self.known.put(object);
                self.look_at(&name).await;
            }
            WatchEvent::Deleted(object) => {
                let name = object.meta().name.to_string();
                let Some(entry) = self.known.take(&name) else { return };
                self.forget(&entry);
                // Its names are free for others.
                for other in self.known.of_group(entry.group()) {
                    self.look_at(&other.object.meta().name).await;
                }
            }
            WatchEvent::Bookmark { .. } => {}
        }
    }

    /// Does what is next with a definition.
    async fn look_at(&mut self, name: &str) {
        let Some(entry) = self.known.get(name).cloned() else { return };
        if lifecycle::is_to_be_served(&entry.head) {
            self.serve(&entry);
        }
        // A store that is somewhere else decides about its definitions itself.
        if !self.is_here {
            return;
        }
        let others = self.known.of_group(entry.group());
        let claims = Claims::against(&entry.head, others.iter().map(|other| &other.head), &self.registry);
        let result = match lifecycle::step(&entry.head, &claims, self.env.wall()) {
            Step::Rest => Ok(()),
            Step::Status(status) => self.write(&entry, status, false).await,
            Step::Clean(status) => self.clean(&entry, status).await,
        };
        match result {
            // Another version is told of by the watch.
            Err(error) if error.is_conflict() || error.is_not_found() => {}
            Err(error) => {
                tracing::warn!(definition = name, %error, "is tried again");
                self.going.insert(name.to_owned());
            }
            Ok(()) => {}
        }
    }

    /// Registers a definition's kind, unless it is there as the definition says.
    fn serve(&self, entry: &Entry) {
        let kind = self.kind_of(entry);
        let origin = Definition::origin(&entry.head);
        let custom = kind.as_ref().and_then(|kind| kind.custom.as_ref());
        if custom.is_some_and(|custom| custom.origin == origin) {
            return;
        }
        let name = &entry.object.meta().name;
        if self.known.len() > limits::DEFINITIONS_MAX && custom.is_none() {
            tracing::warn!(definition = %name, "there are too many definitions to serve it");
            return;
        }
        let registered =
            Definition::read(&entry.whole()).and_then(|definition| definition.register(&self.registry));
        if let Err(error) = registered {
            tracing::warn!(definition = %name, %error, "no kind can be made of it");
        }
    }

    /// The kind that was made of a definition.
    fn kind_of(&self, entry: &Entry) -> Option<Arc<Kind>> {
        let spec = &entry.head["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = GroupResource {
            group: text(&spec["group"]).into(),
            resource: text(&spec["names"]["plural"]).into(),
        };
        self.registry.kinds().into_iter().find(|kind| kind.resource == resource && kind.custom.is_some())
    }

    fn forget(&self, entry: &Entry) {
        if let Some(kind) = self.kind_of(entry) {
            self.registry.remove(kind.id);
        }
    }

    /// Deletes the objects of a definition that goes, and lets it go when they are gone.
    async fn clean(&mut self, entry: &Entry, status: Value) -> Result<()> {
        if let Some(kind) = self.kind_of(entry) {
            let selection = Selection::all(kind.id);
            let query = ListQuery { limit: Some(1), ..ListQuery::new(selection.clone()) };
            if !self.store.list(&self.context, &query).await?.items.is_empty() {
                let options = DeleteOptions::default();
                self.store.delete_collection(&self.context, &selection, &options).await?;
            }
            if !self.store.list(&self.context, &query).await?.items.is_empty() {
                self.going.insert(entry.object.meta().name.to_string());
                return Ok(());
            }
        }
        self.write(entry, status, true).await
    }

    async fn write(&self, entry: &Entry, status: Value, is_last: bool) -> Result<()> {
        let mut draft = Draft::of(&entry.object);
        draft.set_status(Some(Part::new(status)));
        if is_last {
            let finalizers = draft.meta().finalizers.without(lifecycle::FINALIZER);
            draft.meta_mut().finalizers = finalizers;
        }
        self.store.update(&self.context, draft, Subresource::Status).await.map(|_| ())
    }
}
