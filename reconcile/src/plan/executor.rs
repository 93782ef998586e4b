use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::Result;
use setpoint_core::env::Env;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_store::ObjectStore;
use setpoint_store::request::{DeleteOptions, ListQuery, ReadAt, RequestContext, Selection, Write, Written};
use setpoint_watch::View;

use super::{Next, Planner, Step};
use crate::events::{EventRecorder, EventText};
use crate::history::{History, RunId};
use crate::own_writes::{OwnWrites, kind_written};

/// Stages of one sync at the most; a plan that asks for more has lost its way and fails.
pub const STAGES_MAX: usize = 256;

/// The cause that a namespace on its way out gives for refusing a creation.
pub const NAMESPACE_TERMINATING: &str = "NamespaceTerminating";

/// Carries out the plans of one controller.
pub struct Executor<P> {
    planner: P,
    env: Env,
    store: Arc<dyn ObjectStore>,
    view: Arc<dyn View>,
    events: EventRecorder,
    context: RequestContext,
    own: OwnWrites,
    history: History,
}

/// How a sync ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncEnd {
    /// Nothing to do until something changes.
    Settled,
    /// Another sync after this time.
    After(Duration),
    /// Failed: another sync with back-off.
    Failed(String),
    /// The root object is not there.
    Gone,
}

impl<P: Planner> Executor<P> {
    /// For a planner that reads a view and writes to the store behind it.
    pub fn new(
        planner: P,
        env: &Env,
        store: Arc<dyn ObjectStore>,
        view: Arc<dyn View>,
        events: EventRecorder,
    ) -> Self {
        let context = RequestContext::system(planner.name());
        let own = OwnWrites::new(Arc::clone(&store), Arc::clone(&view), context.clone());
        Self { planner, env: env.clone(), store, view, events, context, own, history: History::off() }
    }

    /// Records what it writes.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// The planner.
    pub fn planner(&self) -> &P {
        &self.planner
    }

    /// Brings the world around one root object a sync closer to what is wanted.
    pub async fn sync(&self, key: &Key) -> SyncEnd {
        self.sync_in(key, RunId::default()).await
    }

    /// The same as a run that is recorded.
    pub async fn sync_in(&self, key: &Key, run: RunId) -> SyncEnd {
        let mut memory = P::Memory::default();
        let mut seen_before = None;
        for _ in 0..STAGES_MAX {
            let seen = match seen_before.take() {
                Some(seen) => Some(seen),
                None => match self.own.shown(key).await {
                    Ok(()) => self.planner.observe(&self.view.snapshot(), key),
                    Err(error) => return SyncEnd::Failed(error.to_string()),
                },
            };
            let Some(observed) = seen else {
                self.planner.forget(key);
                return SyncEnd::Gone;
            };
            let plan = self.planner.plan(&observed, &memory, self.env.wall());
            memory = plan.memory;
            let steps = plan.actions.iter().flat_map(|action| {
                self.planner.enact(&observed, action).into_iter().map(move |step| (action, step))
            });
            let mut batch = Batch { run, ..Batch::default() };
            for (action, step) in steps {
                match step {
                    Step::Write { write, on_success, on_failure } => {
                        batch.add(action, *write, on_success, on_failure);
                    }
                    Step::Event(text) => self.events.record(text, None),
                    Step::ReadLive(owner) => {
                        self.flush(key, &mut batch, &mut memory).await;
                        let read = self.store.get(&self.context, &owner, ReadAt::Newest).await;
                        self.planner.learn(&mut memory, action, read.as_ref().map(Some));
                    }
                    Step::DeleteAll(selection, options) => {
                        self.flush(key, &mut batch, &mut memory).await;
                        let deleted = self.delete_all(key, run, &selection, &options).await;
                        self.planner.learn_list(&mut memory, action, deleted.as_deref());
                    }
                    Step::ListLive(selection) => {
                        self.flush(key, &mut batch, &mut memory).await;
                        let list = self.store.list(&self.context, &ListQuery::new(selection)).await;
                        let items = list.as_ref().map(|list| &*list.items);
                        self.planner.learn_list(&mut memory, action, items);
                    }
                }
            }
            self.flush(key, &mut batch, &mut memory).await;
            match plan.next {
                Next::Continue => seen_before = Some(observed),
                Next::Replan => {}
                Next::Settled => return SyncEnd::Settled,
                Next::After(delay) => return SyncEnd::After(delay),
                Next::Failed(error) => return SyncEnd::Failed(error),
            }
        }
        SyncEnd::Failed(format!("the plan did not come to an end within {STAGES_MAX} stages"))
    }

    /// Makes the writes that were put together, and learns what came of them.
    async fn flush<'a>(&self, key: &Key, batch: &mut Batch<'a, P::Action>, memory: &mut P::Memory) {
        let run = batch.run;
        let Batch { writes, told, .. } = std::mem::replace(batch, Batch { run, ..Batch::default() });
        if writes.is_empty() {
            return;
        }
        for kind in told.iter().filter_map(|told| told.kind) {
            self.own.begin(key, kind);
        }
        let asked: Vec<_> = writes.iter().map(|write| self.history.asked(&self.context, write)).collect();
        let results = self.store.write_batch(&self.context, writes).await;
        for ((told, result), asked) in told.into_iter().zip(results).zip(asked) {
            self.history.wrote(self.env.now(), run, asked, &result);
            if let Some(kind) = told.kind {
                let revision = result.as_ref().map(|written| written.object.revision());
                self.own.end(key, kind, revision);
            }
            let action = told.action;
            self.tell(&result, told);
            let outcome: Result<ObjectRef> = result.map(|written| written.object);
            self.planner.learn(memory, action, outcome.as_ref().map(Some));
        }
    }

    async fn delete_all(
        &self,
        key: &Key,
        run: RunId,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        self.own.begin(key, selection.kind);
        let before = self.store.snapshot().map(|snapshot| snapshot.revision());
        let deleted = self.store.delete_collection(&self.context, selection, options).await;
        if let (Some(before), Ok(deleted)) = (before, &deleted) {
            self.history.deleted(self.env.now(), run, &self.context, before, deleted);
        }
        let newest = |deleted: &Vec<ObjectRef>| {
            deleted.iter().map(|object| object.revision()).max().unwrap_or(Revision::ZERO)
        };
        self.own.end(key, selection.kind, deleted.as_ref().map(newest));
        deleted
    }

    fn tell(&self, result: &Result<Written>, told: Told<'_, P::Action>) {
        match result {
            Ok(written) => {
                if let Some(text) = told.on_success {
                    self.events.record(text, Some(written.object.meta().name.clone()));
                }
            }
            // As is to be expected: whoever deletes a namespace, or a child, knows.
            Err(error) if error.has_cause(NAMESPACE_TERMINATING) => {}
            Err(error) if told.is_deletion && error.is_not_found() => {}
            Err(error) => {
                if let Some(text) = told.on_failure {
                    self.events.record(text, Some(error.message().into()));
                }
            }
        }
    }
}

/// Writes next to each other, which are made together.
struct Batch<'a, A> {
    run: RunId,
    writes: Vec<Write>,
    told: Vec<Told<'a, A>>,
}

/// What is told of a write, and to whom.
struct Told<'a, A> {
    action: &'a A,
    on_success: Option<EventText>,
    on_failure: Option<EventText>,
    is_deletion: bool,
    kind: Option<KindId>,
}

impl<A> Default for Batch<'_, A> {
    fn default() -> Self {
        Self { run: RunId::default(), writes: Vec::new(), told: Vec::new() }
    }
}

impl<'a, A> Batch<'a, A> {
    fn add(
        &mut self,
        action: &'a A,
        write: Write,
        on_success: Option<EventText>,
        on_failure: Option<EventText>,
    ) {
        let is_deletion = matches!(write, Write::Delete(..));
        let kind = kind_written(&write);
        self.writes.push(write);
        self.told.push(Told { action, on_success, on_failure, is_deletion, kind });
    }
}

impl<P: Planner> fmt::Debug for Executor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("planner", &self.planner.name()).finish_non_exhaustive()
    }
}
