use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::channel::oneshot;
use futures::future::{BoxFuture, FutureExt, Shared as SharedFuture};
use futures::stream::FuturesUnordered;
use tokio::net::TcpListener;

use super::connection::{self, Shared};

/// Resolves when the server is to end. Clones resolve together.
pub(super) type Closing = SharedFuture<BoxFuture<'static, ()>>;

/// How long nothing is accepted after that has failed, which it does when there are no more files to be had.
const PAUSE: Duration = Duration::from_millis(100);

/// What ends a server when it is dropped, and what resolves then.
pub(super) fn closing() -> (oneshot::Sender<()>, Closing) {
    let (sender, receiver) = oneshot::channel::<()>();
    (sender, receiver.map(|_| ()).boxed().shared())
}

/// Accepts connections and serves them until the server is to end, and then until they have ended.
pub(super) async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut connections = FuturesUnordered::new();
    let mut closing = shared.closing.clone();
    loop {
        let has_room = connections.len() < shared.limits.connections;
        tokio::select! {
            () = &mut closing => break,
            accepted = listener.accept(), if has_room => match accepted {
                Ok((socket, _)) => {
                    let served = connection::serve(Arc::clone(&shared), socket);
                    connections.push(shared.env.spawn("connection", served));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection cannot be accepted");
                    shared.env.sleep(PAUSE).await;
                }
            },
            Some(ended) = connections.next() => report(&ended),
        }
    }
    // Who knocks now is turned away.
    drop(listener);
    while let Some(ended) = connections.next().await {
        report(&ended);
    }
}

fn report(ended: &Result<(), setpoint_core::env::TaskEnd>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection did not end as it should");
    }
}
