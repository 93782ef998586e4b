//! The Kubernetes HTTP API over any object store.
//!
//! [`ApiServer`] is a `tower` service: requests in, answers out. It has no socket of its own, so that a client can
//! talk to it within the process, on virtual time.
//!
//! What it promises:
//!
//! 1. A client written for a kube-apiserver 1.36 cannot tell the two apart by the paths, verbs, codes, bodies and
//!    errors of the kinds that the store has (LIST, WATCH, PATCH, SUB, ERR, WIRE and DISC rows).
//! 2. An object is reached under the namespace that its path names, or not at all.
//! 3. What a request may cost is bounded: see [`limits`].
//! 4. A watch tells every change or says that it cannot.
//!
//! 5. Who may ask is told by an [`Authenticator`], and what they may do by an [`Authorizer`]; a path that names nothing
//!    is forbidden before it is not found.
//!
//! What it does not do: answer in YAML or protobuf; forward ports (`portforward`).
//!
//! ```
//! use std::sync::Arc;
//!
//! use bytes::Bytes;
//! use http::Request;
//! use http_body_util::{BodyExt, Full};
//! use setpoint_apiserver::ApiServer;
//! use setpoint_core::env::Simulation;
//! use setpoint_store::Store;
//!
//! let sim = Simulation::new(7);
//! let server = ApiServer::new(&sim.env(), Arc::new(Store::memory(&sim.env())));
//! let text = sim.block_on(async {
//!     let body = r#"{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"}}"#;
//!     let body = Full::<Bytes>::from(body);
//!     let request = Request::post("/api/v1/namespaces").body(body).expect("a request");
//!     let answer = server.answer(request).await;
//!     assert_eq!(answer.status(), 201);
//!     answer.into_body().collect().await.expect("a body").to_bytes()
//! });
//! let namespace: serde_json::Value = serde_json::from_slice(&text.expect("nothing waits")).expect("JSON");
//! assert_eq!(namespace["status"]["phase"], "Active");
//! ```

mod answer;
pub mod authentication;
pub mod authorization;
mod binding;
mod body;
mod call;
mod custom;
mod delete;
mod discovery;
mod document;
mod encode;
mod encodings;
mod eviction;
mod in_flight;
mod kept_texts;
mod known_texts;
pub mod limits;
mod list_text;
mod negotiation;
pub mod openapi;
mod path;
mod percent;
mod pod_log;
mod presentation;
mod protobuf;
mod query;
mod read;
mod reviews;
mod scale;
#[cfg(feature = "serve")]
pub mod serve;
mod service;
mod sessions;
mod spec_text;
mod surface;
pub mod table;
#[cfg(test)]
mod tests;
mod watch;
mod write;

pub use self::authentication::{Authenticator, Trusted};
pub use self::authorization::Authorizer;
pub use self::body::Body;
pub use self::in_flight::InFlightLimits;
pub use self::pod_log::{PodLogs, RuntimeLogs};
pub use self::service::{ApiServer, ApiServerBuilder};
pub use self::sessions::{PodSessions, RuntimeSessions};
