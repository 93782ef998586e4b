use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, Request};
use k8s_openapi::api::authentication::v1::{SelfSubjectReviewStatus, TokenReviewSpec, TokenReviewStatus};
use serde_json::{Map, Value};
use setpoint_core::{Error, Result};

use super::{answered, fault, senseless, spec, user_info};
use crate::call::Call;

/// Who the asker is.
pub(super) fn of_oneself(call: &Call<'_>, _question: Value) -> Result<Map<String, Value>> {
    let status = SelfSubjectReviewStatus { user_info: Some(user_info(&call.attributes.user)) };
    let mut fields = answered(&Value::Null, &status)?;
    // There is nothing to ask.
    fields.remove("spec");
    Ok(fields)
}

/// Whose token this is.
pub(super) async fn of_token(call: &Call<'_>, question: Value) -> Result<Map<String, Value>> {
    let asked: TokenReviewSpec = spec(call, &question)?;
    let token = asked.token.as_str();
    if token.is_empty() {
        senseless(call, vec![fault(&["spec", "token"], &"", "a token is required")])?;
    }
    let user = match as_request(token) {
        // It is looked at as if it came with a request of its own.
        Some(headers) => call.server.authenticator.authenticate(&parts(headers)?).await.ok().flatten(),
        None => None,
    };
    let status = match user {
        Some(user) => TokenReviewStatus {
            authenticated: Some(true),
            user: Some(user_info(&user)),
            ..TokenReviewStatus::default()
        },
        None => TokenReviewStatus {
            error: Some("the token is nobody's".to_owned()),
            user: Some(user_info(&setpoint_store::request::User::default())),
            ..TokenReviewStatus::default()
        },
    };
    answered(&asked, &status)
}

fn as_request(token: &str) -> Option<HeaderMap> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

fn parts(headers: HeaderMap) -> Result<http::request::Parts> {
    let request = Request::get("/").body(()).map_err(Error::internal)?;
    let (mut parts, ()) = request.into_parts();
    parts.headers = headers;
    Ok(parts)
}
