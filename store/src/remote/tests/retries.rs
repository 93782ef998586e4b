use std::time::Duration;

use http::HeaderMap;
use setpoint_core::env::Instant;
use setpoint_core::{Error, Reason};

use crate::remote::failure;
use crate::remote::limits::{ATTEMPTS_MAX, RETRY_AFTER_MAX};
use crate::remote::retry::{Failure, Repeat, wait};

fn answered(retry_after: Option<u64>) -> Failure {
    let error = Error::new(Reason::TooManyRequests, "later");
    Failure::Answered { error, retry_after: retry_after.map(Duration::from_secs) }
}

#[test]
fn only_what_is_safe_is_sent_again() {
    let lost = || Failure::Lost(Error::new(Reason::ServiceUnavailable, "cut"));
    let not_sent = || Failure::NotSent(Error::new(Reason::ServiceUnavailable, "refused"));
    let (now, far) = (Instant::START, Instant::NEVER);
    let ms = |millis| Some(Duration::from_millis(millis));
    let table = [
        ("a read that was lost", lost(), Repeat::Always, 1, far, ms(100)),
        ("the third time", lost(), Repeat::Always, 3, far, ms(400)),
        ("the last time", lost(), Repeat::Always, ATTEMPTS_MAX, far, None),
        ("a write that was lost", lost(), Repeat::IfNotApplied, 1, far, None),
        ("a write that was not sent", not_sent(), Repeat::IfNotApplied, 1, far, ms(100)),
        ("an eviction that was not sent", not_sent(), Repeat::IfNotSent, 1, far, ms(100)),
        ("refused for good", answered(None), Repeat::Always, 1, far, None),
        ("told to come back", answered(Some(2)), Repeat::IfNotApplied, 1, far, ms(2000)),
        ("told to come back at once", answered(Some(0)), Repeat::Always, 2, far, ms(200)),
        ("an eviction that is told to come back", answered(Some(2)), Repeat::IfNotSent, 1, far, None),
        (
            "told to come back tomorrow",
            answered(Some(RETRY_AFTER_MAX.as_secs() + 1)),
            Repeat::Always,
            1,
            far,
            None,
        ),
        ("too late then", answered(Some(2)), Repeat::Always, 1, now + Duration::from_secs(2), None),
    ];
    for (name, failure, repeat, attempt, deadline, expected) in table {
        assert_eq!(wait(&failure, repeat, attempt, now, deadline), expected, "{name}");
    }
}

#[test]
fn a_lost_write_is_told_to_be_unknown() {
    let lost = || Failure::Lost(Error::new(Reason::ServiceUnavailable, "cut"));
    assert!(lost().into_error(Repeat::IfNotApplied).is_outcome_unknown());
    let read = lost().into_error(Repeat::Always);
    assert!(!read.is_outcome_unknown() && read.is_retryable());
    let not_sent = Failure::NotSent(Error::new(Reason::ServiceUnavailable, "refused"));
    assert!(!not_sent.into_error(Repeat::IfNotApplied).is_outcome_unknown());
}

#[test]
fn refusals_are_told_as_the_server_does() {
    let status = |code: u16, reason: &str| {
        format!(r#"{{"kind":"Status","status":"Failure","message":"m","reason":"{reason}","code":{code}}}"#)
    };
    let page = "<html>no</html>".to_owned();
    let write = Repeat::IfNotApplied;
    // The code, the body, the header, the request; the reason, whether it is unknown, and when to come back.
    let table = [
        (404, status(404, "NotFound"), None, write, (Reason::NotFound, false, None)),
        (429, status(429, "TooManyRequests"), Some(1), write, (Reason::TooManyRequests, false, Some(1))),
        (429, page.clone(), Some(1), write, (Reason::TooManyRequests, false, Some(1))),
        (429, page.clone(), None, write, (Reason::TooManyRequests, false, None)),
        (
            503,
            status(503, "ServiceUnavailable"),
            Some(3),
            write,
            (Reason::ServiceUnavailable, false, Some(3)),
        ),
        (503, page.clone(), Some(3), write, (Reason::ServiceUnavailable, true, None)),
        (503, page.clone(), Some(3), Repeat::Always, (Reason::ServiceUnavailable, false, None)),
        (502, page.clone(), None, write, (Reason::ServiceUnavailable, true, None)),
        (504, status(504, "Timeout"), None, write, (Reason::Timeout, true, None)),
        (504, status(504, "Timeout"), None, Repeat::Always, (Reason::Timeout, false, None)),
        (500, status(500, "InternalError"), Some(5), write, (Reason::InternalError, false, None)),
        (500, status(500, ""), None, write, (Reason::InternalError, true, None)),
        (500, page.clone(), None, write, (Reason::InternalError, true, None)),
        (500, status(500, ""), None, Repeat::Always, (Reason::InternalError, false, None)),
        (401, page, None, write, (Reason::Unauthorized, false, None)),
        (418, String::new(), None, write, (Reason::Unknown, false, None)),
    ];
    for (code, body, header, repeat, (reason, unknown, after)) in table {
        let mut headers = HeaderMap::new();
        headers.extend(header.map(|seconds: u32| (http::header::RETRY_AFTER, seconds.into())));
        let failure = failure::of_answer(code, &headers, body.as_bytes(), repeat);
        let Failure::Answered { error, retry_after } = failure else { panic!("{code}: it was answered") };
        assert_eq!((error.reason(), error.code()), (reason, code), "{error:?}");
        assert_eq!(error.is_outcome_unknown(), unknown, "{code} {body}");
        assert_eq!(retry_after, after.map(Duration::from_secs), "{code} {body}");
        assert_eq!(error.details().retry_after_seconds, header.unwrap_or_default(), "{code}");
    }
}
