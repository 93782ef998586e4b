//! Questions about who somebody is and what they may do (AUTH-07). They are asked as creations and answered at once;
//! nothing is stored.

mod access;
mod identity;
mod kinds;
mod rules;
#[cfg(test)]
mod tests;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::{Error, Result};
use setpoint_store::request::User;

use crate::answer::{self, Answer};
use crate::call::Call;

pub(crate) use self::kinds::{all, find, is_review};

/// Answers a question.
pub(crate) async fn create(call: &Call<'_>) -> Result<Answer> {
    let question = call.question()?;
    let answered = match call.place.kind.names.kind.as_str() {
        "LocalSubjectAccessReview" | "SubjectAccessReview" => access::of_somebody(call, question).await?,
        "SelfSubjectAccessReview" => access::of_oneself(call, question).await?,
        "SelfSubjectRulesReview" => rules::of_oneself(call, question).await?,
        "SelfSubjectReview" => identity::of_oneself(call, question)?,
        "TokenReview" => identity::of_token(call, question).await?,
        other => return Err(Error::internal(format!("{other} is no question"))),
    };
    let mut shown = Map::new();
    shown.insert("kind".to_owned(), call.place.kind.names.kind.clone().into());
    shown.insert("apiVersion".to_owned(), call.place.api_version().into());
    shown.insert("metadata".to_owned(), Value::Object(Map::new()));
    shown.extend(answered);
    Ok(answer::json(StatusCode::CREATED.as_u16(), &Value::Object(shown)))
}

/// The `spec` of a question, as the type it should be.
fn spec<T: DeserializeOwned>(call: &Call<'_>, question: &Value) -> Result<T> {
    let spec = question.get("spec").filter(|spec| !spec.is_null()).cloned();
    serde_json::from_value(spec.unwrap_or_else(|| Value::Object(Map::new())))
        .map_err(|error| call.unfit(&format!("json: {error}")))
}

/// What was asked, and what is answered.
fn answered(spec: &impl Serialize, status: &impl Serialize) -> Result<Map<String, Value>> {
    let value = |part| serde_json::to_value(part).map_err(Error::internal);
    let mut fields = Map::new();
    fields.insert("spec".to_owned(), serde_json::to_value(spec).map_err(Error::internal)?);
    fields.insert("status".to_owned(), value(serde_json::to_value(status).map_err(Error::internal)?)?);
    Ok(fields)
}

/// A question that makes no sense.
fn senseless(call: &Call<'_>, faults: FieldErrors) -> Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    let kind = &call.place.kind;
    Err(Error::invalid(&kind.names.kind, &kind.resource.group, "", &faults))
}

/// A fault of a question's field.
fn fault(field: &[&str], value: &impl Serialize, why: &str) -> FieldError {
    match field {
        [] => FieldError::invalid(&Path::new(""), value, why),
        [root] => FieldError::invalid(&Path::new(root), value, why),
        [root, child] => FieldError::invalid(&Path::new(root).child(child), value, why),
        [root, child, rest @ ..] => {
            FieldError::invalid(&Path::new(root).child(child).child(&rest.join(".")), value, why)
        }
    }
}

/// A user as questions show it.
fn user_info(user: &User) -> k8s_openapi::api::authentication::v1::UserInfo {
    k8s_openapi::api::authentication::v1::UserInfo {
        extra: (!user.extra.is_empty()).then(|| user.extra.clone()),
        groups: (!user.groups.is_empty()).then(|| user.groups.clone()),
        uid: (!user.uid.is_empty()).then(|| user.uid.clone()),
        username: Some(user.name.clone()).filter(|name| !name.is_empty()),
    }
}
