//! Admission: what may change or refuse a write before it is stored, for every writer (ADM-18).
//!
//! All mutating hooks run before all validating ones, each in the order of the [`Chain`]; both are run
//! again for every attempt of an update. Hooks see immutable snapshots, and change only the draft.

mod default_tolerations;
mod namespace_lifecycle;
mod node_taint;
mod priority;

use std::fmt;
use std::sync::Arc;

use setpoint_core::Result;
use setpoint_core::kind::{Kind, KindId, Subresource};
use setpoint_core::object::{Draft, Key, Object, Revision};

use crate::engine::Expect;
use crate::request::{DeleteOptions, RequestContext};
use crate::store::WellKnown;
use crate::tables::Snapshot;

pub use self::default_tolerations::DefaultTolerations;
pub use self::namespace_lifecycle::NamespaceLifecycle;
pub use self::node_taint::NodeTaint;
pub use self::priority::Priority;

/// A hook in the write pipeline.
///
/// It runs between a read and the commit that depends on it, so it is synchronous and does not wait; what
/// it reads beside the object is in the request's snapshot.
pub trait Admission: Send + Sync {
    /// What it is called in messages.
    fn name(&self) -> &'static str;

    /// Whether it has anything to say about such writes. Asked first, and must be cheap.
    fn handles(&self, target: &Target<'_>) -> bool;

    /// Changes the draft of a creation or update.
    ///
    /// # Errors
    ///
    /// To refuse the write.
    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let _ = (request, draft);
        Ok(())
    }

    /// Judges the final object; `None` for a deletion.
    ///
    /// # Errors
    ///
    /// To refuse the write.
    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        let _ = (request, draft);
        Ok(())
    }
}

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// It makes an object.
    Create,
    /// It changes one.
    Update,
    /// It removes one, or begins to.
    Delete,
}

/// What a write is aimed at.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// What it does.
    pub operation: Operation,
    /// To which kind.
    pub kind: &'a Kind,
    /// To which side of it.
    pub side: Subresource,
}

/// A write on its way through the chain.
pub struct Request<'a> {
    /// What it is aimed at.
    pub target: Target<'a>,
    /// The object; the name is empty while it is to be generated.
    pub key: &'a Key,
    /// Who asks.
    pub context: &'a RequestContext,
    /// The object before; `None` for a creation.
    pub old: Option<&'a Object>,
    /// How it is to be deleted; `None` unless it is.
    pub delete: Option<&'a DeleteOptions>,
    /// Everything else, at the revision the decision is made on.
    pub snapshot: &'a Snapshot,
    well_known: WellKnown,
    guards: parking_lot::Mutex<Vec<(Key, Expect)>>,
}

impl<'a> Request<'a> {
    pub(crate) fn new(
        target: Target<'a>,
        key: &'a Key,
        context: &'a RequestContext,
        old: Option<&'a Object>,
        delete: Option<&'a DeleteOptions>,
        snapshot: &'a Snapshot,
        well_known: WellKnown,
    ) -> Self {
        let guards = parking_lot::Mutex::default();
        Self { target, key, context, old, delete, snapshot, well_known, guards }
    }

    /// The kind of namespaces, if the store has it.
    pub(crate) fn namespaces(&self) -> Option<KindId> {
        self.well_known.namespaces
    }

    /// The kind of priority classes, if the store has it.
    pub(crate) fn priority_classes(&self) -> Option<KindId> {
        self.well_known.priority_classes
    }

    /// Makes the write depend on another object being as it was seen: if it has changed when the write is
    /// committed, the write is decided anew.
    pub fn depends_on(&self, key: Key, seen: Option<Revision>) {
        let guards = &mut *self.guards.lock();
        // Mostly it stays with one.
        guards.reserve_exact(1);
        guards.push((key, seen.map_or(Expect::Absent, Expect::At)));
    }

    pub(crate) fn into_guards(self) -> Vec<(Key, Expect)> {
        self.guards.into_inner()
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("target", &self.target)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Hooks in their order.
#[derive(Clone, Default)]
pub struct Chain(Vec<Arc<dyn Admission>>);

impl Chain {
    /// Without any hooks.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Upstream's default hooks, as far as the kinds they are for are built in.
    pub fn upstream() -> Self {
        Self(vec![
            Arc::new(NamespaceLifecycle),
            Arc::new(NodeTaint),
            Arc::new(Priority::default()),
            Arc::new(DefaultTolerations::default()),
        ])
    }

    /// With one more hook at the end.
    #[must_use]
    pub fn with(mut self, hook: impl Admission + 'static) -> Self {
        self.0.push(Arc::new(hook));
        self
    }

    pub(crate) fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        self.hooks(request).try_for_each(|hook| hook.mutate(request, draft))
    }

    pub(crate) fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        self.hooks(request).try_for_each(|hook| hook.validate(request, draft))
    }

    fn hooks(&self, request: &Request<'_>) -> impl Iterator<Item = &Arc<dyn Admission>> {
        self.0.iter().filter(|hook| hook.handles(&request.target))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|hook| hook.name())).finish()
    }
}
