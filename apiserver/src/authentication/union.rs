use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::request::Parts;
use setpoint_store::request::User;

use super::{Authenticator, BadCredentials};

/// Several authenticators, asked in their order: the first who knows the sender tells.
///
/// If nobody does and one of them found bad credentials, the request is refused: it is not anonymous.
#[derive(Clone, Default)]
pub struct Union(Vec<Arc<dyn Authenticator>>);

impl Union {
    /// Of none yet: everybody is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more at the end.
    #[must_use]
    pub fn with(mut self, authenticator: impl Authenticator) -> Self {
        self.0.push(Arc::new(authenticator));
        self
    }
}

#[async_trait]
impl Authenticator for Union {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Arc<User>>, BadCredentials> {
        let mut outcome = Ok(None);
        for authenticator in &self.0 {
            match authenticator.authenticate(request).await {
                Ok(Some(user)) => return Ok(Some(user)),
                Ok(None) => {}
                Err(bad) => outcome = Err(bad),
            }
        }
        outcome
    }
}

impl fmt::Debug for Union {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Union").field(&self.0.len()).finish()
    }
}
