use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;
use http_body::{Frame, SizeHint};

use crate::in_flight::Permit;

/// Bytes that are made as they are sent.
type Pieces = Box<dyn Iterator<Item = Bytes> + Send>;

/// The body of an answer: bytes that are there, bytes that can be made, or bytes as they come.
pub struct Body {
    content: Content,
    /// What counts the request as being answered, until this is sent or given up.
    _permit: Option<Permit>,
    /// Whether it ends only because somebody wants it to.
    is_endless: bool,
}

enum Content {
    Whole(Option<Bytes>),
    Pieces(Pieces),
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

    /// Takes all of it out, if it is there or can be made; `None` if it comes bit by bit.
    pub(crate) fn take_whole(&mut self) -> Option<Bytes> {
        match &mut self.content {
            Content::Whole(bytes) => Some(bytes.take().unwrap_or_default()),
            Content::Pieces(pieces) => Some(pieces.flatten().collect()),
            Content::Stream(_) => None,
        }
    }

    /// Puts all of it back.
    pub(crate) fn put_whole(&mut self, bytes: Bytes) {
        self.content = Content::Whole(Some(bytes).filter(|bytes| !bytes.is_empty()));
    }

    /// Each piece is made when it is to be sent; what is one piece only is made at once.
    pub(crate) fn pieces(mut pieces: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        let (first, second) = (pieces.next(), pieces.next());
        match (first, second) {
            (first, None) => Self::whole(first.unwrap_or_default()),
            (first, second) => {
                Self::of(Content::Pieces(Box::new(first.into_iter().chain(second).chain(pieces))))
            }
        }
    }

    /// The same, with its pieces passed through something, if that is what it is made of.
    pub(crate) fn map_pieces<P>(self, pass: impl FnOnce(Pieces) -> P) -> Self
    where
        P: Iterator<Item = Bytes> + Send + 'static,
    {
        match self.content {
            Content::Pieces(pieces) => Self { content: Content::Pieces(Box::new(pass(pieces))), ..self },
            content => Self { content, ..self },
        }
    }

    /// Whether it is made as it is sent.
    pub(crate) const fn is_in_pieces(&self) -> bool {
        matches!(self.content, Content::Pieces(_))
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
            Content::Pieces(pieces) => Poll::Ready(pieces.next().map(|bytes| Ok(Frame::data(bytes)))),
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
            Content::Pieces(_) | Content::Stream(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Whole(bytes) => f.debug_tuple("Body").field(bytes).finish(),
            Content::Pieces(_) | Content::Stream(_) => f.write_str("Body(..)"),
        }
    }
}
