use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use setpoint_core::env::{Env, Task};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::activity::{Activity, Patience};
use super::body::ServedBody;
use super::lenient_targets::LenientTargets;
use super::listener::Closing;
use super::paced_io::PacedIo;
use super::streams::Streams;
use super::{ServeLimits, certificate_subject, tls};
use crate::ApiServer;
use crate::authentication::CertifiedUser;

/// What all connections of a server share.
pub(super) struct Shared {
    pub(super) env: Env,
    pub(super) api: ApiServer,
    pub(super) acceptor: TlsAcceptor,
    pub(super) limits: ServeLimits,
    pub(super) closing: Closing,
}

/// How long a connection that has been told to end gets, if nothing is going on in it.
const FAREWELL_TIME_MAX: Duration = Duration::from_secs(5);

/// How often a silent HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIME_MAX: Duration = Duration::from_secs(15);

/// How much of a body is taken from the network before it is looked at.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 4 * 1024 * 1024;

/// Serves one client until it leaves, is cut off, or the server ends.
pub(super) async fn serve(shared: Arc<Shared>, socket: TcpStream) {
    let Some(mut stream) = shake_hands(&shared, socket).await else { return };
    let limits = &shared.limits;
    let activity = Activity::new(&shared.env, limits.header_time, limits.idle_time);
    let (socket, session) = stream.get_mut();
    let is_h2 = session.alpn_protocol() == Some(tls::H2);
    let certified = match session.peer_certificates().and_then(|chain| chain.first()) {
        None => None,
        // A certificate that names nobody is as good as none at all, but was shown: that is refused, as a wrong one.
        Some(certificate) => match certificate_subject::read(certificate) {
            Ok(subject) => Some(CertifiedUser::new(subject.user)),
            Err(_) => return,
        },
    };
    if !is_h2 {
        // HTTP/2 clients send more than requests, and are asked whether they are there instead.
        socket.activity = Some(activity.clone());
    }
    let (started, starting) = unbounded();
    let streams = Streams::new(&shared.env, limits.stall_time, started);
    let endpoint = Endpoint {
        shared: Arc::clone(&shared),
        certified,
        activity,
        streams: is_h2.then(|| streams.clone()),
    };
    if is_h2 {
        serve_h2(stream, endpoint, streams, starting).await;
    } else {
        drop(streams);
        serve_h1(stream, endpoint, starting).await;
    }
}

async fn shake_hands(shared: &Shared, socket: TcpStream) -> Option<TlsStream<PacedIo>> {
    // Small answers are to be sent at once; a socket that cannot is served all the same.
    drop(socket.set_nodelay(true));
    let socket = PacedIo::new(socket, shared.env.clone(), shared.limits.stall_time);
    let handshake = shared.env.timeout(shared.limits.handshake_time, shared.acceptor.accept(socket));
    tokio::select! {
        // What goes wrong here is the client's affair, and may be a stranger's noise.
        done = handshake => done.ok()?.ok(),
        () = shared.closing.clone() => None,
    }
}

async fn serve_h1(stream: TlsStream<PacedIo>, endpoint: Endpoint, starting: UnboundedReceiver<Task<()>>) {
    let shared = Arc::clone(&endpoint.shared);
    let patience = Patience::new(endpoint.activity.clone());
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // Told by `Patience`, which knows a connection without a request from one whose head does not come.
        .header_read_timeout(None)
        .max_headers(shared.limits.headers)
        .max_header_size(shared.limits.header_bytes as usize);
    let connection =
        builder.serve_connection(TokioIo::new(LenientTargets::new(stream)), endpoint).with_upgrades();
    drive(&shared, pin!(connection), |it| it.graceful_shutdown(), patience, starting).await;
}

async fn serve_h2(
    stream: TlsStream<PacedIo>,
    endpoint: Endpoint,
    streams: Streams,
    starting: UnboundedReceiver<Task<()>>,
) {
    let shared = Arc::clone(&endpoint.shared);
    let patience = Patience::new(endpoint.activity.clone());
    let mut builder = http2::Builder::new(streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(shared.limits.streams)
        .max_header_list_size(shared.limits.header_bytes)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIME_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), endpoint);
    drive(&shared, pin!(connection), |it| it.graceful_shutdown(), patience, starting).await;
}

/// Drives a connection and what it starts to their end.
async fn drive<C: Future>(
    shared: &Shared,
    mut connection: Pin<&mut C>,
    say_farewell: impl Fn(Pin<&mut C>),
    mut patience: Patience,
    mut starting: UnboundedReceiver<Task<()>>,
) {
    let mut streams = FuturesUnordered::new();
    let mut closing = shared.closing.clone();
    // Runs once the connection has been told to end.
    let mut farewell: Option<BoxFuture<'static, ()>> = None;
    loop {
        tokio::select! {
            biased;
            // How it ends is the client's affair: it leaves, or breaks the rules.
            _ = connection.as_mut() => return,
            Some(task) = starting.next() => streams.push(task),
            Some(_) = streams.next() => {}
            () = async { farewell.as_mut().expect("there is one").await }, if farewell.is_some() => return,
            () = &mut closing, if farewell.is_none() => {
                say_farewell(connection.as_mut());
                farewell = Some(shared.env.sleep(shared.limits.drain_time));
            }
            () = poll_fn(|cx| patience.poll(cx)), if farewell.is_none() => {
                say_farewell(connection.as_mut());
                farewell = Some(shared.env.sleep(FAREWELL_TIME_MAX));
            }
        }
    }
}

/// Answers the requests of one connection.
struct Endpoint {
    shared: Arc<Shared>,
    certified: Option<CertifiedUser>,
    activity: Activity,
    streams: Option<Streams>,
}

impl hyper::service::Service<Request<Incoming>> for Endpoint {
    type Response = Response<ServedBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<ServedBody>, Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let in_answer = self.activity.begin();
        let progress = self.streams.as_ref().map(Streams::begin);
        if let Some(certified) = &self.certified {
            request.extensions_mut().insert(certified.clone());
        }
        let shared = Arc::clone(&self.shared);
        async move {
            let answer = shared.api.answer(request).await;
            let (env, closing) = (shared.env.clone(), shared.closing.clone());
            Ok(answer.map(|body| ServedBody::new(body, env, closing, progress, in_answer)))
        }
        .boxed()
    }
}
