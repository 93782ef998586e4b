use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::channel::oneshot;
use setpoint_core::env::{Env, Task};
use setpoint_store::request::User;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::connection::Shared;
use super::kubeconfig::Sender;
use super::{Authority, KeyPair, Kubeconfig, ServeError, ServeLimits, listener, tls};
use crate::ApiServerBuilder;
use crate::authentication::{BearerTokens, ClientCertificates, StaticTokens, Union, administrator};

/// The API on the network. [`Server::shut_down`] ends it; dropping it cuts everybody off.
pub struct Server {
    address: SocketAddr,
    kubeconfig: Kubeconfig,
    close: oneshot::Sender<()>,
    accepting: Task<()>,
}

/// What a [`Server`] is made of.
pub struct ServerBuilder {
    env: Env,
    api: ApiServerBuilder,
    address: SocketAddr,
    names: Vec<String>,
    authority: Option<Authority>,
    identity: Option<(KeyPair, String)>,
    client_authority: Option<String>,
    tokens: StaticTokens,
    kubeconfig_token: Option<String>,
    limits: ServeLimits,
}

/// Names that a server is always certified under: who runs on the machine, and pods, call it so.
const NAMES: [&str; 6] =
    ["localhost", "127.0.0.1", "::1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];

impl Server {
    /// Begins to put one together that serves this API.
    ///
    /// Unless the API has an authenticator, the server knows users by their client certificates and by the tokens it
    /// is given. Everybody else is anonymous.
    pub fn builder(env: &Env, api: ApiServerBuilder) -> ServerBuilder {
        ServerBuilder {
            env: env.clone(),
            api,
            address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
            names: Vec::new(),
            authority: None,
            identity: None,
            client_authority: None,
            tokens: StaticTokens::new(),
            kubeconfig_token: None,
            limits: ServeLimits::default(),
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How an administrator reaches it: with the first of its tokens, or else with a client certificate.
    pub const fn kubeconfig(&self) -> &Kubeconfig {
        &self.kubeconfig
    }

    /// Ends it: nobody is let in, watches end at the end of a line, other requests get the time of
    /// [`ServeLimits::drain_time`]. Resolves when everything has ended.
    pub async fn shut_down(self) {
        let Self { close, accepting, .. } = self;
        drop(close);
        if let Err(error) = accepting.join().await {
            tracing::error!(%error, "the server did not end as it should");
        }
    }
}

impl ServerBuilder {
    /// Listens there. Without this, on a free port of this machine alone.
    #[must_use]
    pub const fn listen(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Is certified under this name or address too, beside `localhost` and where it listens.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Is certified by this authority, and believes the clients it has certified. Without this, by one that is made
    /// for it and forgotten with it.
    #[must_use]
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Has this certificate, which clients believe who trust this authority (PEM); it is put in the kubeconfig.
    #[must_use]
    pub fn identity(mut self, identity: KeyPair, authority: impl Into<String>) -> Self {
        self.identity = Some((identity, authority.into()));
        self
    }

    /// Believes the clients that this authority (PEM) has certified, and no others.
    #[must_use]
    pub fn client_authority(mut self, authority: impl Into<String>) -> Self {
        self.client_authority = Some(authority.into());
        self
    }

    /// Knows this token's user. The first token is that of the kubeconfig.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>, user: User) -> Self {
        let token = token.into();
        self.kubeconfig_token.get_or_insert_with(|| token.clone());
        self.tokens = self.tokens.with(token, user);
        self
    }

    /// What clients may cost.
    #[must_use]
    pub fn limits(mut self, limits: ServeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts it. When this resolves, clients can connect.
    ///
    /// # Errors
    ///
    /// If it cannot listen there, or a certificate cannot be used.
    pub async fn start(self) -> Result<Server, ServeError> {
        let Self { env, api, address, names, authority, identity, client_authority, tokens, .. } = self;
        let listening = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let authority = match authority {
            Some(authority) => authority,
            None => Authority::new(&env)?,
        };
        let (identity, trusted) = match identity {
            Some(given) => given,
            None => {
                let names = names_of(address, names);
                (authority.certify_server(&env, &names)?, authority.certificate().to_owned())
            }
        };
        let sender = match (self.kubeconfig_token, &client_authority) {
            (Some(token), _) => Sender::Token(token),
            // Whom a foreign authority certifies is its own affair: the file names the server and nobody.
            (None, Some(_)) => Sender::Nobody,
            (None, None) => Sender::Certificate(authority.certify_client(&env, &administrator())?),
        };
        let client_authority = client_authority.unwrap_or_else(|| authority.certificate().to_owned());
        let config = tls::server_config(&env, &identity, &client_authority)?;
        let api = if api.has_authenticator() {
            api
        } else {
            let tokens = BearerTokens::new(tokens);
            api.authenticator(Union::new().with(ClientCertificates).with(tokens))
        };
        let (close, closing) = listener::closing();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let shared = Shared { env: env.clone(), api: api.build(), acceptor, limits: self.limits, closing };
        let accepting = env.spawn("api-server", listener::accept(Arc::new(shared), listener));
        let kubeconfig = Kubeconfig { server: url_of(address), authority: trusted, sender };
        Ok(Server { address, kubeconfig, close, accepting })
    }
}

/// What a server is called.
fn names_of(address: SocketAddr, more: Vec<String>) -> Vec<String> {
    let mut names: Vec<String> = NAMES.map(str::to_owned).into();
    let own = (!address.ip().is_unspecified()).then(|| address.ip().to_string());
    for name in own.into_iter().chain(more) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Where clients of this machine find it.
fn url_of(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("https://{}", SocketAddr::new(ip, address.port()))
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for ServerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder").field("address", &self.address).finish_non_exhaustive()
    }
}
