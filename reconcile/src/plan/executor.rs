use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_core::object::{Key, ObjectRef, Revision};
use setpoint_core::{Error, Result};
use setpoint_store::ObjectStore;
use setpoint_store::request::{ReadAt, RequestContext, Write, Written};
use setpoint_watch::View;

use super::{Next, Planner, Step};
use crate::events::{EventRecorder, EventText};

/// Stages of one sync at the most; a plan that asks for more has lost its way and fails.
pub const STAGES_MAX: usize = 256;

/// Carries out the plans of one controller.
pub struct Executor<P> {
    planner: P,
    env: Env,
    store: Arc<dyn ObjectStore>,
    view: Arc<dyn View>,
    events: EventRecorder,
    context: RequestContext,
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
        Self { planner, env: env.clone(), store, view, events, context }
    }

    /// The planner.
    pub fn planner(&self) -> &P {
        &self.planner
    }

    /// Brings the world around one root object a sync closer to what is wanted.
    pub async fn sync(&self, key: &Key) -> SyncEnd {
        let mut memory = P::Memory::default();
        for _ in 0..STAGES_MAX {
            let Some(observed) = self.planner.observe(&self.view.snapshot(), key) else {
                self.planner.forget(key);
                return SyncEnd::Gone;
            };
            let plan = self.planner.plan(&observed, &memory, self.env.wall());
            memory = plan.memory;
            let mut newest: Vec<(Key, Revision)> = Vec::new();
            let steps = plan.actions.iter().flat_map(|action| {
                self.planner.enact(&observed, action).into_iter().map(move |step| (action, step))
            });
            let mut batch = Batch::default();
            for (action, step) in steps {
                match step {
                    Step::Write { write, on_success, on_failure } => {
                        batch.add(action, *write, on_success, on_failure);
                    }
                    Step::Event(text) => self.events.record(text, None),
                    Step::ReadLive(key) => {
                        self.flush(&mut batch, &mut memory, &mut newest).await;
                        let read = self.store.get(&self.context, &key, ReadAt::Newest).await;
                        self.planner.learn(&mut memory, action, read.as_ref().map(Some));
                    }
                }
            }
            self.flush(&mut batch, &mut memory, &mut newest).await;
            for (key, revision) in newest {
                self.view.reached(key.kind, revision).await;
            }
            match plan.next {
                Next::Replan => {}
                Next::Settled => return SyncEnd::Settled,
                Next::After(delay) => return SyncEnd::After(delay),
                Next::Failed(error) => return SyncEnd::Failed(error),
            }
        }
        SyncEnd::Failed(format!("the plan did not come to an end within {STAGES_MAX} stages"))
    }

    /// Makes the writes that were put together, and learns what came of them.
    async fn flush<'a>(
        &self,
        batch: &mut Batch<'a, P::Action>,
        memory: &mut P::Memory,
        newest: &mut Vec<(Key, Revision)>,
    ) {
        let Batch { writes, told } = std::mem::take(batch);
        if writes.is_empty() {
            return;
        }
        let results = self.store.write_batch(&self.context, writes).await;
        for ((action, on_success, on_failure), result) in told.into_iter().zip(results) {
            self.tell(&result, on_success, on_failure);
            let outcome: Result<ObjectRef> = result.map(|written| written.object);
            if let Ok(object) = &outcome {
                note(newest, object);
            }
            self.planner.learn(memory, action, outcome.as_ref().map(Some));
        }
    }

    fn tell(&self, result: &Result<Written, Error>, ok: Option<EventText>, bad: Option<EventText>) {
        match result {
            Ok(written) => {
                if let Some(text) = ok {
                    self.events.record(text, Some(&written.object.meta().name));
                }
            }
            Err(error) => {
                if let Some(text) = bad {
                    self.events.record(text, Some(error.message()));
                }
            }
        }
    }
}

/// Keeps, for each kind, the newest revision that was written.
fn note(newest: &mut Vec<(Key, Revision)>, object: &ObjectRef) {
    let key = object.key();
    match newest.iter_mut().find(|(known, _)| known.kind == key.kind) {
        Some((_, revision)) => *revision = (*revision).max(object.revision()),
        None => newest.push((key, object.revision())),
    }
}

/// Writes next to each other, which are made together.
struct Batch<'a, A> {
    writes: Vec<Write>,
    told: Vec<(&'a A, Option<EventText>, Option<EventText>)>,
}

impl<A> Default for Batch<'_, A> {
    fn default() -> Self {
        Self { writes: Vec::new(), told: Vec::new() }
    }
}

impl<'a, A> Batch<'a, A> {
    fn add(&mut self, action: &'a A, write: Write, ok: Option<EventText>, bad: Option<EventText>) {
        self.writes.push(write);
        self.told.push((action, ok, bad));
    }
}

impl<P: Planner> fmt::Debug for Executor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("planner", &self.planner.name()).finish_non_exhaustive()
    }
}
