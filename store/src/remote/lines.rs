use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use kube::client::Body;

use super::limits::EVENT_BYTES_MAX;

/// The lines of a body that comes bit by bit. What follows the last line end when the body ends is no line.
#[derive(Debug)]
pub(super) struct Lines {
    body: Body,
    read: BytesMut,
    /// There is no line end before here.
    looked_at: usize,
    line_bytes_max: usize,
}

/// Why there are no more lines.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinesEnd {
    /// The body has ended.
    #[error("the server has ended the watch")]
    Ended,
    /// The connection was cut.
    #[error("the connection was cut: {0}")]
    Cut(String),
    /// A line is too long.
    #[error("an event is larger than {0} bytes")]
    TooLong(usize),
}

impl Lines {
    pub(super) fn of(body: Body) -> Self {
        Self { body, read: BytesMut::new(), looked_at: 0, line_bytes_max: EVENT_BYTES_MAX }
    }

    #[cfg(test)]
    pub(super) fn with_line_bytes_max(self, line_bytes_max: usize) -> Self {
        Self { line_bytes_max, ..self }
    }

    /// The next line. Nothing is lost if this is not waited for to the end.
    pub(super) async fn next(&mut self) -> Result<Bytes, LinesEnd> {
        loop {
            if let Some(at) = self.read[self.looked_at..].iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(self.looked_at + at + 1).freeze();
                self.looked_at = 0;
                return Ok(line.slice(..line.len() - 1));
            }
            self.looked_at = self.read.len();
            if self.looked_at > self.line_bytes_max {
                return Err(LinesEnd::TooLong(self.line_bytes_max));
            }
            match self.body.frame().await {
                None => return Err(LinesEnd::Ended),
                Some(Err(error)) => return Err(LinesEnd::Cut(super::failure::chain(&error))),
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.read.extend_from_slice(data);
                    }
                }
            }
        }
    }
}
