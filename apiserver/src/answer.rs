use std::borrow::Cow;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WARNING};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use setpoint_core::object::Object;
use setpoint_core::{Details, Error, Reason};

use crate::Body;
use crate::limits::{WARNING_BYTES_MAX, WARNINGS_MAX};

/// What a request is answered.
pub(crate) type Answer = Response<Body>;

pub(crate) const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const NO_SNIFF: HeaderName = HeaderName::from_static("x-content-type-options");

/// Bytes of a media type.
pub(crate) fn bytes(code: u16, media_type: &str, body: impl Into<bytes::Bytes>) -> Answer {
    of(code, media_type, Body::whole(body))
}

/// A body that comes bit by bit.
pub(crate) fn of(code: u16, media_type: &str, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static(JSON));
    answer.headers_mut().insert(CONTENT_TYPE, media_type);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    answer
}

/// A value as JSON.
pub(crate) fn json(code: u16, value: &impl Serialize) -> Answer {
    match serde_json::to_vec(value) {
        Ok(body) => bytes(code, JSON, body),
        Err(error) => failure(&Error::internal(error)),
    }
}

/// A line for people.
pub(crate) fn text(code: u16, text: &'static str) -> Answer {
    let mut answer = bytes(code, TEXT, text);
    answer.headers_mut().insert(NO_SNIFF, HeaderValue::from_static("nosniff"));
    answer
}

/// The path names nothing (ERR-09).
pub(crate) fn no_such_page() -> Answer {
    text(404, "404 page not found\n")
}

/// A failure, as a status (ERR-01, ERR-06).
pub(crate) fn failure(error: &Error) -> Answer {
    let mut answer = json(error.code(), &status(error));
    let seconds = error.details().retry_after_seconds;
    if seconds > 0 {
        answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// A failure as it stands in bodies and in the events of watches.
pub(crate) fn status(error: &Error) -> Value {
    let mut body = serde_json::to_value(error.to_status()).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("apiVersion".to_owned(), "v1".into());
        fields.insert("kind".to_owned(), "Status".into());
        fields.entry("metadata").or_insert_with(|| json!({}));
        fields.retain(|field, value| field != "reason" || value != "");
    }
    body
}

/// Done, and nothing to show for it.
pub(crate) fn success(code: u16) -> Answer {
    json(
        code,
        &json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": code}),
    )
}

/// The answer to a deletion that does not show the object (STORE-26).
pub(crate) fn deleted(object: &Object) -> Answer {
    let resource = &object.kind().resource;
    let mut details = json!({"name": *object.meta().name, "kind": resource.resource});
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    if let Some(uid) = &object.meta().uid {
        details["uid"] = json!(uid.to_string());
    }
    let body = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details,
    });
    json(200, &body)
}

/// Adds what the client should be told beside, each once (ERR-08).
pub(crate) fn warn(answer: &mut Answer, warnings: &[String]) {
    let mut told: Vec<&String> = Vec::new();
    let mut length = 0;
    for warning in warnings.iter().take(WARNINGS_MAX) {
        length += warning.len();
        if told.contains(&warning) || length > WARNING_BYTES_MAX {
            continue;
        }
        told.push(warning);
        if let Ok(value) = HeaderValue::from_str(&format!("299 - {}", quoted(warning))) {
            answer.headers_mut().append(WARNING, value);
        }
    }
}

/// A quoted string of HTTP, of printable characters.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// The API is there and has no such resource (ERR-09).
pub(crate) fn no_such_resource() -> Error {
    Error::new(Reason::NotFound, "the server could not find the requested resource")
        .with_details(Details::default())
}

/// The path is right and the verb is not (ERR-09).
pub(crate) fn wrong_method() -> Error {
    Error::new(Reason::MethodNotAllowed, "the server does not allow this method on the requested resource")
        .with_details(Details::default())
}

/// The body is too large (WIRE-05).
pub(crate) fn too_large(limit: usize) -> Error {
    Error::new(Reason::RequestEntityTooLarge, format!("Request entity too large: limit is {limit}"))
}

/// No decoder has this media type.
pub(crate) fn unsupported_media_type(accepted: Cow<'_, str>) -> Error {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {accepted}"
    );
    Error::new(Reason::UnsupportedMediaType, message)
}
