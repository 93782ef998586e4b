use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use setpoint_core::env::Env;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// A socket whose writes fail when the other side takes nothing for too long, and which tells when something comes in.
pub(super) struct PacedIo {
    socket: TcpStream,
    env: Env,
    stall_time: Duration,
    /// Runs while the other side takes nothing.
    stalled: Option<BoxFuture<'static, ()>>,
    /// Who is told; not before HTTP is spoken.
    pub(super) activity: Option<Activity>,
}

impl PacedIo {
    pub(super) const fn new(socket: TcpStream, env: Env, stall_time: Duration) -> Self {
        Self { socket, env, stall_time, stalled: None, activity: None }
    }

    fn paced<T>(&mut self, cx: &mut Context<'_>, taken: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if taken.is_ready() {
            self.stalled = None;
            return taken;
        }
        let (env, stall_time) = (&self.env, self.stall_time);
        ready!(self.stalled.get_or_insert_with(|| env.sleep(stall_time)).poll_unpin(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl AsyncRead for PacedIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if let (Some(activity), true) = (&self.activity, buffer.filled().len() > before) {
            activity.received();
        }
        read
    }
}

impl AsyncWrite for PacedIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.paced(cx, taken)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let taken = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.paced(cx, taken)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
