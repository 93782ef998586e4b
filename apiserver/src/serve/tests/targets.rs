//! Request targets with bytes that a URI must write as escapes, and everything else, which stays as it is.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use proptest::prelude::*;
use regex::bytes::Regex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::world::{Reply, World, with_token};
use crate::serve::lenient_targets::LenientTargets;

/// A stream that comes in pieces.
struct Pieces {
    bytes: Bytes,
    /// How long the next pieces are; later ones are as long as they can be.
    lengths: Vec<usize>,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wanted = self.lengths.pop().unwrap_or(usize::MAX);
        let length = wanted.min(self.bytes.len()).min(buffer.remaining());
        let piece = self.bytes.split_to(length);
        buffer.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// What is handed on of a stream that comes in these pieces and is read in buffers of this size.
fn handed_on(bytes: &[u8], lengths: &[usize], buffer: usize) -> Vec<u8> {
    let lengths = lengths.iter().map(|length| length.max(&1)).copied().collect();
    let mut stream = LenientTargets::new(Pieces { bytes: Bytes::copy_from_slice(bytes), lengths });
    block_on(async {
        let (mut all, mut piece) = (Vec::new(), vec![0; buffer]);
        loop {
            match stream.read(&mut piece).await.expect("it reads") {
                0 => return all,
                length => all.extend_from_slice(&piece[..length]),
            }
        }
    })
}

/// The same, worked out on the whole.
fn model(stream: &[u8]) -> Vec<u8> {
    let target = Regex::new(r"^(?-u:[ABD-Z][A-Z]{0,15} (/[!-~\x80-\xff]*))").expect("an expression");
    let head = Regex::new(
        r"^(?-u:\S+ \S+ HTTP/1\.[01]\r\n((?:[0-9A-Za-z!#$%&'*+.^_`|~-]+:[\t -~\x80-\xff]*\r\n)*)\r\n)",
    );
    let head = head.expect("an expression");
    let (mut rest, mut told) = (stream, Vec::new());
    while let Some(found) = target.captures(rest) {
        let (start, end) = found.get(1).map_or((0, 0), |target| (target.start(), target.end()));
        told.extend_from_slice(&rest[..start]);
        for byte in &rest[start..end] {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => told.push(*byte),
                byte if b"-._~%!$&'()*+,;=:@/?".contains(byte) => told.push(*byte),
                byte => told.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            }
        }
        let found = head.captures(rest);
        let length = found.as_ref().map_or(end, |found| found[0].len());
        told.extend_from_slice(&rest[end..length]);
        rest = &rest[length..];
        let Some(found) = found else { break };
        let Some(body) = body(&found[1], rest) else { break };
        told.extend_from_slice(&rest[..body]);
        rest = &rest[body..];
    }
    told.extend_from_slice(rest);
    told
}

/// How long the body is; `None` if that is not clear, or it is not all there.
fn body(headers: &[u8], rest: &[u8]) -> Option<usize> {
    let mut framing = Vec::new();
    for line in headers.split_inclusive(|byte| *byte == b'\n') {
        let text = String::from_utf8_lossy(line).to_lowercase();
        let (name, value) = text.split_once(':')?;
        match name {
            "upgrade" => return None,
            "content-length" | "transfer-encoding" if line.len() > 65 => return None,
            "content-length" => framing.push((false, value.trim().to_owned())),
            "transfer-encoding" => framing.push((true, value.trim().to_owned())),
            _ => {}
        }
    }
    match framing.as_slice() {
        [] => Some(0),
        [(false, length)] if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().ok().filter(|length| *length <= rest.len())
        }
        [(true, word)] if word == "chunked" => chunks(rest),
        _ => None,
    }
}

fn chunks(rest: &[u8]) -> Option<usize> {
    let size = Regex::new(r"^(?-u:([0-9A-Fa-f]{1,15})\r\n)").expect("an expression");
    let mut at = 0;
    loop {
        let found = size.captures(&rest[at..])?;
        let size = usize::from_str_radix(std::str::from_utf8(&found[1]).ok()?, 16).ok()?;
        let end = at + found[0].len() + size;
        if rest.get(end..end + 2)? != b"\r\n" {
            return None;
        }
        at = end + 2;
        if size == 0 {
            return Some(at);
        }
    }
}

/// What streams are made of: requests, and pieces of such that mean trouble where they stand.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let pieces = [
        "GET /a?x>1 HTTP/1.1\r\nhost: h\r\n\r\n",
        "GET /a?x=1 HTTP/1.1\r\nx: <\">\r\n\r\n",
        "POST /\"b\" HTTP/1.1\r\ncontent-length: 12\r\n\r\nGET /<> HTTP\"",
        "POST /c|d HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n6\r\nGET /<\r\n0\r\n\r\n",
        "GET /a",
        "POST /b?x>1{}",
        "CONNECT /<",
        " HTTP/1.1\r\n",
        " HTTP/1.0\r\n",
        " HTTP/2.0\r\n",
        "content-length: 5\r\n",
        "Content-Length:12 \r\n",
        "content-length: 5, 5\r\n",
        "content-length: +5\r\n",
        "content-length: 99999999999999999999999\r\n",
        "transfer-encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "transfer-encoding : chunked\r\n",
        "upgrade: websocket\r\nconnection: upgrade\r\n",
        "host: h\r\n",
        "x: <\">\r\n",
        "connection: close\r\n",
        "expect: 100-continue\r\n",
        " folded: <\r\n",
        "x-long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<\r\n",
        "content-length:                                                                       5\r\n",
        "\r\n",
        "\n",
        "\r",
        "\0",
        "5\r\nhe<lo\r\n",
        "0005\r\nGET /\r\n",
        "5;x=\"1\"\r\nhello\r\n",
        "fffffffffffffff\r\n",
        "0\r\n\r\n",
        "0\r\nx: y\r\n\r\n",
        "hello",
        "<>\"",
        "\u{e9}",
    ];
    let piece = prop_oneof![2 => 0..4_usize, 5 => 0..pieces.len()];
    prop::collection::vec(piece, 0..14).prop_map(move |chosen| {
        chosen.into_iter().flat_map(|at| pieces.get(at).copied().unwrap_or("").bytes()).collect()
    })
}

/// The requests that hyper finds in a stream, and how much of each body it could read.
fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Vec<(String, String, Option<Bytes>)> {
    let found = Arc::new(Mutex::new(Vec::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let found = Arc::clone(&found);
        async move {
            let (method, uri) = (request.method().to_string(), request.uri().to_string());
            let body = request.into_body().collect().await.ok().map(http_body_util::Collected::to_bytes);
            found.lock().push((method, uri, body));
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    // How it ends does not matter here.
    drop(block_on(async { http1::Builder::new().serve_connection(TokioIo::new(stream), service).await }));
    std::mem::take(&mut *found.lock())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn targets_are_escaped_and_nothing_else_is_touched(
        stream in soup(),
        lengths in prop::collection::vec(0..9_usize, 0..80),
        buffer in 1..40_usize,
    ) {
        let (told, expected) = (handed_on(&stream, &lengths, buffer), model(&stream));
        prop_assert_eq!(String::from_utf8_lossy(&told), String::from_utf8_lossy(&expected));
    }

    /// Whoever reads the stream afterwards finds the requests that there are without this, and then perhaps more, where
    /// a target would have been refused.
    #[test]
    fn no_request_is_hidden_and_none_is_made_up(stream in soup(), lengths in prop::collection::vec(0..9_usize, 0..80)) {
        let bytes = Bytes::from(stream);
        let strict = requests(Pieces { bytes: bytes.clone(), lengths: Vec::new() });
        let lengths = lengths.into_iter().map(|length| length.max(1)).collect();
        let lenient = requests(LenientTargets::new(Pieces { bytes: bytes.clone(), lengths }));
        prop_assert!(lenient.len() >= strict.len(), "{lenient:?} {strict:?}");
        // Some bytes hyper lets pass by itself.
        let escapes = [("|", "%7C"), ("{", "%7B"), ("}", "%7D"), ("\"", "%22"), ("é", "%C3%A9")];
        let alike = |uri: &str| escapes.iter().fold(uri.to_owned(), |uri, (from, to)| uri.replace(from, to));
        for (strict, lenient) in strict.iter().zip(&lenient) {
            prop_assert_eq!(
                (&strict.0, alike(&strict.1), &strict.2),
                (&lenient.0, alike(&lenient.1), &lenient.2)
            );
        }
    }
}

// LIST-10
#[tokio::test]
async fn selectors_that_are_written_without_escapes_are_read_in_every_request_of_a_connection() {
    let world = World::start().await;
    world.fill(1, 10).await;
    let path = "/api/v1/namespaces/a/configmaps";
    let get = |selector: &str| {
        with_token(&format!("GET {path}?labelSelector={selector} HTTP/1.1\r\nhost: h\r\nx: <\">"))
    };
    let map = r#"{"metadata":{"name":"raw"},"data":{"text":"GET /<> HTTP/1.1"}}"#;
    let post = with_token(&format!("POST {path} HTTP/1.1\r\nhost: h\r\ncontent-length: {}", map.len()));
    let heads = [get("app>1"), format!("{post}\r\n\r\n{map}"), get("app<1"), get("\""), get("app#1")];
    // One after the other without waiting; a body has its own end.
    let [first, creation, third, fourth, last] = heads;
    let text = format!(
        "{first}\r\n\r\n{creation}{third}\r\n\r\n{fourth}\r\n\r\n{last}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = world.connect().await;
    stream.write_all(text.as_bytes()).await.expect("it is taken");
    let told = Reply::read(&mut stream).await.text;
    let codes: Vec<&str> = told
        .match_indices("HTTP/1.1 ")
        .filter_map(|(at, word)| told.get(at + word.len()..at + word.len() + 3))
        .collect();
    assert_eq!(codes, ["200", "201", "200", "400", "400"], "{told}");
    let kept = world.ask(&with_token(&format!("GET {path}/raw HTTP/1.1"))).await.json();
    assert_eq!(kept["data"]["text"], "GET /<> HTTP/1.1");
    world.server.shut_down().await;
}
