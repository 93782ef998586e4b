use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::request_framing::RequestFraming;

/// An HTTP/1 connection in whose request targets some bytes may stand as they are that a URI must write as escapes, as
/// in `?labelSelector=app>1` (LIST-10): Go's server takes them. They are handed on as escapes, which mean the same.
///
/// Nothing else is changed, and nothing at all from where on it is not clear beyond doubt where a request begins.
pub(super) struct LenientTargets<S> {
    stream: S,
    framing: RequestFraming,
    /// What was read and is not yet handed on: at most three times as much as was asked for at once.
    pending: Vec<u8>,
    /// How much of it was handed on.
    handed_on: usize,
}

impl<S> LenientTargets<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, framing: RequestFraming::new(), pending: Vec::new(), handed_on: 0 }
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let rest = self.pending.get(self.handed_on..).unwrap_or_default();
        let piece = rest.get(..buffer.remaining()).unwrap_or(rest);
        buffer.put_slice(piece);
        self.handed_on += piece.len();
        if self.handed_on == self.pending.len() {
            (self.pending, self.handed_on) = (Vec::new(), 0);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LenientTargets<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.pending.is_empty() {
            this.hand_on(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if this.framing.is_lost() {
            return Poll::Ready(Ok(()));
        }
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        let mut illegal = Vec::new();
        this.framing.follow(fresh, |place| illegal.push(place));
        if !illegal.is_empty() {
            this.pending = escaped(fresh, &illegal);
            buffer.set_filled(before);
            this.hand_on(buffer);
        }
        Poll::Ready(Ok(()))
    }
}

/// The bytes, with those at these places (ascending) written as escapes.
fn escaped(bytes: &[u8], places: &[usize]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = Vec::with_capacity(bytes.len() + 2 * places.len());
    let mut places = places.iter().copied().peekable();
    for (at, byte) in bytes.iter().enumerate() {
        if places.next_if_eq(&at).is_none() {
            text.push(*byte);
            continue;
        }
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
        text.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte & 15)]);
    }
    text
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LenientTargets<S> {
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
