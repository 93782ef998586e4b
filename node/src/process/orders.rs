use std::time::Duration;

use parking_lot::Mutex;
use setpoint_core::env::Instant;
use tokio::sync::Notify;

/// What is wanted of a running container, between those who want it stopped and the one who watches it.
///
/// [`Orders::next`] must be called when the watch begins, again whenever [`Orders::changed`] resolves, and again
/// at the instant it answered.
#[derive(Debug)]
pub(super) struct Orders {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    /// Somebody wants it asked to stop.
    wanted: bool,
    asked: bool,
    kill_at: Instant,
    killed: bool,
}

/// What to do with a container's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// Ask them to stop.
    Ask,
    /// Kill them.
    Kill,
    /// Nothing before this instant.
    Wait(Instant),
}

impl Orders {
    pub(super) fn new() -> Self {
        let state = State { wanted: false, asked: false, kill_at: Instant::NEVER, killed: false };
        Self { state: Mutex::new(state), changed: Notify::new() }
    }

    /// It is to end, killed when `grace` is over. A shorter grace shortens, a longer one changes nothing
    /// (AGENT-16).
    pub(super) fn stop(&self, grace: Duration, now: Instant) {
        let mut state = self.state.lock();
        state.wanted |= !grace.is_zero();
        state.kill_at = state.kill_at.min(now + grace);
        self.changed.notify_one();
    }

    /// What to do now. An order is given once.
    pub(super) fn next(&self, now: Instant) -> Order {
        let mut state = self.state.lock();
        if state.killed {
            return Order::Wait(Instant::NEVER);
        }
        if state.kill_at <= now {
            state.killed = true;
            return Order::Kill;
        }
        if state.wanted && !state.asked {
            state.asked = true;
            return Order::Ask;
        }
        Order::Wait(state.kill_at)
    }

    /// Resolves when there may be a new order.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u32) -> Instant {
        Instant::after_start(SECOND * seconds)
    }

    // AGENT-15
    #[test]
    fn it_is_asked_once_and_killed_once() {
        let orders = Orders::new();
        assert_eq!(orders.next(at(0)), Order::Wait(Instant::NEVER));
        orders.stop(SECOND * 5, at(1));
        assert_eq!(orders.next(at(1)), Order::Ask);
        assert_eq!(orders.next(at(1)), Order::Wait(at(6)));
        orders.stop(SECOND * 5, at(1));
        assert_eq!(orders.next(at(1)), Order::Wait(at(6)));
        assert_eq!(orders.next(at(6)), Order::Kill);
        assert_eq!(orders.next(at(7)), Order::Wait(Instant::NEVER));
    }

    // AGENT-16
    #[test]
    fn the_shortest_grace_counts() {
        let orders = Orders::new();
        orders.stop(SECOND * 100, at(0));
        orders.stop(SECOND * 2, at(1));
        orders.stop(SECOND * 100, at(1));
        assert_eq!(orders.next(at(1)), Order::Ask);
        assert_eq!(orders.next(at(1)), Order::Wait(at(3)));
    }

    #[test]
    fn without_grace_nobody_asks() {
        let orders = Orders::new();
        orders.stop(Duration::ZERO, at(1));
        assert_eq!(orders.next(at(1)), Order::Kill);
    }

    #[test]
    fn no_grace_is_too_long() {
        let orders = Orders::new();
        orders.stop(Duration::MAX, at(1));
        assert_eq!(orders.next(at(1)), Order::Ask);
        assert_eq!(orders.next(at(1)), Order::Wait(Instant::NEVER));
    }
}
