//! Evictions: deletions of pods that heed disruption budgets (SUB-05, SUB-06).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as Source;
use serde::Deserialize;
use serde_json::{Value, json};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Key, Object, ObjectRef};
use setpoint_core::patch::Patch;
use setpoint_core::selector::LabelSelector;
use setpoint_core::{Error, Reason, Result};
use setpoint_store::request::{ListQuery, ReadAt, RequestContext, Selection, Write};

use crate::answer::{self, Answer};
use crate::call::Call;
use crate::delete::Sent;

/// How often the budget is charged anew because somebody else changed it.
const ATTEMPTS_MAX: usize = 16;
const RETRY_AFTER_SECS: u32 = 10;

pub(crate) async fn create(call: &Call<'_>, context: &RequestContext) -> Result<Answer> {
    let body = call.document()?.value;
    let key = call.key()?;
    let name = body["metadata"]["name"].as_str().unwrap_or_default();
    if !name.is_empty() && *name != *key.name {
        return Err(Error::bad_request("name in URL does not match name in Eviction object"));
    }
    let sent = Sent::of(&body["deleteOptions"])?;
    let mut context = context.clone();
    context.dry_run |= call.context("CreateOptions", sent.dry_run())?.dry_run;
    let mut options = sent.options()?;
    let pod = call.server.store.get(&context, &key, ReadAt::Newest).await?;
    if is_guarded(&pod) && !context.dry_run {
        charge(call, &context, &pod).await?;
    }
    // The pod that was charged for, not another one of its name.
    options.preconditions.uid = options.preconditions.uid.or_else(|| pod.meta().uid.clone());
    call.server.store.write(&context, Write::Delete(key, options)).await?;
    Ok(answer::success(201))
}

/// Whether a budget counts the pod: it runs, and is not on its way out.
fn is_guarded(pod: &Object) -> bool {
    let whole = pod.to_value_without_ownership();
    let phase = whole["status"]["phase"].as_str().unwrap_or_default();
    whole["metadata"].get("deletionTimestamp").is_none()
        && !matches!(phase, "Pending" | "Succeeded" | "Failed")
}

/// Takes one disruption off the budget that the pod falls under, if there is one.
async fn charge(call: &Call<'_>, context: &RequestContext, pod: &Object) -> Result<()> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(budget) = budget_of(call, context, pod).await? else { return Ok(()) };
        let Some(write) = charged(&budget, pod, &call.server.env.wall().to_string())? else {
            return Ok(());
        };
        match call.server.store.write(context, write).await {
            Err(error) if error.is_conflict() => {}
            result => return result.map(drop),
        }
    }
    let why = "couldn't update PodDisruptionBudget due to conflicts";
    Err(Error::new(Reason::Timeout, format!("Timeout: {why}")))
}

/// The budget that selects the pod.
async fn budget_of(call: &Call<'_>, context: &RequestContext, pod: &Object) -> Result<Option<ObjectRef>> {
    let registry = call.server.store.registry();
    let Some(kind) = registry.find_resource("policy", "v1", "poddisruptionbudgets") else { return Ok(None) };
    let selection = Selection { namespace: pod.meta().namespace.clone(), ..Selection::all(kind.id) };
    let all = call.server.store.list(context, &ListQuery::new(selection)).await?.items;
    let mut matching = all.into_iter().filter(|budget| selects(budget, pod));
    let first = matching.next();
    if matching.next().is_some() {
        return Err(Error::internal(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    Ok(first)
}

fn selects(budget: &Object, pod: &Object) -> bool {
    let value = budget.to_value_without_ownership();
    let Ok(source) = Source::deserialize(&value["spec"]["selector"]) else { return false };
    let selector = LabelSelector::compile(Some(&source));
    selector.is_ok_and(|selector| selector.matches(|label| pod.meta().labels.get(label)))
}

/// The write that charges the budget; `None` if the pod may go anyhow.
fn charged(budget: &Object, pod: &Object, now: &str) -> Result<Option<Write>> {
    let value = budget.to_value_without_ownership();
    let (spec, status) = (&value["spec"], &value["status"]);
    let number = |field: &str| status[field].as_i64().unwrap_or_default();
    let is_healthy = is_ready(pod);
    let healthy = number("currentHealthy");
    let always = spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow";
    let within_budget = healthy >= number("desiredHealthy") && number("desiredHealthy") > 0;
    if !is_healthy && (always || within_budget) {
        return Ok(None);
    }
    if number("observedGeneration") < value["metadata"]["generation"].as_i64().unwrap_or_default() {
        let why = "The disruption budget is still being processed by the server.";
        return Err(refused(why).with_retry_after(RETRY_AFTER_SECS));
    }
    let allowed = number("disruptionsAllowed");
    if allowed <= 0 {
        let (needed, name) = (number("desiredHealthy"), &budget.meta().name);
        let why =
            format!("The disruption budget {name} needs {needed} healthy pods and has {healthy} currently");
        return Err(refused(&why));
    }
    let patch = json!({
        "metadata": {"resourceVersion": budget.revision().to_string()},
        "status": {"disruptionsAllowed": allowed - 1, "disruptedPods": {&*pod.meta().name: now}},
    });
    let Value::Object(patch) = patch else { return Ok(None) };
    let key: Key = budget.key();
    Ok(Some(Write::Patch(key, Patch::Merge(patch), Subresource::Status)))
}

fn refused(why: &str) -> Error {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    Error::new(Reason::TooManyRequests, message).with_cause("DisruptionBudget", why, "")
}

fn is_ready(pod: &Object) -> bool {
    let value = pod.to_value_without_ownership();
    let conditions = value["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|it| it["type"] == "Ready" && it["status"] == "True")
}
