use std::sync::Arc;

use futures::StreamExt;
use setpoint_core::env::Instant;
use setpoint_core::object::Revision;
use setpoint_store::WatchStream;
use setpoint_store::request::{ListQuery, ReadAt, RequestContext, WatchEvent, WatchQuery};

use crate::world::World;

/// A watch that is served by a cache which was behind when it began, and catches up at `until`. `None` if the
/// store does not know any more what it was like.
pub(super) async fn stale_watch(
    world: &Arc<World>,
    context: &RequestContext,
    query: &WatchQuery,
    revision: Revision,
    until: Instant,
) -> Option<WatchStream> {
    let selection = query.selection.clone();
    let list = ListQuery { at: ReadAt::Exactly(revision), ..ListQuery::new(selection.clone()) };
    let list = world.store.list(context, &list).await.ok()?;
    let rest = WatchQuery { bookmarks: query.bookmarks, ..WatchQuery::after(selection, list.revision) };
    let rest = world.store.watch(context, &rest).await.ok()?;
    let end = WatchEvent::Bookmark { revision: list.revision, initial_events_end: true };
    let first = list.items.into_iter().map(WatchEvent::Added).chain([end]).map(Ok);
    let env = world.env.clone();
    let rest = futures::stream::once(async move { env.sleep_until(until).await }).flat_map({
        let mut rest = Some(rest);
        move |()| rest.take().unwrap_or_else(|| futures::stream::empty().boxed())
    });
    Some(futures::stream::iter(first).chain(rest).boxed())
}
