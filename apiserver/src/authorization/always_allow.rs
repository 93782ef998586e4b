use async_trait::async_trait;

use super::{Attributes, Authorizer, Decision};
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
}
