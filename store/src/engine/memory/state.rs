use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::env::Instant;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, ObjectRef, Revision};

use super::history::History;
use super::routes::Routes;
use super::{HistoryLimits, Wakers};
use crate::engine::{Change, Commit, CommitError, Committed, Expect, Expired, Feed, Route};
use crate::tables::{Index, Snapshot, Tables};

#[cfg(any(feature = "durable", feature = "etcd"))]
mod observe;
#[cfg(feature = "durable")]
mod restore;
mod unique;

/// Everything an engine in memory keeps.
pub(in crate::engine) struct State {
    /// What may be seen.
    published: Arc<Tables>,
    /// Changes that have a revision and may not be seen yet, oldest first.
    prepared: VecDeque<(Key, Arc<Change>)>,
    /// What the newest prepared change of each object leaves; empty if nothing is prepared.
    newest: FxHashMap<Key, Option<ObjectRef>>,
    /// The last revision given.
    last: Revision,
    /// The revision it began with.
    start: Revision,
    limits: HistoryLimits,
    /// By the kind's number.
    kinds: Vec<PerKind>,
    indices: Vec<(Option<KindId>, Index)>,
}

struct PerKind {
    history: History,
    routes: Routes,
}

impl State {
    pub(in crate::engine) fn new(start: Revision, limits: HistoryLimits) -> Self {
        let common = vec![Index::owner(), Index::orphan()];
        let indices = common.iter().map(|index| (None, index.clone())).collect();
        Self {
            published: Arc::new(Tables::new(start, common)),
            prepared: VecDeque::new(),
            newest: FxHashMap::default(),
            last: start,
            start,
            limits,
            kinds: Vec::new(),
            indices,
        }
    }

    pub(in crate::engine) fn revision(&self) -> Revision {
        self.published.revision
    }

    pub(in crate::engine) fn snapshot(&self) -> Snapshot {
        Snapshot::new(Arc::clone(&self.published))
    }

    /// Checks a change against the newest prepared state and gives it its revision.
    pub(in crate::engine) fn prepare(&mut self, commit: Commit) -> Result<Committed, CommitError> {
        let own = (&commit.key, &commit.expect);
        for (key, expected) in commit.compares.iter().map(|(key, expected)| (key, expected)).chain([own]) {
            let found = self.newest(key).map(|object| object.revision());
            if !expected.holds(found) {
                return Err(CommitError::Mismatch { key: key.clone(), expected: *expected, found });
            }
        }
        let old = self.newest(&commit.key).cloned();
        if old.is_none() && commit.value.is_none() {
            // What is not there cannot be removed, also if that was expected.
            let (key, expected) = (commit.key, Expect::Absent);
            return Err(CommitError::Mismatch { key, expected, found: None });
        }
        let revision = self.last.next();
        let new = commit.value.map(|draft| Arc::new(Object::from_draft(draft, revision)));
        if let Some(new) = &new {
            self.check_unique(&commit.key, new, old.as_deref())?;
        }
        self.last = revision;
        let change = Arc::new(Change { revision, old, new });
        let object = change.new.clone().or_else(|| change.removed());
        let object = object.expect("a change has an object before or after it");
        self.newest.insert(commit.key.clone(), change.new.clone());
        self.prepared.push_back((commit.key, change));
        Ok(Committed { revision, object })
    }

    fn newest(&self, key: &Key) -> Option<&ObjectRef> {
        if !self.newest.is_empty()
            && let Some(prepared) = self.newest.get(key)
        {
            return prepared.as_ref();
        }
        self.published.get(key)
    }

    /// Makes all prepared changes up to `revision` visible.
    pub(in crate::engine) fn publish(&mut self, revision: Revision, now: Instant, wakers: &mut Wakers) {
        while let Some((key, change)) = self.prepared.pop_front_if(|(_, change)| change.revision <= revision)
        {
            if self.prepared.is_empty() {
                self.newest.clear();
            }
            let tables = Arc::make_mut(&mut self.published);
            tables.replace(key.kind, change.old.as_ref(), change.new.as_ref());
            tables.revision = change.revision;
            let limits = self.limits;
            let PerKind { history, routes } = self.kind_mut(key.kind);
            routes.tell(&change, wakers);
            history.push(now, change, &limits);
        }
    }

    fn kind_mut(&mut self, kind: KindId) -> &mut PerKind {
        let at = kind.0 as usize;
        while self.kinds.len() <= at {
            let history = History::new(self.start);
            self.kinds.push(PerKind { history, routes: Routes::default() });
        }
        &mut self.kinds[at]
    }

    pub(in crate::engine) fn feed(
        &mut self,
        kind: KindId,
        route: &Route,
        from: Revision,
        published: Arc<dyn Fn() -> Revision + Send + Sync>,
    ) -> Result<Feed, Expired> {
        let index = match route {
            Route::Index(name, _) => self.index(kind, name),
            _ => None,
        };
        let PerKind { history, routes } = self.kind_mut(kind);
        let backlog = history.after(from)?.filter(|change| concerns(route, index.as_ref(), change));
        let (feed, cell) = Feed::new(from, backlog.cloned(), published);
        routes.add(route, index, cell);
        Ok(feed)
    }

    fn index(&self, kind: KindId, name: &str) -> Option<Index> {
        let mut known = self.indices.iter().filter(|(of, _)| of.is_none_or(|of| of == kind));
        known.find(|(_, index)| &**index.name() == name).map(|(_, index)| index.clone())
    }

    pub(in crate::engine) fn snapshot_at(
        &self,
        kind: KindId,
        revision: Revision,
    ) -> Result<Snapshot, Expired> {
        let mut tables = Tables::clone(&self.published);
        let floor = Expired { requested: revision, floor: self.start };
        match self.kinds.get(kind.0 as usize) {
            // A change is undone by putting back what was there before it.
            Some(PerKind { history, .. }) => {
                for change in history.after(revision)?.rev() {
                    tables.replace(kind, change.new.as_ref(), change.old.as_ref());
                }
            }
            None if revision < self.start => return Err(floor),
            None => {}
        }
        tables.revision = revision.min(self.published.revision);
        Ok(tables.snapshot())
    }

    pub(in crate::engine) fn compact(&mut self, revision: Revision) {
        let revision = revision.min(self.published.revision);
        self.start = self.start.max(revision);
        for kind in &mut self.kinds {
            kind.history.compact(revision);
        }
    }

    pub(in crate::engine) fn add_index(&mut self, kind: KindId, index: Index) {
        Arc::make_mut(&mut self.published).add_index(kind, index.clone());
        if self.index(kind, index.name()).is_none() {
            self.indices.push((Some(kind), index));
        }
    }

    pub(in crate::engine) fn close_feeds(&mut self) -> Vec<std::task::Waker> {
        let mut wakers = Vec::new();
        for kind in &mut self.kinds {
            kind.routes.close(&mut wakers);
        }
        wakers
    }
}

/// Whether a change is on a route.
fn concerns(route: &Route, index: Option<&Index>, change: &Change) -> bool {
    match route {
        Route::Kind => true,
        Route::Namespace(namespace) => change.object().place().0 == &**namespace,
        Route::Place(namespace, name) => change.object().place() == (&**namespace, &**name),
        Route::Index(_, value) => index.is_none_or(|index| {
            let listed = |object: &ObjectRef| {
                let mut listed = false;
                index.values_of(object, &mut |candidate| listed |= candidate == *value);
                listed
            };
            change.old.iter().chain(&change.new).any(listed)
        }),
    }
}
