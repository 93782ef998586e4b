//! Between a WebSocket and a session.

use std::pin::Pin;
use std::time::Duration;

use futures::channel::mpsc;
use futures::future::{Either, select};
use futures::io::{AsyncWrite, AsyncWriteExt};
use futures::stream::{FuturesUnordered, SplitSink, SplitStream};
use futures::{FutureExt, SinkExt, StreamExt};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderName, HeaderValue, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use setpoint_core::env::{Env, Task};
use setpoint_runtime_traits::{Exit, Session, TerminalSize};
use tokio::io::{AsyncRead, AsyncWrite as TokioWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode};

use super::Subprotocol;
use super::channel::{self, Said};
use crate::Body;
use crate::answer::Answer;
use crate::call::Call;
use crate::limits::{SESSION_MESSAGE_BYTES_MAX, SESSION_PING_INTERVAL, SESSIONS_MAX};

/// How long the outputs of an ended process are still read, should somebody else hold them open.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(1);

const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");
const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");

/// Sessions that are open. They end with the server.
#[derive(Debug, Default)]
pub(crate) struct OpenSessions(Mutex<FuturesUnordered<Task<()>>>);

impl OpenSessions {
    /// Keeps a task, unless there are too many.
    fn start(&self, env: &Env, session: impl Future<Output = ()> + Send + 'static) -> bool {
        let tasks = &mut *self.0.lock();
        // Those that are over make room.
        while let Some(Some(_)) = tasks.next().now_or_never() {}
        if tasks.len() >= SESSIONS_MAX {
            return false;
        }
        tasks.push(env.spawn("session", session));
        true
    }
}

/// Answers that the protocol changes, and goes on with the session when it has; `None` if the connection cannot be upgraded
/// or there are too many sessions.
pub(super) fn start(
    call: &Call<'_>,
    subprotocol: Subprotocol,
    key: &str,
    session: Session,
) -> Option<Answer> {
    let upgrade = call.parts.extensions.get::<OnUpgrade>()?.clone();
    let env = call.server.env.clone();
    let clock = env.clone();
    let is_started = call.server.open_sessions.start(&env, async move {
        let Ok(upgraded) = upgrade.await else { return };
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(SESSION_MESSAGE_BYTES_MAX);
        config.max_frame_size = Some(SESSION_MESSAGE_BYTES_MAX);
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        run(socket, session, &clock).await;
    });
    if !is_started {
        return None;
    }
    let mut answer = Answer::new(Body::empty());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(PROTOCOL, HeaderValue::from_static(subprotocol.as_str()));
    headers.insert(ACCEPT, HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()?);
    Some(answer)
}

/// Carries bytes both ways until the process ends or the client leaves.
async fn run<S>(socket: WebSocketStream<S>, session: Session, env: &Env)
where
    S: AsyncRead + TokioWrite + Unpin + Send,
{
    let Session { stdin, output, resize, exit, .. } = session;
    let (mut to_client, from_client) = socket.split();
    if to_client.send(Message::binary(channel::greeting())).await.is_err() {
        return;
    }
    let end = {
        let incoming = std::pin::pin!(listen(from_client, stdin, resize));
        let outgoing = std::pin::pin!(tell(&mut to_client, output, exit, env));
        match select(incoming, outgoing).await {
            // The client has left: what it started ends with the session.
            Either::Left(_) => return,
            Either::Right((end, _)) => end,
        }
    };
    let Some(end) = end else { return };
    let farewell = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    if to_client.send(Message::binary(channel::end(&end))).await.is_ok() {
        drop(env.timeout(DRAIN_TIME_MAX, to_client.send(Message::Close(Some(farewell)))).await);
    }
}

/// Passes on what the client says, until it leaves.
async fn listen<S>(
    mut from_client: SplitStream<WebSocketStream<S>>,
    mut stdin: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    mut resize: Option<mpsc::Sender<TerminalSize>>,
) where
    S: AsyncRead + TokioWrite + Unpin,
{
    while let Some(Ok(message)) = from_client.next().await {
        let said = match &message {
            Message::Binary(bytes) => channel::read(bytes),
            Message::Text(text) => channel::read(text.as_bytes()),
            Message::Close(_) => return,
            _ => Said::Nothing,
        };
        match said {
            Said::Input(bytes) => {
                // A process that reads no more loses its input, and goes on.
                if let Some(input) = &mut stdin
                    && (input.write_all(&bytes).await.is_err() || input.flush().await.is_err())
                {
                    stdin = None;
                }
            }
            Said::EndOfInput => {
                if let Some(mut input) = stdin.take() {
                    drop(input.close().await);
                }
            }
            Said::Resize(size) => {
                if let Some(resize) = &mut resize {
                    // A size that is not taken is followed by another.
                    drop(resize.try_send(size));
                }
            }
            Said::Nothing => {}
        }
    }
}

/// Passes on what the process writes, until it has ended; `None` if the client has left.
async fn tell<S>(
    to_client: &mut SplitSink<WebSocketStream<S>, Message>,
    output: impl futures::Stream<Item = setpoint_runtime_traits::Result<setpoint_runtime_traits::OutputChunk>>
    + Unpin,
    exit: impl Future<Output = setpoint_runtime_traits::Result<Exit>> + Unpin,
    env: &Env,
) -> Option<Result<Exit, String>>
where
    S: AsyncRead + TokioWrite + Unpin,
{
    let mut output = output.fuse();
    let mut exit = exit.fuse();
    let mut ended = None;
    let mut deadline = futures::future::Fuse::terminated();
    loop {
        let mut ping = env.sleep(SESSION_PING_INTERVAL).fuse();
        futures::select_biased! {
            chunk = output.next() => match chunk {
                Some(Ok(chunk)) => to_client.send(Message::binary(channel::output(&chunk))).await.ok()?,
                Some(Err(_)) => {}
                None => match ended.take() {
                    Some(end) => return Some(end),
                    None => return Some(exit.await.map_err(|error| error.to_string())),
                },
            },
            end = exit => {
                ended = Some(end.map_err(|error| error.to_string()));
                deadline = env.sleep(DRAIN_TIME_MAX).fuse();
            },
            () = deadline => return ended.take(),
            () = ping => to_client.send(Message::Ping(Default::default())).await.ok()?,
        }
    }
}

#[cfg(test)]
mod tests;
