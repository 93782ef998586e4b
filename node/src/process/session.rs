use std::io;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::io::AsyncWrite;
use futures::stream::{self, Stream, StreamExt};
use setpoint_runtime_traits::{
    ErrorKind, Exit, OutputChunk, OutputStream, Result, RuntimeError, Session, SessionOptions,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite as _};
use tokio::process::ChildStdin;
use tokio::sync::OwnedSemaphorePermit;

use super::exec::{Group, cannot_execute, kill_group};
use super::launch::Launch;
use super::process_group::{command, exit_of};

/// How much of the output of a session is read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Runs a command beside the processes of a container, connected to whoever asked for it.
///
/// It is in a group of its own, which is killed when the command has ended and when the session is dropped. There are no
/// terminals.
pub(super) fn open(
    launch: &Launch,
    words: &[String],
    options: &SessionOptions,
    permit: OwnedSemaphorePermit,
) -> Result<Session> {
    if options.tty {
        return Err(RuntimeError::unsupported("a terminal"));
    }
    let Some((program, args)) = words.split_first() else {
        return Err(RuntimeError::new(ErrorKind::InvalidSpec, "the command is empty"));
    };
    let mut command = command(launch, program, args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if options.stdin {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().map_err(|error| cannot_execute(launch, program, error))?;
    let stdin = child.stdin.take();
    let output = stream::select(
        chunks(child.stdout.take(), OutputStream::Stdout),
        chunks(child.stderr.take(), OutputStream::Stderr),
    );
    let mut session = Session::new(output.boxed(), ended(Group(child), permit));
    session.stdin = stdin.map(|stdin| Box::pin(Input(Some(stdin))) as Pin<Box<dyn AsyncWrite + Send>>);
    Ok(session)
}

/// Waits for the end. What the command left behind ends with it.
fn ended(mut group: Group, permit: OwnedSemaphorePermit) -> BoxFuture<'static, Result<Exit>> {
    Box::pin(async move {
        let leader = group.id();
        let exit = group.0.wait().await;
        leader.into_iter().for_each(kill_group);
        drop(permit);
        Ok(exit.map_or(Exit::Unknown, exit_of))
    })
}

fn chunks(
    from: Option<impl AsyncRead + Send + Unpin + 'static>,
    stream: OutputStream,
) -> impl Stream<Item = Result<OutputChunk>> + Send {
    stream::unfold(from, move |from| async move {
        let mut from = from?;
        let mut bytes = vec![0; CHUNK_BYTES];
        match from.read(&mut bytes).await {
            Ok(0) => None,
            Ok(count) => {
                bytes.truncate(count);
                Some((Ok(OutputChunk { stream, bytes }), Some(from)))
            }
            Err(error) => {
                let message = format!("the output of a command cannot be read: {error}");
                Some((Err(RuntimeError::new(ErrorKind::Other, message)), None))
            }
        }
    })
}

/// The input of a command, with the I/O traits of `futures`. Closed, the command reads its end.
struct Input(Option<ChildStdin>);

impl AsyncWrite for Input {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Some(stdin) => Pin::new(stdin).poll_write(cx, from),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Some(stdin) => Pin::new(stdin).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0 = None;
        Poll::Ready(Ok(()))
    }
}
