//! A client of the HTTP API, within the process.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use http::Request;
use http::header::USER_AGENT;
use http_body_util::{BodyExt, BodyStream, Full};
use serde_json::Value;
use setpoint::ObjectStore;
use setpoint::apiserver::{ApiServer, Body};
use setpoint::env::Env;

/// The client's name, as its requests tell.
const AGENT: &str = "conformance/1";

/// Group-version path and plural name of the kinds that scenarios name.
const PLACES: [(&str, &str, &str); 15] = [
    ("ConfigMap", "/api/v1", "configmaps"),
    ("ControllerRevision", "/apis/apps/v1", "controllerrevisions"),
    ("CronJob", "/apis/batch/v1", "cronjobs"),
    ("DaemonSet", "/apis/apps/v1", "daemonsets"),
    ("Deployment", "/apis/apps/v1", "deployments"),
    ("Event", "/api/v1", "events"),
    ("Job", "/apis/batch/v1", "jobs"),
    ("Namespace", "/api/v1", "namespaces"),
    ("Node", "/api/v1", "nodes"),
    ("PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims"),
    ("Pod", "/api/v1", "pods"),
    ("ReplicaSet", "/apis/apps/v1", "replicasets"),
    ("Secret", "/api/v1", "secrets"),
    ("Service", "/api/v1", "services"),
    ("StatefulSet", "/apis/apps/v1", "statefulsets"),
];

/// Where objects of a kind are: group-version path and plural name.
pub(super) fn place_of(kind: &str) -> (&'static str, &'static str) {
    let found = PLACES.iter().find(|(name, ..)| *name == kind);
    found.map(|&(_, path, plural)| (path, plural)).unwrap_or_else(|| panic!("{kind} is not among the kinds"))
}

/// The path of an object or one of its subresources.
pub(super) fn object_path(kind: &str, namespace: &str, name: &str, sub: Option<&str>) -> String {
    let (base, plural) = place_of(kind);
    let scope = match kind {
        "Node" | "Namespace" => String::new(),
        _ => format!("/namespaces/{namespace}"),
    };
    let sub = sub.map(|sub| format!("/{sub}")).unwrap_or_default();
    format!("{base}{scope}/{plural}/{name}{sub}")
}

/// A code and a body.
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

/// Words and objects of a watch.
pub(super) type Stream = Pin<Box<dyn futures::Stream<Item = (String, Value)> + Send>>;

/// The API over a store.
#[derive(Clone)]
pub(crate) struct Server {
    store: Arc<dyn ObjectStore>,
    api: ApiServer,
}

impl Server {
    pub(crate) fn new(env: &Env, store: Arc<dyn ObjectStore>) -> Self {
        Self { api: ApiServer::new(env, Arc::clone(&store)), store }
    }

    pub(super) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Whether a kind is served.
    pub(super) fn knows(&self, kind: &str) -> bool {
        self.store.registry().kinds().iter().any(|known| known.names.kind == kind)
    }

    /// Sends a request. A body that is a text is sent as it is.
    async fn send(
        &self,
        method: &str,
        url: &str,
        body: Option<&Value>,
        headers: impl IntoIterator<Item = (&String, &String)>,
    ) -> http::Response<Body> {
        let mut request = Request::builder().method(method).uri(encoded(url)).header(USER_AGENT, AGENT);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let body = match body {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
        };
        self.api.answer(request.body(Full::<Bytes>::from(body)).expect("a request")).await
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn call(
        &self,
        method: &str,
        url: &str,
        body: Option<&Value>,
        headers: &[(String, String)],
    ) -> Answer {
        let answer = self.send(method, url, body, headers.iter().map(|(name, value)| (name, value))).await;
        read(answer).await
    }

    /// Sends a request that must succeed.
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
        headers: &BTreeMap<String, String>,
    ) -> Result<Stream, Answer> {
        let answer = self.send("GET", url, None, headers).await;
        if !answer.status().is_success() {
            return Err(read(answer).await);
        }
        // Each event comes in a piece of its own.
        Ok(Box::pin(BodyStream::new(answer.into_body()).map(|frame| {
            let line = frame.expect("it does not fail").into_data().expect("data");
            let mut event: Value = serde_json::from_slice(&line).expect("a line of JSON");
            (event["type"].as_str().unwrap_or_default().to_owned(), event["object"].take())
        })))
    }
}

/// A path as it is sent: scenarios write selectors as people do.
fn encoded(url: &str) -> String {
    let encode = |byte: u8| match byte {
        b'!' | b'#'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    url.bytes().map(encode).collect()
}

async fn read(answer: http::Response<Body>) -> Answer {
    let code = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("it does not fail").to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    Answer { code, body: serde_json::from_slice(&body).unwrap_or_else(|_| text()) }
}
