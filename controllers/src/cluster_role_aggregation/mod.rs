//! ClusterRoles that are put together from others (AUTH-06).
//!
//! It promises: a ClusterRole with an aggregation rule has the rules of all the ClusterRoles that its selectors match,
//! those of one after those of the other in the order of their names, each rule once. One that matches itself is passed
//! over. Rules that were written by hand are replaced.

mod plan;

use jiff::Timestamp;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use setpoint_core::Result;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Draft, Key, Object, ObjectRef};
use setpoint_core::selector::LabelSelector;
use setpoint_reconcile::controller::{Controller, Relation, Wake};
use setpoint_reconcile::plan::{Outcome, Plan, Planner, Step};
use setpoint_reconcile::reconciler::Context;
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::Write;
use setpoint_store::tables::{Index, IndexValue, Snapshot};

pub use self::plan::{Action, Memory, Observed, plan};

/// Keeps the rules of aggregated ClusterRoles.
#[derive(Debug)]
pub struct ClusterRoleAggregation {
    cluster_roles: KindId,
}

/// Aggregated roles, all under one value: there are few.
const AGGREGATED: &str = "aggregated-cluster-role";

impl ClusterRoleAggregation {
    /// The controller of all aggregated ClusterRoles.
    ///
    /// # Errors
    ///
    /// `NotFound` if the store has no ClusterRoles.
    pub fn controller(context: Context) -> Result<Controller> {
        let kind = context.store.kind_of::<ClusterRole>()?.id;
        let relation = Relation::mapped(kind, move |_, view, wake| {
            let snapshot = view.snapshot();
            let aggregated = snapshot.by_index(kind, AGGREGATED, &IndexValue::Text(AGGREGATED.into()));
            aggregated.for_each(|role| wake(Wake::now(role.key())));
        });
        let index = Index::new(AGGREGATED, |role, add| {
            if is_aggregated(role) {
                add(IndexValue::Text(AGGREGATED.into()));
            }
        });
        let relation = relation.with_index(kind, index).with_roots(is_aggregated);
        Ok(Controller::of_planner(Self { cluster_roles: kind }, context).related(relation))
    }
}

fn is_aggregated(role: &Object) -> bool {
    role.spec::<ClusterRole>().is_some_and(|role| role.aggregation_rule.is_some())
}

impl Planner for ClusterRoleAggregation {
    type Observed = Observed;
    type Memory = Memory;
    type Action = Action;

    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn observe(&self, snapshot: &Snapshot, key: &Key) -> Option<Observed> {
        let role: ObjectRef = snapshot.get(key).cloned()?;
        let aggregation = role.spec::<ClusterRole>()?.aggregation_rule.clone();
        let selectors = aggregation.and_then(|rule| rule.cluster_role_selectors).unwrap_or_default();
        // A selector that cannot be read was refused when it was written.
        let selectors: Vec<LabelSelector> =
            selectors.iter().filter_map(|source| LabelSelector::compile(Some(source)).ok()).collect();
        let is_selected = |other: &&ObjectRef| {
            other.key() != role.key()
                && selectors.iter().any(|selector| selector.matches(|key| other.meta().labels.get(key)))
        };
        let selected = snapshot.list(self.cluster_roles).filter(is_selected);
        let rules_of = |other: &ObjectRef| -> Vec<PolicyRule> {
            other.spec::<ClusterRole>().and_then(|role| role.rules.clone()).unwrap_or_default()
        };
        let rules = selected.flat_map(rules_of).collect();
        Some(Observed { role, rules })
    }

    fn plan(&self, observed: &Observed, memory: &Memory, _now: Timestamp) -> Plan<Action, Memory> {
        plan(observed, memory)
    }

    fn enact(&self, observed: &Observed, action: &Action) -> Vec<Step> {
        // The draft names the version it was decided on.
        let mut draft = Draft::of(&observed.role);
        if let Some(role) = draft.spec_mut::<ClusterRole>() {
            role.rules = Some(action.rules.clone());
        }
        vec![Step::write(Write::Update(draft, Subresource::Main))]
    }

    fn learn(&self, memory: &mut Memory, _action: &Action, outcome: Outcome<'_>) {
        memory.error = outcome.err().map(ToString::to_string);
    }
}

#[cfg(test)]
mod tests;
