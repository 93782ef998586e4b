use std::sync::Arc;

use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SelfSubjectAccessReviewSpec, SubjectAccessReviewSpec,
    SubjectAccessReviewStatus,
};
use serde_json::{Map, Value};
use setpoint_core::Result;
use setpoint_core::field::FieldErrors;
use setpoint_store::request::User;

use super::{answered, fault, senseless, spec};
use crate::authorization::{Attributes, Resource, Subject};
use crate::call::Call;

/// Whether the asker may do something.
pub(super) async fn of_oneself(call: &Call<'_>, question: Value) -> Result<Map<String, Value>> {
    let asked: SelfSubjectAccessReviewSpec = spec(call, &question)?;
    let (resource, path) = (&asked.resource_attributes, &asked.non_resource_attributes);
    senseless(call, faults(resource.as_ref(), path.as_ref()))?;
    let user = Arc::clone(&call.attributes.user);
    let status = decide(call, attributes(user, resource.as_ref(), path.as_ref())).await;
    answered(&asked, &status)
}

/// Whether somebody else may do something.
pub(super) async fn of_somebody(call: &Call<'_>, question: Value) -> Result<Map<String, Value>> {
    let asked: SubjectAccessReviewSpec = spec(call, &question)?;
    let (resource, path) = (&asked.resource_attributes, &asked.non_resource_attributes);
    let mut faults = faults(resource.as_ref(), path.as_ref());
    let (name, groups) = (asked.user.as_deref().unwrap_or_default(), asked.groups.as_deref());
    if name.is_empty() && groups.is_none_or(<[String]>::is_empty) {
        faults.push(fault(&["spec", "user"], &name, "at least one of user or group must be specified"));
    }
    if let Some(namespace) = &call.place.namespace {
        let asked = resource.as_ref().and_then(|resource| resource.namespace.as_deref()).unwrap_or_default();
        if resource.is_some() && asked != &**namespace {
            let field = ["spec", "resourceAttributes", "namespace"];
            faults.push(fault(&field, &asked, "must match metadata.namespace"));
        }
        if path.is_some() {
            let field = ["spec", "nonResourceAttributes"];
            faults.push(fault(&field, path, "disallowed on this kind of request"));
        }
    }
    senseless(call, faults)?;
    let user = User {
        name: name.to_owned(),
        groups: groups.unwrap_or_default().to_vec(),
        uid: asked.uid.clone().unwrap_or_default(),
        extra: asked.extra.clone().unwrap_or_default(),
    };
    let status = decide(call, attributes(Arc::new(user), resource.as_ref(), path.as_ref())).await;
    answered(&asked, &status)
}

fn faults(resource: Option<&ResourceAttributes>, path: Option<&NonResourceAttributes>) -> FieldErrors {
    match (resource, path) {
        (Some(_), Some(path)) => {
            let why = "cannot be specified in combination with resourceAttributes";
            vec![fault(&["spec", "nonResourceAttributes"], path, why)]
        }
        (None, None) => {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            vec![fault(&["spec", "resourceAttributes"], &Value::Null, why)]
        }
        _ => FieldErrors::new(),
    }
}

fn attributes(
    user: Arc<User>,
    resource: Option<&ResourceAttributes>,
    path: Option<&NonResourceAttributes>,
) -> Attributes {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match (resource, path) {
        (Some(asked), _) => {
            let resource = Resource {
                group: text(&asked.group),
                version: text(&asked.version),
                resource: text(&asked.resource),
                subresource: text(&asked.subresource),
                namespace: text(&asked.namespace),
                name: text(&asked.name),
            };
            Attributes { user, verb: text(&asked.verb), subject: Subject::Resource(resource) }
        }
        (None, Some(asked)) => {
            Attributes { user, verb: text(&asked.verb), subject: Subject::Path(text(&asked.path)) }
        }
        (None, None) => Attributes { user, verb: String::new(), subject: Subject::Path(String::new()) },
    }
}

async fn decide(call: &Call<'_>, attributes: Attributes) -> SubjectAccessReviewStatus {
    let decision = call.server.decide(&attributes).await;
    let reason = Some(decision.reason().to_owned()).filter(|reason| !reason.is_empty());
    SubjectAccessReviewStatus { allowed: decision.is_allowed(), denied: None, evaluation_error: None, reason }
}
