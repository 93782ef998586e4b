use k8s_openapi::api::authorization::v1::{SelfSubjectRulesReviewSpec, SubjectRulesReviewStatus};
use serde_json::{Map, Value};
use setpoint_core::Result;

use super::{answered, fault, senseless, spec};
use crate::call::Call;

/// What the asker may do in a namespace, as rules.
pub(super) async fn of_oneself(call: &Call<'_>, question: Value) -> Result<Map<String, Value>> {
    let asked: SelfSubjectRulesReviewSpec = spec(call, &question)?;
    let namespace = asked.namespace.clone().unwrap_or_default();
    if namespace.is_empty() {
        senseless(call, vec![fault(&["spec", "namespace"], &"", "a namespace is required")])?;
    }
    let rules = call.server.authorizer.rules(&call.attributes.user, &namespace).await;
    let status = SubjectRulesReviewStatus {
        evaluation_error: None,
        incomplete: rules.is_incomplete,
        non_resource_rules: rules.paths,
        resource_rules: rules.resources,
    };
    answered(&asked, &status)
}
