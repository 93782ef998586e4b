use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use http_body::{Frame, SizeHint};

use crate::in_flight::Permit;

/// The body of an answer: bytes that are there, or bytes as they come.
pub struct Body {
    content: Content,
    /// What counts the request as being answered, until this is sent or given up.
    _permit: Option<Permit>,
    /// Whether it ends only because somebody wants it to.
    is_endless: bool,
}

enum Content {
    Whole(Option<Bytes>),
    Stream(BoxStream<'static, Bytes>),
}

impl Body {
    /// Without content.
    pub fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    /// All of it.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::of(Content::Whole(Some(bytes.into()).filter(|bytes| !bytes.is_empty())))
    }

    /// Takes all of it out, if it is there; `None` if it comes bit by bit.
    pub(crate) fn take_whole(&mut self) -> Option<Bytes> {
        match &mut self.content {
            Content::Whole(bytes) => Some(bytes.take().unwrap_or_default()),
            Content::Stream(_) => None,
        }
    }

    /// Puts all of it back.
    pub(crate) fn put_whole(&mut self, bytes: Bytes) {
        self.content = Content::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()));
    }

    /// Each item is sent as soon as it is there.
    pub fn stream(items: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self::of(Content::Stream(Box::pin(items)))
    }

    const fn of(content: Content) -> Self {
        Self { content, _permit: None, is_endless: false }
    }

    /// The same, as something that goes on until somebody ends it; each item can be its last.
    pub(crate) fn endless(self) -> Self {
        Self { is_endless: true, ..self }
    }

    /// Whether it goes on until somebody ends it, which may be done after any item: a watch, or a log that is
    /// followed.
    pub const fn is_endless(&self) -> bool {
        self.is_endless
    }

    pub(crate) fn holding(self, permit: Permit) -> Self {
        Self { _permit: Some(permit), ..self }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.content {
            Content::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Content::Stream(items) => {
                items.as_mut().poll_next(cx).map(|item| item.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.content, Content::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |it| it.len() as u64)),
            Content::Stream(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Whole(bytes) => f.debug_tuple("Body").field(bytes).finish(),
            Content::Stream(_) => f.write_str("Body(..)"),
        }
    }
}
