//! Admission: what may change or refuse a write before it is stored, for every writer (ADM-18).
//!
//! All mutating hooks run before all validating ones, each in the order of the [`Chain`]; both are run
//! again for every attempt of an update. Hooks see immutable snapshots, and change only the draft.
//!
//! [`MutatingHook`] and [`ValidatingHook`] are for hooks on objects of one type; [`Admission`] sees all kinds.
//! Hooks that are added to a chain are guarded: one that panics, or takes longer than [`HOOK_TIME_MAX`], refuses
//! the write.

mod default_storage_class;
mod default_tolerations;
mod limit_ranger;
mod namespace_lifecycle;
mod node_taint;
mod priority;
mod role_escalation;
mod runtime_class;
mod service_account;
mod storage_in_use;
mod typed;

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, KindId, Subresource};
use setpoint_core::object::{Draft, Key, Object, Revision};
use setpoint_core::{Error, GroupResource, Reason, Result};

use crate::engine::Expect;
use crate::rbac::Policy;
use crate::request::{DeleteOptions, RequestContext};
use crate::store::WellKnown;
use crate::tables::Snapshot;

pub use self::default_storage_class::DefaultStorageClass;
pub use self::default_tolerations::DefaultTolerations;
pub use self::limit_ranger::LimitRanger;
pub use self::namespace_lifecycle::NamespaceLifecycle;
pub use self::node_taint::NodeTaint;
pub use self::priority::Priority;
pub use self::role_escalation::RoleEscalation;
pub use self::runtime_class::RuntimeClass;
pub use self::service_account::ServiceAccounts;
pub use self::storage_in_use::StorageObjectInUseProtection;
use self::typed::{Mutating, Validating};
pub use self::typed::{MutatingHook, Rejection, Review, ValidatingHook};

const CLAIMS: GroupResource = GroupResource::new("", "persistentvolumeclaims");
const PODS: GroupResource = GroupResource::new("", "pods");
const VOLUMES: GroupResource = GroupResource::new("", "persistentvolumes");

/// How long the hooks of a chain may take for one write. They cannot be stopped, but what they decided on is too
/// old by then.
pub const HOOK_TIME_MAX: Duration = Duration::from_secs(10);

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
    warnings: parking_lot::Mutex<Vec<String>>,
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
        let (guards, warnings) = (parking_lot::Mutex::default(), parking_lot::Mutex::default());
        Self { target, key, context, old, delete, snapshot, well_known, guards, warnings }
    }

    /// The kind of namespaces, if the store has it.
    pub(crate) fn namespaces(&self) -> Option<KindId> {
        self.well_known.namespaces
    }

    /// The kind of limit ranges, if the store has it.
    pub(crate) fn limit_ranges(&self) -> Option<KindId> {
        self.well_known.limit_ranges
    }

    /// The kind of priority classes, if the store has it.
    pub(crate) fn priority_classes(&self) -> Option<KindId> {
        self.well_known.priority_classes
    }

    /// The kind of runtime classes, if the store has it.
    pub(crate) fn runtime_classes(&self) -> Option<KindId> {
        self.well_known.runtime_classes
    }

    /// The kind of service accounts, if the store has it.
    pub(crate) fn service_accounts(&self) -> Option<KindId> {
        self.well_known.service_accounts
    }

    /// The kind of storage classes, if the store has it.
    pub(crate) fn storage_classes(&self) -> Option<KindId> {
        self.well_known.storage_classes
    }

    /// Tells the client something beside, if the write is let in.
    pub fn warn(&self, text: impl Into<String>) {
        self.warnings.lock().push(text.into());
    }

    /// What roles allow; `None` if the store has none.
    pub(crate) fn policy(&self) -> Option<Policy<'a>> {
        Some(Policy::new(self.well_known.roles?, self.snapshot))
    }

    /// Makes the write depend on another object being as it was seen: if it has changed when the write is
    /// committed, the write is decided anew.
    pub fn depends_on(&self, key: Key, seen: Option<Revision>) {
        let guards = &mut *self.guards.lock();
        // Mostly it stays with one.
        guards.reserve_exact(1);
        guards.push((key, seen.map_or(Expect::Absent, Expect::At)));
    }

    /// What the write depends on, and what the client is to be told.
    pub(crate) fn into_parts(self) -> (Vec<(Key, Expect)>, Vec<String>) {
        (self.guards.into_inner(), self.warnings.into_inner())
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
#[derive(Clone)]
pub struct Chain {
    hooks: Vec<Arc<dyn Admission>>,
    /// Whether there are hooks that are not ours.
    is_guarded: bool,
    time_max: Duration,
}

impl Chain {
    /// Without any hooks.
    pub fn empty() -> Self {
        Self { hooks: Vec::new(), is_guarded: false, time_max: HOOK_TIME_MAX }
    }

    /// Upstream's default hooks, as far as the kinds they are for are built in.
    pub fn upstream() -> Self {
        let hooks: Vec<Arc<dyn Admission>> = vec![
            Arc::new(NamespaceLifecycle),
            Arc::new(LimitRanger),
            Arc::new(NodeTaint),
            Arc::new(Priority::default()),
            Arc::new(DefaultTolerations::default()),
            Arc::new(DefaultStorageClass),
            Arc::new(RuntimeClass),
            Arc::new(RoleEscalation),
        ];
        Self { hooks, ..Self::empty() }
    }

    /// With one more hook at the end.
    #[must_use]
    pub fn with(mut self, hook: impl Admission + 'static) -> Self {
        self.hooks.push(Arc::new(hook));
        self.is_guarded = true;
        self
    }

    /// With one more hook at the end, which changes objects of one type.
    #[must_use]
    pub fn mutating<K: Any + Clone + Send + Sync>(self, hook: impl MutatingHook<K>) -> Self {
        self.with(Mutating::<K, _>(hook, PhantomData))
    }

    /// With one more hook at the end, which judges objects of one type.
    #[must_use]
    pub fn validating<K: Any + Clone + Send + Sync>(self, hook: impl ValidatingHook<K>) -> Self {
        self.with(Validating::<K, _>(hook, PhantomData))
    }

    /// With another limit than [`HOOK_TIME_MAX`].
    #[must_use]
    pub fn with_time_limit(self, time_max: Duration) -> Self {
        Self { time_max, ..self }
    }

    pub(crate) fn mutate(&self, env: &Env, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        self.run(env, request, |hook| hook.mutate(request, draft))
    }

    pub(crate) fn validate(&self, env: &Env, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        self.run(env, request, |hook| hook.validate(request, draft))
    }

    /// Runs all hooks that have something to say, until one refuses.
    fn run(
        &self,
        env: &Env,
        request: &Request<'_>,
        mut run: impl FnMut(&dyn Admission) -> Result<()>,
    ) -> Result<()> {
        let mut hooks = self.hooks.iter().filter(|hook| hook.handles(&request.target));
        if !self.is_guarded {
            return hooks.try_for_each(|hook| run(&**hook));
        }
        let begin = env.now();
        let mut name = "";
        // What a hook that panics leaves half done is dropped with the write.
        let result = catch_unwind(AssertUnwindSafe(|| {
            hooks.try_for_each(|hook| {
                name = hook.name();
                run(&**hook)?;
                if env.now() - begin > self.time_max {
                    let why = format!("Timeout: admission plug-in {name:?} took too long");
                    return Err(Error::new(Reason::Timeout, why));
                }
                Ok(())
            })
        }));
        result.unwrap_or_else(|_| Err(Error::internal(format!("admission plug-in {name:?} panicked"))))
    }
}

impl Default for Chain {
    /// Without any hooks.
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.hooks.iter().map(|hook| hook.name())).finish()
    }
}
