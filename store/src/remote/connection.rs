//! The client, and where another one comes from when its credentials are no longer taken.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use kube::Client;
use parking_lot::Mutex;
use setpoint_core::Result;

/// Makes a client anew, from whatever its credentials are in.
pub(super) type Renew = Arc<dyn Fn() -> BoxFuture<'static, Result<Client>> + Send + Sync>;

/// The client that requests are sent by.
pub(super) struct Connection {
    current: Mutex<Current>,
    renew: Option<Renew>,
    /// Held by whoever makes another client, so that only one is made.
    renewing: futures::lock::Mutex<()>,
}

#[derive(Clone)]
struct Current {
    client: Client,
    /// How often it was made anew.
    generation: u64,
}

impl Connection {
    pub(super) fn new(client: Client, renew: Option<Renew>) -> Self {
        let current = Mutex::new(Current { client, generation: 0 });
        Self { current, renew, renewing: futures::lock::Mutex::new(()) }
    }

    /// The client, and which one it is.
    pub(super) fn client(&self) -> (Client, u64) {
        let Current { client, generation } = self.current.lock().clone();
        (client, generation)
    }

    /// Makes another client in the place of one whose credentials were refused. False if that cannot be done; true as
    /// well if somebody else has done it meanwhile.
    pub(super) async fn renew(&self, refused: u64) -> bool {
        let Some(renew) = &self.renew else { return false };
        let _right = self.renewing.lock().await;
        if self.client().1 != refused {
            return true;
        }
        match renew().await {
            Ok(client) => {
                *self.current.lock() = Current { client, generation: refused + 1 };
                true
            }
            Err(error) => {
                tracing::warn!(%error, "no other credentials could be had");
                false
            }
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("generation", &self.client().1).finish_non_exhaustive()
    }
}
