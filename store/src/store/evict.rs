use jiff::Timestamp;
use k8s_openapi::api::core::v1::{PodCondition, PodStatus};
use k8s_openapi::api::policy::v1::{PodDisruptionBudgetSpec, PodDisruptionBudgetStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object, ObjectRef, Part, Revision};
use setpoint_core::rules::pod_disruption_budget::{DISRUPTION_ALLOWED, SYNC_FAILED, set_disruption_allowed};
use setpoint_core::selector::LabelSelector;
use setpoint_core::{Error, GroupResource, Reason, Result, conditions};

use super::create::seconds;
use super::record::Ownership;
use super::update::{self, Attempt, Ready};
use super::{ATTEMPTS_MAX, Inner};
use crate::engine::{Commit, Engine, Expect};
use crate::request::{Eviction, Outcome, RequestContext, Written};
use crate::tables::Snapshot;

/// Evictions that a budget's controller has not confirmed, at the most.
const DISRUPTED_PODS_MAX: usize = 2_000;
/// When an eviction that came too early may be tried again.
const RETRY_AFTER_SECS: u32 = 10;
const BUDGETS: GroupResource = GroupResource::new("policy", "poddisruptionbudget");

/// What the budgets say to an eviction.
enum Charge {
    /// Nothing, or they were charged.
    Allowed,
    /// The pod may go because it is not healthy, and only as long as that is so. The budget that says it.
    Unhealthy(String),
}

impl<E: Engine> Inner<E> {
    /// Deletes a pod unless its disruption budget is used up (SUB-05, SUB-06, SUB-07).
    ///
    /// The budget is charged by a compare-and-swap of its status, so that no two evictions use the same
    /// disruption. A pod that ends or has not begun is nobody's loss and is deleted as it is.
    pub(super) async fn evict(&self, context: &RequestContext, eviction: &Eviction) -> Result<Written> {
        let asked = eviction.options.preconditions.revision;
        for _ in 0..ATTEMPTS_MAX {
            let snapshot = self.engine.snapshot();
            let pod = snapshot.get(&eviction.pod).cloned().ok_or_else(|| self.not_found(&eviction.pod))?;
            if pod.spec::<SharedPodSpec>().is_none() {
                return Err(Error::bad_request(format!("{} is not a pod", pod.kind().names.kind)));
            }
            update::check(&eviction.options.preconditions, &pod)?;
            if ignores_budgets(&pod) {
                // One that may become ready meanwhile goes only as it was seen.
                let pinned = asked.or_else(|| (!has_ended(&pod)).then(|| pod.revision()));
                match self.mark_and_delete(context, eviction, &pod, pinned).await {
                    Err(error) if error.is_conflict() && asked.is_none() => continue,
                    result => return result,
                }
            }
            let budgets = self.budgets_of(&pod, &snapshot);
            drop(snapshot);
            return match self.charge(context, &pod, &budgets).await? {
                Charge::Allowed => self.mark_and_delete(context, eviction, &pod, asked).await,
                Charge::Unhealthy(budget) => {
                    let pinned = asked.or(Some(pod.revision()));
                    match self.mark_and_delete(context, eviction, &pod, pinned).await {
                        Err(error) if error.is_conflict() && asked.is_none() => Err(still_processed(&budget)),
                        result => result,
                    }
                }
            };
        }
        let kind = self.kind(eviction.pod.kind)?;
        Err(Error::conflict(&kind.resource, &eviction.pod.name, update::MODIFIED).with_retry_after(1))
    }

    /// The budgets that select the pod.
    fn budgets_of(&self, pod: &Object, snapshot: &Snapshot) -> Vec<ObjectRef> {
        let meta = pod.meta();
        let (Some(kind), Some(namespace)) = (self.well_known.disruption_budgets, &meta.namespace) else {
            return Vec::new();
        };
        let selects = |budget: &&ObjectRef| {
            let source = budget.spec::<PodDisruptionBudgetSpec>().and_then(|spec| spec.selector.as_ref());
            // A selector that is none selects nothing; the budget's controller says so.
            LabelSelector::compile(source)
                .is_ok_and(|selector| selector.matches(|label| meta.labels.get(label)))
        };
        snapshot.list_namespace(kind, namespace).filter(selects).cloned().collect()
    }

    /// Takes one disruption off the pod's budget, if it has one and counts for it.
    async fn charge(
        &self,
        context: &RequestContext,
        pod: &ObjectRef,
        budgets: &[ObjectRef],
    ) -> Result<Charge> {
        let budget = match budgets {
            [] => return Ok(Charge::Allowed),
            [budget] => budget,
            _ => {
                let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource \
                               does not support.";
                return Err(Error::new(Reason::InternalError, message));
            }
        };
        if !is_ready(pod) && spares_unhealthy(budget) {
            return Ok(Charge::Unhealthy(budget.meta().name.to_string()));
        }
        let key = budget.key();
        let charged = self.guaranteed_update(context, &key, |snapshot, old| {
            let now = seconds(self.env.wall());
            let mut draft = Draft::of(old);
            draft.set_status(Some(Part::new(charged(old, pod, now)?)));
            self.attempt_update(context, draft, old, Subresource::Status, snapshot, Ownership::OfWriter)
        });
        match charged.await {
            Ok(_) => Ok(Charge::Allowed),
            // Gone meanwhile: there is nothing to heed.
            Err(error) if error.is_not_found() => Ok(Charge::Allowed),
            Err(error) if error.is_conflict() => {
                let name = &budget.meta().name;
                let why = format!("couldn't update PodDisruptionBudget {name:?} due to conflicts");
                Err(Error::new(Reason::Timeout, format!("Timeout: {why}")).with_retry_after(RETRY_AFTER_SECS))
            }
            Err(error) => Err(error),
        }
    }

    /// Says on the pod why it goes, so that others can tell (SUB-07), and deletes it.
    async fn mark_and_delete(
        &self,
        context: &RequestContext,
        eviction: &Eviction,
        pod: &Object,
        revision: Option<Revision>,
    ) -> Result<Written> {
        let mut options = eviction.options.clone();
        options.preconditions.revision = revision;
        // The pod that was charged for, not another one of its name.
        options.preconditions.uid = options.preconditions.uid.or_else(|| pod.meta().uid.clone());
        if !context.dry_run {
            let marked = self.guaranteed_update(context, &eviction.pod, |_, old| {
                update::check(&options.preconditions, old)?;
                Ok(marked(old, seconds(self.env.wall())))
            });
            let marked = marked.await?.object;
            if revision.is_some() {
                options.preconditions.revision = Some(marked.revision());
            }
        }
        self.delete(context, &eviction.pod, &options).await
    }
}

fn phase(pod: &Object) -> &str {
    pod.status::<PodStatus>().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

/// Whether the pod serves nobody any more.
fn has_ended(pod: &Object) -> bool {
    pod.meta().is_terminating() || matches!(phase(pod), "Succeeded" | "Failed")
}

/// Whether no budget counts the pod: it has not begun, or it ends.
fn ignores_budgets(pod: &Object) -> bool {
    has_ended(pod) || phase(pod) == "Pending"
}

fn is_ready(pod: &Object) -> bool {
    let status = pod.status::<PodStatus>();
    conditions::is_true(status.into_iter().flat_map(|status| status.conditions.iter().flatten()), "Ready")
}

/// Whether a pod that is not healthy may go without charge.
fn spares_unhealthy(budget: &Object) -> bool {
    let policy = budget
        .spec::<PodDisruptionBudgetSpec>()
        .and_then(|spec| spec.unhealthy_pod_eviction_policy.as_deref());
    let status = budget.status::<PodDisruptionBudgetStatus>().cloned().unwrap_or_default();
    let (current, desired) =
        (status.current_healthy.unwrap_or_default(), status.desired_healthy.unwrap_or_default());
    policy == Some("AlwaysAllow") || current >= desired && desired > 0
}

/// The status of a budget after one more disruption.
fn charged(budget: &Object, pod: &Object, now: Timestamp) -> Result<PodDisruptionBudgetStatus> {
    let name = &*budget.meta().name;
    let mut status = budget.status::<PodDisruptionBudgetStatus>().cloned().unwrap_or_default();
    if status.observed_generation.unwrap_or_default() < budget.meta().generation {
        return Err(still_processed(name));
    }
    let allowed = status.disruptions_allowed.unwrap_or_default();
    if allowed < 0 {
        return Err(Error::forbidden(&BUDGETS, name, "pdb disruptions allowed is negative"));
    }
    let disrupted = status.disrupted_pods.get_or_insert_default();
    if disrupted.len() > DISRUPTED_PODS_MAX {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(Error::forbidden(&BUDGETS, name, why));
    }
    if allowed == 0 {
        return Err(used_up(name, &status));
    }
    disrupted.insert(pod.meta().name.to_string(), Time(now));
    status.disruptions_allowed = Some(allowed - 1);
    if allowed == 1 {
        set_disruption_allowed(&mut status, now);
    }
    Ok(status)
}

/// The pod with the condition that says why it goes; nobody owns what this sets.
fn marked(pod: &ObjectRef, now: Timestamp) -> Attempt {
    let mut draft = Draft::of(pod);
    let generation = pod.meta().generation;
    let changed = draft.status_mut::<PodStatus>().is_some_and(|status| {
        let is_tracked = status.observed_generation.is_some_and(|generation| generation != 0);
        let condition = PodCondition {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
            reason: Some("EvictionByEvictionAPI".to_owned()),
            message: Some("Eviction API: evicting".to_owned()),
            last_transition_time: Some(Time(now)),
            observed_generation: is_tracked.then_some(generation),
            ..PodCondition::default()
        };
        conditions::update(status.conditions.get_or_insert_default(), condition)
    });
    if !changed {
        return Attempt::Unchanged(pod.clone());
    }
    Attempt::Ready(Box::new(Ready {
        commit: Commit {
            key: pod.key(),
            expect: Expect::At(pod.revision()),
            value: Some(draft),
            compares: Vec::new(),
        },
        outcome: Outcome::Updated,
        warnings: Vec::new(),
        answer: None,
        hold: None,
    }))
}

fn refused(cause: &str) -> Error {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Error::new(Reason::TooManyRequests, message).with_cause("DisruptionBudget", cause, "")
}

fn still_processed(budget: &str) -> Error {
    refused(&format!("The disruption budget {budget} is still being processed by the server."))
        .with_retry_after(RETRY_AFTER_SECS)
}

fn used_up(budget: &str, status: &PodDisruptionBudgetStatus) -> Error {
    let known = status.conditions.iter().flatten().find(|condition| condition.type_ == DISRUPTION_ALLOWED);
    if let Some(failed) = known.filter(|condition| condition.reason == SYNC_FAILED) {
        let why = &failed.message;
        return refused(&format!(
            "The disruption budget {budget} does not allow evicting pods currently because it failed sync: {why}"
        ));
    }
    let (needed, has) =
        (status.desired_healthy.unwrap_or_default(), status.current_healthy.unwrap_or_default());
    refused(&format!("The disruption budget {budget} needs {needed} healthy pods and has {has} currently"))
}
