use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use setpoint_store::request::User;

/// Tells who sent a request.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who sent it; `None` if that is not known, which is answered 401 for everything but health and version.
    async fn authenticate(&self, request: &Parts) -> Option<Arc<User>>;
}

/// Everybody who can reach the service is this user: for services within one process.
#[derive(Debug, Clone)]
pub struct Trusted(Arc<User>);

impl Trusted {
    /// All requests are this user's.
    pub fn new(user: User) -> Self {
        Self(Arc::new(user))
    }

    /// All requests are an administrator's.
    pub fn administrator() -> Self {
        Self::new(User {
            name: "kubernetes-admin".to_owned(),
            groups: vec!["system:masters".to_owned(), "system:authenticated".to_owned()],
        })
    }
}

#[async_trait]
impl Authenticator for Trusted {
    async fn authenticate(&self, _request: &Parts) -> Option<Arc<User>> {
        Some(Arc::clone(&self.0))
    }
}
