//! Who sent a request (AUTH-02 to AUTH-04).
//!
//! | who is known by | is told by |
//! |---|---|
//! | being able to reach the service at all | [`Trusted`] |
//! | a token | [`BearerTokens`] |
//! | a certificate that the connection was opened with | [`ClientCertificates`] |
//! | any of several of these | [`Union`] |
//!
//! Who shows nothing is [`anonymous`]; who shows something that is wrong is refused (401).

mod authenticator;
mod bearer_tokens;
mod client_certificates;
mod group;
pub(crate) mod impersonation;
#[cfg(test)]
mod tests;
mod trusted;
mod union;

pub use self::authenticator::{Authenticator, BadCredentials};
pub use self::bearer_tokens::{BearerTokens, StaticTokens, TokenBook};
pub use self::client_certificates::{CertifiedUser, ClientCertificates};
pub(crate) use self::group::authenticated;
pub use self::group::{ANONYMOUS, AUTHENTICATED, MASTERS, UNAUTHENTICATED, administrator, anonymous};
pub use self::trusted::Trusted;
pub use self::union::Union;
