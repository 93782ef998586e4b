use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{io, mem};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection whose first line may have characters that a URI must write as escapes and that Go's server lets pass,
/// as in `?labelSelector=app>1`. They are written as escapes.
///
/// Only the first line is looked at: where later requests of the connection begin is known to their reader alone, and
/// two who read one stream in two ways are how requests are smuggled.
pub(super) struct FirstLine<S> {
    stream: S,
    /// What was read and is not yet handed on.
    pending: Vec<u8>,
    is_over: bool,
}

/// How much is read at once while the line lasts.
const CHUNK_BYTES: usize = 2048;

impl<S> FirstLine<S> {
    pub(super) const fn new(stream: S) -> Self {
        Self { stream, pending: Vec::new(), is_over: false }
    }

    fn take(&mut self, bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' => self.pending.extend_from_slice(b"%22"),
                b'<' => self.pending.extend_from_slice(b"%3C"),
                b'>' => self.pending.extend_from_slice(b"%3E"),
                b'\n' => {
                    self.is_over = true;
                    self.pending.extend_from_slice(&bytes[index..]);
                    return;
                }
                other => self.pending.push(*other),
            }
        }
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let rest = self.pending.split_off(self.pending.len().min(buffer.remaining()));
        buffer.put_slice(&mem::replace(&mut self.pending, rest));
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstLine<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.pending.is_empty() {
            if this.is_over {
                return Pin::new(&mut this.stream).poll_read(cx, buffer);
            }
            let mut chunk = [0; CHUNK_BYTES];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut chunk))?;
            this.take(chunk.filled());
        }
        this.hand_on(buffer);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstLine<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
