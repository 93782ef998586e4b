use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use futures::future::BoxFuture;
use parking_lot::Mutex;

/// One life of a process, from its start to its crash. All its tasks share it.
///
/// A dead process's tasks are dropped when they are polled next, and never run again; a paused one's are not
/// polled until it goes on.
#[derive(Debug, Default)]
pub(crate) struct Life {
    dead: AtomicBool,
    paused: AtomicBool,
    partitioned: AtomicBool,
    listeners: Mutex<Listeners>,
}

#[derive(Debug, Default)]
struct Listeners {
    next: u64,
    /// What wakes each task and each wait that ends with a change of state.
    wakers: BTreeMap<u64, Waker>,
}

impl Life {
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    pub(crate) fn is_partitioned(&self) -> bool {
        self.partitioned.load(Ordering::Relaxed)
    }

    fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        self.change(&self.dead, true);
    }

    pub(crate) fn pause(&self, paused: bool) {
        self.change(&self.paused, paused);
    }

    pub(crate) fn partition(&self, partitioned: bool) {
        self.change(&self.partitioned, partitioned);
    }

    fn change(&self, what: &AtomicBool, to: bool) {
        what.store(to, Ordering::Relaxed);
        let wakers: Vec<Waker> = self.listeners.lock().wakers.values().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn ticket(&self) -> u64 {
        let listeners = &mut *self.listeners.lock();
        listeners.next += 1;
        listeners.next
    }

    /// Wakes at the next change of state, until it is let go.
    pub(crate) fn listen(&self, ticket: u64, waker: &Waker) {
        let listeners = &mut *self.listeners.lock();
        match listeners.wakers.get_mut(&ticket) {
            Some(known) => known.clone_from(waker),
            None => {
                listeners.wakers.insert(ticket, waker.clone());
            }
        }
    }

    /// Waits for the end.
    pub(crate) async fn ended(&self) {
        let ticket = Ticket { life: self, number: self.ticket() };
        std::future::poll_fn(|cx| {
            self.listen(ticket.number, cx.waker());
            if self.is_dead() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    pub(crate) fn let_go(&self, ticket: u64) {
        let waker = self.listeners.lock().wakers.remove(&ticket);
        drop(waker);
    }
}

/// Is let go when it is dropped.
struct Ticket<'a> {
    life: &'a Life,
    number: u64,
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.life.let_go(self.number);
    }
}

/// A task that lives as long as its process.
pub(crate) struct Living {
    life: Arc<Life>,
    ticket: u64,
    task: Option<BoxFuture<'static, ()>>,
    /// What the life wakes.
    waker: Option<Waker>,
}

impl Living {
    pub(crate) fn new(life: Arc<Life>, task: BoxFuture<'static, ()>) -> Self {
        let ticket = life.ticket();
        Self { life, ticket, task: Some(task), waker: None }
    }
}

impl Future for Living {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.waker.as_ref().is_none_or(|known| !known.will_wake(cx.waker())) {
            self.life.listen(self.ticket, cx.waker());
            self.waker = Some(cx.waker().clone());
        }
        if self.life.is_dead() {
            let ended = self.task.take();
            drop(ended);
        }
        let is_paused = self.life.is_paused();
        match &mut self.task {
            None => Poll::Ready(()),
            Some(_) if is_paused => Poll::Pending,
            Some(task) => task.as_mut().poll(cx),
        }
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.life.let_go(self.ticket);
    }
}
