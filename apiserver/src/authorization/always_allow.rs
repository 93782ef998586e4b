use async_trait::async_trait;
use k8s_openapi::api::authorization::v1::{NonResourceRule, ResourceRule};
use setpoint_store::request::User;

use super::{Attributes, Authorizer, Decision, Rules};
use crate::authentication::UNAUTHENTICATED;

/// Lets everybody do everything who is known. Who is not may do nothing: not even this authorizer gives the world to
/// the whole world.
#[derive(Debug, Clone, Copy, Default)]
pub struct AlwaysAllow;

#[async_trait]
impl Authorizer for AlwaysAllow {
    async fn authorize(&self, attributes: &Attributes) -> Decision {
        if attributes.user.groups.iter().any(|group| group == UNAUTHENTICATED) {
            return Decision::NoOpinion(String::new());
        }
        Decision::Allow(String::new())
    }

    async fn rules(&self, user: &User, _namespace: &str) -> Rules {
        if user.groups.iter().any(|group| group == UNAUTHENTICATED) {
            return Rules::default();
        }
        let all = || Some(vec!["*".to_owned()]);
        let verbs = vec!["*".to_owned()];
        Rules {
            resources: vec![ResourceRule {
                api_groups: all(),
                resource_names: None,
                resources: all(),
                verbs: verbs.clone(),
            }],
            paths: vec![NonResourceRule { non_resource_urls: all(), verbs }],
            is_incomplete: false,
        }
    }
}
