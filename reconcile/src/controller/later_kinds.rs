use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use parking_lot::Mutex;
use setpoint_core::kind::{KindId, Registry};
use setpoint_core::object::Key;

use super::driver::Shared;
use super::{OfKind, Relation};
use crate::queue::Queue;

/// The relations of a controller to kinds that are registered while it runs.
pub(super) struct LaterKinds {
    registry: Registry,
    of_kind: Arc<OfKind>,
    /// The registry's version up to which kinds are followed.
    version: u64,
    /// Kinds that have been asked about.
    known: Mutex<BTreeSet<KindId>>,
}

impl LaterKinds {
    pub(super) fn new(registry: &Registry, of_kind: Arc<OfKind>) -> Self {
        let known = Mutex::default();
        Self { registry: registry.clone(), of_kind, version: registry.version(), known }
    }

    /// Relations to kinds that are there and were not there when this was asked before.
    pub(super) fn relations_now(&self) -> Vec<Relation> {
        let known = &mut *self.known.lock();
        let kinds = self.registry.kinds();
        let new = kinds.iter().filter(|kind| known.insert(kind.id));
        new.filter_map(|kind| (self.of_kind)(kind)).collect()
    }

    /// Follows kinds as they come.
    pub(super) async fn follow(self, shared: &Shared, queue: &Queue<Key>) {
        let mut version = self.version;
        let mut watches = FuturesUnordered::new();
        loop {
            futures::select_biased! {
                now = self.registry.changed(version).fuse() => {
                    version = now;
                    watches.extend(self.relations_now().into_iter().map(|relation| async move {
                        follow_one(shared, queue, &relation).await;
                    }));
                }
                () = watches.select_next_some() => {}
            }
        }
    }
}

async fn follow_one(shared: &Shared, queue: &Queue<Key>, relation: &Relation) {
    let view = &shared.context.view;
    for (kind, index) in &relation.indices {
        view.add_index(*kind, index.clone());
    }
    // From here on changes are kept for this reader.
    let changes = view.changes(relation.kind);
    if !view.synced(relation.kind).await {
        tracing::warn!(kind = ?relation.kind, "the view does not show a kind that was registered");
        return;
    }
    shared.add_roots(relation);
    // What happened to the kind before it was followed is seen now.
    shared.look_at_everything(queue);
    shared.watch(relation, changes, queue).await;
}
