//! Evictions and the budgets they heed (SUB-05, SUB-06, SUB-07).

use k8s_openapi::api::core::v1::PodStatus;
use k8s_openapi::api::policy::v1::PodDisruptionBudgetStatus;
use serde_json::{Value, json};
use setpoint_core::object::{ObjectRef, Revision};
use setpoint_core::{Error, Reason, conditions};

use super::bench::{Bench, pod};
use crate::ObjectStore;
use crate::request::{DeleteOptions, Eviction, Outcome, Preconditions, Write, Written};

/// A pod on a node that is running, ready or not, and labelled `app: a`.
fn running(bench: &Bench, name: &str, is_ready: bool) -> ObjectRef {
    let mut body = pod(name);
    body["metadata"]["labels"] = json!({"app": "a"});
    body["spec"]["nodeName"] = json!("node");
    bench.create(body);
    set_phase(bench, name, "Running", is_ready)
}

fn set_phase(bench: &Bench, name: &str, phase: &str, is_ready: bool) -> ObjectRef {
    let ready = json!({"type": "Ready", "status": if is_ready { "True" } else { "False" }});
    let status = json!({"status": {"phase": phase, "conditions": [ready]}});
    let kind = setpoint_core::kind::Subresource::Status;
    let patch_type = setpoint_core::patch::PatchType::Merge;
    bench.patch("pod", name, patch_type, status, kind).expect("it is valid").object
}

/// A budget for pods labelled `app: a`, with a status that its controller might have written.
fn budget(bench: &Bench, name: &str, spec: Value, status: Value) {
    let mut spec = spec;
    spec["selector"] = json!({"matchLabels": {"app": "a"}});
    let body = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec,
    });
    bench.create(body);
    let side = setpoint_core::kind::Subresource::Status;
    let patch_type = setpoint_core::patch::PatchType::Merge;
    bench
        .patch("poddisruptionbudget", name, patch_type, json!({"status": status}), side)
        .expect("it is valid");
}

fn status(current: i32, desired: i32, allowed: i32) -> Value {
    json!({
        "currentHealthy": current, "desiredHealthy": desired, "disruptionsAllowed": allowed,
        "expectedPods": current, "observedGeneration": 1,
    })
}

fn evict(bench: &Bench, name: &str) -> Result<Written, Error> {
    evict_with(bench, name, DeleteOptions::default())
}

fn evict_with(bench: &Bench, name: &str, options: DeleteOptions) -> Result<Written, Error> {
    bench.write(Write::Evict(Eviction { pod: bench.key("pod", name), options }))
}

fn budget_status(bench: &Bench, name: &str) -> PodDisruptionBudgetStatus {
    let snapshot = bench.store.snapshot().expect("in memory");
    let found = snapshot.get(&bench.key("poddisruptionbudget", name)).cloned();
    found.and_then(|it| it.status::<PodDisruptionBudgetStatus>().cloned()).expect("it has one")
}

fn cause(error: &Error) -> &str {
    error.details().causes.first().map_or("", |cause| &cause.message)
}

/// SUB-07: before it goes, the pod says why, in a write of its own.
#[test]
fn an_evicted_pod_says_why_it_goes() {
    let bench = Bench::new();
    running(&bench, "p", true);
    let mut watch = bench.watch_all("pod");
    let written = evict(&bench, "p").expect("nothing is in the way");
    assert_eq!(written.outcome, Outcome::Terminating);
    assert_eq!(watch.told(), ["MODIFIED p", "MODIFIED p"]);
    let status: &PodStatus = written.object.status().expect("it has one");
    let told = conditions::find(status.conditions.iter().flatten(), "DisruptionTarget").expect("it is told");
    assert_eq!(
        (&*told.status, told.reason.as_deref(), told.message.as_deref()),
        ("True", Some("EvictionByEvictionAPI"), Some("Eviction API: evicting"))
    );
}

/// SUB-05: what has not begun, has ended or is going is nobody's loss; no budget is charged.
#[test]
fn budgets_do_not_count_pods_that_do_not_run() {
    for phase in ["Pending", "Succeeded", "Failed"] {
        let bench = Bench::new();
        budget(&bench, "b", json!({"minAvailable": 1}), status(1, 1, 0));
        running(&bench, "p", false);
        if phase != "Pending" {
            set_phase(&bench, "p", phase, false);
        } else {
            let mut body = pod("q");
            body["metadata"]["labels"] = json!({"app": "a"});
            bench.create(body);
        }
        let name = if phase == "Pending" { "q" } else { "p" };
        let written = evict(&bench, name).unwrap_or_else(|error| panic!("{phase}: {error}"));
        assert_eq!(written.outcome, Outcome::Deleted, "{phase}");
        assert_eq!(budget_status(&bench, "b").disrupted_pods, None, "{phase}");
    }
}

/// SUB-06: each eviction takes one disruption, and names the pod; when none is left it is refused, with the reason.
#[test]
fn a_budget_is_charged_until_it_is_used_up() {
    let bench = Bench::new();
    for name in ["p", "q"] {
        running(&bench, name, true);
    }
    budget(&bench, "b", json!({"minAvailable": 1}), status(2, 1, 1));
    evict(&bench, "p").expect("one may go");
    let charged = budget_status(&bench, "b");
    assert_eq!(charged.disruptions_allowed, Some(0));
    assert!(charged.disrupted_pods.is_some_and(|pods| pods.contains_key("p")));
    let condition = &charged.conditions.expect("it is told")[0];
    assert_eq!((&*condition.status, &*condition.reason), ("False", "InsufficientPods"));
    let refused = evict(&bench, "q").expect_err("none is left");
    assert_eq!((refused.reason(), refused.code()), (Reason::TooManyRequests, 429));
    assert_eq!(refused.message(), "Cannot evict pod as it would violate the pod's disruption budget.");
    assert!(refused.has_cause("DisruptionBudget"));
    assert_eq!(cause(&refused), "The disruption budget b needs 1 healthy pods and has 2 currently");
    assert_eq!(bench.get("pod", "q").expect("it stays")["metadata"].get("deletionTimestamp"), None);
}

/// SUB-06: a budget that its controller has not seen allows nothing yet.
#[test]
fn a_budget_that_is_not_observed_refuses_for_ten_seconds() {
    let bench = Bench::new();
    running(&bench, "p", true);
    let mut stale = status(2, 1, 1);
    stale["observedGeneration"] = json!(0);
    budget(&bench, "b", json!({"minAvailable": 1}), stale);
    let refused = evict(&bench, "p").expect_err("nobody knows");
    assert_eq!((refused.code(), refused.details().retry_after_seconds), (429, 10));
    assert_eq!(cause(&refused), "The disruption budget b is still being processed by the server.");
}

/// SUB-06: of two budgets nobody can say which one counts.
#[test]
fn two_budgets_for_one_pod_are_an_error() {
    let bench = Bench::new();
    running(&bench, "p", true);
    for name in ["b", "c"] {
        budget(&bench, name, json!({"minAvailable": 0}), status(1, 0, 1));
    }
    let error = evict(&bench, "p").expect_err("there are two");
    assert_eq!(error.code(), 500);
    assert!(error.message().starts_with("This pod has more than one PodDisruptionBudget"), "{error}");
}

/// SUB-06: pods that are not healthy go without charge while the healthy ones suffice, or if the budget says so.
#[test]
fn unhealthy_pods_go_as_the_policy_says() {
    let rows = [
        (json!({"minAvailable": 1}), status(1, 1, 0), true),
        (json!({"minAvailable": 2}), status(1, 2, 0), false),
        (json!({"minAvailable": 0}), status(0, 0, 0), false),
        (json!({"minAvailable": 2, "unhealthyPodEvictionPolicy": "AlwaysAllow"}), status(1, 2, 0), true),
        (json!({"minAvailable": 2, "unhealthyPodEvictionPolicy": "IfHealthyBudget"}), status(1, 2, 0), false),
    ];
    for (spec, status, goes) in rows {
        let bench = Bench::new();
        running(&bench, "p", false);
        budget(&bench, "b", spec.clone(), status);
        assert_eq!(evict(&bench, "p").is_ok(), goes, "{spec}");
        assert_eq!(budget_status(&bench, "b").disrupted_pods, None, "{spec}");
    }
}

/// SUB-05: preconditions hold for the pod, and a dry run changes nothing.
#[test]
fn preconditions_and_dry_runs_are_heeded() {
    let mut bench = Bench::new();
    let pod = running(&bench, "p", true);
    budget(&bench, "b", json!({"minAvailable": 0}), status(1, 0, 1));
    let at = |revision| DeleteOptions {
        preconditions: Preconditions { uid: None, revision: Some(revision) },
        ..DeleteOptions::default()
    };
    assert!(evict_with(&bench, "p", at(Revision(1))).expect_err("it is another version").is_conflict());
    bench.context.dry_run = true;
    let before = bench.revision();
    evict_with(&bench, "p", at(pod.revision())).expect("it would go");
    assert_eq!(bench.revision(), before, "nothing was written");
    bench.context.dry_run = false;
    evict_with(&bench, "p", at(pod.revision())).expect("it is this version");
    assert_eq!(budget_status(&bench, "b").disruptions_allowed, Some(0));
    assert!(evict(&bench, "none").expect_err("there is none").is_not_found());
}
