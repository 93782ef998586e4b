use std::fmt;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::{KeyPair, ServeError, private_file};

/// How to reach a server, and as whom: what `kubectl --kubeconfig` and every client library reads.
#[derive(Clone)]
pub struct Kubeconfig {
    /// Where, as a URL.
    pub(super) server: String,
    /// Whom to believe that it is the server, in PEM.
    pub(super) authority: String,
    pub(super) sender: Sender,
}

/// What the client shows of itself.
#[derive(Clone)]
pub(super) enum Sender {
    Token(String),
    Certificate(KeyPair),
    /// Whoever has the file adds what it is known by.
    Nobody,
}

/// What cluster, user and context are called.
const NAME: &str = "setpoint";

impl Kubeconfig {
    /// The text of the file.
    pub fn to_yaml(&self) -> String {
        let data = |pem: &str| BASE64_STANDARD.encode(pem);
        let sender = match &self.sender {
            Sender::Nobody => "    {}\n".to_owned(),
            // A text of JSON is one of YAML.
            Sender::Token(token) => format!("    token: {}\n", serde_json::Value::from(token.as_str())),
            Sender::Certificate(pair) => format!(
                "    client-certificate-data: {}\n    client-key-data: {}\n",
                data(&pair.certificate),
                data(&pair.key)
            ),
        };
        format!(
            "apiVersion: v1\nkind: Config\n\
             clusters:\n- name: {NAME}\n  cluster:\n    server: {}\n    certificate-authority-data: {}\n\
             users:\n- name: {NAME}\n  user:\n{sender}\
             contexts:\n- name: {NAME}\n  context:\n    cluster: {NAME}\n    user: {NAME}\n\
             current-context: {NAME}\n",
            self.server,
            data(&self.authority),
        )
    }

    /// Writes the file, which only its owner can read, in one step.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ServeError> {
        let told = |source| ServeError::File { path: path.to_owned(), source };
        private_file::write(path, &self.to_yaml()).map_err(told)
    }
}

impl fmt::Debug for Kubeconfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubeconfig").field("server", &self.server).finish_non_exhaustive()
    }
}
