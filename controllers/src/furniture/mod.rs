//! What every namespace has from the beginning (NS-06): the account `default` for its pods, and the certificate by
//! which they know the API server.
//!
//! It promises: each namespace that is not being deleted gets its piece soon after it is there, and again if
//! somebody deletes it; the certificate is put right if somebody changes it.

mod piece;
mod plan;

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use setpoint_core::Result;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Key, ObjectRef};
use setpoint_reconcile::controller::{Controller, Relation, Wake};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::Write;
use setpoint_store::tables::Snapshot;

use self::piece::Piece;
pub use self::plan::{Action, Memory, Observed, State, plan};

/// Gives each namespace one piece.
#[derive(Debug)]
pub struct Furniture {
    piece: Piece,
}

impl Furniture {
    /// Gives each namespace the account `default`.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no accounts or no namespaces.
    pub fn default_account(context: Context) -> Result<Controller> {
        let piece = Piece::default_account(context.store.registry())?;
        Self::controller(context, piece)
    }

    /// Gives each namespace the config map `kube-root-ca.crt` with certificates in PEM.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no config maps or no namespaces.
    pub fn root_certificate(context: Context, pem: &str) -> Result<Controller> {
        let piece = Piece::root_certificate(context.store.registry(), pem)?;
        Self::controller(context, piece)
    }

    fn controller(context: Context, piece: Piece) -> Result<Controller> {
        let namespaces = context.store.kind_of::<Namespace>()?.id;
        let related = piece_of_namespace(&piece, namespaces);
        let controller = Controller::of_planner(Self { piece }, context);
        Ok(controller.related(Relation::root(namespaces)).related(related))
    }
}

/// The piece itself: whoever takes it away or changes it wakes the namespace.
fn piece_of_namespace(piece: &Piece, namespaces: KindId) -> Relation {
    let name = piece.name();
    Relation::mapped(piece.kind(), move |change, _, wake| {
        let meta = change.object().meta();
        if meta.name == name
            && let Some(namespace) = &meta.namespace
        {
            wake(Wake::now(Key::cluster(namespaces, namespace.clone())));
        }
    })
}

impl Planner for Furniture {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        self.piece.controller()
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        let namespace = snapshot.get(key)?;
        let place = Key::namespaced(self.piece.kind(), namespace.meta().name.clone(), self.piece.name());
        let state = match snapshot.get(&place) {
            None => State::Missing,
            Some(object) if self.piece.is_right(object) => State::Right,
            Some(object) => State::Wrong(ObjectRef::clone(object)),
        };
        Some(Observed { namespace: Arc::clone(namespace), state })
    }

    fn plan(&self, observed: &Observed, memory: &Memory, _now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        let write = match (action, &observed.state) {
            (Action::Put, State::Wrong(object)) => {
                Write::Update(self.piece.put_right(object), Subresource::Main)
            }
            (Action::Put, _) => Write::Create(self.piece.made(&observed.namespace.meta().name)),
        };
        vec![Step::write(write)]
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.learn(outcome.err());
    }
}

#[cfg(test)]
mod tests;
