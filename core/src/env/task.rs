use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::channel::oneshot;
use futures::future::{AbortHandle, Abortable};

/// The handle of a task that [`Env::spawn`](super::Env::spawn) started.
///
/// Dropped before the task is done, the task is cancelled at its next await.
#[derive(Debug)]
#[must_use = "a task is cancelled when its handle is dropped"]
pub struct Task<T> {
    name: Box<str>,
    abort: AbortHandle,
    outcome: oneshot::Receiver<Result<T, TaskEnd>>,
}

/// Why a task gave no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskEnd {
    /// It was cancelled, or its runtime went away.
    #[error("task {0} was cancelled")]
    Cancelled(Box<str>),
    /// It panicked with this message.
    #[error("task {task} panicked: {message}")]
    Panicked {
        /// The task's name.
        task: Box<str>,
        /// What the panic said.
        message: String,
    },
}

impl<T> Task<T> {
    pub(super) fn pair<F>(name: &str, future: F) -> (impl Future<Output = ()> + Send + use<F, T>, Self)
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let (abort, registration) = AbortHandle::new_pair();
        let (sender, outcome) = oneshot::channel();
        let task: Box<str> = name.into();
        let handle = Self { name: task.clone(), abort, outcome };
        let body = async move {
            let outcome = match Abortable::new(AssertUnwindSafe(future).catch_unwind(), registration).await {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(panic)) => Err(TaskEnd::Panicked { task, message: panic_message(&*panic) }),
                Err(_) => Err(TaskEnd::Cancelled(task)),
            };
            // The owner may have dropped the handle; then nobody waits for the outcome.
            drop(sender.send(outcome));
        };
        (body, handle)
    }

    /// The name it was spawned under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Cancels it at its next await. [`Task::join`] then tells whether it was done before.
    pub fn cancel(&self) {
        self.abort.abort();
    }

    /// Whether it has ended, or has been told to.
    pub fn is_cancelled(&self) -> bool {
        self.abort.is_aborted()
    }

    /// Waits until it ends.
    pub async fn join(mut self) -> Result<T, TaskEnd> {
        (&mut self).await
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, TaskEnd>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome)
            .poll(cx)
            .map(|received| received.unwrap_or_else(|_| Err(TaskEnd::Cancelled(self.name.clone()))))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// Work that blocks, and the future of its outcome; a panic inside is caught.
pub(super) fn blocking_pair<F, R>(
    name: &str,
    work: F,
) -> (impl FnOnce() + Send + use<F, R>, impl Future<Output = Result<R, TaskEnd>> + Send + use<F, R>)
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (sender, outcome) = oneshot::channel();
    let task: Box<str> = name.into();
    let lost = task.clone();
    let body = move || {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(work));
        let outcome = outcome.map_err(|panic| TaskEnd::Panicked { task, message: panic_message(&*panic) });
        // Whoever asked may be gone; then nobody waits for the outcome.
        drop(sender.send(outcome));
    };
    (body, async move { outcome.await.unwrap_or(Err(TaskEnd::Cancelled(lost))) })
}

/// The text of a panic, as far as it has one.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
