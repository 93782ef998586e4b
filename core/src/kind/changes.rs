use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Counts changes, and wakes those who wait for one.
#[derive(Debug, Default)]
pub(super) struct Changes {
    version: u64,
    /// Each waiting task once; all are taken with the next change.
    waiting: Vec<Waker>,
}

impl Changes {
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// There was a change.
    pub(super) fn tell(&mut self) {
        self.version += 1;
        self.waiting.drain(..).for_each(Waker::wake);
    }

    pub(super) fn poll(&mut self, seen: u64, cx: &Context<'_>) -> Poll<u64> {
        if self.version != seen {
            return Poll::Ready(self.version);
        }
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// Waits for a change.
pub(super) struct Changed<P> {
    seen: u64,
    poll: P,
}

impl<P: FnMut(u64, &Context<'_>) -> Poll<u64>> Changed<P> {
    pub(super) fn new(seen: u64, poll: P) -> Self {
        Self { seen, poll }
    }
}

impl<P: FnMut(u64, &Context<'_>) -> Poll<u64> + Unpin> Future for Changed<P> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        let this = self.get_mut();
        (this.poll)(this.seen, cx)
    }
}
