//! The namespace controller: a namespace that is being deleted goes with all that is in it (NS-03, NS-04).
//!
//! It promises: pods go first, and nothing else is deleted before they are gone; then the objects of every
//! kind that lives in namespaces, kinds included that were registered while it ran; one kind that cannot be
//! emptied stops no other; the conditions of the namespace say what remains and why; the finalizer
//! `kubernetes` is removed only after a live look has shown that nothing is left.
//!
//! Nothing new appears meanwhile: the store refuses creations from the moment the deletion begins (NS-05), so
//! it does not wait for anybody to notice, as upstream does for five seconds.

mod conditions;
mod observed;
mod plan;
mod remaining;
mod wake;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Namespace, NamespaceSpec, NamespaceStatus};
use setpoint_core::Error;
use setpoint_core::Result;
use setpoint_core::kind::{Registry, Subresource};
use setpoint_core::object::{Draft, Key, ObjectRef, Part};
use setpoint_core::rules::namespace::FINALIZER;
use setpoint_reconcile::controller::Controller;
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::{DeleteOptions, Propagation, Selection, Write};
use setpoint_store::tables::Snapshot;

pub use self::observed::{Content, Observed};
pub use self::plan::{Action, Memory, plan};
pub use self::remaining::Remaining;
use self::wake::Terminating;

/// Empties namespaces that are being deleted, and lets them go.
#[derive(Debug)]
pub struct NamespaceController {
    registry: Registry,
}

impl NamespaceController {
    /// The controller of all namespaces.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no namespaces.
    pub fn controller(context: Context) -> Result<Controller> {
        let namespaces = context.store.kind_of::<Namespace>()?;
        let registry = context.store.registry().clone();
        let terminating = Arc::new(Terminating::default());
        let root = wake::root(namespaces.id, &terminating);
        let of_kind = move |kind: &_| wake::content(kind, namespaces.id, &terminating);
        let controller = Controller::of_planner(Self { registry }, context);
        Ok(controller.related(root).related_to_kinds(of_kind))
    }
}

impl Planner for NamespaceController {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        Some(Observed::of(snapshot.get(key)?, &self.registry))
    }

    fn plan(&self, observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory, now)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        let namespace = &observed.namespace;
        let all_of = |kind| Selection::namespace(kind, namespace.meta().name.clone());
        match action {
            Action::Empty(kind) => {
                // Dependents are in the namespace too, and go by themselves.
                let propagation = Some(Propagation::Background);
                let options = DeleteOptions { propagation, ..DeleteOptions::default() };
                vec![Step::DeleteAll(all_of(*kind), options)]
            }
            Action::Count(kind) => vec![Step::ListLive(all_of(*kind))],
            Action::Tell(status) => vec![tell(namespace, status)],
            Action::Finalize => vec![finalize(namespace)],
        }
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.learn_write(outcome.err());
    }

    fn learn_list(&self, memory: &mut Memory, action: &Action, outcome: Result<&[ObjectRef], &Error>) {
        memory.learn_list(action, outcome);
    }
}

fn tell(namespace: &ObjectRef, status: &NamespaceStatus) -> Step {
    let mut draft = Draft::of(namespace);
    draft.set_status(Some(Part::new(status.clone())));
    Step::write(Write::Update(draft, Subresource::Status))
}

/// The only door through which a namespace's own finalizers go (NS-02).
fn finalize(namespace: &ObjectRef) -> Step {
    let mut draft = Draft::of(namespace);
    if let Some(spec) = draft.spec_mut::<NamespaceSpec>() {
        spec.finalizers.get_or_insert_default().retain(|finalizer| finalizer != FINALIZER);
    }
    Step::write(Write::Update(draft, Subresource::Finalize))
}

#[cfg(test)]
mod tests;
