//! Controllers for anybody: async, one root object at a time.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use setpoint_core::Error;
use setpoint_core::env::Env;
use setpoint_core::object::{Key, Obj};
use setpoint_store::request::{ReadAt, RequestContext};
use setpoint_store::{ObjectStore, Objects};
use setpoint_watch::View;

use crate::controller::{Verdict, Worker};
use crate::events::EventRecorder;
use crate::history::{History, RunId};
use crate::own_writes::{Noted, OwnWrites, Recording};

/// A controller for anybody: brings the world closer to what one root object asks for.
///
/// It is level-triggered: it is told which object to look at, not what has happened. For one object at
/// most one call runs at a time; a call that starts after a change sees that change. It is called again
/// when the object or anything related changes, when it asks for it, and after errors with back-off.
pub trait Reconciler: Send + Sync + 'static {
    /// The kind of the root objects.
    type Root: Send + Sync + 'static;
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The controller's name: its field manager and the source of its events.
    fn name(&self) -> &'static str;

    /// Brings the world closer to what `root` asks for.
    fn reconcile(
        &self,
        root: Obj<Self::Root>,
        context: &Context,
    ) -> impl Future<Output = Result<Next, Self::Error>> + Send;

    /// A root object is gone. Not an error, and there is nothing to undo that ownership does not.
    fn removed(&self, key: &Key, context: &Context) {
        let _ = (key, context);
    }

    /// What follows an error. By default a [`Error`] of the store is classified by its reason, everything
    /// else backs off.
    fn classify(&self, error: &Self::Error, attempt: u32) -> Retry {
        let _ = attempt;
        match find_store_error(error) {
            Some(error) if error.is_conflict() => Retry::Conflict,
            _ => Retry::Backoff,
        }
    }
}

/// What a reconciler works with.
#[derive(Clone)]
pub struct Context {
    /// Time, entropy and tasks.
    pub env: Env,
    /// Where objects are read live and written.
    pub store: Arc<dyn ObjectStore>,
    /// What the process knows of the store.
    pub view: Arc<dyn View>,
    /// Where to tell people.
    pub events: EventRecorder,
    /// Under which name it writes.
    pub request: RequestContext,
    /// Where it is kept what controllers do, and why.
    pub history: History,
}

impl Context {
    /// The objects of a kind in a namespace, written under the controller's name.
    ///
    /// # Errors
    ///
    /// `NotFound` if `K` is not registered.
    pub fn objects<K: Send + Sync + 'static>(&self, namespace: Option<&str>) -> Result<Objects<K>, Error> {
        let objects = Objects::over(Arc::clone(&self.store), namespace.map(Into::into))?;
        Ok(objects.with_context(self.request.clone()))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("request", &self.request).finish_non_exhaustive()
    }
}

/// What follows a successful call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing until something changes.
    AwaitChange,
    /// Another call after this time, if nothing changes before.
    After(Duration),
}

/// What follows an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Another call after the key's back-off.
    Backoff,
    /// Another call after this time.
    After(Duration),
    /// Another call at once: somebody else was faster.
    Conflict,
    /// None until something changes.
    UntilChanged,
}

/// Drives a [`Reconciler`].
pub(crate) struct ReconcilerWorker<R> {
    reconciler: R,
    context: Context,
    own: Arc<OwnWrites>,
}

impl<R> ReconcilerWorker<R> {
    pub(crate) fn new(reconciler: R, context: Context) -> Self {
        let Context { store, view, request, .. } = context.clone();
        Self { reconciler, context, own: Arc::new(OwnWrites::new(store, view, request)) }
    }

    /// What one run works with: what it writes is waited for by the next.
    fn context_of(&self, key: &Key, run: RunId) -> Cow<'_, Context> {
        if !self.own.is_needed() && !self.context.history.is_on() {
            return Cow::Borrowed(&self.context);
        }
        let store = Arc::clone(&self.context.store);
        let Context { env, history, .. } = &self.context;
        let noted = Noted { env: env.clone(), history: history.clone(), run };
        let store = Arc::new(Recording::new(store, Arc::clone(&self.own), key.clone(), noted));
        Cow::Owned(Context { store, ..self.context.clone() })
    }
}

#[async_trait]
impl<R: Reconciler> Worker for ReconcilerWorker<R> {
    async fn run(&self, key: &Key, attempt: u32, run: RunId) -> Verdict {
        if let Err(error) = self.own.shown(key).await {
            return Verdict::Retry(error.to_string());
        }
        let context = self.context_of(key, run);
        let found = match self.context.view.snapshot().get(key).cloned() {
            Some(object) => Some(object),
            // What the view does not know may be new: whether it is gone is known live.
            None => match self.context.store.get(&self.context.request, key, ReadAt::Newest).await {
                Ok(object) => Some(object),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Verdict::Retry(error.to_string()),
            },
        };
        let Some(object) = found else {
            self.reconciler.removed(key, &context);
            return Verdict::Done;
        };
        let root = match Obj::new(object) {
            Ok(root) => root,
            Err(error) => return Verdict::UntilChanged(error.to_string()),
        };
        match self.reconciler.reconcile(root, &context).await {
            Ok(Next::AwaitChange) => Verdict::Done,
            Ok(Next::After(delay)) => Verdict::After(delay),
            Err(error) => match self.reconciler.classify(&error, attempt) {
                Retry::Backoff => Verdict::Retry(error.to_string()),
                Retry::After(delay) => Verdict::After(delay),
                Retry::Conflict => Verdict::Conflict,
                Retry::UntilChanged => Verdict::UntilChanged(error.to_string()),
            },
        }
    }
}

/// The store's error in a chain of causes.
fn find_store_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
