//! One request, and what is answered.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::address::Address;
use super::retry::Repeat;

/// The media type of bodies that are objects or options.
pub(super) const JSON: &str = "application/json";

/// What is sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) address: Address,
    pub(super) accept: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    pub(super) repeat: Repeat,
}

/// What a request that was not refused is answered.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) code: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    /// A read.
    pub(super) fn get(address: Address) -> Self {
        Self {
            method: Method::GET,
            address,
            accept: JSON,
            content_type: JSON,
            body: Bytes::new(),
            repeat: Repeat::Always,
        }
    }

    /// A write.
    pub(super) fn write(method: Method, address: Address, body: impl Into<Bytes>) -> Self {
        Self { method, body: body.into(), repeat: Repeat::IfNotApplied, ..Self::get(address) }
    }
}

/// A value as text.
pub(super) fn text(value: &Value) -> Bytes {
    serde_json::to_vec(value).unwrap_or_default().into()
}

impl Answer {
    /// What the client is told beside: the texts of the header `Warning` (ERR-08).
    pub(super) fn warnings(&self) -> Vec<String> {
        let headers = self.headers.get_all(http::header::WARNING).iter();
        headers.filter_map(|value| unquoted(value.to_str().ok()?)).collect()
    }
}

/// The text of `299 - "text"`.
fn unquoted(warning: &str) -> Option<String> {
    let text = warning.split_once('"')?.1;
    let mut characters = text.chars();
    let mut read = String::with_capacity(text.len());
    loop {
        match characters.next()? {
            '"' => return Some(read),
            '\\' => read.push(characters.next()?),
            character => read.push(character),
        }
    }
}
