use std::sync::Arc;

use futures::StreamExt;
use futures::channel::mpsc;
use futures::future::{Either, select};
use setpoint_core::object::Revision;

use super::shared::{Shared, number};

/// Has etcd forget what was before the revision that was the newest some time ago, again and again, and what it is asked
/// to forget. Several processes may do so beside each other.
pub(super) async fn compact(shared: Arc<Shared>, mut requests: mpsc::Receiver<Revision>) {
    let mut before: Option<Revision> = None;
    loop {
        let next = match shared.settings.compaction {
            Some(every) => shared.env.sleep(every),
            None => Box::pin(std::future::pending()),
        };
        let revision = match select(requests.next(), next).await {
            Either::Left((Some(asked), _)) => Some(asked),
            Either::Left((None, _)) => return,
            Either::Right(((), _)) => {
                let now = shared.inner.read().state.revision();
                before.replace(now)
            }
        };
        let Some(revision) = revision else { continue };
        let mut client = shared.client.kv_client();
        let asked = client.compact(number(revision), None);
        match shared.env.timeout(shared.settings.request_timeout, asked).await {
            Ok(Ok(_)) => tracing::debug!(%revision, "etcd has forgotten what was before"),
            // Another may have asked for more.
            Ok(Err(error)) => tracing::debug!(%revision, %error, "etcd was not compacted"),
            Err(elapsed) => tracing::debug!(%revision, %elapsed, "etcd was not compacted"),
        }
    }
}
