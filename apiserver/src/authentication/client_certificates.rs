use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use setpoint_store::request::User;

use super::{Authenticator, BadCredentials, authenticated};

/// The user that the certificate of a connection names. Whoever ends TLS and has verified the certificate adds this
/// to the extensions of each request.
#[derive(Debug, Clone)]
pub struct CertifiedUser(Arc<User>);

/// Knows users by the certificate of their connection: its common name is the user, its organizations are the groups
/// (AUTH-03).
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientCertificates;

impl CertifiedUser {
    /// A user whose certificate was verified.
    pub fn new(user: User) -> Self {
        Self(Arc::new(authenticated(user)))
    }
}

#[async_trait]
impl Authenticator for ClientCertificates {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Arc<User>>, BadCredentials> {
        Ok(request.extensions.get::<CertifiedUser>().map(|certified| Arc::clone(&certified.0)))
    }
}
