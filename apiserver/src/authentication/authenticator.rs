use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use setpoint_store::request::User;

/// Tells who sent a request.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Who sent it; `None` if it carries nothing that this authenticator looks at.
    ///
    /// # Errors
    ///
    /// [`BadCredentials`] if it carries something, and that is wrong.
    async fn authenticate(&self, request: &Parts) -> Result<Option<Arc<User>>, BadCredentials>;
}

/// What a request shows of its sender is wrong. It does not say what, so that nothing of it is told or logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials are not valid")]
pub struct BadCredentials;
