//! Custom kinds from their definition to their end, over the HTTP API.

mod lives;
mod objects;
mod versions;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use setpoint_core::env::{Env, Simulation};
use setpoint_store::Store;

use crate::{ApiServer, Body};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const SITES: &str = "/apis/example.com/v1/namespaces/a/sites";

/// A server over a store of its own, with a namespace `a`.
#[derive(Clone)]
struct World {
    env: Env,
    store: Store,
    server: ApiServer,
}

/// An answer: code, headers, body.
#[derive(Debug)]
struct Told {
    code: u16,
    headers: HeaderMap,
    body: Value,
}

impl Told {
    /// The fields of the causes, with their messages.
    fn causes(&self) -> Vec<(String, String)> {
        let list = self.body["details"]["causes"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        list.iter().map(|cause| (text(&cause["field"]), text(&cause["message"]))).collect()
    }

    fn warnings(&self) -> Vec<String> {
        let values = self.headers.get_all("warning").iter();
        values.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
    }

    #[track_caller]
    fn expect(self, code: u16) -> Value {
        assert_eq!(self.code, code, "{}", self.body);
        self.body
    }
}

impl World {
    /// Plays a story on virtual time.
    fn play<F: Future<Output = ()> + Send + 'static>(story: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(1);
        let env = sim.env();
        let store = Store::memory(&env);
        let server = ApiServer::new(&env, Arc::new(store.clone()));
        let world = Self { env, store, server };
        let played = sim.block_on(async {
            world.store.ensure_namespace("a").await.expect("it is made");
            story(world.clone()).await;
        });
        played.expect("nothing waits for ever");
    }

    async fn send(&self, method: &str, path: &str, media_type: &str, body: &Value) -> http::Response<Body> {
        let request = Request::builder().method(method).uri(path).header("content-type", media_type);
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = request.body(Full::<Bytes>::from(bytes)).expect("a request");
        self.server.answer(request).await
    }

    async fn ask_as(&self, method: &str, path: &str, media_type: &str, body: &Value) -> Told {
        let (parts, body) = self.send(method, path, media_type, body).await.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        Told { code: parts.status.as_u16(), headers: parts.headers, body }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Told {
        self.ask_as(method, path, "application/json", &body).await
    }

    async fn get(&self, path: &str) -> Told {
        self.ask("GET", path, Value::Null).await
    }

    async fn merge(&self, path: &str, body: Value) -> Told {
        self.ask_as("PATCH", path, "application/merge-patch+json", &body).await
    }

    async fn apply(&self, path: &str, manager: &str, body: Value) -> Told {
        let path = format!("{path}?fieldManager={manager}");
        self.ask_as("PATCH", &path, "application/apply-patch+yaml", &body).await
    }

    /// Creates a definition and waits until it is established.
    async fn define(&self, definition: Value) -> Value {
        let name = definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.ask("POST", DEFINITIONS, definition).await.expect(201);
        self.established(&name).await
    }

    async fn established(&self, name: &str) -> Value {
        self.until(&format!("{DEFINITIONS}/{name}"), |it| condition(it, "Established")["status"] == "True")
            .await
    }

    /// Waits until what is at a path is so.
    async fn until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1000 {
            let told = self.get(path).await;
            if is_so(&told.body) {
                return told.body;
            }
            self.env.sleep(Duration::from_millis(100)).await;
        }
        panic!("{path} did not become so: {}", self.get(path).await.body);
    }
}

fn condition(definition: &Value, type_: &str) -> Value {
    let list = definition["status"]["conditions"].as_array().cloned().unwrap_or_default();
    list.into_iter().find(|condition| condition["type"] == type_).unwrap_or_default()
}

/// The definition of sites with this schema of their spec.
fn sites(spec: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "sites.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "sites", "kind": "Site", "shortNames": ["st"], "categories": ["all"]},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {
                        "spec": spec,
                        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                    },
                }},
                "subresources": {"status": {}},
            }],
        },
    })
}

/// A schema of an object with these fields.
fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties})
}

fn site(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": name}, "spec": spec})
}
