use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::object::{Object, Text};

use super::Wakers;
use crate::engine::feed::Cell;
use crate::engine::{Change, Route};
use crate::tables::{Index, IndexValue};

/// Who is to be told of which change of one kind. A change costs nothing for those it does not concern.
#[derive(Default)]
pub(in crate::engine) struct Routes {
    all: Feeds,
    by_namespace: FxHashMap<Text, Feeds>,
    by_place: FxHashMap<(Text, Text), Feeds>,
    by_index: Vec<(Index, FxHashMap<IndexValue, Feeds>)>,
}

type Feeds = Vec<Arc<Cell>>;

impl Routes {
    pub(in crate::engine) fn add(&mut self, route: &Route, index: Option<Index>, cell: Arc<Cell>) {
        let feeds = match route {
            Route::Kind => &mut self.all,
            Route::Namespace(namespace) => self.by_namespace.entry(namespace.clone()).or_default(),
            Route::Place(namespace, name) => {
                self.by_place.entry((namespace.clone(), name.clone())).or_default()
            }
            Route::Index(name, value) => {
                let Some(index) = index else {
                    // Without such an index every change may concern it.
                    self.all.push(cell);
                    return;
                };
                let at = self.by_index.iter().position(|(known, _)| known.name() == name);
                let at = at.unwrap_or_else(|| {
                    self.by_index.push((index, FxHashMap::default()));
                    self.by_index.len() - 1
                });
                self.by_index[at].1.entry(value.clone()).or_default()
            }
        };
        feeds.retain(|cell| !cell.is_dead());
        feeds.push(cell);
    }

    pub(in crate::engine) fn tell(&mut self, change: &Arc<Change>, wakers: &mut Wakers) {
        tell_all(&mut self.all, change, wakers);
        let object = change.object();
        if !self.by_namespace.is_empty()
            && let Some(namespace) = &object.meta().namespace
        {
            tell_some(&mut self.by_namespace, namespace, change, wakers);
        }
        if !self.by_place.is_empty() {
            let namespace = object.meta().namespace.clone().unwrap_or_default();
            tell_some(&mut self.by_place, &(namespace, object.meta().name.clone()), change, wakers);
        }
        for (index, feeds) in &mut self.by_index {
            if feeds.is_empty() {
                continue;
            }
            let mut tell = |object: &Object| {
                index.values_of(object, &mut |value| tell_some(feeds, &value, change, wakers));
            };
            change.old.as_deref().into_iter().for_each(&mut tell);
            change.new.as_deref().into_iter().for_each(&mut tell);
        }
    }

    pub(in crate::engine) fn close(&mut self, wakers: &mut Vec<std::task::Waker>) {
        let Self { all, by_namespace, by_place, by_index } = std::mem::take(self);
        let indexed = by_index.into_iter().flat_map(|(_, feeds)| feeds.into_values());
        let feeds = [all].into_iter().chain(by_namespace.into_values()).chain(by_place.into_values());
        wakers.extend(feeds.chain(indexed).flatten().filter_map(|cell| cell.close()));
    }
}

fn tell_some<K: std::hash::Hash + Eq>(
    feeds: &mut FxHashMap<K, Feeds>,
    key: &K,
    change: &Arc<Change>,
    wakers: &mut Wakers,
) {
    if let Some(concerned) = feeds.get_mut(key) {
        tell_all(concerned, change, wakers);
        if concerned.is_empty() {
            feeds.remove(key);
        }
    }
}

fn tell_all(feeds: &mut Feeds, change: &Arc<Change>, wakers: &mut Wakers) {
    let mut dead = false;
    for cell in feeds.iter() {
        wakers.extend(cell.push(change));
        dead |= cell.is_dead();
    }
    if dead {
        feeds.retain(|cell| !cell.is_dead());
    }
}
