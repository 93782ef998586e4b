use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::request::Parts;
use setpoint_store::request::User;
use subtle::ConstantTimeEq;

use super::{Authenticator, BadCredentials, authenticated};

/// Knows tokens: a list, or something that asks elsewhere.
#[async_trait]
pub trait TokenBook: Send + Sync + 'static {
    /// Whose token this is; `None` if it is nobody's.
    ///
    /// A book must not let the time it takes tell how much of a token is right.
    async fn find(&self, token: &str) -> Option<Arc<User>>;
}

/// Knows users by the token in the `Authorization: Bearer` header (AUTH-03).
pub struct BearerTokens<B>(B);

/// Tokens that are given once and stay.
#[derive(Clone, Default)]
pub struct StaticTokens(Vec<(String, Arc<User>)>);

/// How long a token may be. What is longer is nobody's.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

impl<B: TokenBook> BearerTokens<B> {
    /// Users are found in this book.
    pub fn new(book: B) -> Self {
        Self(book)
    }
}

impl StaticTokens {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more. An empty token is nobody's.
    #[must_use]
    pub fn with(mut self, token: impl Into<String>, user: User) -> Self {
        self.0.push((token.into(), Arc::new(authenticated(user))));
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[async_trait]
impl TokenBook for StaticTokens {
    async fn find(&self, token: &str) -> Option<Arc<User>> {
        // All are compared, each in constant time: what can be timed is how many there are and how long.
        let mut found = None;
        for (known, user) in &self.0 {
            if bool::from(known.as_bytes().ct_eq(token.as_bytes())) && !known.is_empty() {
                found = Some(user);
            }
        }
        found.map(Arc::clone)
    }
}

#[async_trait]
impl<B: TokenBook> Authenticator for BearerTokens<B> {
    async fn authenticate(&self, request: &Parts) -> Result<Option<Arc<User>>, BadCredentials> {
        let Some(token) = token(request)? else { return Ok(None) };
        match self.0.find(token).await {
            Some(user) => Ok(Some(user)),
            None => Err(BadCredentials),
        }
    }
}

/// The token that a request carries; `None` if it carries none, or another kind of credentials.
fn token(request: &Parts) -> Result<Option<&str>, BadCredentials> {
    let mut headers = request.headers.get_all(AUTHORIZATION).iter();
    let Some(header) = headers.next() else { return Ok(None) };
    // Two could be read in two ways.
    if headers.next().is_some() {
        return Err(BadCredentials);
    }
    let header = header.to_str().map_err(|_| BadCredentials)?.trim();
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Ok(None);
    }
    if token.len() > TOKEN_BYTES_MAX { Err(BadCredentials) } else { Ok(Some(token)) }
}

impl<B> fmt::Debug for BearerTokens<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerTokens(..)")
    }
}

impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users = self.0.iter().map(|(_, user)| &user.name);
        f.write_str("StaticTokens of ")?;
        f.debug_list().entries(users).finish()
    }
}
