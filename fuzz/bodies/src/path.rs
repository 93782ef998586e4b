//! Paths and queries: none leads to another namespace.

use serde_json::Value;

use crate::server::with_server;
use crate::text;

/// A GET of the input, below namespace `a` and as a whole path.
pub fn path(input: &[u8]) {
    let Some(text) = text(input) else { return };
    // As a client would have to send it.
    let sendable = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>');
    let text: String = text.bytes().filter(|byte| sendable(*byte)).map(char::from).collect();
    // A watch has no end.
    if text.contains("watch") || text.contains('%') && text.contains('?') {
        return;
    }
    with_server(|server| {
        let below = format!("/api/v1/namespaces/a/{text}");
        if let Some(answer) = server.try_ask("GET", &below, "", "")
            && answer.code == 200
        {
            assert_is_of("a", &answer.body, &below);
        }
        let whole = format!("/{}", text.trim_start_matches('/'));
        let Some(answer) = server.try_ask("GET", &whole, "", "") else { return };
        if answer.code == 200
            && let Some(namespace) = named(&whole)
        {
            assert_is_of(&namespace, &answer.body, &whole);
        }
    });
}

/// The namespace of a path that lists or shows what is in one, by its plainest reading.
fn named(path: &str) -> Option<String> {
    let path = path.split('?').next()?;
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let at = match *segments.first()? {
        "api" => 2,
        "apis" => 3,
        _ => return None,
    };
    let is_namespaced = segments.get(at) == Some(&"namespaces") && segments.len() > at + 2;
    // Percent signs in it can spell a name in other ways.
    segments.get(at + 1).filter(|name| is_namespaced && !name.contains('%')).map(|name| (*name).to_owned())
}

fn assert_is_of(namespace: &str, body: &Value, path: &str) {
    let items = body["items"].as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(body));
    for item in items {
        // The namespace itself is the one object without one that such a path shows.
        let found = &item["metadata"]["namespace"];
        let is_itself = item["kind"] == "Namespace" && item["metadata"]["name"] == namespace;
        assert!(found == namespace || is_itself, "{path} shows {item}");
    }
}
