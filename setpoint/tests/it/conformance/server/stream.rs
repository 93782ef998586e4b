use std::pin::Pin;

use futures::StreamExt;
use serde_json::{Value, json};
use setpoint::model::field::{FieldError, Path};
use setpoint::model::object::Revision;
use setpoint::store::request::{WatchEvent, WatchFrom, WatchQuery};
use setpoint::{Error, Result};

use super::answer::object_body;
use super::options::Query;
use super::{Answer, Place, Server};

/// Words and objects of a watch.
pub(in super::super) type Stream = Pin<Box<dyn futures::Stream<Item = (&'static str, Value)> + Send>>;

impl Server {
    pub(super) async fn stream(&self, place: &Place, query: &Query) -> Result<Stream, Answer> {
        let refused = |error: Error| Answer::error(&error);
        let watch = watch_query(place, query).map_err(refused)?;
        let context = query.context("ListOptions").map_err(refused)?;
        let (api_version, kind) = (place.api_version.clone(), place.kind.names.kind.clone());
        let events = match self.store.watch(&context, &watch).await {
            Ok(events) => events,
            // What has expired is told as an event (WATCH-08).
            Err(error) if error.is_expired() => {
                let event = ("ERROR", Answer::error(&error).body);
                return Ok(Box::pin(futures::stream::once(async move { event })));
            }
            Err(error) => return Err(Answer::error(&error)),
        };
        Ok(Box::pin(events.map(move |event| match event {
            Ok(WatchEvent::Added(object)) => ("ADDED", object_body(&object)),
            Ok(WatchEvent::Modified(object)) => ("MODIFIED", object_body(&object)),
            Ok(WatchEvent::Deleted(object)) => ("DELETED", object_body(&object)),
            Ok(WatchEvent::Bookmark { revision, initial_events_end }) => {
                ("BOOKMARK", bookmark(&api_version, &kind, revision, initial_events_end))
            }
            Err(error) => ("ERROR", Answer::error(&error).body),
        })))
    }
}

fn watch_query(place: &Place, query: &Query) -> Result<WatchQuery> {
    let selection = query.selection(place)?;
    let revision = query.revision()?;
    let from = match (query.get("sendInitialEvents"), query.get("resourceVersionMatch"), revision) {
        (Some(_), Some("NotOlderThan"), at) if query.is_set("sendInitialEvents") => {
            WatchFrom::InitialEvents(at.unwrap_or(Revision::ZERO))
        }
        (Some(_), Some("NotOlderThan"), None) => WatchFrom::Now,
        (Some(_), Some("NotOlderThan"), Some(at)) => WatchFrom::After(at),
        (Some(_), ..) => {
            let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            return Err(refused(why));
        }
        (None, Some(_), _) => {
            return Err(refused(
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        (None, None, Some(at)) if !at.is_zero() => WatchFrom::After(at),
        (None, None, _) => WatchFrom::State,
    };
    Ok(WatchQuery { selection, from, bookmarks: query.is_set("allowWatchBookmarks") })
}

fn refused(why: &str) -> Error {
    let fault = FieldError::forbidden(&Path::new("resourceVersionMatch"), why);
    Error::invalid("ListOptions", "meta.k8s.io", "", &vec![fault])
}

fn bookmark(api_version: &str, kind: &str, revision: Revision, ends: bool) -> Value {
    let mut meta = json!({"resourceVersion": revision.to_string()});
    if ends {
        meta["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    json!({"apiVersion": api_version, "kind": kind, "metadata": meta})
}
