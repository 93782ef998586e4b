//! How TLS is spoken: 1.2 and 1.3, with the certificates of clients who have one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Env;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::time_provider::TimeProvider;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::{KeyPair, ServeError};

/// HTTP/2, as ALPN calls it.
pub(super) const H2: &[u8] = b"h2";

/// How a server speaks.
///
/// # Errors
///
/// If a certificate or key is none, or they do not go together.
pub(super) fn server_config(
    env: &Env,
    identity: &KeyPair,
    client_authority: &str,
) -> Result<ServerConfig, ServeError> {
    let provider: Arc<CryptoProvider> = Arc::new(ring::default_provider());
    let own = |error: &dyn fmt::Display| ServeError::certificate("the server's certificate", error);
    let clients = |error: &dyn fmt::Display| ServeError::certificate("the clients' authority", error);
    let mut roots = RootCertStore::empty();
    for certificate in certificates(client_authority) {
        let certificate = certificate.map_err(|error| clients(&error))?;
        roots.add(certificate).map_err(|error| clients(&error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .allow_unauthenticated()
        .build()
        .map_err(|error| clients(&error))?;
    let chain =
        certificates(&identity.certificate).collect::<Result<Vec<_>, _>>().map_err(|error| own(&error))?;
    let key =
        PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(|_| own(&"its key is no PEM"))?;
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(Clock(env.clone())))
        .with_safe_default_protocol_versions()
        .map_err(|error| own(&error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(|error| own(&error))?;
    config.alpn_protocols = vec![H2.to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(
    pem: &str,
) -> impl Iterator<Item = Result<CertificateDer<'static>, tokio_rustls::rustls::pki_types::pem::Error>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
}

/// Certificates expire by the environment's clock.
struct Clock(Env);

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.wall().as_second()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
