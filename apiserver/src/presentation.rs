//! How the bytes of an answer are sent: laid out for people, compressed (WIRE-06).

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use setpoint_core::{Error, Reason, Result};

use crate::Body;
use crate::answer::Answer;
use crate::limits::GZIP_BYTES_MIN;
use crate::query::Query;

/// How much is compressed until it is handed on.
const GZIP_PIECE_BYTES: usize = 16 * 1024;

const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// Lays an answer out and compresses it, if that is asked for. What comes bit by bit, such as a watch, stays as it is.
pub(crate) fn present(parts: &Parts, answer: &mut Answer) {
    let (pretty, small) = (is_pretty(parts) && is_json(answer.headers()), takes_gzip(&parts.headers));
    if !pretty && !small {
        return;
    }
    let is_encoded = answer.headers().contains_key(CONTENT_ENCODING);
    if !pretty && answer.body().is_in_pieces() {
        // There is more than one piece, so it is large.
        if !is_encoded {
            tell_encoding(answer.headers_mut());
            let body = std::mem::replace(answer.body_mut(), Body::empty());
            *answer.body_mut() = body.map_pieces(GzipPieces::new);
        }
        return;
    }
    let Some(mut bytes) = answer.body_mut().take_whole() else { return };
    if pretty {
        bytes = lay_out(bytes);
    }
    if small && bytes.len() >= GZIP_BYTES_MIN && !is_encoded {
        bytes = compress(bytes, answer.headers_mut());
    }
    answer.body_mut().put_whole(bytes);
}

/// A body in an encoding of its own is read by nobody here.
pub(crate) fn check_encoding(headers: &HeaderMap) -> Result<()> {
    match headers.get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let encoding = encoding.to_str().unwrap_or("?");
            let why = format!("the body of the request is encoded as {encoding}, which is not supported");
            Err(Error::new(Reason::UnsupportedMediaType, why))
        }
        _ => Ok(()),
    }
}

/// Whether a person reads the answer: the query says so, or the client is one that people use.
fn is_pretty(parts: &Parts) -> bool {
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    if let Ok(query) = &query
        && query.get("pretty").is_some_and(|value| !value.is_empty())
    {
        return query.switch("pretty") == Some(true);
    }
    let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|start| agent.starts_with(start))
}

fn is_json(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|clause| {
        let (coding, quality) = clause.split_once(';').unwrap_or((clause, ""));
        let is_refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        coding.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

fn lay_out(bytes: Bytes) -> Bytes {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes) else { return bytes };
    match serde_json::to_vec_pretty(&value) {
        Ok(laid_out) => laid_out.into(),
        Err(_) => bytes,
    }
}

fn compress(bytes: Bytes, headers: &mut HeaderMap) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 8), Compression::fast());
    let written = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    // Writing to memory does not fail.
    let Ok(compressed) = written else { return bytes };
    tell_encoding(headers);
    compressed.into()
}

fn tell_encoding(headers: &mut HeaderMap) {
    headers.insert(CONTENT_ENCODING, GZIP);
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
}

/// Compresses what is made as it is sent.
struct GzipPieces<I> {
    pieces: I,
    /// `None` after the end.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<I> GzipPieces<I> {
    fn new(pieces: I) -> Self {
        Self { pieces, encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())) }
    }
}

impl<I: Iterator<Item = Bytes>> Iterator for GzipPieces<I> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        loop {
            let encoder = self.encoder.as_mut()?;
            let Some(piece) = self.pieces.next() else {
                // Writing to memory does not fail.
                return self.encoder.take()?.finish().ok().map(Bytes::from);
            };
            drop(encoder.write_all(&piece));
            if encoder.get_ref().len() >= GZIP_PIECE_BYTES {
                return Some(std::mem::take(encoder.get_mut()).into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use http::Request;

    use super::*;
    use crate::answer;

    fn presented(uri: &str, headers: &[(&str, &str)], body: &str) -> (HeaderMap, Vec<u8>) {
        let mut request = Request::get(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let mut answer = answer::bytes(200, answer::JSON, body.to_owned());
        present(&parts, &mut answer);
        let bytes = answer.body_mut().take_whole().unwrap_or_default().to_vec();
        (answer.headers().clone(), bytes)
    }

    // WIRE-06
    #[test]
    fn large_answers_are_compressed_where_that_is_asked_for() {
        let large = format!("[{}1]", "1,".repeat(GZIP_BYTES_MIN / 2));
        let (headers, bytes) = presented("/", &[("accept-encoding", "deflate, gzip;q=0.5")], &large);
        assert_eq!(headers[CONTENT_ENCODING], "gzip");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut text).expect("it is gzip");
        assert_eq!(text, large);
        for encoding in ["identity", "gzip;q=0", ""] {
            let (headers, bytes) = presented("/", &[("accept-encoding", encoding)], &large);
            assert!(!headers.contains_key(CONTENT_ENCODING) && bytes == large.as_bytes(), "{encoding}");
        }
        let (headers, _) = presented("/", &[("accept-encoding", "gzip")], "[1]");
        assert!(!headers.contains_key(CONTENT_ENCODING));
    }

    // WIRE-06
    #[test]
    fn what_is_made_piece_by_piece_is_compressed_so() {
        let piece = |at: u8| Bytes::from(vec![b'0' + at % 10; 40_000]);
        let expected: Vec<u8> = (0..50).flat_map(piece).collect();
        let read = |uri: &str, encoding: &str| {
            let request = Request::get(uri).header("accept-encoding", encoding).body(()).expect("a request");
            let mut answer = answer::of(200, answer::JSON, Body::pieces((0..50).map(piece)));
            present(&request.into_parts().0, &mut answer);
            let is_encoded = answer.headers().contains_key(CONTENT_ENCODING);
            (is_encoded, answer.body_mut().take_whole().unwrap_or_default())
        };
        assert_eq!(read("/", "identity"), (false, expected.clone().into()));
        let (is_encoded, bytes) = read("/", "gzip");
        assert!(is_encoded && bytes.len() < 20_000, "{}", bytes.len());
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut text).expect("it is gzip");
        assert_eq!(text, expected);
        assert!(read("/?pretty=1", "gzip").0);
    }

    // WIRE-06
    #[test]
    fn people_get_lines() {
        let lines = b"{\n  \"a\": 1\n}";
        assert_eq!(presented("/?pretty=true", &[], r#"{"a":1}"#).1, lines);
        assert_eq!(presented("/", &[("user-agent", "curl/8.0")], r#"{"a":1}"#).1, lines);
        assert_eq!(presented("/?pretty=false", &[("user-agent", "curl/8.0")], r#"{"a":1}"#).1, br#"{"a":1}"#);
        assert_eq!(presented("/", &[("user-agent", "kubectl")], r#"{"a":1}"#).1, br#"{"a":1}"#);
    }
}
