use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as LabelSelectorSource;
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Key, Meta, Object, Text, TextMap};
use setpoint_core::selector::LabelSelector;
use setpoint_store::engine::Change;
use setpoint_store::tables::{Index, IndexValue};
use setpoint_watch::View;

use crate::queue::Lane;

/// Which root objects a change of some kind concerns.
#[derive(Clone)]
pub struct Relation {
    pub(crate) kind: KindId,
    /// Indices that it looks things up in, by kind.
    pub(crate) indices: Vec<(KindId, Index)>,
    /// Which objects of the kind are root objects; `None` if it is not their kind.
    pub(crate) roots: Option<IsRoot>,
    /// Called when changes were missed.
    pub(crate) on_reread: Option<Arc<dyn Fn() + Send + Sync>>,
    pub(crate) wakes: Arc<Wakes>,
}

type Wakes = dyn Fn(&Change, &dyn View, &mut dyn FnMut(Wake)) + Send + Sync;

/// Tells whether an object is a root object.
pub type IsRoot = fn(&Object) -> bool;

/// A root object that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wake {
    /// The root object.
    pub key: Key,
    /// How urgently.
    pub lane: Lane,
}

impl Wake {
    /// Somebody has just changed something.
    pub fn now(key: Key) -> Self {
        Self { key, lane: Lane::High }
    }
}

impl Relation {
    /// The root objects themselves.
    pub fn root(kind: KindId) -> Self {
        let relation = Self::mapped(kind, |change, _, wake| {
            // What is there at the start can wait for what is changing now.
            let initial = change.old.is_none() && change.object().revision() < change.revision;
            let lane = if initial { Lane::Low } else { Lane::High };
            wake(Wake { key: change.object().key(), lane });
        });
        relation.with_roots(|_| true)
    }

    /// Objects that a root object controls: the old and the new controller are woken.
    pub fn owned(kind: KindId, root: &Kind) -> Self {
        let (root_id, names) = (root.id, root.names.kind.clone());
        let group = root.resource.group.to_string();
        let namespaced = root.is_namespaced();
        Self::mapped(kind, move |change, _, wake| {
            let controller_of = |object: &Object| {
                let owner = object.meta().controller()?;
                (*owner.kind == *names && owner.group() == group).then(|| Key {
                    kind: root_id,
                    namespace: object.meta().namespace.clone().filter(|_| namespaced),
                    name: owner.name.clone(),
                })
            };
            let old = change.old.as_deref().and_then(controller_of);
            let new = change.new.as_deref().and_then(controller_of);
            if let Some(old) = old.filter(|old| Some(old) != new.as_ref()) {
                wake(Wake::now(old));
            }
            new.into_iter().map(Wake::now).for_each(wake);
        })
    }

    /// Objects that root objects name: those roots are woken that an index lists under the name.
    ///
    /// `index` gives for a root object the [`IndexValue::Pair`]s of namespace and name (or, for
    /// cluster-scoped kinds, the [`IndexValue::Text`] of the name) of the objects it reads.
    pub fn followed(kind: KindId, root: KindId, index: Index) -> Self {
        let name = index.name().clone();
        let mut relation = Self::mapped(kind, move |change, view, wake| {
            let meta = change.object().meta();
            let value = match &meta.namespace {
                Some(namespace) => IndexValue::Pair(namespace.clone(), meta.name.clone()),
                None => IndexValue::Text(meta.name.clone()),
            };
            let snapshot = view.snapshot();
            let roots = snapshot.by_index(root, &name, &value);
            roots.map(|object| Wake::now(object.key())).for_each(wake);
        });
        relation.indices.push((root, index));
        relation
    }

    /// Objects that nobody controls: those roots of their namespace are woken whose selector matches them, so
    /// that they can adopt them (DEP-09, RS-06, RS-07). An empty selector, and none, match nothing here.
    ///
    /// An orphan that is gone or going wakes nobody, nor does one whose labels are as before.
    pub fn orphaned(kind: KindId, root: KindId, selector: SelectorOf) -> Self {
        let mapped = Self::mapped(kind, move |change, view, wake| {
            let Some(orphan) = newly_orphaned(change) else { return };
            let snapshot = view.snapshot();
            let namespace = orphan.namespace.clone().unwrap_or_default();
            let entries = orphan.labels.iter().map(|(key, value)| equality(key, value));
            for entry in entries.chain([Text::default()]) {
                let value = IndexValue::Pair(namespace.clone(), entry);
                snapshot
                    .by_index(root, SELECTOR_INDEX, &value)
                    .filter(|object| selects(selector(object).as_deref(), &orphan.labels))
                    .for_each(|object| wake(Wake::now(object.key())));
            }
        });
        mapped.with_index(root, selector_index(selector))
    }

    /// Whatever a function makes of a change. Old and new version should both be looked at; a snapshot of
    /// the view is to be taken only if it is needed, since writes cost more while one lives.
    pub fn mapped(
        kind: KindId,
        wakes: impl Fn(&Change, &dyn View, &mut dyn FnMut(Wake)) + Send + Sync + 'static,
    ) -> Self {
        Self { kind, indices: Vec::new(), roots: None, on_reread: None, wakes: Arc::new(wakes) }
    }

    /// Objects of its kind of which `is_root` says so are root objects: all of them are looked at when changes
    /// were missed.
    #[must_use]
    pub fn with_roots(mut self, is_root: IsRoot) -> Self {
        self.roots = Some(is_root);
        self
    }

    /// Calls a function when changes were missed, before the root objects are looked at.
    #[must_use]
    pub fn on_reread(mut self, missed: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_reread = Some(Arc::new(missed));
        self
    }

    /// The kinds whose objects it is about or looks up.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = KindId> {
        std::iter::once(self.kind).chain(self.indices.iter().map(|(kind, _)| *kind))
    }

    /// With an index that the function looks things up in.
    #[must_use]
    pub fn with_index(mut self, kind: KindId, index: Index) -> Self {
        self.indices.push((kind, index));
        self
    }
}

/// Gives the selector in a root object's spec; owned where the kind has it in another form.
pub type SelectorOf = fn(&Object) -> Option<Cow<'_, LabelSelectorSource>>;

const SELECTOR_INDEX: &str = "selector";

/// Objects by namespace and one label that their selector asks for; those that ask for none such under an
/// empty one.
fn selector_index(selector: SelectorOf) -> Index {
    Index::new(SELECTOR_INDEX, move |object, add| {
        let Some(source) = selector(object) else { return };
        let first = source.match_labels.as_ref().and_then(|labels| labels.first_key_value());
        let entry = first.map_or_else(Text::default, |(key, value)| equality(key, value));
        add(IndexValue::Pair(object.meta().namespace.clone().unwrap_or_default(), entry));
    })
}

fn equality(key: &str, value: &str) -> Text {
    format!("{key}={value}").into()
}

fn selects(source: Option<&LabelSelectorSource>, labels: &TextMap) -> bool {
    // A selector that is none selects nothing; its owner says so.
    LabelSelector::compile(source)
        .is_ok_and(|selector| !selector.is_empty() && selector.matches(|label| labels.get(label)))
}

/// The metadata of an object that somebody might adopt, but did not before this change.
fn newly_orphaned(change: &Change) -> Option<&Meta> {
    let new = change.new.as_deref()?.meta();
    if new.is_terminating() || new.controller().is_some() {
        return None;
    }
    let as_before = |old: &Meta| old.controller().is_none() && old.labels == new.labels;
    (!change.old.as_deref().is_some_and(|old| as_before(old.meta()))).then_some(new)
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relation")
            .field("kind", &self.kind)
            .field("is_root", &self.roots.is_some())
            .finish_non_exhaustive()
    }
}
