//! Requests that nobody sends by mistake, and the exact answer of each.
//!
//! Codes and reasons are upstream's, and so are the messages but for what a JSON or YAML parser says. Where a limit is
//! lower than upstream's, `docs/deviations.md` has it.

mod bodies;
mod numbers;
mod patches;
mod paths;
mod queries;

use super::*;

/// A request and its answer: code, reason, message. A page that is no Status has its text as message.
struct Row<'a> {
    method: &'a str,
    path: &'a str,
    content_type: &'a str,
    body: &'a [u8],
    answer: (u16, &'a str, &'a str),
}

const CONFIG_MAPS: &str = "/api/v1/namespaces/a/configmaps";
const SECRET: &str = "/api/v1/namespaces/b/configmaps/secret";
const JSON: &str = "application/json";
const NO_PAGE: (u16, &str, &str) = (404, "", "404 page not found\n");
const NO_RESOURCE: (u16, &str, &str) = (404, "NotFound", "the server could not find the requested resource");
const NO_METHOD: (u16, &str, &str) =
    (405, "MethodNotAllowed", "the server does not allow this method on the requested resource");

/// What was answered, in the form of a row.
fn told(answer: &Answer) -> (u16, String, String) {
    let status = answer.json();
    let text = |field: &str| status[field].as_str().unwrap_or_default().to_owned();
    let message = match (&status, answer.code) {
        (_, 200..300) => String::new(),
        (Value::Null, _) => String::from_utf8_lossy(&answer.body).into_owned(),
        _ => text("message"),
    };
    (answer.code, text("reason"), message)
}

fn check(rows: &[Row<'_>]) {
    let requests: Vec<_> =
        rows.iter().map(|row| (row.method, row.path, row.content_type, row.body)).collect();
    let mut wrong = String::new();
    for (row, answer) in rows.iter().zip(ask(&requests)) {
        let (code, reason, message) = told(&answer);
        if (code, &*reason, &*message) != row.answer {
            let start = String::from_utf8_lossy(&row.body[..row.body.len().min(80)]);
            let (method, path) = (row.method, &row.path[..row.path.len().min(200)]);
            wrong += &format!(
                "{method} {path} {} {start}\n  is answered {:?}\n  not         {:?}\n",
                row.content_type,
                (code, reason, message),
                row.answer
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn get<'a>(path: &'a str, answer: (u16, &'a str, &'a str)) -> Row<'a> {
    Row { method: "GET", path, content_type: "", body: b"", answer }
}

fn post<'a>(content_type: &'a str, body: &'a [u8], answer: (u16, &'a str, &'a str)) -> Row<'a> {
    Row { method: "POST", path: CONFIG_MAPS, content_type, body, answer }
}

const fn bad(message: &str) -> (u16, &str, &str) {
    (400, "BadRequest", message)
}

const fn invalid(message: &str) -> (u16, &str, &str) {
    (422, "Invalid", message)
}
