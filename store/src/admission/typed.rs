use std::any::{Any, TypeId};
use std::marker::PhantomData;
use std::sync::Arc;

use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object, Revision};
use setpoint_core::{Error, Result};

use super::{Admission, Operation, Request, Target};
use crate::request::User;

/// What a typed hook is told of a write.
#[derive(Debug)]
pub struct Review<'a, K> {
    request: &'a Request<'a>,
    old: Option<Arc<K>>,
}

impl<K> Review<'_, K> {
    /// What the write does.
    pub fn operation(&self) -> Operation {
        self.request.target.operation
    }

    /// To which side of the object.
    pub fn side(&self) -> Subresource {
        self.request.target.side
    }

    /// The namespace; `None` for objects that are in none.
    pub fn namespace(&self) -> Option<&str> {
        self.request.key.namespace.as_deref()
    }

    /// The name; empty while it is to be generated.
    pub fn name(&self) -> &str {
        &self.request.key.name
    }

    /// Who writes.
    pub fn user(&self) -> &User {
        &self.request.context.user
    }

    /// Whether nothing will be stored, so that nothing else may be done either.
    pub fn is_dry_run(&self) -> bool {
        self.request.context.dry_run
    }

    /// The object before; `None` for a creation. It is shared, and does not change.
    pub fn old(&self) -> Option<&Arc<K>> {
        self.old.as_ref()
    }

    /// Tells the client something beside.
    pub fn warn(&self, text: impl Into<String>) {
        self.request.warn(text);
    }

    /// The write itself, with everything at the revision it is decided on.
    pub fn request(&self) -> &Request<'_> {
        self.request
    }
}

/// Why a hook refuses a write: answered `Forbidden`, with the hook's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection(String);

impl Rejection {
    /// For this reason.
    pub fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl<T: Into<String>> From<T> for Rejection {
    fn from(why: T) -> Self {
        Self::new(why)
    }
}

/// Changes objects of one type before they are stored, for every writer.
///
/// ```
/// use k8s_openapi::api::core::v1::Pod;
/// use setpoint_core::env::Simulation;
/// use setpoint_core::kind::Registry;
/// use setpoint_store::admission::{Chain, MutatingHook, Rejection, Review};
/// use setpoint_store::engine::Memory;
/// use setpoint_store::{Objects, Store};
///
/// /// Every pod says who made it, and none has two dozen containers.
/// struct Signed;
///
/// impl MutatingHook<Pod> for Signed {
///     fn name(&self) -> &'static str {
///         "Signed"
///     }
///
///     fn mutate(&self, review: &Review<'_, Pod>, pod: &mut Pod) -> Result<(), Rejection> {
///         if pod.spec.as_ref().is_some_and(|spec| spec.containers.len() >= 24) {
///             return Err("that is too much for one pod".into());
///         }
///         let labels = pod.metadata.labels.get_or_insert_default();
///         labels.insert("made-by".to_owned(), review.user().name.replace(':', "."));
///         Ok(())
///     }
/// }
///
/// let sim = Simulation::new(1);
/// let chain = Chain::upstream().mutating::<Pod>(Signed);
/// let store = Store::new(&sim.env(), Memory::new(&sim.env()), Registry::builtin(), chain);
/// let pod = sim.block_on(async {
///     store.ensure_namespace("default").await?;
///     let pod = serde_json::from_value(serde_json::json!({
///         "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "i"}]},
///     }));
///     Objects::<Pod>::namespaced(&store, "default")?.create(pod.expect("a pod")).await
/// });
/// let pod = pod.expect("nothing waits").expect("it is let in");
/// assert!(pod.metadata.labels.as_ref().is_some_and(|labels| labels.contains_key("made-by")));
/// ```
///
/// A hook runs between a read and the commit that depends on it, and again whenever the object has changed meanwhile. It is
/// synchronous, must not wait, and gives the same for the same. One that panics is answered `InternalError`, one that takes
/// longer than [`HOOK_TIME_MAX`](super::HOOK_TIME_MAX) `Timeout`; the object is not stored in either case.
pub trait MutatingHook<K>: Send + Sync + 'static {
    /// What it is called in messages.
    fn name(&self) -> &'static str;

    /// Whether it has anything to say about such writes: those of the objects themselves, if it does not say.
    fn handles(&self, operation: Operation, side: Subresource) -> bool {
        let _ = operation;
        side == Subresource::Main
    }

    /// Changes the object of a creation or an update. What it sets nobody owns.
    ///
    /// # Errors
    ///
    /// To refuse the write.
    fn mutate(&self, review: &Review<'_, K>, object: &mut K) -> Result<(), Rejection>;
}

/// Judges objects of one type before they are stored or deleted, for every writer.
///
/// What is said of [`MutatingHook`] holds for it as well.
pub trait ValidatingHook<K>: Send + Sync + 'static {
    /// What it is called in messages.
    fn name(&self) -> &'static str;

    /// Whether it has anything to say about such writes: those of the objects themselves, if it does not say.
    fn handles(&self, operation: Operation, side: Subresource) -> bool {
        let _ = operation;
        side == Subresource::Main
    }

    /// Judges the final object; `None` for a deletion, whose object is [`Review::old`].
    ///
    /// # Errors
    ///
    /// To refuse the write.
    fn validate(&self, review: &Review<'_, K>, object: Option<&K>) -> Result<(), Rejection>;
}

/// A hook on one type among those on all.
pub(super) struct Mutating<K, H>(pub(super) H, pub(super) PhantomData<fn() -> K>);

/// The same for one that judges.
pub(super) struct Validating<K, H>(pub(super) H, pub(super) PhantomData<fn() -> K>);

impl<K, H> Admission for Mutating<K, H>
where
    K: Any + Clone + Send + Sync,
    H: MutatingHook<K>,
{
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation != Operation::Delete
            && is_of::<K>(target)
            && self.0.handles(target.operation, target.side)
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let review = review(request)?;
        let before = whole::<K>(draft)?;
        let mut object = (*before).clone();
        self.0
            .mutate(&review, &mut object)
            .map_err(|rejection| refused(self.0.name(), request, rejection))?;
        put(draft, object)
    }
}

impl<K, H> Admission for Validating<K, H>
where
    K: Any + Clone + Send + Sync,
    H: ValidatingHook<K>,
{
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        is_of::<K>(target) && self.0.handles(target.operation, target.side)
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        let review = review(request)?;
        let object = draft.map(whole::<K>).transpose()?;
        let judged = self.0.validate(&review, object.as_deref());
        judged.map_err(|rejection| refused(self.0.name(), request, rejection))
    }
}

fn is_of<K: Any>(target: &Target<'_>) -> bool {
    target.kind.representation.whole_type() == Some(TypeId::of::<K>())
}

fn review<'a, K: Any + Send + Sync>(request: &'a Request<'a>) -> Result<Review<'a, K>> {
    let old = request.old.map(Object::to_whole::<K>).transpose().map_err(Error::internal)?;
    Ok(Review { request, old })
}

fn whole<K: Any + Send + Sync>(draft: &Draft) -> Result<Arc<K>> {
    Object::from_draft(draft.clone(), Revision::ZERO).to_whole().map_err(Error::internal)
}

/// Puts what a hook has made of an object into the draft: what it did not change stays shared.
fn put<K: Any>(draft: &mut Draft, object: K) -> Result<()> {
    let kind = Arc::clone(draft.kind());
    let mut changed = Draft::from_whole(Arc::clone(&kind), object).map_err(Error::internal)?;
    if changed.meta() != draft.meta() {
        draft.set_meta(Arc::clone(changed.shared_meta()));
    }
    if !kind.representation.spec_eq(changed.spec_part(), draft.spec_part()) {
        kind.rules.default(&mut changed);
        draft.set_spec(changed.spec_part().clone());
    }
    let is_same = match (changed.status_part(), draft.status_part()) {
        (Some(new), Some(before)) => kind.representation.status_eq(new, before),
        (None, None) => true,
        _ => false,
    };
    if !is_same {
        if changed.status_part().is_some() {
            kind.rules.default_status(&mut changed);
        }
        draft.set_status(changed.status_part().cloned());
    }
    Ok(())
}

fn refused(hook: &str, request: &Request<'_>, rejection: Rejection) -> Error {
    let why = format!("admission plug-in {hook:?} denied the request: {}", rejection.0);
    Error::forbidden(&request.target.kind.resource, &request.key.name, why)
}
