use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use setpoint_core::Result;
use setpoint_store::WatchStream;
use setpoint_store::request::WatchEvent;

use super::store::Chance;

/// A watch that is cut, silenced or late now and then.
pub(super) struct FaultyWatch {
    chance: Chance,
    stream: WatchStream,
    /// An event that is late, until it is delivered.
    late: Option<(BoxFuture<'static, ()>, Result<WatchEvent>)>,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Ended,
    /// Never says anything again.
    Silent,
}

impl FaultyWatch {
    pub(super) fn new(chance: Chance, stream: WatchStream) -> Self {
        Self { chance, stream, late: None, state: State::Open }
    }

    /// What becomes of an event; `None` if it is late or lost.
    fn deliver(&mut self, event: Result<WatchEvent>) -> Option<Option<Result<WatchEvent>>> {
        if self.chance.strikes(|faults| faults.watch_cut) {
            self.state = State::Ended;
            return Some(None);
        }
        if let Err(expired) = self.chance.expire() {
            self.state = State::Ended;
            return Some(Some(Err(expired)));
        }
        if self.chance.strikes(|faults| faults.watch_stalled) {
            self.state = State::Silent;
            return None;
        }
        if self.chance.strikes(|faults| faults.watch_late) {
            let lateness = self.chance.faults().lateness(self.chance.env.random_u64());
            self.late = Some((self.chance.env.sleep(lateness), event));
            return None;
        }
        Some(Some(event))
    }
}

impl Stream for FaultyWatch {
    type Item = Result<WatchEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match this.state {
                State::Ended => return Poll::Ready(None),
                State::Silent => return Poll::Pending,
                State::Open => {}
            }
            if let Some((mut timer, event)) = this.late.take() {
                if timer.poll_unpin(cx).is_pending() {
                    this.late = Some((timer, event));
                    return Poll::Pending;
                }
                return Poll::Ready(Some(event));
            }
            let item = futures::ready!(this.stream.poll_next_unpin(cx));
            let Some(event) = item else {
                this.state = State::Ended;
                return Poll::Ready(None);
            };
            if let Some(outcome) = this.deliver(event) {
                return Poll::Ready(outcome);
            }
        }
    }
}
