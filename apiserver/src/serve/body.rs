use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt;
use http_body::{Frame, SizeHint};
use setpoint_core::env::Env;

use super::activity::InAnswer;
use super::listener::Closing;
use super::streams::Progress;
use crate::Body;

/// The body of an answer on its way: given away in pieces, and ended when the server ends if it has no end of its own.
pub(super) struct ServedBody {
    body: Body,
    env: Env,
    /// What is left of a large piece.
    rest: Bytes,
    closing: Closing,
    progress: Option<Progress>,
    _in_answer: InAnswer,
}

/// How much is handed on at once. What the client has not room for is kept in memory by the connection, so this bounds
/// what a client can make it keep.
const PIECE_BYTES_MAX: usize = 64 * 1024;

impl ServedBody {
    pub(super) const fn new(
        body: Body,
        env: Env,
        closing: Closing,
        progress: Option<Progress>,
        in_answer: InAnswer,
    ) -> Self {
        Self { body, env, rest: Bytes::new(), closing, progress, _in_answer: in_answer }
    }
}

impl http_body::Body for ServedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if let Some(progress) = &this.progress {
            progress.taken();
        }
        while this.rest.is_empty() {
            if this.body.is_endless() && this.closing.poll_unpin(cx).is_ready() {
                return Poll::Ready(None);
            }
            match std::task::ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                None => return Poll::Ready(None),
                // Answers have no trailers.
                Some(Ok(frame)) => this.rest = frame.into_data().unwrap_or_default(),
                Some(Err(never)) => match never {},
            }
        }
        if let Some(progress) = &this.progress {
            progress.given(this.env.now());
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE_BYTES_MAX));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.body.size_hint(), self.rest.len() as u64);
        match inner.exact() {
            Some(exact) => SizeHint::with_exact(exact + rest),
            None => SizeHint::default(),
        }
    }
}
