use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures::future::BoxFuture;
use parking_lot::Mutex;

/// One life of a process, from its start to its crash. All its tasks share it.
///
/// A dead process's tasks are dropped when they are polled next, and never run again; a paused one's are not
/// polled until it goes on.
#[derive(Debug, Default)]
pub(crate) struct Life(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    dead: bool,
    paused: bool,
    partitioned: bool,
    next: u64,
    /// What wakes each task and each wait that ends with a change of state.
    wakers: BTreeMap<u64, Waker>,
}

impl Life {
    pub(crate) fn is_dead(&self) -> bool {
        self.0.lock().dead
    }

    pub(crate) fn is_partitioned(&self) -> bool {
        self.0.lock().partitioned
    }

    pub(crate) fn end(&self) {
        self.change(|state| state.dead = true);
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.change(|state| state.paused = paused);
    }

    pub(crate) fn partition(&self, partitioned: bool) {
        self.change(|state| state.partitioned = partitioned);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let wakers: Vec<Waker> = {
            let state = &mut *self.0.lock();
            change(state);
            state.wakers.values().cloned().collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn ticket(&self) -> u64 {
        let state = &mut *self.0.lock();
        state.next += 1;
        state.next
    }

    /// Wakes at the next change of state, until it is let go.
    pub(crate) fn listen(&self, ticket: u64, waker: &Waker) {
        let state = &mut *self.0.lock();
        match state.wakers.get_mut(&ticket) {
            Some(known) => known.clone_from(waker),
            None => {
                state.wakers.insert(ticket, waker.clone());
            }
        }
    }

    pub(crate) fn let_go(&self, ticket: u64) {
        let waker = self.0.lock().wakers.remove(&ticket);
        drop(waker);
    }
}

/// A task that lives as long as its process.
pub(crate) struct Living {
    life: Arc<Life>,
    ticket: u64,
    task: Option<BoxFuture<'static, ()>>,
}

impl Living {
    pub(crate) fn new(life: Arc<Life>, task: BoxFuture<'static, ()>) -> Self {
        let ticket = life.ticket();
        Self { life, ticket, task: Some(task) }
    }
}

impl Future for Living {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.life.listen(self.ticket, cx.waker());
        let (dead, paused) = {
            let state = self.life.0.lock();
            (state.dead, state.paused)
        };
        if dead {
            let ended = self.task.take();
            drop(ended);
        }
        match &mut self.task {
            None => Poll::Ready(()),
            Some(_) if paused => Poll::Pending,
            Some(task) => task.as_mut().poll(cx),
        }
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.life.let_go(self.ticket);
    }
}
