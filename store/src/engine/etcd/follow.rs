use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use etcd_client::{EventType, WatchOptions, WatchResponse};

use super::load::{ANSWER_BYTES_MAX, load};
use super::shared::{Event, Shared, number, revision};

/// How long it is before the watch is opened again, first and at the most.
const RETRY_FIRST: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(3);

/// Why a watch ended.
enum End {
    /// It may go on where it was.
    Lost(String),
    /// What came after is forgotten.
    Compacted,
}

/// Keeps what is shown up to date, as long as it is polled.
pub(super) async fn follow(shared: Arc<Shared>) {
    let mut pause = RETRY_FIRST;
    loop {
        let before = shared.inner.read().state.revision();
        let end = watch(&shared).await;
        shared.connected.store(false, Ordering::Relaxed);
        if shared.inner.read().state.revision() > before {
            pause = RETRY_FIRST;
        }
        match end {
            End::Lost(why) => tracing::debug!(why, "the watch on etcd ended, and is opened again"),
            End::Compacted => match load(&shared.env, &shared.client, &shared.settings).await {
                Ok((found, at)) => {
                    tracing::warn!(revision = %at, "etcd has forgotten what was not seen yet: everything was read anew");
                    shared.begin_anew(&found, at);
                    continue;
                }
                Err(error) => tracing::warn!(error = error.chain(), "everything is to be read anew"),
            },
        }
        shared.env.sleep(shared.env.jitter(pause, 0.2)).await;
        if shared.settings.has_user() {
            // Of a token that it has forgotten etcd says no more than that the watch may not be. If this fails, so does
            // the watch.
            let refreshed = shared.client.refresh_token();
            let _outcome = shared.env.timeout(shared.settings.request_timeout, refreshed).await;
        }
        pause = (pause * 2).min(RETRY_MAX);
    }
}

/// One watch, from what is shown on.
async fn watch(shared: &Shared) -> End {
    let lost = |error: &dyn std::fmt::Display| End::Lost(error.to_string());
    let next = number(shared.inner.read().state.revision()).saturating_add(1);
    let options =
        WatchOptions::new().with_prefix().with_start_revision(next).with_progress_notify().with_fragment();
    let mut client = shared.client.watch_client().max_decoding_message_size(ANSWER_BYTES_MAX);
    let opened = client.watch(shared.settings.prefix.as_bytes(), Some(options));
    let mut stream = match shared.env.timeout(shared.settings.request_timeout, opened).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return lost(&error),
        Err(elapsed) => return lost(&elapsed),
    };
    loop {
        let answer = match stream.message().await {
            Ok(Some(answer)) => answer,
            Ok(None) => return End::Lost("the connection was closed".to_owned()),
            Err(error) => return lost(&error),
        };
        if answer.compact_revision() > 0 {
            return End::Compacted;
        }
        if answer.canceled() {
            return End::Lost(answer.cancel_reason().to_owned());
        }
        shared.connected.store(true, Ordering::Relaxed);
        take(shared, &answer);
    }
}

fn take(shared: &Shared, answer: &WatchResponse) {
    if !answer.events().is_empty() {
        shared.show(&answer.events().iter().filter_map(event).collect::<Vec<_>>());
    } else if let Some(header) = answer.header()
        && !answer.created()
    {
        // It tells how far it has come though nothing has happened.
        shared.advance_to(revision(header.revision()));
    }
}

fn event(event: &etcd_client::Event) -> Option<Event> {
    let found = event.kv()?;
    let value = (event.event_type() == EventType::Put).then(|| found.value().to_vec());
    Some(Event { path: found.key().to_vec(), value, revision: revision(found.mod_revision()) })
}
