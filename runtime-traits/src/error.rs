use std::error::Error;
use std::time::Duration;

/// The result of a call to a back end.
pub type Result<T, E = RuntimeError> = std::result::Result<T, E>;

/// What kind of failure it was: all a caller may decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The object named does not exist.
    NotFound,
    /// The identity (name, uid, attempt) is in use (RUNTIME-07).
    AlreadyExists,
    /// This back end does not have the call, see [`Capabilities`](crate::Capabilities).
    Unsupported,
    /// The back end cannot be reached or is not ready.
    Unavailable,
    /// It took too long; it may still happen.
    Timeout,
    /// The configuration can never work.
    InvalidSpec,
    /// The image could not be had.
    ImagePull,
    /// The registry did not answer (AGENT-30).
    RegistryUnavailable,
    /// The image is not signed as policy demands (AGENT-30).
    SignatureValidationFailed,
    /// Memory, disk, addresses or process ids ran out.
    OutOfResources,
    /// The node does not allow it.
    PermissionDenied,
    /// The object is in a state that does not allow it, as starting a container twice.
    Conflict,
    /// The call was given up by its caller or by a shutdown; it may have happened.
    Cancelled,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// All kinds, for tables.
    pub const ALL: [Self; 14] = [
        Self::NotFound,
        Self::AlreadyExists,
        Self::Unsupported,
        Self::Unavailable,
        Self::Timeout,
        Self::InvalidSpec,
        Self::ImagePull,
        Self::RegistryUnavailable,
        Self::SignatureValidationFailed,
        Self::OutOfResources,
        Self::PermissionDenied,
        Self::Conflict,
        Self::Cancelled,
        Self::Other,
    ];
}

/// A call to a back end failed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct RuntimeError {
    /// What a caller decides on.
    pub kind: ErrorKind,
    /// What was attempted, with which object; ends up in events and statuses, so it is for people.
    pub message: String,
    /// When the back end says a further attempt makes sense.
    pub retry_after: Option<Duration>,
    /// What it came from.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl RuntimeError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: None }
    }

    /// The call `what` is not offered by this back end.
    pub fn unsupported(what: &str) -> Self {
        Self::new(ErrorKind::Unsupported, format!("{what} is not supported by this runtime"))
    }

    /// The object `what` named `id` does not exist.
    pub fn not_found(what: &str, id: impl std::fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("{what} {id} does not exist"))
    }

    /// The same with what it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same with the time after which to try again.
    #[must_use]
    pub fn with_retry_after(mut self, retry_after: Duration) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == ErrorKind::NotFound
    }

    /// Whether the back end does not have the call at all.
    pub fn is_unsupported(&self) -> bool {
        self.kind == ErrorKind::Unsupported
    }

    /// Whether the same call may succeed later without anything else changing.
    pub fn is_retryable(&self) -> bool {
        use ErrorKind::{
            Cancelled, ImagePull, Other, OutOfResources, RegistryUnavailable, Timeout, Unavailable,
        };
        matches!(
            self.kind,
            Unavailable | Timeout | ImagePull | RegistryUnavailable | OutOfResources | Cancelled | Other
        )
    }

    /// Whether the call may have had its effect all the same, so that the caller must look before it acts.
    pub fn is_outcome_unknown(&self) -> bool {
        use ErrorKind::{Cancelled, Other, Timeout, Unavailable};
        matches!(self.kind, Unavailable | Timeout | Cancelled | Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_a_known_outcome_and_silence_has_not() {
        let unknown: Vec<_> = ErrorKind::ALL
            .into_iter()
            .filter(|kind| RuntimeError::new(*kind, "x").is_outcome_unknown())
            .collect();
        assert_eq!(
            unknown,
            [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::Cancelled, ErrorKind::Other]
        );
    }

    #[test]
    fn whatever_is_unknown_can_be_tried_again() {
        for kind in ErrorKind::ALL {
            let error = RuntimeError::new(kind, "x");
            assert!(!error.is_outcome_unknown() || error.is_retryable(), "{kind:?}");
        }
    }

    #[test]
    fn display_is_the_message_alone() {
        let error = RuntimeError::not_found("container", "c1").with_source("cause");
        assert_eq!(error.to_string(), "container c1 does not exist");
        assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("cause"));
    }
}
