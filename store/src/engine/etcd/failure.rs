use std::error::Error as StdError;
use std::io;

use setpoint_core::env::Elapsed;

use crate::engine::CommitError;

/// Why etcd could not be opened or asked.
#[derive(Debug, thiserror::Error)]
#[error("{attempted} failed")]
pub struct EtcdError {
    attempted: String,
    #[source]
    source: Box<dyn StdError + Send + Sync>,
}

impl EtcdError {
    pub(super) fn new(attempted: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { attempted: attempted.to_owned(), source: source.into() }
    }

    /// The same, and where it was attempted.
    pub(super) fn at(mut self, endpoints: &[String]) -> Self {
        self.attempted = format!("{} at {}", self.attempted, endpoints.join(", "));
        self
    }

    /// Whether etcd does not believe who asks: the password is wrong, or the name, or none was given.
    pub fn is_unauthenticated(&self) -> bool {
        const REFUSED: [&str; 3] = [
            "etcdserver: authentication failed",
            "etcdserver: authentication is not enabled",
            "etcdserver: user name is empty",
        ];
        let Some(etcd_client::Error::GRpcStatus(status)) = self.source.downcast_ref() else { return false };
        status.code() as i32 == UNAUTHENTICATED || REFUSED.iter().any(|text| status.message().contains(text))
    }

    /// Whether whoever asks may not read or write these keys.
    pub fn is_forbidden(&self) -> bool {
        let Some(etcd_client::Error::GRpcStatus(status)) = self.source.downcast_ref() else { return false };
        status.code() as i32 == PERMISSION_DENIED
    }

    /// Whether another attempt may succeed.
    pub(super) fn is_passing(&self) -> bool {
        let refused = |error: &etcd_client::Error| fate(error) == Fate::Refused;
        !self.is_unauthenticated() && !self.source.downcast_ref().is_some_and(refused)
    }

    /// The error and what it came from, in one line.
    pub fn chain(&self) -> String {
        format!("{self}: {}", chain(&*self.source))
    }
}

impl From<EtcdError> for setpoint_core::Error {
    fn from(error: EtcdError) -> Self {
        let reason = match (error.is_unauthenticated(), error.is_forbidden()) {
            (true, _) => setpoint_core::Reason::Unauthorized,
            (_, true) => setpoint_core::Reason::Forbidden,
            _ => setpoint_core::Reason::ServiceUnavailable,
        };
        Self::new(reason, error.chain())
    }
}

// tonic's codes, by their numbers in gRPC.
const INVALID_ARGUMENT: i32 = 3;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const UNAUTHENTICATED: i32 = 16;

/// What is known of a request that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was never sent, or refused by who could not do it then: another attempt may succeed, and the first certainly has
    /// not.
    NotDone,
    /// It was refused, and will be again.
    Refused,
    /// It is not known whether it was done.
    Unknown,
}

/// What became of a request that failed with this error.
///
/// etcd answers with the same code for what it has not begun and for what it may still do, so the text must tell. What is
/// not recognised is unknown.
pub(super) fn fate(error: &etcd_client::Error) -> Fate {
    // Not among them: `server stopped`, which is also what a member says that ends after it has proposed a change.
    const NOT_DONE: [&str; 3] =
        ["etcdserver: no leader", "etcdserver: not capable", "etcdserver: too many requests"];
    if was_never_sent(error) {
        return Fate::NotDone;
    }
    match error {
        etcd_client::Error::GRpcStatus(status) => match status.code() as i32 {
            _ if NOT_DONE.iter().any(|text| status.message().contains(text)) => Fate::NotDone,
            INVALID_ARGUMENT | PERMISSION_DENIED | FAILED_PRECONDITION | UNAUTHENTICATED => Fate::Refused,
            // Out of space, which is said before anything is done; messages that are too large are said here, too.
            RESOURCE_EXHAUSTED if status.message().contains("etcdserver: ") => Fate::Refused,
            _ => Fate::Unknown,
        },
        etcd_client::Error::InvalidArgs(_) | etcd_client::Error::InvalidUri(_) => Fate::Refused,
        _ => Fate::Unknown,
    }
}

/// Whether no connection could be made, so that nothing was sent.
fn was_never_sent(error: &etcd_client::Error) -> bool {
    let mut source: Option<&(dyn StdError + 'static)> = match error {
        etcd_client::Error::GRpcStatus(status) => status.source(),
        etcd_client::Error::TransportError(error) => Some(error),
        _ => None,
    };
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>()
            && matches!(
                error.kind(),
                io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable
            )
        {
            return true;
        }
        source = error.source();
    }
    false
}

/// The answer to a commit whose request failed.
pub(super) fn refusal(fate: Fate, why: &dyn StdError) -> CommitError {
    match fate {
        Fate::NotDone | Fate::Refused => CommitError::Unavailable(chain(why)),
        Fate::Unknown => CommitError::Unknown(chain(why)),
    }
}

/// The answer to a commit that took too long.
pub(super) fn out_of_time(elapsed: Elapsed) -> CommitError {
    CommitError::Unknown(format!("etcd did not answer: {elapsed}"))
}

/// An error and what it came from, in one line.
fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
