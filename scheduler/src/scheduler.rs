use std::fmt;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::channel::oneshot;
use futures::future::{BoxFuture, Either, select};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::env::{Instant, Random, Task};
use setpoint_core::{Error, Reason, Result};
use setpoint_reconcile::events::{EventRecorder, EventText, Regarding};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::request::{Binding, Preconditions, RequestContext, Write};

use crate::condition::{self, NotPlaced};
use crate::framework::Objects;
use crate::inputs::Inputs;
use crate::pod::PodInfo;
use crate::scheduling::{Assignment, Decision, Scheduling, Unbound};
use crate::settings::Settings;

/// Pods that are bound in one write.
pub const BATCH_MAX: usize = 256;
/// Writes that may be under way at a time; until there are fewer, no pod is placed.
pub const WRITES_MAX: usize = 16;
/// How long a write may take before its outcome is taken to be unknown.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long an event's message may be, in bytes.
const EVENT_MESSAGE_MAX: usize = 1024;

/// A scheduler at work. Dropping it cancels it.
#[must_use = "a scheduler is cancelled when it is dropped"]
pub struct Scheduler {
    task: Task<()>,
    stop: oneshot::Sender<()>,
}

/// What a write has led to.
enum Done {
    Bound(Vec<(Assignment, Result<()>)>),
    Told,
}

/// Carries out what [`Scheduling`] decides.
struct Driver {
    context: Context,
    request: RequestContext,
    events: EventRecorder,
    state: Scheduling,
    inputs: Inputs,
    writes: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Scheduler {
    /// Starts to place pods.
    ///
    /// # Errors
    ///
    /// `NotFound` if pods or nodes are not registered.
    pub fn start(context: &Context, settings: Settings) -> Result<Self> {
        let env = context.env.clone();
        let Settings { scheduler_name, profile, backoff, percentage_of_nodes_to_score } = settings;
        let random = Random::seeded(env.random_u64());
        let driver = Driver {
            request: RequestContext::system("kube-scheduler"),
            events: context.events.from_source(&scheduler_name),
            state: Scheduling::new(&scheduler_name, profile, backoff, percentage_of_nodes_to_score, random),
            inputs: Inputs::new(&*context.view, context.store.registry())?,
            writes: FuturesUnordered::new(),
            context: context.clone(),
        };
        let (stop, stopped) = oneshot::channel();
        Ok(Self { task: env.spawn("scheduler", driver.run(stopped)), stop })
    }

    /// Places no pod any more, and waits until what was decided is written, at most [`WRITE_TIMEOUT`].
    pub async fn shut_down(self) {
        // If the task has ended already there is nobody to tell.
        let _told = self.stop.send(());
        if let Err(end) = self.task.join().await {
            tracing::error!(%end, "the scheduler had ended before");
        }
    }
}

impl Driver {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let view = Arc::clone(&self.context.view);
        let is_stopped = {
            let (kinds, view) = (self.inputs.kinds(), Arc::clone(&view));
            let synced = std::pin::pin!(async move {
                for kind in kinds {
                    // A kind that cannot be shown has nothing to tell, or its feed has ended.
                    let _is_shown = view.synced(kind).await;
                }
            });
            matches!(select(synced, &mut stopped).await, Either::Right(_))
        };
        if is_stopped {
            return;
        }
        self.inputs.reread(&*view, &mut self.state, self.context.env.now());
        let mut timer: Option<(Instant, BoxFuture<'static, ()>)> = None;
        loop {
            let due = self.state.next_due();
            if timer.as_ref().map(|(at, _)| *at) != due {
                timer = due.map(|at| (at, self.context.env.sleep_until(at)));
            }
            let mut yielded = false;
            let is_over = std::future::poll_fn(|cx| {
                if !matches!(stopped.poll_unpin(cx), Poll::Pending) {
                    return Poll::Ready(true);
                }
                let Some(mut is_news) = self.poll_news(cx) else {
                    tracing::warn!("the view has ended, and so does the scheduler");
                    return Poll::Ready(true);
                };
                if let Some((_, sleep)) = &mut timer
                    && sleep.poll_unpin(cx).is_ready()
                {
                    timer = None;
                    is_news = true;
                }
                // With nothing new there may still be pods to place, after others have had their turn.
                if is_news || std::mem::replace(&mut yielded, true) && self.can_place() {
                    return Poll::Ready(false);
                }
                if self.can_place() {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            })
            .await;
            if is_over {
                break;
            }
            self.state.tick(self.context.env.now());
            self.place();
        }
        let rest = async { while self.writes.next().await.is_some() {} };
        // Whoever does not make it in time is read back by the next scheduler.
        let _in_time = self.context.env.timeout(WRITE_TIMEOUT, rest).await;
    }

    /// Takes in changes and outcomes. True if there were some, `None` if there will be no more.
    fn poll_news(&mut self, cx: &mut std::task::Context<'_>) -> Option<bool> {
        let Self { inputs, state, context, writes, .. } = self;
        let mut is_news = inputs.poll(cx, &*context.view, state, context.env.now())?;
        let mut outcomes = Vec::new();
        while let Poll::Ready(Some(done)) = writes.poll_next_unpin(cx) {
            is_news = true;
            if let Done::Bound(done) = done {
                outcomes.extend(done);
            }
        }
        self.settle(outcomes);
        Some(is_news)
    }

    fn can_place(&self) -> bool {
        self.state.is_ready() && self.writes.len() < WRITES_MAX
    }

    /// Decides about as many pods as go into one write, and begins to write.
    fn place(&mut self) {
        if !self.can_place() {
            return;
        }
        let snapshot = self.context.view.snapshot();
        let objects = Objects { snapshot: &snapshot, registry: self.context.store.registry() };
        let now = self.context.env.now();
        let (mut bind, mut told) = (Vec::new(), Vec::new());
        while bind.len() + told.len() < BATCH_MAX {
            match self.state.decide(Some(objects), now) {
                None => break,
                Some(Decision::Bind(assignment)) => bind.push(assignment),
                Some(Decision::Refuse(pod, error)) => {
                    told.push(self.not_placed(&pod, "Unschedulable", error.to_string()));
                }
                Some(Decision::Skip(pod)) => {
                    let message = format!("skip schedule deleting pod: {}/{}", pod.namespace(), pod.name());
                    self.warn(&pod, message);
                }
            }
        }
        self.bind(bind);
        self.tell(told);
    }

    fn bind(&mut self, assignments: Vec<Assignment>) {
        if assignments.is_empty() {
            return;
        }
        let (context, request) = (self.context.clone(), self.request.clone());
        let write = async move {
            let writes = assignments.iter().map(binding).collect();
            let results =
                match context.env.timeout(WRITE_TIMEOUT, context.store.write_batch(&request, writes)).await {
                    Ok(results) => results.into_iter().map(|result| result.map(drop)).collect(),
                    Err(elapsed) => {
                        let unknown = || Err(Error::new(Reason::Timeout, elapsed.to_string()));
                        assignments.iter().map(|_| unknown()).collect::<Vec<_>>()
                    }
                };
            Done::Bound(assignments.into_iter().zip(results).collect())
        };
        self.writes.push(write.boxed());
    }

    fn tell(&mut self, told: Vec<NotPlaced>) {
        if told.is_empty() {
            return;
        }
        let (context, request) = (self.context.clone(), self.request.clone());
        let write = async move {
            let write = condition::write(&*context.store, &request, told);
            if let Err(elapsed) = context.env.timeout(WRITE_TIMEOUT, write).await {
                tracing::warn!(%elapsed, "conditions were not written");
            }
            Done::Told
        };
        self.writes.push(write.boxed());
    }

    fn settle(&mut self, outcomes: Vec<(Assignment, Result<()>)>) {
        let mut told = Vec::new();
        for (assignment, result) in outcomes {
            let pod = Arc::clone(&assignment.queued.pod);
            match result {
                Ok(()) => {
                    let (namespace, name) = (pod.namespace(), pod.name());
                    let message = format!("Successfully assigned {namespace}/{name} to {}", assignment.node);
                    self.events.record(
                        EventText::normal(Regarding::object(&pod.object), "Scheduled", message),
                        None,
                    );
                }
                Err(error) => {
                    let snapshot = self.context.view.snapshot();
                    let current = snapshot.get(&pod.key());
                    let now = self.context.env.now();
                    if self.state.bind_failed(assignment, current, now) == Unbound::Requeued {
                        let message =
                            format!("binding rejected: running Bind plugin \"DefaultBinder\": {error}");
                        told.push(self.not_placed(&pod, "SchedulerError", message));
                    }
                }
            }
        }
        self.tell(told);
    }

    /// Tells people, and gives what is to be told in the pod's status.
    fn not_placed(&self, pod: &Arc<PodInfo>, reason: &'static str, message: String) -> NotPlaced {
        self.warn(pod, message.clone());
        NotPlaced { pod: Arc::clone(pod), reason, message, at: Time(self.context.env.wall()) }
    }

    fn warn(&self, pod: &PodInfo, message: String) {
        let message = shorten(message, EVENT_MESSAGE_MAX);
        self.events
            .record(EventText::warning(Regarding::object(&pod.object), "FailedScheduling", message), None);
    }
}

fn binding(assignment: &Assignment) -> Write {
    let pod = &assignment.queued.pod;
    Write::Bind(Binding {
        pod: pod.key(),
        node: assignment.node.clone(),
        preconditions: Preconditions::uid(Some(&pod.uid)),
        labels: Default::default(),
        annotations: Default::default(),
    })
}

/// Cuts a message that is too long, as upstream does.
fn shorten(mut message: String, bytes_max: usize) -> String {
    const END: &str = " ...";
    if message.len() > bytes_max {
        message.truncate(message.floor_char_boundary(bytes_max - END.len()));
        message.push_str(END);
    }
    message
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
