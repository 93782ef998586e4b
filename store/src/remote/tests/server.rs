use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use tower_service::Service;

use crate::remote::Remote;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A server that does what it is told to, one request after the other, and notes what it was asked.
#[derive(Clone, Default)]
pub(super) struct Server(Arc<Mutex<Script>>);

#[derive(Default)]
struct Script {
    asked: Vec<String>,
    answers: VecDeque<Answer>,
}

/// What becomes of a request.
pub(super) enum Answer {
    /// A code, seconds after which to come back, and a body.
    Whole(u16, Option<u32>, String),
    /// Parts of a body; then it is cut, or ends, or stays open.
    Parts(Vec<&'static str>, End),
    /// The connection breaks.
    Lost,
    /// Nothing is ever answered.
    Silence,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Clean,
    Cut,
    Never,
}

impl Server {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let script = Script { asked: Vec::new(), answers: answers.into_iter().collect() };
        Self(Arc::new(Mutex::new(script)))
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.clone(), "default")
    }

    pub(super) fn store(&self, env: &Env) -> Remote {
        Remote::new(env, self.client())
    }

    /// The methods and addresses of the requests until now.
    pub(super) fn asked(&self) -> Vec<String> {
        self.0.lock().asked.clone()
    }
}

/// A config map as it is written.
pub(super) fn map(name: &str, revision: u64) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"{name}","namespace":"a","uid":"u-{name}","resourceVersion":"{revision}"}},"data":{{"text":"x"}}}}"#
    )
}

pub(super) fn status(code: u16, reason: &str) -> String {
    format!(
        r#"{{"kind":"Status","apiVersion":"v1","metadata":{{}},"status":"Failure","message":"no","reason":"{reason}","code":{code}}}"#
    )
}

fn body(answer: Answer) -> Option<Result<Response<UnsyncBoxBody<Bytes, Failure>>, Failure>> {
    match answer {
        Answer::Whole(code, after, text) => {
            let mut response =
                Response::new(Full::from(text).map_err(|never: Infallible| match never {}).boxed_unsync());
            *response.status_mut() = code.try_into().expect("a code");
            response.headers_mut().extend(after.map(|seconds| (http::header::RETRY_AFTER, seconds.into())));
            Some(Ok(response))
        }
        Answer::Parts(parts, end) => {
            let parts = parts.into_iter().map(|part| Ok(Frame::data(Bytes::from_static(part.as_bytes()))));
            let mut frames: Vec<Result<Frame<Bytes>, Failure>> = parts.collect();
            if end == End::Cut {
                frames.push(Err("cut".into()));
            }
            let frames = futures::stream::iter(frames);
            let body = match end {
                End::Never => {
                    let frames = futures::StreamExt::chain(frames, futures::stream::pending());
                    StreamBody::new(frames).boxed_unsync()
                }
                End::Clean | End::Cut => StreamBody::new(frames).boxed_unsync(),
            };
            Some(Ok(Response::new(body)))
        }
        Answer::Lost => Some(Err("the connection broke".into())),
        Answer::Silence => None,
    }
}

impl Service<Request<Body>> for Server {
    type Response = Response<UnsyncBoxBody<Bytes, Failure>>;
    type Error = Failure;
    type Future = BoxFuture<'static, Result<Self::Response, Failure>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let script = &mut *self.0.lock();
        script.asked.push(format!("{} {}", request.method(), request.uri()));
        let answer = script.answers.pop_front().and_then(body);
        Box::pin(async move {
            match answer {
                Some(answer) => answer,
                None => futures::future::pending().await,
            }
        })
    }
}
