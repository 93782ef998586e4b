//! From a request to a session.

use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use setpoint_core::{Error, Reason, Result};
use setpoint_runtime_traits::{ErrorKind, RuntimeError, Session, SessionOptions};
use setpoint_store::request::ReadAt;

use crate::answer::Answer;
use crate::call::Call;

const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");
const VERSION: HeaderName = HeaderName::from_static("sec-websocket-version");
const KEY: HeaderName = HeaderName::from_static("sec-websocket-key");

/// How many words a command may have.
const COMMAND_WORDS_MAX: usize = 1024;

/// What is spoken over the WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subprotocol {
    V5,
    V4,
}

impl Subprotocol {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V5 => "v5.channel.k8s.io",
            Self::V4 => "v4.channel.k8s.io",
        }
    }

    /// The first that the client offers and is spoken here.
    fn choose(headers: &HeaderMap) -> Option<Self> {
        let offered = headers.get_all(PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        offered.flat_map(|value| value.split(',')).find_map(|word| match word.trim() {
            "v5.channel.k8s.io" => Some(Self::V5),
            "v4.channel.k8s.io" => Some(Self::V4),
            _ => None,
        })
    }
}

impl Call<'_> {
    /// `exec` or `attach` (SUB-10).
    pub(crate) async fn connect(&self) -> Result<Answer> {
        let (subprotocol, key) = handshake(self.parts)?;
        let kind = if self.place.sub == "exec" { "PodExecOptions" } else { "PodAttachOptions" };
        let context = self.context(kind, &[])?;
        let flag = |name: &str| self.query.switch(name).unwrap_or(false);
        let options = SessionOptions { stdin: flag("stdin"), tty: flag("tty") };
        if !options.stdin && !flag("stdout") && !flag("stderr") {
            return Err(Error::bad_request("you must specify at least 1 of stdin, stdout, stderr"));
        }
        if options.tty && flag("stderr") {
            return Err(Error::bad_request("tty and stderr cannot both be true"));
        }
        let pod = self.server.store.get(&context, &self.key()?, ReadAt::Newest).await?;
        let container = self.container(&pod)?;
        let Some(sessions) = &self.server.sessions else {
            let why = "the server cannot open sessions in containers";
            return Err(Error::new(Reason::MethodNotAllowed, why).with_code(501));
        };
        let session = if self.place.sub == "exec" {
            let command: Vec<String> =
                self.query.all("command").take(COMMAND_WORDS_MAX).map(str::to_owned).collect();
            if command.is_empty() {
                return Err(Error::bad_request("you must specify a command for exec"));
            }
            sessions.exec(&pod, &container, &command, &options).await
        } else {
            sessions.attach(&pod, &container, &options).await
        };
        let session = session.map_err(|error| told(&error, &container))?;
        self.upgrade(subprotocol, &key, session)
    }

    #[cfg(not(feature = "serve"))]
    fn upgrade(&self, _subprotocol: Subprotocol, _key: &str, _session: Session) -> Result<Answer> {
        Err(no_upgrade())
    }

    #[cfg(feature = "serve")]
    fn upgrade(&self, subprotocol: Subprotocol, key: &str, session: Session) -> Result<Answer> {
        super::pump::start(self, subprotocol, key, session).ok_or_else(no_upgrade)
    }
}

/// The connection stays what it is.
fn no_upgrade() -> Error {
    let why = "the connection cannot be upgraded to a WebSocket";
    Error::new(Reason::MethodNotAllowed, why).with_code(501)
}

/// What the client offers; SPDY, and anything else that is no WebSocket, is refused.
fn handshake(parts: &Parts) -> Result<(Subprotocol, String)> {
    let words = |name: HeaderName| {
        let values = parts.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .map(|word| word.trim().to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    let asks = words(CONNECTION).iter().any(|word| word == "upgrade")
        && words(UPGRADE).iter().any(|word| word == "websocket");
    if !asks {
        return Err(Error::bad_request("Upgrade request required: this server speaks WebSocket, not SPDY"));
    }
    let version = parts.headers.get(VERSION).map(|version| version.as_bytes());
    let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok());
    let (Some(b"13"), Some(key)) = (version, key) else {
        return Err(Error::bad_request("the WebSocket handshake is malformed"));
    };
    let Some(subprotocol) = Subprotocol::choose(&parts.headers) else {
        let why = format!(
            "unable to negotiate protocol: server accepts [{} {}]",
            Subprotocol::V5.as_str(),
            Subprotocol::V4.as_str(),
        );
        return Err(Error::bad_request(why));
    };
    Ok((subprotocol, key.to_owned()))
}

fn told(error: &RuntimeError, container: &str) -> Error {
    match error.kind {
        ErrorKind::NotFound | ErrorKind::Conflict => {
            Error::bad_request(format!("container {container:?} does not run: {error}"))
        }
        ErrorKind::InvalidSpec => Error::bad_request(error.to_string()),
        ErrorKind::Unsupported => {
            let why = format!("the container's runtime cannot do that: {error}");
            Error::new(Reason::MethodNotAllowed, why).with_code(501)
        }
        ErrorKind::OutOfResources => {
            Error::new(Reason::TooManyRequests, error.to_string()).with_retry_after(1)
        }
        ErrorKind::Unavailable => Error::new(Reason::ServiceUnavailable, error.to_string()),
        _ => Error::internal(error),
    }
}
