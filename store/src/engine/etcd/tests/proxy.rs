//! A way to etcd that can be cut.

use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::env::{Env, Task};
use tokio::net::{TcpListener, TcpStream};

/// Passes on what comes, as long as it is open.
pub(super) struct Proxy {
    env: Env,
    port: u16,
    to: String,
    accepting: Option<Task<()>>,
    connections: Arc<Mutex<Vec<Task<()>>>>,
}

impl Proxy {
    pub(super) async fn open(env: &Env, endpoint: &str) -> Self {
        let to = endpoint.trim_start_matches("http://").to_owned();
        let mut proxy = Self { env: env.clone(), port: 0, to, accepting: None, connections: Arc::default() };
        proxy.mend().await;
        proxy
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Nothing is passed on, and nobody answers.
    pub(super) fn cut(&mut self) {
        self.accepting = None;
        self.connections.lock().clear();
    }

    pub(super) async fn mend(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port is free");
        self.port = listener.local_addr().expect("it is bound").port();
        let (env, to, connections) = (self.env.clone(), self.to.clone(), Arc::clone(&self.connections));
        self.accepting = Some(self.env.spawn("proxy", async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let to = to.clone();
                let passing = env.spawn("connection", async move {
                    if let Ok(mut to) = TcpStream::connect(to).await {
                        // However it ends, it does.
                        let _end = tokio::io::copy_bidirectional(&mut from, &mut to).await;
                    }
                });
                connections.lock().push(passing);
            }
        }));
    }
}
