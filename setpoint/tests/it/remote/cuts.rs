//! An API whose watches are cut after a number of bytes that chance decides, in the middle of an event as well.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::Client;
use kube::client::Body;
use parking_lot::Mutex;
use setpoint::apiserver::ApiServer;
use setpoint::env::Env;
use setpoint::store::remote::Remote;
use setpoint::{ObjectStore, Store};
use tower_service::Service;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is done to clients.
#[derive(Clone, Copy)]
pub(super) struct Cuts {
    /// A watch is cut after at most so many bytes, if at all.
    pub(super) bytes_max: Option<u64>,
    /// So many of a thousand requests are told to come back, and not answered.
    pub(super) throttled: u64,
}

/// How often what was done.
#[derive(Clone, Copy, Default)]
pub(super) struct Done {
    pub(super) cut: usize,
    pub(super) throttled: usize,
    pub(super) expired: usize,
}

/// The API with cuts.
#[derive(Clone)]
pub(super) struct Rough {
    env: Env,
    api: ApiServer,
    cuts: Arc<Mutex<Cuts>>,
    done: Arc<Mutex<Done>>,
}

impl Rough {
    pub(super) fn new(env: &Env, store: Store, cuts: Cuts) -> Self {
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        let api = ApiServer::new(env, store);
        Self { env: env.clone(), api, cuts: Arc::new(Mutex::new(cuts)), done: Arc::default() }
    }

    pub(super) fn store(&self) -> Remote {
        Remote::new(&self.env, Client::new(self.clone(), "default"))
    }

    /// From now on nothing is cut.
    pub(super) fn stop(&self) {
        *self.cuts.lock() = Cuts { bytes_max: None, throttled: 0 };
    }

    pub(super) fn done(&self) -> Done {
        *self.done.lock()
    }

    /// How many bytes of an answer are let through.
    fn budget(&self, path: &str) -> Option<u64> {
        let bytes_max = self.cuts.lock().bytes_max?;
        path.contains("watch=true").then(|| self.env.random_below(bytes_max))
    }
}

/// What a server says that has too much to do.
fn come_back() -> Response<UnsyncBoxBody<Bytes, Failure>> {
    let status =
        r#"{"kind":"Status","status":"Failure","message":"too many","reason":"TooManyRequests","code":429}"#;
    let body = Full::from(status).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(http::header::RETRY_AFTER, 1.into());
    response
}

impl Service<Request<Body>> for Rough {
    type Response = Response<UnsyncBoxBody<Bytes, Failure>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let rough = self.clone();
        Box::pin(async move {
            let throttled = rough.cuts.lock().throttled;
            if rough.env.random_below(1000) < throttled {
                rough.done.lock().throttled += 1;
                return Ok(come_back());
            }
            let budget = rough.budget(&request.uri().to_string());
            let (parts, body) = rough.api.answer(request).await.into_parts();
            let done = Arc::clone(&rough.done);
            let mut left = budget;
            let mut is_over = false;
            let frames =
                body.into_data_stream().map(|data| data.map_err(Failure::from)).flat_map(move |data| {
                    let parts: Vec<Result<Frame<Bytes>, Failure>> = match (data, &mut left) {
                        _ if is_over => Vec::new(),
                        (Ok(data), Some(left)) if data.len() as u64 > *left => {
                            is_over = true;
                            done.lock().cut += 1;
                            let kept = usize::try_from(*left).unwrap_or_default();
                            vec![Ok(Frame::data(data.slice(..kept))), Err("cut".into())]
                        }
                        (Ok(data), left) => {
                            if let Some(left) = left {
                                *left -= data.len() as u64;
                            }
                            done.lock().expired += usize::from(data.starts_with(br#"{"type":"ERROR""#));
                            vec![Ok(Frame::data(data))]
                        }
                        (Err(error), _) => vec![Err(error)],
                    };
                    futures::stream::iter(parts)
                });
            Ok(Response::from_parts(parts, StreamBody::new(frames).boxed_unsync()))
        })
    }
}
