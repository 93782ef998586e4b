use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use setpoint_core::env::Env;
use setpoint_store::Store;
use setpoint_store::request::User;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::serve::{Authority, KeyPair, Server, ServerBuilder};
use crate::{ApiServer, ApiServerBuilder};

/// The token that the server knows.
pub(super) const TOKEN: &str = "canary-token-0123456789";

/// A server with namespace `a`, and the authority that its clients trust.
pub(super) struct World {
    pub(super) env: Env,
    pub(super) api: ApiServerBuilder,
    pub(super) authority: String,
    pub(super) server: Server,
    /// Reaches the same store from within.
    pub(super) inside: ApiServer,
    pub(super) folder: TempDir,
}

pub(super) fn jane() -> User {
    User { name: "jane".to_owned(), groups: vec!["system:masters".to_owned()], ..User::default() }
}

impl World {
    pub(super) async fn start() -> Self {
        Self::start_with(|builder| builder).await
    }

    pub(super) async fn start_with(adapt: impl FnOnce(ServerBuilder) -> ServerBuilder) -> Self {
        let env = Env::tokio();
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Store::memory(&env));
        store.ensure_namespace("a").await.expect("a namespace");
        let inside = ApiServer::new(&env, store.clone());
        let api = ApiServer::builder(&env, store.clone());
        let authority = Authority::open(&env, folder.path()).expect("an authority");
        let pem = authority.certificate().to_owned();
        let builder = Server::builder(&env, ApiServer::builder(&env, store)).authority(authority);
        let server = adapt(builder.token(TOKEN, jane())).start().await.expect("a server");
        Self { env, api, authority: pem, server, inside, folder }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The server's authority, to certify more clients.
    pub(super) fn open_authority(&self) -> Authority {
        Authority::open(&self.env, self.folder.path()).expect("the same authority")
    }

    pub(super) async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_as(None, &[b"http/1.1"]).await.expect("a connection")
    }

    pub(super) async fn connect_as(
        &self,
        client: Option<&KeyPair>,
        protocols: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let socket = TcpSocket::new_v4()?;
        // So that what a client does not read is not kept by the kernel for it.
        socket.set_recv_buffer_size(4096)?;
        let socket = socket.connect(self.address()).await?;
        let connector = TlsConnector::from(Arc::new(config(&self.authority, client, protocols)));
        connector.connect(ServerName::try_from("localhost").expect("a name"), socket).await
    }

    /// Asks one thing on a connection of its own.
    pub(super) async fn ask(&self, head: &str) -> Reply {
        let mut stream = self.connect().await;
        send(&mut stream, head).await;
        Reply::read(&mut stream).await
    }

    /// Makes something to read: config maps of so many bytes.
    pub(super) async fn fill(&self, maps: usize, bytes: usize) {
        for number in 0..maps {
            let name = format!("m{number}");
            let map = json!({"metadata": {"name": name}, "data": {"text": "x".repeat(bytes)}});
            let request = Request::post("/api/v1/namespaces/a/configmaps");
            let request = request.body(Full::<Bytes>::from(map.to_string())).expect("a request");
            assert_eq!(self.inside.answer(request).await.status(), 201);
        }
    }
}

fn config(authority: &str, client: Option<&KeyPair>, protocols: &[&[u8]]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
        roots.add(certificate.expect("PEM")).expect("a certificate");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let chain = CertificateDer::pem_slice_iter(pair.certificate().as_bytes());
            let chain = chain.collect::<Result<Vec<_>, _>>().expect("PEM");
            let key = PrivateKeyDer::from_pem_slice(pair.key().as_bytes()).expect("PEM");
            builder.with_client_auth_cert(chain, key).expect("they go together")
        }
    };
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    config
}

/// Sends the head of a request, of which the last line closes the connection.
pub(super) async fn send(stream: &mut TlsStream<TcpStream>, head: &str) {
    let text = format!("{head}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.expect("it is taken");
}

/// An answer in HTTP/1.1, read until the server closes.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Reply {
    pub(super) async fn read(stream: &mut TlsStream<TcpStream>) -> Self {
        let mut bytes = Vec::new();
        // A server that ends without a farewell has said what it had to say.
        drop(stream.read_to_end(&mut bytes).await);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let code = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Self { code, text }
    }

    pub(super) fn json(&self) -> Value {
        let body = self.text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

pub(super) fn with_token(head: &str) -> String {
    format!("{head}\r\nauthorization: Bearer {TOKEN}")
}
