use http::header::{ACCEPT, CACHE_CONTROL, ETAG, IF_NONE_MATCH, LOCATION, VARY};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::answer::{Answer, Request, answer};
use super::documents::Documents;
use crate::answer::{self, JSON, no_such_page};
use crate::query::Query;
use crate::{Body, negotiation};

/// How long an answer of which the address has the hash may be kept, in words of HTTP.
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Answers a request for a path under `/openapi`.
///
/// # Errors
///
/// `NotAcceptable` if the client takes no JSON; a malformed query.
pub(crate) fn serve(documents: &Documents, parts: &Parts) -> setpoint_core::Result<answer::Answer> {
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    let accept = text(&parts.headers, ACCEPT);
    let known = text(&parts.headers, IF_NONE_MATCH);
    let request = Request {
        path: parts.uri.path(),
        accept: &accept,
        if_none_match: (!known.is_empty()).then_some(&*known),
        hash: query.get("hash"),
    };
    Ok(match answer(documents, request) {
        Answer::Document { document, immutable } => {
            let mut answer = answer::bytes(200, JSON, document.body.clone());
            tag(&mut answer, &document.hash);
            if immutable {
                answer.headers_mut().insert(CACHE_CONTROL, FOR_A_YEAR);
            }
            answer
        }
        Answer::NotModified(hash) => {
            let mut answer = bare(StatusCode::NOT_MODIFIED);
            tag(&mut answer, &hash);
            answer
        }
        Answer::Moved(address) => {
            let mut answer = bare(StatusCode::MOVED_PERMANENTLY);
            if let Ok(address) = HeaderValue::from_str(&address) {
                answer.headers_mut().insert(LOCATION, address);
            }
            answer
        }
        Answer::NotFound => no_such_page(),
        Answer::NotAcceptable => return Err(negotiation::not_acceptable(JSON)),
    })
}

fn bare(code: StatusCode) -> answer::Answer {
    let mut answer = answer::Answer::new(Body::whole(bytes::Bytes::new()));
    *answer.status_mut() = code;
    answer
}

fn tag(answer: &mut answer::Answer, hash: &str) {
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{hash}\"")) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
}

/// All values of a header, separated by commas.
fn text(headers: &HeaderMap, name: HeaderName) -> String {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::Method;
    use http_body_util::{BodyExt, Empty};
    use setpoint_core::env::Simulation;
    use setpoint_store::Store;

    use super::*;
    use crate::ApiServer;

    fn ask(server: &ApiServer, sim: &Simulation, method: Method, path: &str, accept: &str) -> answer::Answer {
        let request = http::Request::builder().method(method).uri(path).header(ACCEPT, accept);
        let request = request.body(Empty::<Bytes>::new()).expect("a request");
        let server = server.clone();
        sim.block_on(async move { server.answer(request).await }).expect("nothing waits")
    }

    // DISC-08
    #[test]
    fn a_client_goes_from_the_index_to_a_document_that_it_may_keep() {
        let sim = Simulation::new(1);
        let server = ApiServer::new(&sim.env(), Arc::new(Store::memory(&sim.env())));
        let get = |path: &str| ask(&server, &sim, Method::GET, path, "application/json");
        let body = |answer: answer::Answer| {
            let body =
                sim.block_on(async move { answer.into_body().collect().await.expect("a body").to_bytes() });
            serde_json::from_slice::<serde_json::Value>(&body.expect("nothing waits")).expect("JSON")
        };
        let index = body(get("/openapi/v3"));
        let path =
            index["paths"]["apis/apps/v1"]["serverRelativeURL"].as_str().expect("it is served").to_owned();
        let document = get(&path);
        assert_eq!(document.headers()[CACHE_CONTROL], FOR_A_YEAR);
        assert!(document.headers().contains_key(ETAG));
        assert_eq!(body(document)["openapi"], "3.0.0");
        let moved = get("/openapi/v3/apis/apps/v1?hash=0");
        assert_eq!(
            (moved.status().as_u16(), moved.headers()[LOCATION].to_str().expect("text")),
            (301, &*path)
        );
        assert_eq!(body(get("/openapi/v2"))["swagger"], "2.0");
        assert_eq!(get("/openapi/v3/apis/none/v1").status(), 404);
    }

    // DISC-11
    #[test]
    fn protobuf_and_writes_are_refused() {
        let sim = Simulation::new(1);
        let server = ApiServer::new(&sim.env(), Arc::new(Store::memory(&sim.env())));
        let protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
        let code = |method, accept: &str| ask(&server, &sim, method, "/openapi/v2", accept).status().as_u16();
        assert_eq!(code(Method::GET, protobuf), 406);
        assert_eq!(code(Method::GET, &format!("{protobuf},*/*")), 200);
        assert_eq!(code(Method::POST, "*/*"), 404);
    }
}
