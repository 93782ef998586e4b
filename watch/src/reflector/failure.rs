use std::time::Duration;

use setpoint_core::{Error, Reason};

/// What a failure asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The revision is no longer known: everything is to be read anew.
    Expired,
    /// The same may succeed later.
    Transient,
    /// Somebody has to change something first: rights, the kind's registration. It is tried again
    /// nevertheless, since that is how the change is noticed.
    Refused,
}

/// What keeps a reflector from its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What it asks for.
    pub failure: Failure,
    /// The last error.
    pub error: Error,
    /// How often it has failed, without two healthy minutes between.
    pub failures: u32,
}

/// The first wait.
pub(super) const WAIT_INITIAL: Duration = Duration::from_millis(800);
/// The longest wait, before jitter.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(30);
/// Waits are stretched by up to this share, so that clients that were cut off together do not come back
/// together.
pub(super) const WAIT_JITTER: f64 = 1.0;
/// After this long without a failure the waits begin anew.
pub(super) const HEALTHY_AFTER: Duration = Duration::from_secs(120);

impl Failure {
    /// What an error asks for.
    pub fn of(error: &Error) -> Self {
        if error.is_expired() {
            Self::Expired
        } else if error.is_retryable() {
            Self::Transient
        } else {
            Self::Refused
        }
    }
}

/// The wait after a failure with this many before it: 800 ms doubled up to 30 s, before jitter.
pub fn backoff(earlier: u32) -> Duration {
    let doubled = 2u32.checked_pow(earlier).and_then(|factor| WAIT_INITIAL.checked_mul(factor));
    doubled.unwrap_or(WAIT_MAX).min(WAIT_MAX)
}

/// Whether a store says with this error that it has no streamed lists (WATCH-07).
pub(super) fn has_no_streams(error: &Error) -> bool {
    matches!(
        error.reason(),
        Reason::BadRequest | Reason::Invalid | Reason::MethodNotAllowed | Reason::NotAcceptable
    )
}

/// Whether a store says that it has not come as far as it was asked for (LIST-05).
pub(super) fn is_behind(error: &Error) -> bool {
    error.has_cause("ResourceVersionTooLarge")
}
