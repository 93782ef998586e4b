use super::*;

fn template() -> Value {
    json!({
        "metadata": { "labels": { "app": "web" } },
        "spec": { "containers": [{ "name": "a", "image": "x:1" }, { "name": "b", "image": "y:2" }] },
    })
}

#[test]
fn deployments() {
    check(
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
            "spec": {
                "replicas": 3, "selector": { "matchLabels": { "app": "web" } }, "template": template(),
            },
            "status": { "readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1 },
        }),
        json!(["web", "2/3", 3, 1, "60m", "a,b", "x:1,y:2", "app=web"]),
    );
}

#[test]
fn replica_sets() {
    check(
        json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": { "name": "web-1" },
            "spec": {
                "replicas": 3,
                "selector": { "matchExpressions": [{ "key": "app", "operator": "In", "values": ["b", "a"] }] },
                "template": template(),
            },
            "status": { "replicas": 2, "readyReplicas": 1 },
        }),
        json!(["web-1", 3, 2, 1, "60m", "a,b", "x:1,y:2", "app in (a,b)"]),
    );
}

/// Kinds that are not registered are read by their printers' functions alone.
fn check_row(cells: Vec<crate::table::Cell>, expected: Value) {
    assert_eq!(serde_json::to_value(cells).unwrap(), expected);
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn meta() -> setpoint_core::object::Meta {
    setpoint_core::object::Meta {
        creation_timestamp: Some(CREATED.parse().unwrap()),
        ..setpoint_core::object::Meta::namespaced("n", "web")
    }
}

#[test]
fn stateful_sets() {
    let spec = read(json!({
        "replicas": 3, "serviceName": "s", "selector": { "matchLabels": { "app": "web" } },
        "template": template(),
    }));
    let status = read(json!({ "replicas": 3, "readyReplicas": 2 }));
    check_row(
        stateful_set::row(&meta(), &spec, &status, now()),
        json!(["web", "2/3", "60m", "a,b", "x:1,y:2"]),
    );
}

#[test]
fn daemon_sets() {
    let spec = read(json!({ "selector": { "matchLabels": { "app": "web" } }, "template": template() }));
    let status = read(json!({
        "desiredNumberScheduled": 5, "currentNumberScheduled": 4, "numberReady": 3, "numberMisscheduled": 0,
        "updatedNumberScheduled": 2, "numberAvailable": 1,
    }));
    check_row(
        daemon_set::row(&meta(), &spec, &status, now()),
        json!(["web", 5, 4, 3, 2, 1, "<none>", "60m", "a,b", "x:1,y:2", "app=web"]),
    );
}

#[test]
fn jobs() {
    let spec = |more: Value| {
        let mut spec = json!({ "template": template(), "selector": { "matchLabels": { "u": "1" } } });
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(spec)
    };
    let condition = |type_: &str| json!([{ "type": type_, "status": "True" }]);
    for (more, status, expected) in [
        (json!({ "completions": 3 }), json!({ "succeeded": 1 }), ["Running", "1/3", ""]),
        (json!({ "parallelism": 2 }), json!({}), ["Running", "0/1 of 2", ""]),
        (json!({ "parallelism": 1 }), json!({}), ["Running", "0/1", ""]),
        (
            json!({ "completions": 1 }),
            json!({ "startTime": "2026-01-01T00:57:30Z" }),
            ["Running", "0/1", "2m30s"],
        ),
        (
            json!({ "completions": 1 }),
            json!({
                "succeeded": 1, "conditions": condition("Complete"),
                "startTime": CREATED, "completionTime": "2026-01-01T00:00:05Z",
            }),
            ["Complete", "1/1", "5s"],
        ),
        (json!({}), json!({ "conditions": condition("Failed") }), ["Failed", "0/1", ""]),
        (json!({}), json!({ "conditions": condition("Suspended") }), ["Suspended", "0/1", ""]),
        (json!({}), json!({ "conditions": condition("FailureTarget") }), ["FailureTarget", "0/1", ""]),
    ] {
        let [word, completions, duration] = expected;
        check_row(
            job::row(&meta(), &spec(more), &read(status), now()),
            json!(["web", word, completions, duration, "60m", "a,b", "x:1,y:2", "u=1"]),
        );
    }
}

#[test]
fn cron_jobs() {
    let spec = read(json!({
        "schedule": "*/5 * * * *", "suspend": false, "jobTemplate": { "spec": { "template": template() } },
    }));
    let status = read(json!({ "active": [{}], "lastScheduleTime": "2026-01-01T00:58:00Z" }));
    check_row(
        cron_job::row(&meta(), &spec, &status, now()),
        json!(["web", "*/5 * * * *", "<none>", "False", 1, "2m", "60m", "a,b", "x:1,y:2", "<none>"]),
    );
}

#[test]
fn replication_controllers() {
    let spec = read(json!({ "replicas": 2, "selector": { "b": "2", "a": "1" }, "template": template() }));
    let status = read(json!({ "replicas": 2 }));
    check_row(
        replication_controller::row(&meta(), &spec, &status, now()),
        json!(["web", 2, 2, 0, "60m", "a,b", "x:1,y:2", "a=1,b=2"]),
    );
}

#[test]
fn controller_revisions_name_their_controller() {
    let owned = setpoint_core::object::Meta::from_wire(read(json!({
        "name": "web-1", "creationTimestamp": CREATED,
        "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "uid": "u", "controller": true,
        }],
    })));
    let revision = read(json!({ "metadata": {}, "data": {}, "revision": 4 }));
    check_row(
        controller_revision::row(&owned, &revision, now()),
        json!(["web-1", "statefulset.apps/web", 4, "60m"]),
    );
    check_row(controller_revision::row(&meta(), &revision, now()), json!(["web", "<none>", 4, "60m"]));
}

#[test]
fn disruption_budgets() {
    let spec = read(json!({ "minAvailable": "50%" }));
    let status = read(json!({ "disruptionsAllowed": 1 }));
    check_row(
        pod_disruption_budget::row(&meta(), &spec, &status, now()),
        json!(["web", "50%", "N/A", 1, "60m"]),
    );
}

#[test]
fn autoscalers() {
    let metric = |name: &str, percent: i32| {
        json!({
            "type": "Resource",
            "resource": { "name": name, "target": { "type": "Utilization", "averageUtilization": percent } },
        })
    };
    let spec = |metrics: Value| {
        read(json!({
            "scaleTargetRef": { "kind": "Deployment", "name": "web" }, "maxReplicas": 5, "metrics": metrics,
        }))
    };
    let status = read(json!({
        "currentReplicas": 2, "desiredReplicas": 3,
        "currentMetrics": [{
            "type": "Resource", "resource": { "name": "cpu", "current": { "averageUtilization": 40 } },
        }],
    }));
    for (metrics, targets) in [
        (json!([]), "<none>"),
        (json!([metric("cpu", 80)]), "cpu: 40%/80%"),
        (
            json!([metric("cpu", 80), metric("memory", 50), metric("disk", 1)]),
            "cpu: 40%/80%, memory: <unknown>/50% + 1 more...",
        ),
        (json!([{ "type": "Odd" }]), "<unknown type>"),
    ] {
        check_row(
            horizontal_pod_autoscaler::row(&meta(), &spec(metrics), &status, now()),
            json!(["web", "Deployment/web", targets, "<unset>", 5, 2, "60m"]),
        );
    }
}

#[test]
fn endpoints_show_three_addresses() {
    let row = |subsets: Value| endpoints::row(&meta(), &read(json!({ "subsets": subsets })), now());
    let ips = |last: i32| (1..=last).map(|ip| json!({ "ip": format!("10.0.0.{ip}") })).collect::<Value>();
    check_row(row(json!([])), json!(["web", "<none>", "60m"]));
    check_row(
        row(json!([{ "addresses": ips(2), "ports": [{ "port": 80 }] }])),
        json!(["web", "10.0.0.1:80,10.0.0.2:80", "60m"]),
    );
    check_row(
        row(json!([{ "addresses": ips(3), "ports": [{ "port": 80 }, { "port": 81 }] }])),
        json!(["web", "10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 3 more...", "60m"]),
    );
    check_row(
        row(json!([{ "addresses": [{ "ip": "fe80::1" }], "ports": [{ "port": 80 }] }])),
        json!(["web", "[fe80::1]:80", "60m"]),
    );
    check_row(row(json!([{ "addresses": ips(1) }])), json!(["web", "10.0.0.1", "60m"]));
}

#[test]
fn endpoint_slices() {
    let slice = read(json!({
        "addressType": "IPv4",
        "ports": [{ "port": 80 }, { "name": "any" }, {}, { "port": 81 }],
        "endpoints": [{ "addresses": ["10.0.0.1"] }],
    }));
    check_row(
        endpoint_slice::row(&meta(), &slice, now()),
        json!(["web", "IPv4", "80,any,* + 1 more...", "10.0.0.1", "60m"]),
    );
    let empty = read(json!({ "addressType": "IPv4", "endpoints": [] }));
    check_row(
        endpoint_slice::row(&meta(), &empty, now()),
        json!(["web", "IPv4", "<unset>", "<unset>", "60m"]),
    );
}

#[test]
fn volumes_and_claims() {
    let spec = read(json!({
        "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteMany", "ReadWriteOnce", "ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "claimRef": { "namespace": "n", "name": "c" },
        "storageClassName": "fast", "volumeMode": "Filesystem",
    }));
    check_row(
        persistent_volume::row(&meta(), &spec, &read(json!({ "phase": "Bound" })), now()),
        json!([
            "web",
            "1Gi",
            "RWO,RWX",
            "Retain",
            "Bound",
            "n/c",
            "fast",
            "<unset>",
            "",
            "60m",
            "Filesystem"
        ]),
    );
    let claim = |volume: &str| read(json!({ "volumeName": volume, "storageClassName": "fast" }));
    let status = read(json!({
        "phase": "Bound", "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOncePod"],
    }));
    check_row(
        persistent_volume_claim::row(&meta(), &claim("v"), &status, now()),
        json!(["web", "Bound", "v", "1Gi", "RWOP", "fast", "<unset>", "60m", "<unset>"]),
    );
    check_row(
        persistent_volume_claim::row(&meta(), &claim(""), &status, now()),
        json!(["web", "Bound", "", "", "", "fast", "<unset>", "60m", "<unset>"]),
    );
}

#[test]
fn the_default_storage_class_is_marked() {
    let class = read(json!({ "provisioner": "p" }));
    let mut meta = meta();
    check_row(
        storage_class::row(&meta, &class, now()),
        json!(["web", "p", "Delete", "Immediate", false, "60m"]),
    );
    meta.annotations = meta.annotations.with("storageclass.kubernetes.io/is-default-class", "true");
    check_row(
        storage_class::row(&meta, &class, now()),
        json!(["web (default)", "p", "Delete", "Immediate", false, "60m"]),
    );
}

#[test]
fn ingresses() {
    let row = |rules: Value| {
        let spec = read(json!({ "rules": rules, "tls": [{}] }));
        let status =
            read(json!({ "loadBalancer": { "ingress": [{ "ip": "2.2.2.2" }, { "hostname": "a" }] } }));
        ingress::row(&meta(), &spec, &status, now())
    };
    let hosts = |count: usize| ["a", "b", "c", "d"][..count].iter().map(|host| json!({ "host": host }));
    for (rules, expected) in [
        (json!([]), "*"),
        (json!([{}]), "*"),
        (hosts(3).collect(), "a,b,c"),
        (hosts(4).collect(), "a,b,c + 1 more..."),
        (hosts(3).chain([json!({})]).collect(), "a,b,c + 1 more..."),
        ([json!({})].into_iter().chain(hosts(3)).collect(), "a,b,c"),
    ] {
        check_row(row(rules), json!(["web", "<none>", expected, "2.2.2.2,a", "80, 443", "60m"]));
    }
}

#[test]
fn quotas_and_bindings() {
    let status = read(json!({
        "hard": { "limits.cpu": "2", "pods": "10", "requests.cpu": "1" }, "used": { "pods": "3" },
    }));
    check_row(
        resource_quota::row(&meta(), &read(json!({})), &status, now()),
        json!(["web", "pods: 3/10, requests.cpu: 0/1", "limits.cpu: 0/2", "60m"]),
    );
    let binding = read(json!({
        "metadata": {},
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r" },
        "subjects": [
            { "kind": "User", "name": "u" }, { "kind": "User", "name": "v" },
            { "kind": "ServiceAccount", "namespace": "n", "name": "s" },
        ],
    }));
    check_row(
        role_binding::row(&meta(), &binding, now()),
        json!(["web", "Role/r", "60m", "u, v", "", "n/s"]),
    );
}
