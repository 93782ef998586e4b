use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, TlsOptions};

use crate::engine::memory::HistoryLimits;

/// What an object may take in etcd, key and all: what etcd takes in one request unless told otherwise, less some room
/// for what is compared.
pub const VALUE_BYTES_MAX: usize = (3 << 19) - (8 << 10);

/// Which etcd to use, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EtcdSettings {
    /// Where its members are, such as `http://127.0.0.1:2379`.
    pub endpoints: Vec<String>,
    /// What all keys begin with. It begins and ends with a slash.
    pub prefix: String,
    /// How long one request may take, all attempts included.
    pub request_timeout: Duration,
    /// How much history is kept in memory for watches that resume.
    pub history: HistoryLimits,
    /// How long Events are kept after they were last written; `None` if they are not removed (STORE-30).
    pub event_ttl: Option<Duration>,
    /// How often etcd is told to forget what is older than this; `None` if somebody else does that. kube-apiserver does
    /// it every five minutes.
    pub compaction: Option<Duration>,
    /// How many objects are read at a time when all are read.
    pub page: usize,
    user: Option<(String, String)>,
    tls: Option<TlsOptions>,
}

impl EtcdSettings {
    /// These members, keys below `/registry/`, and the times of kube-apiserver.
    pub fn new<E: Into<String>>(endpoints: impl IntoIterator<Item = E>) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            prefix: "/registry/".to_owned(),
            request_timeout: Duration::from_secs(10),
            history: HistoryLimits::UPSTREAM,
            event_ttl: Some(Duration::from_secs(3600)),
            compaction: Some(Duration::from_secs(300)),
            page: 500,
            user: None,
            tls: None,
        }
    }

    /// The same below another prefix.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = format!("/{}/", prefix.trim_matches('/'));
        self
    }

    /// The same with another limit of time for requests.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// The same with another history.
    #[must_use]
    pub fn with_history(mut self, history: HistoryLimits) -> Self {
        self.history = history;
        self
    }

    /// The same with Events that are kept for another time.
    #[must_use]
    pub fn with_event_ttl(mut self, ttl: Option<Duration>) -> Self {
        self.event_ttl = ttl;
        self
    }

    /// The same with another compaction.
    #[must_use]
    pub fn with_compaction(mut self, every: Option<Duration>) -> Self {
        self.compaction = every;
        self
    }

    /// The same with pages of another size.
    #[must_use]
    pub fn with_page(mut self, objects: usize) -> Self {
        self.page = objects.max(1);
        self
    }

    /// As a user of etcd.
    #[must_use]
    pub fn with_user(mut self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.user = Some((name.into(), password.into()));
        self
    }

    /// Over TLS, to servers whose certificates come from this authority, and as the holder of this certificate and key,
    /// all in PEM.
    #[must_use]
    pub fn with_tls(mut self, authority: &str, client: Option<(&str, &str)>) -> Self {
        let tls = TlsOptions::new().ca_certificate(Certificate::from_pem(authority));
        self.tls = Some(match client {
            Some((certificate, key)) => tls.identity(Identity::from_pem(certificate, key)),
            None => tls,
        });
        self
    }

    pub(super) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    pub(super) fn connect_options(&self) -> ConnectOptions {
        const ALIVE_INTERVAL: Duration = Duration::from_secs(5);
        const ALIVE_LIMIT: Duration = Duration::from_secs(5);
        let mut options = ConnectOptions::new()
            .with_connect_timeout(self.request_timeout.min(Duration::from_secs(2)))
            .with_keep_alive(ALIVE_INTERVAL, ALIVE_LIMIT)
            .with_keep_alive_while_idle(true)
            .with_require_leader(true);
        if let Some((name, password)) = &self.user {
            // etcd forgets its tokens after some minutes, and when it is started again.
            options = options.with_user(name, password).with_auto_token_refresh(true);
        }
        if let Some(tls) = &self.tls {
            options = options.with_tls(tls.clone());
        }
        options
    }
}
