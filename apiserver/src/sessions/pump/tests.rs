use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use setpoint_core::env::Simulation;
use setpoint_runtime_traits::{OutputChunk, OutputStream, RuntimeError};
use tokio::io::{DuplexStream, duplex};

use super::*;

type Client = WebSocketStream<DuplexStream>;

/// What is written comes out of a channel.
struct Input(mpsc::UnboundedSender<Vec<u8>>);

impl AsyncWrite for Input {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        let sent = self.0.unbounded_send(from.to_vec());
        Poll::Ready(sent.map(|()| from.len()).map_err(|_| io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.close_channel();
        Poll::Ready(Ok(()))
    }
}

/// A session between a client and the pump, on virtual time.
fn play<T>(session: Session, client: impl AsyncFnOnce(Client) -> T) -> T {
    let sim = Simulation::new(1);
    let env = sim.env();
    let played = sim.block_on(async {
        let (near, far) = duplex(64 * 1024);
        let server = WebSocketStream::from_raw_socket(near, Role::Server, None).await;
        let client_side = WebSocketStream::from_raw_socket(far, Role::Client, None).await;
        let pump = env.spawn("pump", {
            let env = env.clone();
            async move { run(server, session, &env).await }
        });
        let result = client(client_side).await;
        drop(pump.await);
        result
    });
    played.expect("nothing waits for ever")
}

/// All that comes until the end, without greetings.
async fn all(client: &mut Client) -> Vec<Vec<u8>> {
    let mut messages = Vec::new();
    while let Some(Ok(message)) = client.next().await {
        match message {
            Message::Binary(bytes) if bytes.len() > 1 => messages.push(bytes.to_vec()),
            Message::Close(_) => break,
            _ => {}
        }
    }
    messages
}

fn chunk(stream: OutputStream, text: &str) -> Result<OutputChunk, RuntimeError> {
    Ok(OutputChunk { stream, bytes: text.as_bytes().to_vec() })
}

#[test]
fn output_and_exit_code_reach_the_client() {
    // SUB-10
    let output =
        futures::stream::iter([chunk(OutputStream::Stdout, "out"), chunk(OutputStream::Stderr, "err")]);
    let session = Session::new(output.boxed(), futures::future::ready(Ok(Exit::Code(7))).boxed());
    let messages = play(session, async |mut client| all(&mut client).await);
    assert_eq!(messages[..2], [b"\x01out".to_vec(), b"\x02err".to_vec()]);
    let status: serde_json::Value = serde_json::from_slice(&messages[2][1..]).expect("a status");
    assert_eq!((messages[2][0], &status["details"]["causes"][0]["message"]), (3, &"7".into()));
}

#[test]
fn input_reaches_the_process_until_its_end() {
    let (sender, received) = mpsc::unbounded::<Vec<u8>>();
    let echo = received.map(|bytes| Ok(OutputChunk { stream: OutputStream::Stdout, bytes }));
    let mut session = Session::new(echo.boxed(), futures::future::ready(Ok(Exit::Code(0))).boxed());
    // The process ends when its input does.
    let (ended, end) = futures::channel::oneshot::channel::<()>();
    session.exit = async move {
        let _ = end.await;
        Ok(Exit::Code(0))
    }
    .boxed();
    session.stdin = Some(Box::pin(Input(sender)));
    let messages = play(session, async |mut client| {
        client.send(Message::binary(b"\x00hello".to_vec())).await.expect("it is taken");
        client.send(Message::binary(b"\xff\x00".to_vec())).await.expect("it is taken");
        drop(ended);
        all(&mut client).await
    });
    assert_eq!(messages[0], b"\x01hello");
    assert!(String::from_utf8_lossy(&messages[1]).contains("Success"));
}

#[test]
fn a_client_that_leaves_ends_the_session() {
    struct Alive(Arc<AtomicBool>);
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let is_dropped = Arc::new(AtomicBool::new(false));
    let alive = Alive(Arc::clone(&is_dropped));
    let never = async move {
        let _alive = alive;
        futures::future::pending().await
    };
    let session = Session::new(futures::stream::pending().boxed(), never.boxed());
    play(session, async |mut client| drop(client.close(None).await));
    assert!(is_dropped.load(Ordering::SeqCst));
}

#[test]
fn outputs_that_somebody_holds_open_are_not_waited_for() {
    let output =
        futures::stream::iter([chunk(OutputStream::Stdout, "out")]).chain(futures::stream::pending());
    let session = Session::new(output.boxed(), futures::future::ready(Ok(Exit::Code(0))).boxed());
    let messages = play(session, async |mut client| all(&mut client).await);
    assert_eq!(messages.len(), 2, "{messages:?}");
}
