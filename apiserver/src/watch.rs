//! Watches: chunks of one JSON line for each event (WATCH rows).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::Value;
use setpoint_core::env::Env;
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::object::{Object, ObjectRef, Revision};
use setpoint_core::{Error, Result};
use setpoint_store::request::{WatchEvent, WatchFrom, WatchQuery};

use crate::Body;
use crate::answer::{self, Answer, JSON};
use crate::call::Call;
use crate::custom;
use crate::encode;
use crate::encodings::Encodings;
use crate::limits::WATCH_TIME_MIN;
use crate::negotiation::{self, Form, Shape};
use crate::path::Place;
use crate::read::refused;
use crate::table::{IncludeObject, ListMeta, Table, partial_object_metadata};

impl Call<'_> {
    pub(crate) async fn watch(&self) -> Result<Answer> {
        let query = self.watch_query()?;
        let context = self.context("ListOptions", &[])?;
        let form = negotiation::form(&self.parts.headers, Shape::Item)?;
        let include = IncludeObject::parse(self.query.get("includeObject").unwrap_or_default())?;
        let life = self.life()?;
        let mut writer = Writer {
            place: self.place.clone(),
            env: self.server.env.clone(),
            form,
            include,
            lines: 0,
            encodings: Arc::clone(&self.server.encodings),
        };
        let events = match self.server.store.watch(&context, &query).await {
            Ok(events) => events,
            // What cannot be resumed from is told as an event (WATCH-08, WATCH-09).
            Err(error) if error.is_expired() || error.has_cause("ResourceVersionTooLarge") => {
                futures::stream::once(async move { Err(error) }).boxed()
            }
            Err(error) => return Err(error),
        };
        let over = self.server.env.sleep(life);
        let lines = events.map(move |event| writer.line(event)).take_until(over);
        Ok(answer::of(200, JSON, Body::stream(lines).endless()))
    }

    /// How long the watch lives (WATCH-12).
    fn life(&self) -> Result<Duration> {
        match self.query.number("timeoutSeconds")? {
            Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds.unsigned_abs())),
            _ => Ok(self.server.env.jitter(WATCH_TIME_MIN, 1.0)),
        }
    }

    fn watch_query(&self) -> Result<WatchQuery> {
        let selection = self.selection()?;
        let revision = self.query.revision()?;
        let initial = self.query.switch("sendInitialEvents");
        self.check_watch(initial.is_some())?;
        let from = match (initial, revision) {
            (Some(true), at) => WatchFrom::InitialEvents(at.unwrap_or(Revision::ZERO)),
            (Some(false), at) if at.is_none_or(|at| at.is_zero()) => WatchFrom::Now,
            (_, Some(at)) if !at.is_zero() => WatchFrom::After(at),
            (_, _) => WatchFrom::State,
        };
        Ok(WatchQuery { selection, from, bookmarks: self.query.is_set("allowWatchBookmarks") })
    }

    /// Which options do not go together (WATCH-07).
    fn check_watch(&self, has_initial: bool) -> Result<()> {
        let mut faults = FieldErrors::new();
        let field = Path::new("resourceVersionMatch");
        let word = self.query.get("resourceVersionMatch");
        let mut forbid = |why: &str| faults.push(FieldError::forbidden(&field, why));
        if has_initial && word != Some("NotOlderThan") {
            forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
        }
        if word.is_some() && !has_initial {
            forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        if word.is_some() && self.query.get("continue").is_some() {
            forbid("resourceVersionMatch is forbidden when continue is provided");
        }
        if let Some(word) = word.filter(|word| *word != "NotOlderThan") {
            faults.push(FieldError::not_supported(&field, word, &["NotOlderThan"]));
        }
        refused(faults)
    }
}

/// What is in a line beside the object.
const LINE_BYTES: usize = 40;

fn encoded(value: &Value) -> Bytes {
    serde_json::to_vec(value).expect("values have text keys").into()
}

/// Writes the events of one watch.
struct Writer {
    place: Place,
    env: Env,
    form: Form,
    include: IncludeObject,
    encodings: Arc<Encodings>,
    /// How many objects were written.
    lines: u64,
}

impl Writer {
    fn line(&mut self, event: Result<WatchEvent, Error>) -> Bytes {
        let (word, text) = match event {
            Ok(WatchEvent::Added(object)) => ("ADDED", self.object(&object)),
            Ok(WatchEvent::Modified(object)) => ("MODIFIED", self.object(&object)),
            Ok(WatchEvent::Deleted(object)) => ("DELETED", self.object(&object)),
            Ok(WatchEvent::Bookmark { revision, initial_events_end }) => {
                ("BOOKMARK", encoded(&self.bookmark(revision, initial_events_end)))
            }
            Err(error) => ("ERROR", encoded(&answer::status(&error))),
        };
        let mut line = Vec::with_capacity(text.len() + LINE_BYTES);
        line.extend_from_slice(b"{\"type\":\"");
        line.extend_from_slice(word.as_bytes());
        line.extend_from_slice(b"\",\"object\":");
        line.extend_from_slice(&text);
        line.extend_from_slice(b"}\n");
        line.into()
    }

    fn object(&mut self, object: &ObjectRef) -> Bytes {
        self.lines += 1;
        match self.form {
            Form::Whole => self.encodings.of(&self.place, object),
            Form::Metadata => encoded(&partial_object_metadata(object)),
            Form::Table => encoded(&self.table(object, self.env.wall())),
        }
    }

    /// Only the first table tells its columns (WATCH-16).
    fn table(&self, object: &ObjectRef, now: Timestamp) -> Value {
        let meta = ListMeta { resource_version: object.revision().to_string(), ..ListMeta::default() };
        let whole = |shown: &Object| encode::object(&self.place, shown);
        let columns = custom::columns(&self.place);
        let table = Table::new(&self.place.kind, &columns, [object], meta, self.include, now, whole);
        let table = if self.lines > 1 { table.without_columns() } else { table };
        serde_json::to_value(table).expect("tables have text keys")
    }

    fn bookmark(&self, revision: Revision, ends: bool) -> Value {
        match self.form {
            Form::Metadata => encode::bookmark("meta.k8s.io/v1", "PartialObjectMetadata", revision, ends),
            Form::Whole | Form::Table => {
                encode::bookmark(&self.place.api_version(), &self.place.kind.names.kind, revision, ends)
            }
        }
    }
}
