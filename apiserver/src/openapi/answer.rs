use std::sync::Arc;

use super::documents::{Document, Documents};

/// What a request for a document says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// `/openapi/v2`, `/openapi/v3` or a path below that.
    pub path: &'a str,
    /// The header `Accept`; empty if there is none.
    pub accept: &'a str,
    /// The header `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// The query parameter `hash`.
    pub hash: Option<&'a str>,
}

/// What a server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 with `Content-Type: application/json` and the hash as quoted `ETag`. If `immutable`, the request named the
    /// hash and the answer may be cached for as long as a client likes.
    Document {
        /// The document.
        document: Arc<Document>,
        /// Whether this address will never show anything else.
        immutable: bool,
    },
    /// 304: the client has it, with this hash as quoted `ETag`.
    NotModified(String),
    /// 301: the request names another hash than the current one; this is the current address.
    Moved(String),
    /// 404.
    NotFound,
    /// 406: JSON is not accepted.
    NotAcceptable,
}

/// Answers a request under `/openapi` (DISC-08 to DISC-11).
///
/// Protobuf is never offered: a client that accepts nothing else is refused, and falls back to JSON or does without.
pub fn answer(documents: &Documents, request: Request<'_>) -> Answer {
    let path = request.path.trim_end_matches('/');
    let document = match path {
        "/openapi/v2" => Some(documents.all()),
        "/openapi/v3" => Some(documents.index()),
        other => other.strip_prefix("/openapi/v3/").and_then(|path| documents.version(path)),
    };
    let Some(document) = document else { return Answer::NotFound };
    if !accepts_json(request.accept) {
        return Answer::NotAcceptable;
    }
    let has_hash = |hash: &&str| !hash.is_empty() && path.starts_with("/openapi/v3/");
    let named = request.hash.filter(has_hash);
    if named.is_some_and(|hash| hash != document.hash) {
        return Answer::Moved(format!("{path}?hash={}", document.hash));
    }
    let known = |tag: &str| matches!(tag.trim().trim_start_matches("W/").trim_matches('"'), tag if tag == "*" || tag == document.hash);
    if request.if_none_match.is_some_and(|tags| tags.split(',').any(known)) {
        return Answer::NotModified(document.hash.clone());
    }
    Answer::Document { document, immutable: named.is_some() }
}

/// Whether one of the accepted types takes in JSON.
fn accepts_json(accept: &str) -> bool {
    let type_of = |part: &str| part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    accept.trim().is_empty()
        || accept
            .split(',')
            .any(|part| matches!(&*type_of(part), "*/*" | "application/*" | "application/json"))
}
