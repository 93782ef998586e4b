//! Watches that survive their connections (WATCH rows).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use kube::core::Status;
use serde::Deserialize;
use serde_json::value::RawValue;
use setpoint_core::env::Instant;
use setpoint_core::kind::{DecodeError, Kind};
use setpoint_core::{Error, Result};

use super::decode;
use super::limits::{WAIT_JITTER, WATCH_SILENCE_MAX, WATCH_TIME};
use super::lines::{Lines, LinesEnd};
use super::list::{selected, unreadable};
use super::request::Request;
use super::store::Inner;
use super::watching::{Next, Place, Watching};
use crate::object_store::WatchStream;
use crate::request::{ListQuery, RequestContext, Selection, WatchEvent, WatchFrom, WatchQuery};

/// Marks the bookmark that ends what there is at the beginning (WATCH-06).
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// An event as it is written.
#[derive(Deserialize)]
struct WireEvent<'a> {
    #[serde(rename = "type")]
    type_: String,
    #[serde(borrow)]
    object: &'a RawValue,
}

impl Inner {
    pub(super) async fn watch(
        self: &Arc<Self>,
        context: &RequestContext,
        query: &WatchQuery,
    ) -> Result<WatchStream> {
        let kind = self.kind(query.selection.kind)?;
        let mut initial = VecDeque::new();
        let place = match query.from {
            WatchFrom::After(revision) => Place::After(revision),
            WatchFrom::InitialEvents(revision) => Place::Beginning(revision),
            // Of a watch that begins with what there is nobody can tell where that ends: it is listed.
            WatchFrom::State => {
                let list = self.list(context, &ListQuery::new(query.selection.clone())).await?;
                initial.extend(list.items.into_iter().map(WatchEvent::Added));
                Place::After(list.revision)
            }
            WatchFrom::Now => {
                let first = ListQuery { limit: Some(1), ..ListQuery::new(query.selection.clone()) };
                Place::After(self.list(context, &first).await?.revision)
            }
        };
        let mut watch = Watch {
            inner: Arc::clone(self),
            context: context.clone(),
            kind,
            selection: query.selection.clone(),
            watching: Watching::new(place, query.bookmarks),
            initial,
            open: None,
            is_over: false,
        };
        watch.open().await?;
        // The deadline was that of the call.
        watch.context.deadline = None;
        let events = futures::stream::unfold(watch, |mut watch| async move {
            let item = watch.next().await?;
            Some((item, watch))
        });
        Ok(events.boxed())
    }
}

struct Watch {
    inner: Arc<Inner>,
    context: RequestContext,
    kind: Arc<Kind>,
    selection: Selection,
    watching: Watching,
    /// What is told first.
    initial: VecDeque<WatchEvent>,
    open: Option<Open>,
    is_over: bool,
}

struct Open {
    lines: Lines,
    since: Instant,
}

impl Watch {
    async fn open(&mut self) -> Result<()> {
        let env = self.inner.exchange.env();
        let time = env.jitter(WATCH_TIME, 1.0).as_secs().to_string();
        let address = selected(&self.kind, &self.selection)
            .with("watch", "true")
            .with("allowWatchBookmarks", "true")
            .with("timeoutSeconds", &time);
        let address = match self.watching.place() {
            Place::After(revision) => address.with("resourceVersion", &revision.to_string()),
            Place::Beginning(revision) => {
                let known = (!revision.is_zero()).then(|| revision.to_string());
                address
                    .with("sendInitialEvents", "true")
                    .with("resourceVersionMatch", "NotOlderThan")
                    .with_some("resourceVersion", known.as_deref())
            }
        };
        let body = self.inner.exchange.open(&self.context, &Request::get(address)).await?;
        self.open = Some(Open { lines: Lines::of(body), since: self.inner.exchange.env().now() });
        Ok(())
    }

    /// The next event; nothing if the watch has ended.
    async fn next(&mut self) -> Option<Result<WatchEvent>> {
        if let Some(event) = self.initial.pop_front() {
            return Some(Ok(event));
        }
        while !self.is_over {
            let Some(open) = &mut self.open else {
                match self.open().await {
                    Ok(()) => {}
                    Err(error) if error.is_retryable() => self.cut(Duration::ZERO, error.message()).await,
                    Err(error) => return Some(Err(self.over(error))),
                }
                continue;
            };
            let env = self.inner.exchange.env();
            let lived = env.now() - open.since;
            let ended = match env.timeout(WATCH_SILENCE_MAX, open.lines.next()).await {
                Ok(Ok(line)) => {
                    match self.read(&line) {
                        Ok(event) => {
                            if let Some(event) = self.watching.heard(event) {
                                return Some(Ok(event));
                            }
                        }
                        Err(error) => return Some(Err(self.over(error))),
                    }
                    continue;
                }
                Ok(Err(end @ LinesEnd::TooLong(_))) => return Some(Err(self.over(Error::internal(end)))),
                Ok(Err(end)) => end.to_string(),
                Err(silent) => format!("nothing was heard: {silent}"),
            };
            self.cut(lived, &ended).await;
        }
        None
    }

    /// The last error.
    fn over(&mut self, error: Error) -> Error {
        self.is_over = true;
        self.open = None;
        error
    }

    /// Waits until the watch is to be opened again, unless it is not.
    async fn cut(&mut self, lived: Duration, why: &str) {
        self.open = None;
        match self.watching.cut(lived) {
            Next::End => self.is_over = true,
            Next::Resume(wait) => {
                tracing::debug!(resource = %self.kind.resource, why, "a watch goes on with another connection");
                let env = self.inner.exchange.env();
                env.sleep(env.jitter(wait, WAIT_JITTER)).await;
            }
        }
    }

    fn read(&self, line: &Bytes) -> Result<WatchEvent> {
        let event = || -> std::result::Result<_, DecodeError> {
            let event: WireEvent<'_> = decode::read(decode::utf8(line)?)?;
            let object = || self.inner.decoder.object(&self.kind, event.object.get());
            Ok(match event.type_.as_str() {
                "ADDED" => Ok(WatchEvent::Added(object()?)),
                "MODIFIED" => Ok(WatchEvent::Modified(object()?)),
                "DELETED" => Ok(WatchEvent::Deleted(object()?)),
                "BOOKMARK" => Ok(bookmark(event.object.get())?),
                "ERROR" => Err(Error::from_status(&decode::read::<Status>(event.object.get())?)),
                other => return Err(DecodeError::new("type", format!("{other:?} is no event"))),
            })
        };
        event().unwrap_or_else(|error| Err(unreadable(error)))
    }
}

fn bookmark(text: &str) -> std::result::Result<WatchEvent, DecodeError> {
    #[derive(Deserialize)]
    struct Wire {
        metadata: WireMeta,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct WireMeta {
        resource_version: Option<String>,
        annotations: Option<std::collections::BTreeMap<String, String>>,
    }
    let Wire { metadata } = decode::read(text)?;
    let ends = metadata
        .annotations
        .is_some_and(|all| all.get(INITIAL_EVENTS_END).is_some_and(|word| word == "true"));
    let revision = decode::revision(metadata.resource_version.as_deref())?;
    Ok(WatchEvent::Bookmark { revision, initial_events_end: ends })
}
