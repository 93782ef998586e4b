//! Quotas and limit ranges at admission (ADM-16, OTHER-06, OTHER-07).

use futures::future::join_all;
use k8s_openapi::api::core::v1::ResourceQuotaStatus;
use serde_json::{Value, json};
use setpoint_core::kind::Subresource;
use setpoint_core::object::Draft;
use setpoint_core::patch::PatchType;
use setpoint_core::{Error, Result};

use super::bench::{Bench, map, pod, with};
use crate::ObjectStore;
use crate::admission::{Admission, Chain, Request, Target};
use crate::request::Write;

/// A quota whose controller has counted nothing.
fn quota(bench: &Bench, name: &str, spec: Value) {
    let hard = spec["hard"].clone();
    let names: Vec<String> = hard.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let used: Value = names.into_iter().map(|name| (name, json!("0"))).collect();
    bench.create(
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name}, "spec": spec}),
    );
    let status = json!({"status": {"hard": hard, "used": used}});
    bench.patch("resourcequota", name, PatchType::Merge, status, Subresource::Status).expect("it is valid");
}

fn used(bench: &Bench, name: &str) -> String {
    let snapshot = bench.store.snapshot().expect("in memory");
    let quota = snapshot.get(&bench.key("resourcequota", name)).cloned().expect("it is there");
    let status: ResourceQuotaStatus = quota.status().cloned().unwrap_or_default();
    let entries =
        status.used.unwrap_or_default().into_iter().map(|(name, amount)| format!("{name}={}", amount.0));
    entries.collect::<Vec<_>>().join(",")
}

fn sized(name: &str, resources: Value) -> Value {
    let mut body = pod(name);
    body["spec"]["containers"][0]["resources"] = resources;
    body
}

fn why(error: &Error) -> String {
    assert_eq!(error.code(), 403, "{error}");
    let message = error.message();
    message.split_once(" is forbidden: ").map_or(message, |(_, why)| why).to_owned()
}

/// ADM-16: requests and limits are charged; what is too much is refused with all that is known.
#[test]
fn compute_is_charged_and_refused() {
    let bench = Bench::new();
    quota(&bench, "q", json!({"hard": {"requests.cpu": "1", "limits.memory": "1Gi", "pods": "5"}}));
    let resources = json!({"requests": {"cpu": "600m"}, "limits": {"cpu": "1", "memory": "512Mi"}});
    bench.create(sized("a", resources.clone()));
    assert_eq!(used(&bench, "q"), "limits.memory=512Mi,pods=1,requests.cpu=600m");
    let refused = bench.try_create(sized("b", resources)).expect_err("it is too much");
    assert_eq!(
        why(&refused),
        "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    );
    let refused = bench.try_create(pod("c")).expect_err("it says nothing");
    assert_eq!(why(&refused), "failed quota: q: must specify limits.memory for: c; requests.cpu for: c");
    assert_eq!(used(&bench, "q"), "limits.memory=512Mi,pods=1,requests.cpu=600m");
}

/// ADM-16: as long as nobody has counted, nothing that is limited comes in.
#[test]
fn a_quota_that_is_not_counted_refuses() {
    let bench = Bench::new();
    let spec = json!({"hard": {"configmaps": "2"}});
    bench.create(
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": spec}),
    );
    let status = json!({"status": {"hard": {"configmaps": "2"}}});
    bench.patch("resourcequota", "q", PatchType::Merge, status, Subresource::Status).expect("it is valid");
    let refused = bench.try_create(map("a")).expect_err("nobody knows");
    assert_eq!(why(&refused), "status unknown for quota: q, resources: configmaps");
}

/// OTHER-06: a quota with scopes counts pods for which all of them hold, and nothing else.
#[test]
fn scopes_narrow_what_counts() {
    let bench = Bench::new();
    let selector = json!({"matchExpressions": [
        {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]},
    ]});
    quota(&bench, "best-effort", json!({"hard": {"pods": "1"}, "scopes": ["BestEffort"]}));
    quota(&bench, "terminating", json!({"hard": {"pods": "1"}, "scopes": ["Terminating"]}));
    quota(&bench, "critical", json!({"hard": {"pods": "1"}, "scopeSelector": selector}));
    bench.create(pod("a"));
    let mut body = sized("b", json!({"requests": {"cpu": "1"}}));
    body["spec"]["activeDeadlineSeconds"] = json!(10);
    bench.create(body);
    let mut body = sized("c", json!({"requests": {"cpu": "1"}}));
    body["spec"]["priorityClassName"] = json!("system-node-critical");
    bench.create(body);
    for name in ["best-effort", "terminating", "critical"] {
        assert_eq!(used(&bench, name), "pods=1", "{name}");
    }
    let refused = bench.try_create(pod("d")).expect_err("there is one already");
    assert!(why(&refused).starts_with("exceeded quota: best-effort,"), "{refused}");
}

/// ADM-16: what does not come is not charged: neither what is taken already nor a dry run.
#[test]
fn what_does_not_come_is_not_charged() {
    let mut bench = Bench::new();
    quota(&bench, "q", json!({"hard": {"configmaps": "2"}}));
    bench.create(map("a"));
    assert!(bench.try_create(map("a")).expect_err("it is there").is_already_exists());
    assert_eq!(used(&bench, "q"), "configmaps=1");
    bench.context.dry_run = true;
    bench.create(map("b"));
    bench.context.dry_run = false;
    assert_eq!(used(&bench, "q"), "configmaps=1");
    bench.create(map("b"));
    bench.context.dry_run = true;
    assert!(bench.try_create(map("c")).is_err(), "a dry run says what would be");
}

/// ADM-16: many at a time, one by one or together, get exactly what there is room for.
#[test]
fn many_at_a_time_get_what_there_is_room_for() {
    let bench = Bench::new();
    quota(&bench, "q", json!({"hard": {"configmaps": "5"}}));
    let writes =
        |first: usize| (first..first + 4).map(|at| Write::Create(bench.draft(map(&format!("m{at}")))));
    let alone = bench.run(join_all(writes(0).map(|write| bench.store.write(&bench.context, write))));
    assert!(alone.iter().all(Result::is_ok));
    let together = bench.run(bench.store.write_batch(&bench.context, writes(4).collect()));
    assert_eq!(together.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(used(&bench, "q"), "configmaps=5");
}

/// ADM-16: a Service that becomes a load balancer is charged for what it uses more.
#[test]
fn changes_are_charged_by_what_they_add() {
    let bench = Bench::new();
    quota(
        &bench,
        "q",
        json!({"hard": {"services.loadbalancers": "0", "services.nodeports": "1", "services": "5"}}),
    );
    let service = |type_: &str| {
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
            "spec": {"type": type_, "ports": [{"port": 80}]},
        })
    };
    bench.create(service("ClusterIP"));
    assert_eq!(used(&bench, "q"), "services=1,services.loadbalancers=0,services.nodeports=0");
    bench.merge("service", "s", json!({"spec": {"type": "NodePort"}})).expect("there is one");
    assert_eq!(used(&bench, "q"), "services=1,services.loadbalancers=0,services.nodeports=1");
    let refused =
        bench.merge("service", "s", json!({"spec": {"type": "LoadBalancer"}})).expect_err("there is none");
    assert_eq!(
        why(&refused),
        "exceeded quota: q, requested: services.loadbalancers=1, used: services.loadbalancers=0, limited: \
         services.loadbalancers=0"
    );
}

fn limits(bench: &Bench, item: Value) {
    bench.create(json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [item]},
    }));
}

/// OTHER-07: containers get what they do not say, and it is told in an annotation.
#[test]
fn containers_get_what_they_do_not_say() {
    let bench = Bench::new();
    limits(
        &bench,
        json!({"type": "Container", "default": {"cpu": "1", "memory": "1Gi"}, "defaultRequest": {"cpu": "500m"}}),
    );
    let made = bench.create(sized("p", json!({"limits": {"memory": "2Gi"}}))).to_value();
    let resources = &made["spec"]["containers"][0]["resources"];
    assert_eq!(
        *resources,
        json!({"limits": {"cpu": "1", "memory": "2Gi"}, "requests": {"cpu": "500m", "memory": "2Gi"}})
    );
    assert_eq!(
        made["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    );
}

/// OTHER-07: what single pods and containers may ask for, in upstream's words.
#[test]
fn pods_and_containers_are_held_to_their_bounds() {
    let rows = [
        (
            json!({"type": "Container", "min": {"cpu": "500m"}}),
            json!({"requests": {"cpu": "100m"}}),
            "minimum cpu usage per Container is 500m, but request is 100m",
        ),
        (
            json!({"type": "Pod", "max": {"memory": "1Gi"}}),
            json!({}),
            "maximum memory usage per Pod is 1Gi.  No limit is specified",
        ),
        (
            json!({"type": "Pod", "max": {"memory": "1Gi"}}),
            json!({"limits": {"memory": "2Gi"}}),
            "maximum memory usage per Pod is 1Gi, but limit is 2Gi",
        ),
        (
            json!({"type": "Container", "maxLimitRequestRatio": {"cpu": "2"}}),
            json!({"limits": {"cpu": "3"}, "requests": {"cpu": "1"}}),
            "cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000",
        ),
        (
            json!({"type": "Pod", "min": {"cpu": "1", "memory": "1Gi"}}),
            json!({"requests": {"cpu": "500m"}}),
            "[minimum cpu usage per Pod is 1, but request is 500m, minimum memory usage per Pod is 1Gi.  No request \
             is specified]",
        ),
    ];
    for (item, resources, expected) in rows {
        let bench = Bench::new();
        limits(&bench, item);
        let refused = bench.try_create(sized("p", resources)).expect_err(expected);
        assert_eq!(why(&refused), expected);
    }
    let bench = Bench::new();
    limits(&bench, json!({"type": "Pod", "max": {"cpu": "1"}}));
    bench.create(with(sized("p", json!({"limits": {"cpu": "1"}})), "labels", json!({"a": "b"})));
}

/// OTHER-06, OTHER-07: claims are charged by what they ask for, in all and of their class, and are held to their bounds.
#[test]
fn claims_are_charged_and_held_to_their_bounds() {
    let claim = |name: &str, storage: &str| {
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": {
            "storageClassName": "fast", "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": storage}},
        }})
    };
    let bench = Bench::new();
    let of_class = "fast.storageclass.storage.k8s.io/requests.storage";
    quota(&bench, "q", json!({"hard": {"persistentvolumeclaims": "2", of_class: "10Gi"}}));
    limits(
        &bench,
        json!({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": "8Gi"}}),
    );
    bench.create(claim("a", "8Gi"));
    let rows = [
        (
            "b",
            "4Gi",
            format!(
                "exceeded quota: q, requested: {of_class}=4Gi, used: {of_class}=8Gi, limited: {of_class}=10Gi"
            ),
        ),
        ("c", "9Gi", "maximum storage usage per PersistentVolumeClaim is 8Gi, but request is 9Gi".to_owned()),
        ("d", "1Mi", "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi".to_owned()),
    ];
    for (name, storage, expected) in rows {
        let refused = bench.try_create(claim(name, storage)).expect_err(&expected);
        assert_eq!(why(&refused), expected);
    }
    assert_eq!(used(&bench, "q"), format!("{of_class}=8Gi,persistentvolumeclaims=1"));
}

/// Lets no pod in.
struct Never;

impl Admission for Never {
    fn name(&self) -> &'static str {
        "Never"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.kind.names.kind == "Pod"
    }

    fn validate(&self, request: &Request<'_>, _draft: Option<&Draft>) -> Result<()> {
        Err(Error::forbidden(&request.target.kind.resource, &request.key.name, "never"))
    }
}

/// ADM-18: quotas are asked after all hooks, whichever is added last: what a hook refuses costs nothing, and it is the
/// hook that is heard if both refuse.
#[test]
fn quotas_come_last() {
    let bench = Bench::with_admission(Chain::upstream().with(Never));
    quota(&bench, "q", json!({"hard": {"pods": "1"}}));
    quota(&bench, "none", json!({"hard": {"count/pods": "0"}}));
    let refused = bench.try_create(pod("a")).expect_err("a hook is against it");
    assert_eq!(why(&refused), "never");
    assert_eq!(used(&bench, "q"), "pods=0");
}
