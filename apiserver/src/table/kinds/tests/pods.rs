use super::*;

/// A pod of one container `c`, with more in its spec and this status; then READY, STATUS and RESTARTS.
fn check_pod(spec: Value, status: Value, expected: [&str; 3]) {
    check_pod_of(json!({ "name": "p" }), spec, status, expected);
}

fn check_pod_of(metadata: Value, more: Value, status: Value, expected: [&str; 3]) {
    let mut spec = json!({ "containers": [{ "name": "c", "image": "i" }] });
    spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let pod =
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status });
    let table = table(&[object(pod)], IncludeObject::None);
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells[1..4], expected.map(Value::from), "{status}");
}

fn container(name: &str, restarts: i32, state: Value) -> Value {
    json!({
        "name": name, "image": "i", "imageID": "", "ready": !state["running"].is_null(),
        "restartCount": restarts, "state": state,
    })
}

fn terminated(code: i32, reason: &str) -> Value {
    json!({ "terminated": { "exitCode": code, "reason": reason } })
}

fn waiting(reason: &str) -> Value {
    json!({ "waiting": { "reason": reason } })
}

fn running() -> Value {
    json!({ "running": {} })
}

#[test]
fn the_status_is_that_of_the_containers() {
    // DISC-13
    let none = || json!({});
    let of = |phase: &str, containers: Value| json!({ "phase": phase, "containerStatuses": containers });
    check_pod(none(), json!({ "phase": "Pending" }), ["0/1", "Pending", "0"]);
    check_pod(none(), of("Running", json!([container("c", 0, running())])), ["1/1", "Running", "0"]);
    let crash = container("c", 4, waiting("CrashLoopBackOff"));
    check_pod(none(), of("Running", json!([crash])), ["0/1", "CrashLoopBackOff", "4"]);
    let done = || container("c", 0, terminated(0, "Completed"));
    check_pod(none(), of("Succeeded", json!([done()])), ["0/1", "Completed", "0"]);
    let killed = container("c", 0, json!({ "terminated": { "exitCode": 137, "signal": 9 } }));
    check_pod(none(), of("Failed", json!([killed])), ["0/1", "Signal:9", "0"]);
    let failed = container("c", 0, json!({ "terminated": { "exitCode": 3 } }));
    check_pod(none(), of("Failed", json!([failed])), ["0/1", "ExitCode:3", "0"]);
    let evicted = json!({ "phase": "Failed", "reason": "Evicted" });
    check_pod(none(), evicted, ["0/1", "Evicted", "0"]);
    let gated = json!({
        "phase": "Pending",
        "conditions": [{ "type": "PodScheduled", "status": "False", "reason": "SchedulingGated" }],
    });
    check_pod(none(), gated, ["0/1", "SchedulingGated", "0"]);
}

#[test]
fn one_completed_container_does_not_speak_for_all() {
    let two = || json!({ "containers": [{ "name": "c", "image": "i" }, { "name": "d", "image": "i" }] });
    let status = |second: Value, ready: &str| {
        json!({
            "phase": "Running",
            "conditions": [{ "type": "Ready", "status": ready }],
            "containerStatuses": [container("c", 0, terminated(0, "Completed")), second],
        })
    };
    let up = || container("d", 0, running());
    check_pod(two(), status(up(), "True"), ["1/2", "Running", "0"]);
    check_pod(two(), status(up(), "False"), ["1/2", "NotReady", "0"]);
    check_pod(two(), status(container("d", 0, terminated(1, "Error")), "False"), ["0/2", "Error", "0"]);
}

#[test]
fn initialization_has_words_of_its_own() {
    let spec = || json!({ "initContainers": [{ "name": "a", "image": "i" }, { "name": "b", "image": "i" }] });
    let status = |first: Value, second: Value| {
        json!({
            "phase": "Pending",
            "initContainerStatuses": [container("a", 1, first), container("b", 0, second)],
            "containerStatuses": [container("c", 0, waiting("PodInitializing"))],
        })
    };
    let done = || terminated(0, "Completed");
    let idle = || waiting("PodInitializing");
    check_pod(spec(), status(running(), idle()), ["0/1", "Init:0/2", "1"]);
    check_pod(spec(), status(done(), running()), ["0/1", "Init:1/2", "1"]);
    check_pod(spec(), status(terminated(1, "Error"), idle()), ["0/1", "Init:Error", "1"]);
    check_pod(spec(), status(terminated(2, ""), idle()), ["0/1", "Init:ExitCode:2", "1"]);
    check_pod(spec(), status(waiting("CrashLoopBackOff"), idle()), ["0/1", "Init:CrashLoopBackOff", "1"]);
    check_pod(spec(), status(done(), done()), ["0/1", "PodInitializing", "0"]);
}

#[test]
fn sidecars_count_as_containers() {
    let spec = json!({ "initContainers": [{ "name": "s", "image": "i", "restartPolicy": "Always" }] });
    let mut sidecar = container("s", 2, running());
    sidecar["started"] = json!(true);
    let status = json!({
        "phase": "Running",
        "initContainerStatuses": [sidecar],
        "containerStatuses": [container("c", 1, running())],
    });
    check_pod(spec, status, ["2/2", "Running", "3"]);
}

#[test]
fn the_last_restart_is_dated() {
    let mut restarted = container("c", 3, running());
    restarted["lastState"] = json!({ "terminated": { "exitCode": 1, "finishedAt": "2026-01-01T00:55:00Z" } });
    let status = json!({ "phase": "Running", "containerStatuses": [restarted] });
    check_pod(json!({}), status, ["1/1", "Running", "3 (5m ago)"]);
}

#[test]
fn a_pod_on_its_way_out_is_terminating_unless_it_has_ended() {
    let metadata = || json!({ "name": "p", "deletionTimestamp": "2026-01-01T00:59:00Z" });
    let status = |phase: &str, reason: &str| json!({ "phase": phase, "reason": reason });
    check_pod_of(metadata(), json!({}), status("Running", ""), ["0/1", "Terminating", "0"]);
    check_pod_of(metadata(), json!({}), status("Running", "NodeLost"), ["0/1", "Unknown", "0"]);
    check_pod_of(metadata(), json!({}), status("Succeeded", ""), ["0/1", "Succeeded", "0"]);
}

#[test]
fn wide_columns_follow() {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
        "spec": {
            "containers": [{ "name": "c", "image": "i" }],
            "nodeName": "n1",
            "readinessGates": [{ "conditionType": "x" }, { "conditionType": "y" }],
        },
        "status": {
            "phase": "Running", "podIPs": [{ "ip": "10.0.0.1" }],
            "conditions": [{ "type": "x", "status": "True" }],
        },
    });
    check(pod, json!(["p", "0/1", "Running", "0", "60m", "10.0.0.1", "n1", "<none>", "1/2"]));
}

#[test]
fn the_row_of_a_finished_pod_says_so() {
    let pod = |phase: &str| {
        object(json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p" },
            "spec": { "containers": [{ "name": "c", "image": "i" }] }, "status": { "phase": phase },
        }))
    };
    let table = table(&[pod("Succeeded"), pod("Failed"), pod("Running")], IncludeObject::None);
    let condition = |reason: &str, message: &str| json!([{ "type": "Completed", "status": "True", "reason": reason, "message": message }]);
    let rows = &table["rows"];
    assert_eq!(rows[0]["conditions"], condition("Succeeded", "The pod has completed successfully."));
    assert_eq!(rows[1]["conditions"], condition("Failed", "The pod failed."));
    assert_eq!(rows[2].get("conditions"), None);
}
