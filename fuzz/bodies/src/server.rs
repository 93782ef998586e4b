//! A server with two namespaces, something in each, and an empty one, asked one request at a time.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use setpoint_apiserver::ApiServer;
use setpoint_core::env::Simulation;
use setpoint_store::Store;

/// A server on a clock of its own.
pub(crate) struct Server {
    sim: Simulation,
    api: ApiServer,
}

/// A code and a body; JSON, or text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

thread_local! {
    static SERVER: Server = Server::new();
}

/// Asks this thread's server.
pub(crate) fn with_server<T>(ask: impl FnOnce(&Server) -> T) -> T {
    SERVER.with(ask)
}

impl Server {
    fn new() -> Self {
        let sim = Simulation::new(1);
        let env = sim.env();
        let server = Self { api: ApiServer::new(&env, Arc::new(Store::memory(&env))), sim };
        for namespace in ["a", "b", "empty"] {
            let body = json!({"metadata": {"name": namespace}}).to_string();
            assert_eq!(server.ask("POST", "/api/v1/namespaces", "", body).code, 201);
            if namespace == "empty" {
                continue;
            }
            for (kind, body) in [
                ("configmaps", json!({"metadata": {"name": "x"}, "data": {"of": namespace}})),
                ("secrets", json!({"metadata": {"name": "x"}})),
            ] {
                let path = format!("/api/v1/namespaces/{namespace}/{kind}");
                assert_eq!(server.ask("POST", &path, "", body.to_string()).code, 201);
            }
        }
        server
    }

    /// Asks something that does not wait.
    pub(crate) fn ask(&self, method: &str, path: &str, content_type: &str, body: impl Into<Bytes>) -> Answer {
        self.try_ask(method, path, content_type, body).expect("a request")
    }

    /// The same; `None` if that is no request.
    pub(crate) fn try_ask(
        &self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Option<Answer> {
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, content_type);
        let request = request.body(Full::new(body.into())).ok()?;
        let answer = self.sim.block_on(async {
            let (parts, body) = self.api.answer(request).await.into_parts();
            let body = body.collect().await.expect("it does not fail").to_bytes();
            let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
            Answer {
                code: parts.status.as_u16(),
                body: serde_json::from_slice(&body).unwrap_or_else(|_| text()),
            }
        });
        let answer = answer.expect("nothing waits for ever");
        answer.assert_is_well_formed();
        Some(answer)
    }
}

impl Answer {
    /// A failure is a Status that says so, or the one page for people (ERR-01, ERR-02).
    fn assert_is_well_formed(&self) {
        // A revision that is no number is upstream's own fault too.
        let is_revision = self.body["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("resourceVersion: Invalid value"));
        let is_fault = self.code >= 500 && self.code != 503 && !is_revision;
        assert!(!is_fault, "a request made the server fail: {self:?}");
        if self.code >= 400 && self.body != "404 page not found\n" {
            assert_eq!(self.body["kind"], "Status", "{self:?}");
            assert_eq!(self.body["code"], self.code, "{self:?}");
            assert!(self.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{self:?}");
        }
    }
}
