use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::task::{Poll, Waker};

use parking_lot::Mutex;
use setpoint_core::env::{Env, Task};
use setpoint_core::object::Text;
use setpoint_store::ObjectStore;

use super::EventText;
use super::sink::Sink;

/// Takes what a component has to tell. Clones share; recording never waits.
#[derive(Clone)]
pub struct EventRecorder {
    source: Text,
    shared: Arc<Shared>,
}

/// Writes what recorders take.
#[derive(Debug)]
pub struct EventSink;

/// What is recorded and not yet written, at the most; more is dropped, as events may be.
pub const PENDING_MAX: usize = 16_384;

/// Something that was told, by whom.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) source: Text,
    pub(super) text: EventText,
    /// What the message ends with.
    pub(super) subject: Option<Text>,
}

impl Recorded {
    /// Appends the whole message.
    pub(super) fn push_message(&self, to: &mut String) {
        to.push_str(&self.text.message);
        to.push_str(self.subject.as_deref().unwrap_or_default());
    }
}

pub(super) struct Shared {
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    recorded: VecDeque<Recorded>,
    dropped: u64,
    closed: bool,
    waker: Option<Waker>,
}

impl EventSink {
    /// Starts to write to a store what the recorder, and all made from it, take. The task ends after
    /// [`EventRecorder::close`], when everything is written.
    pub fn start(env: &Env, store: Arc<dyn ObjectStore>) -> (EventRecorder, Task<()>) {
        let shared = Arc::new(Shared { pending: Mutex::default() });
        let recorder = EventRecorder { source: "setpoint".into(), shared: Arc::clone(&shared) };
        let mut sink = Sink::new(env.clone(), store);
        let task = env.spawn("event-sink", async move {
            while let Some(recorded) = shared.take().await {
                sink.write(recorded).await;
            }
        });
        (recorder, task)
    }
}

impl EventRecorder {
    /// The same recorder under another component's name.
    #[must_use]
    pub fn from_source(&self, source: &str) -> Self {
        Self { source: source.into(), shared: Arc::clone(&self.shared) }
    }

    /// Tells something. Where the text ends with a subject, that is given here.
    pub fn record(&self, text: EventText, subject: Option<Text>) {
        let subject = subject.filter(|_| text.ends_with_subject);
        let waker = {
            let pending = &mut *self.shared.pending.lock();
            if pending.recorded.len() >= PENDING_MAX {
                pending.dropped += 1;
                return;
            }
            pending.recorded.push_back(Recorded { source: self.source.clone(), text, subject });
            pending.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    /// How much was dropped because nobody could write it in time.
    pub fn dropped(&self) -> u64 {
        self.shared.pending.lock().dropped
    }

    /// Nothing more will be told.
    pub fn close(&self) {
        let waker = {
            let pending = &mut *self.shared.pending.lock();
            pending.closed = true;
            pending.waker.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Shared {
    /// Waits for something to write; `None` after the end.
    async fn take(&self) -> Option<VecDeque<Recorded>> {
        std::future::poll_fn(|cx| {
            let pending = &mut *self.pending.lock();
            if !pending.recorded.is_empty() {
                return Poll::Ready(Some(std::mem::take(&mut pending.recorded)));
            }
            if pending.closed {
                return Poll::Ready(None);
            }
            pending.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

impl fmt::Debug for EventRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRecorder").field("source", &self.source).finish_non_exhaustive()
    }
}
