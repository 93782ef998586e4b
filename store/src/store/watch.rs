use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use setpoint_core::env::Env;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Object, ObjectRef};
use setpoint_core::{Error, Result};

use super::read::{check_fields, expired_error, matches, route};
use super::{Inner, shown_as};
use crate::engine::{Change, Engine, Feed};
use crate::object_store::WatchStream;
use crate::request::{Selection, WatchEvent, WatchFrom, WatchQuery};

/// How long nothing is told before a watch says how far it has come (WATCH-05).
const BOOKMARK_INTERVAL: Duration = Duration::from_secs(60);
/// The same for the first time after what was there at the beginning has been told, as upstream does.
const FIRST_BOOKMARK: Duration = Duration::from_secs(1);

impl<E: Engine> Inner<E> {
    pub(super) async fn watch(&self, query: &WatchQuery) -> Result<WatchStream> {
        let kind = self.kind(query.selection.kind)?;
        check_fields(&kind, &query.selection)?;
        let mut initial = VecDeque::new();
        let from = match query.from {
            WatchFrom::After(revision) => revision,
            WatchFrom::Now => self.engine.snapshot().revision(),
            WatchFrom::State | WatchFrom::InitialEvents(_) => {
                let at = match query.from {
                    WatchFrom::InitialEvents(revision) => crate::request::ReadAt::NotOlderThan(revision),
                    _ => crate::request::ReadAt::Newest,
                };
                let snapshot = self.snapshot_for(at).await?;
                initial.extend(self.select(&snapshot, &query.selection)?.into_iter().map(WatchEvent::Added));
                if matches!(query.from, WatchFrom::InitialEvents(_)) {
                    let revision = snapshot.revision();
                    initial.push_back(WatchEvent::Bookmark { revision, initial_events_end: true });
                }
                snapshot.revision()
            }
        };
        let feed = self.engine.feed(kind.id, route(&kind, &query.selection), from);
        let feed = feed.map_err(|expired| expired_error(&expired))?;
        let first = match query.from {
            WatchFrom::InitialEvents(_) => FIRST_BOOKMARK,
            _ => BOOKMARK_INTERVAL,
        };
        let bookmark = query.bookmarks.then(|| self.env.sleep(first));
        let selection = query.selection.clone();
        let end = kind.custom.as_ref().map(|custom| custom.end.wait().boxed());
        let env = self.env.clone();
        Ok(Box::pin(Watch { kind, selection, env, initial, feed, bookmark, end, ended: false }))
    }
}

/// Turns a feed of changes into what a client that selects sees.
struct Watch {
    kind: Arc<Kind>,
    selection: Selection,
    env: Env,
    /// What is told first.
    initial: VecDeque<WatchEvent>,
    feed: Feed,
    /// When to tell how far it has come, if at all.
    bookmark: Option<BoxFuture<'static, ()>>,
    /// When the kind is gone or another one, if it can be (CRD-11).
    end: Option<BoxFuture<'static, ()>>,
    ended: bool,
}

impl Stream for Watch {
    type Item = Result<WatchEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(event) = this.initial.pop_front() {
            return Poll::Ready(Some(Ok(event)));
        }
        while !this.ended {
            match Pin::new(&mut this.feed).poll_next(cx) {
                Poll::Ready(Some(Ok(change))) => {
                    if let Some(event) = this.event(&change) {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
                // A clean end: the client resumes from the last event (WATCH-11).
                Poll::Ready(Some(Err(_)) | None) => this.ended = true,
                Poll::Pending if this.is_over(cx) => this.ended = true,
                Poll::Pending => return this.poll_bookmark(cx),
            }
        }
        Poll::Ready(None)
    }
}

impl Watch {
    /// What a change is to the selection (WATCH-03, WATCH-04).
    fn event(&self, change: &Change) -> Option<WatchEvent> {
        let selected = |object: &&ObjectRef| self.selects(object);
        let before = change.old.as_ref().filter(selected);
        let after = change.new.as_ref().filter(selected);
        match (before, after) {
            (None, Some(new)) => Some(WatchEvent::Added(shown_as(new, &self.kind))),
            (Some(_), Some(new)) => Some(WatchEvent::Modified(shown_as(new, &self.kind))),
            (Some(_), None) => change.removed().map(|old| WatchEvent::Deleted(shown_as(&old, &self.kind))),
            (None, None) => None,
        }
    }

    /// Whether the kind has become another one: what it was is told, and no more.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.end.as_mut().is_some_and(|end| end.poll_unpin(cx).is_ready())
    }

    fn selects(&self, object: &Object) -> bool {
        let namespace = self.selection.namespace.as_deref();
        namespace.is_none_or(|namespace| object.place().0 == namespace)
            && matches(&self.kind, &self.selection, object)
    }

    fn poll_bookmark(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<WatchEvent, Error>>> {
        let Some(timer) = &mut self.bookmark else { return Poll::Pending };
        if timer.poll_unpin(cx).is_pending() {
            return Poll::Pending;
        }
        let mut timer = self.env.sleep(BOOKMARK_INTERVAL);
        if timer.poll_unpin(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
        self.bookmark = Some(timer);
        match self.feed.caught_up() {
            Some(revision) => {
                Poll::Ready(Some(Ok(WatchEvent::Bookmark { revision, initial_events_end: false })))
            }
            // Something has come meanwhile: that is told first.
            None => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
