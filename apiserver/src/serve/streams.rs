use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::channel::mpsc::UnboundedSender;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Instant, Task};

/// Runs the streams of an HTTP/2 connection, each as a task of its own, which the connection owns: their handles go to
/// it through a channel.
///
/// A stream whose client takes nothing for too long is ended, which resets it; others of the connection go on.
#[derive(Clone)]
pub(super) struct Streams {
    env: Env,
    stall_time: Duration,
    /// No longer than the number of streams that the protocol lets a client open.
    started: UnboundedSender<Task<()>>,
    /// How far the stream is that is about to be started.
    next: Arc<Mutex<Option<Progress>>>,
}

/// How far the answer of a stream is taken.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Mutex<Option<Instant>>>);

/// A stream, until it ends or is stalled for too long.
struct Paced<F> {
    stream: Pin<Box<F>>,
    env: Env,
    stall_time: Duration,
    progress: Progress,
    timer: Option<(Instant, BoxFuture<'static, ()>)>,
}

impl Progress {
    /// A piece was handed on at this time. Until the next one is asked for, the client has not taken it.
    pub(super) fn given(&self, now: Instant) {
        *self.0.lock() = Some(now);
    }

    /// The next piece is asked for.
    pub(super) fn taken(&self) {
        *self.0.lock() = None;
    }
}

impl Streams {
    pub(super) fn new(env: &Env, stall_time: Duration, started: UnboundedSender<Task<()>>) -> Self {
        Self { env: env.clone(), stall_time, started, next: Arc::default() }
    }

    /// A request begins. Its stream is started next, before any other request of the connection begins.
    pub(super) fn begin(&self) -> Progress {
        let progress = Progress::default();
        *self.next.lock() = Some(progress.clone());
        progress
    }
}

impl<F> hyper::rt::Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, stream: F) {
        let progress = self.next.lock().take().unwrap_or_default();
        let (env, stall_time) = (self.env.clone(), self.stall_time);
        let task = Paced { stream: Box::pin(stream), env, stall_time, progress, timer: None };
        // If the connection has ended, so do its streams.
        drop(self.started.unbounded_send(self.env.spawn("http-stream", task)));
    }
}

impl<F: Future<Output = ()>> Future for Paced<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let since = *self.progress.0.lock();
        let Some(since) = since else {
            self.timer = None;
            return Poll::Pending;
        };
        let until = since + self.stall_time;
        if self.timer.as_ref().is_none_or(|(at, _)| *at != until) {
            self.timer = Some((until, self.env.sleep_until(until)));
        }
        match &mut self.timer {
            Some((_, timer)) => timer.poll_unpin(cx),
            None => Poll::Pending,
        }
    }
}
