//! Whether a request is sent again: decided here, done elsewhere.

use std::time::Duration;

use setpoint_core::Error;
use setpoint_core::env::Instant;

use super::limits::{ATTEMPTS_MAX, RETRY_AFTER_MAX, WAIT_INITIAL};

/// What a request bears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It changes nothing, so it can be sent any number of times.
    Always,
    /// It may be sent again if it was surely not applied.
    IfNotApplied,
    /// The same, but being told to come back is the answer that its sender wants: an eviction.
    IfNotSent,
}

/// How a request failed.
#[derive(Debug, Clone)]
pub(super) enum Failure {
    /// The server has answered.
    Answered {
        error: Error,
        /// After how long it wants to be asked again; then the request was not applied.
        retry_after: Option<Duration>,
    },
    /// It never reached the server.
    NotSent(Error),
    /// It was sent, and there was no answer, or not the whole one.
    Lost(Error),
}

/// How long to wait before the request is sent again; `None` if it is not.
///
/// `attempt` counts from 1 and is the one that has failed.
pub(super) fn wait(
    failure: &Failure,
    repeat: Repeat,
    attempt: u32,
    now: Instant,
    deadline: Instant,
) -> Option<Duration> {
    if attempt >= ATTEMPTS_MAX {
        return None;
    }
    let doubled = WAIT_INITIAL.saturating_mul(1 << (attempt - 1).min(16));
    let wait = match (failure, repeat) {
        (Failure::Answered { retry_after: None, .. }, _) => return None,
        (Failure::Answered { .. }, Repeat::IfNotSent) => return None,
        (Failure::Answered { retry_after: Some(advised), .. }, _) if *advised > RETRY_AFTER_MAX => {
            return None;
        }
        (Failure::Answered { retry_after: Some(advised), .. }, _) => doubled.max(*advised),
        (Failure::NotSent(_), _) | (Failure::Lost(_), Repeat::Always) => doubled,
        (Failure::Lost(_), _) => return None,
    };
    (now + wait < deadline).then_some(wait)
}

impl Failure {
    /// What the caller is told in the end.
    pub(super) fn into_error(self, repeat: Repeat) -> Error {
        match self {
            Self::Answered { error, .. } | Self::NotSent(error) => error,
            Self::Lost(error) if repeat == Repeat::Always => error,
            Self::Lost(error) => Error::outcome_unknown(error.message()),
        }
    }
}
