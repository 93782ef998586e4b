//! What went wrong, told apart by whether the request can have been applied.

use std::error::Error as StdError;
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use hyper_util::client::legacy::Error as ConnectError;
use kube::core::Status;
use setpoint_core::{Error, Reason};

use super::retry::{Failure, Repeat};

/// The client could not bring the request to an end.
pub(super) fn of_client(error: kube::Error) -> Failure {
    // What the client shows of itself could not be had: nothing was sent.
    if causes(&error).any(|cause| cause.is::<kube::client::AuthError>()) {
        let message = format!("no credentials could be had: {}", chain(&error));
        return Failure::Answered { error: Error::new(Reason::Unauthorized, message), retry_after: None };
    }
    let message = format!("the server cannot be reached: {}", chain(&error));
    let told = Error::new(Reason::ServiceUnavailable, message);
    if was_not_sent(&error) { Failure::NotSent(told) } else { Failure::Lost(told) }
}

/// Whether the connection could not even be made.
fn was_not_sent(error: &kube::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<ConnectError>().is_some_and(ConnectError::is_connect))
}

fn causes(error: &kube::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let first: &(dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error: &&(dyn StdError + 'static)| (*error).source())
}

/// All that an error says, from the outside in.
pub(super) fn chain(error: &kube::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        // Many an error ends with the text of its cause.
        if !texts.iter().any(|known| known.ends_with(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// The server has refused the request.
pub(super) fn of_answer(code: u16, headers: &HeaderMap, body: &[u8], repeat: Repeat) -> Failure {
    let status = serde_json::from_slice::<Status>(body)
        .ok()
        .filter(|status| status.code != 0 || !status.reason.is_empty());
    let is_servers_own = status.is_some();
    // What a kube-apiserver makes of an error that it does not know, such as a time-out of its etcd.
    let is_unexplained =
        status.as_ref().is_none_or(|status| status.reason.is_empty() || status.reason == "Unknown");
    let mut error = match status {
        Some(status) => {
            Error::from_status(&Status { code: if status.code == 0 { code } else { status.code }, ..status })
        }
        None => of_proxy(code, body),
    };
    let header = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u32>().ok());
    if let Some(seconds) = header.filter(|_| error.details().retry_after_seconds == 0) {
        error = error.with_retry_after(seconds);
    }
    if repeat != Repeat::Always
        && may_be_applied(code, is_servers_own, is_unexplained)
        && !error.is_outcome_unknown()
    {
        let message = error.message().to_owned();
        error = error.with_cause("OutcomeUnknown", &message, "");
    }
    let advised = header.map(|seconds| Duration::from_secs(seconds.into()));
    let was_not_applied = code == 429 || code == 503 && is_servers_own;
    let retry_after = advised.filter(|_| was_not_applied && !error.is_outcome_unknown());
    Failure::Answered { error, retry_after }
}

/// Whether a write that is answered so may have been applied: the server has given up waiting for it, or somebody between
/// has, who does not know, or it cannot say what went wrong.
fn may_be_applied(code: u16, is_servers_own: bool, is_unexplained: bool) -> bool {
    matches!((code, is_servers_own), (504, _) | (502 | 503, false)) || code == 500 && is_unexplained
}

/// An answer that is no status, such as a proxy's.
fn of_proxy(code: u16, body: &[u8]) -> Error {
    /// How much of it is told.
    const TEXT_MAX: usize = 200;
    let reason = match code {
        400 => Reason::BadRequest,
        401 => Reason::Unauthorized,
        403 => Reason::Forbidden,
        404 => Reason::NotFound,
        405 => Reason::MethodNotAllowed,
        406 => Reason::NotAcceptable,
        409 => Reason::Conflict,
        410 => Reason::Gone,
        413 => Reason::RequestEntityTooLarge,
        415 => Reason::UnsupportedMediaType,
        422 => Reason::Invalid,
        429 => Reason::TooManyRequests,
        502 | 503 => Reason::ServiceUnavailable,
        504 => Reason::Timeout,
        500.. => Reason::InternalError,
        _ => Reason::Unknown,
    };
    let text: String = String::from_utf8_lossy(body).trim().chars().take(TEXT_MAX).collect();
    let message = if text.is_empty() { format!("the server answered {code}") } else { text };
    Error::new(reason, message).with_code(code)
}
