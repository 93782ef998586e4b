use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use setpoint::env::{Env, Task};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CipherSuite, ClientConfig, RootCertStore};

use crate::{Failure, TOKEN};

/// A server to connect to.
pub(crate) struct Target {
    pub(crate) env: Env,
    address: SocketAddr,
    connector: TlsConnector,
}

/// A connection that is kept.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    /// Cancelled with the connection.
    _driver: Task<()>,
}

impl Target {
    pub(crate) fn new(env: &Env, address: SocketAddr, trusted: &str) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(trusted.as_bytes()) {
            roots.add(certificate?)?;
        }
        let mut provider = ring::default_provider();
        // What clients in Go want first, as kubectl does.
        provider.cipher_suites.sort_by_key(|suite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256);
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { env: env.clone(), address, connector: TlsConnector::from(Arc::new(config)) })
    }

    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let socket = TcpStream::connect(self.address).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::from(self.address.ip());
        let stream = self.connector.connect(name, socket).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let driver = self.env.spawn("client", async move {
            // How it ends is told by the request that is under way.
            drop(connection.await);
        });
        Ok(Connection { sender, host: self.address.to_string(), _driver: driver })
    }
}

impl Connection {
    /// Sends a request, and waits for the head of the answer.
    pub(crate) async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Response<Incoming>, Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .header("user-agent", "bench/1");
        self.sender.ready().await?;
        let answer = self.sender.send_request(request.body(Full::new(body.into()))?).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let code = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        Err(failure(&format_args!("{method} {path}: {code} {}", String::from_utf8_lossy(&body))))
    }

    /// The same, and reads the whole answer.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Bytes, Failure> {
        Ok(self.send(method, path, body).await?.into_body().collect().await?.to_bytes())
    }
}

pub(crate) fn failure(why: &dyn Display) -> Failure {
    why.to_string().into()
}
