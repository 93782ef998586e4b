use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt};
use setpoint_core::object::Revision;
use setpoint_core::{Error, Result};
use setpoint_store::WatchStream;
use setpoint_store::request::{WatchEvent, WatchFrom, WatchQuery};

use super::store::Shared;
use crate::choices::Site;

/// How late a late event is.
const LATE: Duration = Duration::from_secs(2);
/// How late a very late one is.
const VERY_LATE: Duration = Duration::from_secs(30);
/// How long an event is kept back for the next one.
const UNOBSERVED_MAX: Duration = Duration::from_secs(20);

/// A watch over a link.
pub(super) struct LinkWatch {
    shared: Arc<Shared>,
    ticket: u64,
    site: Site,
    query: WatchQuery,
    resource: String,
    stream: WatchStream,
    state: State,
    /// Everything up to here came through the true watch.
    reached: Revision,
    /// Whether what is there at the beginning is being told.
    is_initial: bool,
    /// What the life wakes.
    waker: Option<Waker>,
}

enum State {
    Open,
    /// An event is kept back until then.
    Late(BoxFuture<'static, ()>, Box<Result<WatchEvent>>),
    /// Nothing is shown until another event comes, or until then.
    Unobserved(BoxFuture<'static, ()>),
    Silent,
    Ended,
}

impl LinkWatch {
    pub(super) fn new(shared: &Arc<Shared>, query: &WatchQuery, stream: WatchStream) -> Self {
        let world = &shared.world;
        let kind = world.store.registry().get(query.selection.kind);
        let resource = kind.map(|kind| kind.resource.resource.to_string()).unwrap_or_default();
        let site = world.choices.site(&format!("event/{}/{resource}", shared.process.name()));
        let (reached, is_initial) = match query.from {
            WatchFrom::After(revision) => (revision, false),
            WatchFrom::InitialEvents(_) | WatchFrom::State => (Revision::ZERO, true),
            WatchFrom::Now => (Revision::ZERO, false),
        };
        Self {
            ticket: shared.life.ticket(),
            shared: Arc::clone(shared),
            site,
            query: query.clone(),
            resource,
            stream,
            state: State::Open,
            reached,
            is_initial,
            waker: None,
        }
    }

    /// The store's promise to watchers, whatever the link does afterwards (INV-ST-08).
    fn validate(&mut self, event: &WatchEvent) {
        let revision = event.revision();
        match event {
            WatchEvent::Bookmark { initial_events_end: true, .. } => self.is_initial = false,
            WatchEvent::Bookmark { .. } => {}
            _ if self.is_initial => return,
            _ if revision <= self.reached => {
                let message = format!(
                    "a watch of {} tells of @{revision} after it has told of @{}",
                    self.resource, self.reached
                );
                self.shared.world.violated("INV-ST-08", message);
            }
            _ => {}
        }
        self.reached = revision.max(self.reached);
    }

    fn fault(&self, event: &WatchEvent) -> usize {
        let world = &self.shared.world;
        if !world.is_faulty() || matches!(event, WatchEvent::Bookmark { .. }) || self.is_initial {
            return 0;
        }
        world.choices.weighted(self.site, &world.faults.event.chances())
    }

    fn note(&self, what: &str, event: &WatchEvent) {
        let name = event.object().map(|object| object.key().to_string()).unwrap_or_default();
        let what =
            format!("event of {} {name} {}: {what}", self.resource, self.shared.world.at(event.revision()));
        self.shared.world.note_fault(self.shared.process.name(), what);
    }

    /// What becomes of an event.
    fn take(&mut self, event: WatchEvent) -> Option<Poll<Option<Result<WatchEvent>>>> {
        self.validate(&event);
        let env = &self.shared.world.env;
        match self.fault(&event) {
            0 => return Some(self.deliver(event)),
            1 => {
                self.note("late", &event);
                self.state = State::Late(env.sleep(LATE), Box::new(Ok(event)));
            }
            2 => {
                self.note("very late", &event);
                self.state = State::Late(env.sleep(VERY_LATE), Box::new(Ok(event)));
            }
            3 => {
                self.note("the watch ends before it", &event);
                self.state = State::Ended;
            }
            4 => {
                self.note("expired", &event);
                return Some(self.expire());
            }
            5 => {
                self.note("unobserved, like the next one", &event);
                self.state = State::Unobserved(env.sleep(UNOBSERVED_MAX));
            }
            _ => {
                self.note("the watch goes silent", &event);
                self.state = State::Silent;
            }
        }
        None
    }

    fn deliver(&self, event: WatchEvent) -> Poll<Option<Result<WatchEvent>>> {
        if !self.is_initial {
            self.shared.saw(self.query.selection.kind, event.revision());
        }
        Poll::Ready(Some(Ok(event)))
    }

    fn expire(&mut self) -> Poll<Option<Result<WatchEvent>>> {
        self.state = State::Ended;
        Poll::Ready(Some(Err(Error::expired("too old resource version"))))
    }
}

impl Stream for LinkWatch {
    type Item = Result<WatchEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.waker.as_ref().is_none_or(|known| !known.will_wake(cx.waker())) {
            this.shared.life.listen(this.ticket, cx.waker());
            this.waker = Some(cx.waker().clone());
        }
        if this.shared.life.is_dead() || this.shared.life.is_partitioned() {
            return Poll::Pending;
        }
        loop {
            match &mut this.state {
                State::Ended => return Poll::Ready(None),
                State::Silent => return Poll::Pending,
                State::Late(timer, _) => {
                    if timer.poll_unpin(cx).is_pending() {
                        return Poll::Pending;
                    }
                    let State::Late(_, event) = std::mem::replace(&mut this.state, State::Open) else {
                        continue;
                    };
                    match *event {
                        Ok(event) => return this.deliver(event),
                        error => return Poll::Ready(Some(error)),
                    }
                }
                State::Unobserved(timer) => {
                    let due = timer.poll_unpin(cx).is_ready();
                    match this.stream.poll_next_unpin(cx) {
                        Poll::Ready(Some(Ok(event))) => {
                            this.validate(&event);
                            if event.object().is_some() {
                                return this.expire();
                            }
                        }
                        Poll::Ready(_) => return this.expire(),
                        Poll::Pending if due => return this.expire(),
                        Poll::Pending => return Poll::Pending,
                    }
                }
                State::Open => match futures::ready!(this.stream.poll_next_unpin(cx)) {
                    Some(Ok(event)) => {
                        if let Some(outcome) = this.take(event) {
                            return outcome;
                        }
                    }
                    Some(Err(error)) => {
                        this.state = State::Ended;
                        return Poll::Ready(Some(Err(error)));
                    }
                    None => this.state = State::Ended,
                },
            }
        }
    }
}

impl Drop for LinkWatch {
    fn drop(&mut self) {
        self.shared.life.let_go(self.ticket);
    }
}
