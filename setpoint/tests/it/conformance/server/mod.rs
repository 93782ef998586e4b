//! As much of Kubernetes' HTTP API as scenarios need, without HTTP: a path and a query become a verb of the store,
//! and what it says becomes a code and JSON.
//!
//! What is no matter of the store is left out: tables, discovery, validation of unknown fields, other encodings.

mod answer;
mod options;
mod place;
mod read;
mod scale;
mod stream;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use setpoint::ObjectStore;

pub(super) use self::answer::Answer;
use self::options::Query;
use self::place::Place;
pub(super) use self::place::{object_path, place_of};
pub(super) use self::stream::Stream;

/// Answers requests from a store.
#[derive(Clone)]
pub(super) struct Server {
    store: Arc<dyn ObjectStore>,
}

/// A request, taken apart.
struct Request<'a> {
    place: Place,
    query: Query,
    body: Option<&'a Value>,
    content_type: &'a str,
}

impl Server {
    pub(super) fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    pub(super) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Whether a kind is served.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.store.registry().kinds().iter().any(|known| known.names.kind == kind)
    }

    /// Answers a request.
    pub(super) async fn call(
        &self,
        method: &str,
        url: &str,
        body: Option<&Value>,
        headers: &[(String, String)],
    ) -> Answer {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let Some(place) = Place::of(path, self.store.registry()) else { return Answer::no_such_page() };
        let content_type = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map_or("application/json", |(_, value)| value);
        let request = Request { place, query: Query::parse(query), body, content_type };
        let answer = match (method, request.place.name.is_empty()) {
            ("GET", true) => self.list(&request).await,
            ("GET", false) => self.get(&request).await,
            ("POST", _) => self.create(&request).await,
            ("PUT", false) => self.replace(&request).await,
            ("PATCH", false) => self.change(&request).await,
            ("DELETE", true) => self.delete_all(&request).await,
            ("DELETE", false) => self.delete(&request).await,
            _ => return Answer::no_such_page(),
        };
        answer.unwrap_or_else(|error| Answer::error(&error))
    }

    /// Answers a request that must succeed.
    pub(super) async fn ok(&self, method: &str, url: &str, body: Option<&Value>) -> Result<Value, String> {
        self.must(method, url, body, &[]).await
    }

    /// Changes an object; that must succeed.
    pub(super) async fn patch(&self, url: &str, media_type: &str, body: &Value) -> Result<Value, String> {
        let headers = [("Content-Type".to_owned(), media_type.to_owned())];
        self.must("PATCH", url, Some(body), &headers).await
    }

    async fn must(
        &self,
        method: &str,
        url: &str,
        body: Option<&Value>,
        headers: &[(String, String)],
    ) -> Result<Value, String> {
        let answer = self.call(method, url, body, headers).await;
        if answer.code < 300 {
            return Ok(answer.body);
        }
        Err(format!("{method} {url}: {} {}", answer.code, answer.body))
    }

    /// Opens a watch.
    pub(super) async fn watch(
        &self,
        url: &str,
        _headers: &BTreeMap<String, String>,
    ) -> Result<Stream, Answer> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let place = Place::of(path, self.store.registry()).ok_or_else(Answer::no_such_page)?;
        self.stream(&place, &Query::parse(query)).await
    }
}
