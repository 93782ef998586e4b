//! Errors as clients see them: reason, code, message, details and causes (ERR rows).

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube_core::response::{Status, StatusCause, StatusDetails, StatusSummary};

use crate::field::FieldErrors;

/// What every verb of a store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A request's failure, as a Kubernetes `Status`.
///
/// Callers act on the predicates ([`Error::is_conflict`], [`Error::is_not_found`], …) or on the
/// [`Reason`]; the message is for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorBody>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct ErrorBody {
    reason: Reason,
    code: u16,
    message: String,
    details: Details,
    /// Whether details are told though there are none.
    tells_details: bool,
    continue_token: Option<String>,
}

/// The cause of an error after which it is not known whether the write was applied.
const OUTCOME_UNKNOWN: &str = "OutcomeUnknown";
/// The cause of an error of a write whose writer has been deposed.
const FENCED: &str = "Fenced";

/// What an error is about (ERR-03).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The object's name, if one was named.
    pub name: String,
    /// The API group.
    pub group: String,
    /// The plural resource, or for [`Reason::Invalid`] the kind.
    pub kind: String,
    /// The object's uid, if known.
    pub uid: String,
    /// One entry for each single fault.
    pub causes: Vec<Cause>,
    /// When a retry makes sense, in seconds; 0 if nothing is said.
    pub retry_after_seconds: u32,
}

/// One single fault (ERR-04, ERR-07).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cause {
    /// Machine-readable: `FieldValueInvalid`, `FieldManagerConflict`, `NamespaceTerminating`, …
    pub reason: String,
    /// For people.
    pub message: String,
    /// The field's path, if it is about one.
    pub field: String,
}

/// Why a request failed (ERR-02). Clients branch on this, not on the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// 400: the request makes no sense.
    BadRequest,
    /// 401: who are you?
    Unauthorized,
    /// 403: known, and not allowed.
    Forbidden,
    /// 404: no such object or kind.
    NotFound,
    /// 405: the resource has no such verb.
    MethodNotAllowed,
    /// 406: no answer in a form the client takes.
    NotAcceptable,
    /// 409: an object of that name is there.
    AlreadyExists,
    /// 409: it was changed meanwhile, or a precondition does not hold.
    Conflict,
    /// 410: it was there, and is not coming back.
    Gone,
    /// 410: the revision asked for is no longer kept.
    Expired,
    /// 413: too large.
    RequestEntityTooLarge,
    /// 415: the body's media type is not understood here.
    UnsupportedMediaType,
    /// 422: well-formed, but not valid.
    Invalid,
    /// 429: try again later.
    TooManyRequests,
    /// 500: a fault of the server.
    InternalError,
    /// 500: not in time; the outcome may be unknown.
    ServerTimeout,
    /// 503: not now.
    ServiceUnavailable,
    /// 504: not in time.
    Timeout,
    /// 500: for a reason without a word.
    Unknown,
}

impl Reason {
    const ALL: [(Self, &'static str, u16); 19] = [
        (Self::BadRequest, "BadRequest", 400),
        (Self::Unauthorized, "Unauthorized", 401),
        (Self::Forbidden, "Forbidden", 403),
        (Self::NotFound, "NotFound", 404),
        (Self::MethodNotAllowed, "MethodNotAllowed", 405),
        (Self::NotAcceptable, "NotAcceptable", 406),
        (Self::AlreadyExists, "AlreadyExists", 409),
        (Self::Conflict, "Conflict", 409),
        (Self::Gone, "Gone", 410),
        (Self::Expired, "Expired", 410),
        (Self::RequestEntityTooLarge, "RequestEntityTooLarge", 413),
        (Self::UnsupportedMediaType, "UnsupportedMediaType", 415),
        (Self::Invalid, "Invalid", 422),
        (Self::TooManyRequests, "TooManyRequests", 429),
        (Self::InternalError, "InternalError", 500),
        (Self::ServerTimeout, "ServerTimeout", 500),
        (Self::ServiceUnavailable, "ServiceUnavailable", 503),
        (Self::Timeout, "Timeout", 504),
        (Self::Unknown, "", 500),
    ];

    fn row(self) -> (Self, &'static str, u16) {
        Self::ALL.into_iter().find(|row| row.0 == self).expect("every reason has a row")
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// The HTTP code that goes with it.
    pub fn code(self) -> u16 {
        self.row().2
    }

    /// The reason with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|row| row.1 == word).map(|row| row.0)
    }
}

/// The group and plural name under which a kind's objects are stored and addressed.
///
/// Prints as upstream's messages have it: `pods`, `deployments.apps`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupResource {
    /// The API group, empty for the core group.
    pub group: std::borrow::Cow<'static, str>,
    /// The plural name.
    pub resource: std::borrow::Cow<'static, str>,
}

impl GroupResource {
    /// A name known when the program is written.
    pub const fn new(group: &'static str, resource: &'static str) -> Self {
        Self { group: std::borrow::Cow::Borrowed(group), resource: std::borrow::Cow::Borrowed(resource) }
    }
}

impl fmt::Display for GroupResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() {
            f.write_str(&self.resource)
        } else {
            write!(f, "{}.{}", self.resource, self.group)
        }
    }
}

impl Error {
    /// An error with the reason's usual code.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorBody {
            reason,
            code: reason.code(),
            message: message.into(),
            details: Details::default(),
            tells_details: false,
            continue_token: None,
        }))
    }

    fn about(reason: Reason, resource: &GroupResource, name: &str, message: String) -> Self {
        let mut error = Self::new(reason, message);
        error.0.details.group = resource.group.to_string();
        error.0.details.kind = resource.resource.to_string();
        name.clone_into(&mut error.0.details.name);
        error
    }

    /// `pods "x" not found`
    pub fn not_found(resource: &GroupResource, name: &str) -> Self {
        Self::about(Reason::NotFound, resource, name, format!("{resource} {name:?} not found"))
    }

    /// `deployments.apps "x" already exists`
    pub fn already_exists(resource: &GroupResource, name: &str) -> Self {
        Self::about(Reason::AlreadyExists, resource, name, format!("{resource} {name:?} already exists"))
    }

    /// `Operation cannot be fulfilled on deployments.apps "x": …`
    pub fn conflict(resource: &GroupResource, name: &str, why: impl fmt::Display) -> Self {
        let message = format!("Operation cannot be fulfilled on {resource} {name:?}: {why}");
        Self::about(Reason::Conflict, resource, name, message)
    }

    /// `pods "x" is forbidden: …`
    pub fn forbidden(resource: &GroupResource, name: &str, why: impl fmt::Display) -> Self {
        let message = if name.is_empty() {
            format!("{resource} is forbidden: {why}")
        } else {
            format!("{resource} {name:?} is forbidden: {why}")
        };
        Self::about(Reason::Forbidden, resource, name, message)
    }

    /// `Deployment.apps "x" is invalid: …`, with one cause for each fault.
    pub fn invalid(kind: &str, group: &str, name: &str, faults: &FieldErrors) -> Self {
        let subject = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        // What is found twice is one text, though two causes.
        let mut texts: Vec<String> = Vec::with_capacity(faults.len());
        for text in faults.iter().map(ToString::to_string) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = match &texts[..] {
            [single] => single.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let mut error = Self::new(Reason::Invalid, format!("{subject} {name:?} is invalid: {list}"));
        error.0.details = Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes: faults
                .iter()
                .map(|fault| Cause {
                    reason: fault.kind.reason().to_owned(),
                    message: fault.body(),
                    field: fault.field.clone(),
                })
                .collect(),
            ..Details::default()
        };
        error
    }

    /// The request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Reason::BadRequest, message)
    }

    /// A fault of the server.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self::new(Reason::InternalError, format!("Internal error occurred: {message}"))
    }

    /// A write of which nobody can tell whether it was applied.
    pub fn outcome_unknown(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Reason::Timeout, message.clone()).with_cause(OUTCOME_UNKNOWN, &message, "")
    }

    /// A write whose writer has been deposed. It is `Forbidden` and no conflict, since trying again is of no use.
    pub fn fenced(message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(Reason::Forbidden, message.clone()).with_cause(FENCED, &message, "")
    }

    /// The revision asked for is no longer kept.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(Reason::Expired, message)
    }

    /// With another HTTP code than the reason's usual one.
    #[must_use]
    pub fn with_code(mut self, code: u16) -> Self {
        self.0.code = code;
        self
    }

    /// With another text for people.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = message.into();
        self
    }

    /// With a token by which a list can go on (LIST-07).
    #[must_use]
    pub fn with_continue(mut self, token: impl Into<String>) -> Self {
        self.0.continue_token = Some(token.into());
        self
    }

    /// With details, which are told even if they are empty.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        self.0.details = details;
        self.0.tells_details = true;
        self
    }

    /// With one more cause.
    #[must_use]
    pub fn with_cause(mut self, reason: &str, message: &str, field: &str) -> Self {
        self.0.details.causes.push(Cause {
            reason: reason.to_owned(),
            message: message.to_owned(),
            field: field.to_owned(),
        });
        self
    }

    /// With advice when to try again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u32) -> Self {
        self.0.details.retry_after_seconds = seconds;
        self
    }

    /// Why it failed.
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// The HTTP code.
    pub fn code(&self) -> u16 {
        self.0.code
    }

    /// The text for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The token by which an expired list can go on.
    pub fn continue_token(&self) -> Option<&str> {
        self.0.continue_token.as_deref()
    }

    /// What it is about.
    pub fn details(&self) -> &Details {
        &self.0.details
    }

    /// No such object or kind.
    pub fn is_not_found(&self) -> bool {
        self.reason() == Reason::NotFound
    }

    /// An object of that name is there.
    pub fn is_already_exists(&self) -> bool {
        self.reason() == Reason::AlreadyExists
    }

    /// Changed meanwhile, or a precondition does not hold: read again, decide again.
    pub fn is_conflict(&self) -> bool {
        self.reason() == Reason::Conflict
    }

    /// The revision asked for is no longer kept: list again.
    pub fn is_expired(&self) -> bool {
        matches!(self.reason(), Reason::Expired | Reason::Gone)
    }

    /// Well-formed, but not valid: the same request will fail again.
    pub fn is_invalid(&self) -> bool {
        self.reason() == Reason::Invalid
    }

    /// The same request may succeed later without anybody changing it.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.reason(),
            Reason::TooManyRequests
                | Reason::InternalError
                | Reason::ServerTimeout
                | Reason::ServiceUnavailable
                | Reason::Timeout
        )
    }

    /// The write may have been applied or not, which nobody can tell now: read again before deciding again.
    pub fn is_outcome_unknown(&self) -> bool {
        self.has_cause(OUTCOME_UNKNOWN)
    }

    /// The write was refused because its writer has been deposed: another has taken over what a guard stands for. The
    /// same writer is refused for good, until it is appointed anew.
    pub fn is_fenced(&self) -> bool {
        self.has_cause(FENCED)
    }

    /// Whether a cause with this machine-readable reason is among the details, as
    /// `NamespaceTerminating` is.
    pub fn has_cause(&self, reason: &str) -> bool {
        self.0.details.causes.iter().any(|cause| cause.reason == reason)
    }

    /// The wire form.
    pub fn to_status(&self) -> Status {
        let details = &self.0.details;
        Status {
            status: Some(StatusSummary::Failure),
            message: self.0.message.clone(),
            reason: self.0.reason.as_str().to_owned(),
            code: self.0.code,
            metadata: self
                .0
                .continue_token
                .as_ref()
                .map(|token| ListMeta { continue_: Some(token.clone()), ..ListMeta::default() }),
            details: (self.0.tells_details || *details != Details::default()).then(|| StatusDetails {
                name: details.name.clone(),
                group: details.group.clone(),
                kind: details.kind.clone(),
                uid: details.uid.clone(),
                causes: details
                    .causes
                    .iter()
                    .map(|cause| StatusCause {
                        reason: cause.reason.clone(),
                        message: cause.message.clone(),
                        field: cause.field.clone(),
                    })
                    .collect(),
                retry_after_seconds: details.retry_after_seconds,
            }),
        }
    }

    /// From the wire form. An unknown reason becomes the usual one of its code.
    pub fn from_status(status: &Status) -> Self {
        let reason = Reason::parse(&status.reason)
            .filter(|reason| *reason != Reason::Unknown)
            .or_else(|| Reason::ALL.into_iter().find(|row| row.2 == status.code).map(|row| row.0))
            .unwrap_or(Reason::InternalError);
        let mut error = Self::new(reason, status.message.clone()).with_code(status.code);
        if let Some(details) = &status.details {
            error = error.with_details(Details {
                name: details.name.clone(),
                group: details.group.clone(),
                kind: details.kind.clone(),
                uid: details.uid.clone(),
                causes: details
                    .causes
                    .iter()
                    .map(|cause| Cause {
                        reason: cause.reason.clone(),
                        message: cause.message.clone(),
                        field: cause.field.clone(),
                    })
                    .collect(),
                retry_after_seconds: details.retry_after_seconds,
            });
        }
        error.0.continue_token = status.metadata.as_ref().and_then(|meta| meta.continue_.clone());
        error
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{FieldError, Path};

    const DEPLOYMENTS: GroupResource = GroupResource::new("apps", "deployments");

    #[test]
    fn messages_are_those_clients_match() {
        // ERR-05
        let pods = GroupResource::new("", "pods");
        assert_eq!(Error::not_found(&pods, "x").message(), r#"pods "x" not found"#);
        let exists = Error::already_exists(&DEPLOYMENTS, "x");
        assert_eq!(exists.message(), r#"deployments.apps "x" already exists"#);
        let conflict = Error::conflict(&DEPLOYMENTS, "x", "no");
        assert_eq!(conflict.message(), r#"Operation cannot be fulfilled on deployments.apps "x": no"#);
    }

    #[test]
    fn invalid_lists_every_fault() {
        // ERR-04
        let faults = vec![
            FieldError::required(&Path::new("spec"), ""),
            FieldError::forbidden(&Path::new("status"), "no"),
        ];
        let error = Error::invalid("Deployment", "apps", "web", &faults);
        assert_eq!(
            error.message(),
            r#"Deployment.apps "web" is invalid: [spec: Required value, status: Forbidden: no]"#
        );
        assert_eq!(error.details().causes.len(), 2);
        assert_eq!(error.details().kind, "Deployment");
    }

    #[test]
    fn reasons_and_codes_go_together() {
        // ERR-02
        assert_eq!(Reason::AlreadyExists.code(), Reason::Conflict.code());
        for (reason, word, _) in Reason::ALL {
            assert_eq!(Reason::parse(word), Some(reason));
        }
    }

    #[test]
    fn survives_the_wire() {
        let error = Error::not_found(&DEPLOYMENTS, "x").with_cause("A", "b", "c").with_retry_after(3);
        assert_eq!(Error::from_status(&error.to_status()).to_status(), error.to_status());
        let empty = Error::bad_request("x").with_details(Details::default());
        assert!(empty.to_status().details.is_some());
        assert!(Error::bad_request("x").to_status().details.is_none());
    }
}
