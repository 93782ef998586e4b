use serde_json::{Value, json};
use setpoint_core::env::Instant;

use super::super::fixtures::{observed, spec};
use super::super::probe::Beginning;
use super::*;

/// The plan in few words.
fn plan(spec: &PodSpec, words: &[&str], failed: &[(&str, ProbeKind)]) -> String {
    let observed = observed(words);
    let mut probes = Probes::default();
    let beginning = Beginning { running_for: std::time::Duration::ZERO, was_ready: false };
    probes.follow(spec, &observed, Instant::START, |_| beginning);
    for (name, kind) in failed {
        let containers = spec.containers.iter().chain(init_containers(spec));
        let container = containers.clone().find(|it| it.name == *name).expect("a container");
        let probe = kind.of(container).expect("a probe");
        let id = observed.newest(name).expect("an instance").container.id.clone();
        for _ in 0..3 {
            probes.answer(&((*name).into(), *kind), &id, probe, false, Instant::START);
        }
    }
    let actions = pod_actions(spec, &observed, &probes);
    let mut text = Vec::new();
    if actions.kill_pod {
        text.push("kill-pod".to_owned());
    }
    text.extend(actions.kill.iter().map(|kill| format!("kill {}", kill.id)));
    text.extend(actions.create_sandbox.iter().map(|sandbox| format!("sandbox {}", sandbox.attempt)));
    text.extend(
        actions.start_init.iter().map(|index| format!("init {}", init_containers(spec)[*index].name)),
    );
    text.extend(actions.start.iter().map(|index| format!("start {}", spec.containers[*index].name)));
    text.join(", ")
}

struct Row {
    name: &'static str,
    containers: &'static [&'static str],
    init: &'static [&'static str],
    fields: Value,
    observed: &'static [&'static str],
    plan: &'static str,
}

#[test]
#[rustfmt::skip]
fn plans_follow_from_what_there_is() {
    let never = || json!({"restartPolicy": "Never"});
    let on_failure = || json!({"restartPolicy": "OnFailure"});
    let none = || json!({});
    let rows = [
        // AGENT-06
        Row { name: "new", containers: &["a", "b"], init: &[], fields: none(), observed: &[], plan: "sandbox 0, start a, start b" },
        Row { name: "new with init", containers: &["a"], init: &["i", "j"], fields: none(), observed: &[], plan: "sandbox 0, init i" },
        Row { name: "broken sandbox", containers: &["a"], init: &["i"], fields: none(), observed: &["sandbox!", "i=0", "a+"], plan: "kill-pod, sandbox 1, init i" },
        Row { name: "two sandboxes", containers: &["a"], init: &[], fields: none(), observed: &["sandbox", "sandbox", "a+"], plan: "kill-pod, sandbox 2, start a" },
        Row { name: "network changed", containers: &["a"], init: &[], fields: json!({"hostNetwork": true}), observed: &["sandbox", "a+"], plan: "kill-pod, sandbox 1, start a" },
        Row { name: "never comes back", containers: &["a"], init: &[], fields: never(), observed: &["sandbox!", "a+"], plan: "kill-pod" },
        Row { name: "never came up", containers: &["a"], init: &[], fields: never(), observed: &["sandbox!"], plan: "kill-pod, sandbox 1, start a" },
        Row { name: "all succeeded", containers: &["a"], init: &[], fields: on_failure(), observed: &["sandbox!", "a=0"], plan: "kill-pod" },
        Row { name: "one failed", containers: &["a", "b"], init: &[], fields: on_failure(), observed: &["sandbox!", "a=0", "b=1"], plan: "kill-pod, sandbox 1, start b" },
        // AGENT-07, AGENT-08
        Row { name: "at rest", containers: &["a"], init: &[], fields: none(), observed: &["sandbox", "a+"], plan: "" },
        Row { name: "made, not started", containers: &["a"], init: &[], fields: none(), observed: &["sandbox", "a~"], plan: "start a" },
        Row { name: "crashed", containers: &["a", "b"], init: &[], fields: none(), observed: &["sandbox", "a=1", "b+"], plan: "start a" },
        Row { name: "ended well", containers: &["a", "b"], init: &[], fields: on_failure(), observed: &["sandbox", "a=0", "b+"], plan: "" },
        Row { name: "failed for good", containers: &["a"], init: &[], fields: never(), observed: &["sandbox", "a=1"], plan: "kill-pod" },
        Row { name: "unknown", containers: &["a"], init: &[], fields: none(), observed: &["sandbox", "a?"], plan: "kill a-0, start a" },
        // AGENT-23
        Row { name: "init runs", containers: &["a"], init: &["i"], fields: none(), observed: &["sandbox", "i+"], plan: "" },
        Row { name: "init done", containers: &["a"], init: &["i", "j"], fields: none(), observed: &["sandbox", "i=0"], plan: "init j" },
        Row { name: "all init done", containers: &["a"], init: &["i", "j"], fields: none(), observed: &["sandbox", "i=0", "j=0"], plan: "start a" },
        Row { name: "the last one counts", containers: &["a"], init: &["i", "j"], fields: none(), observed: &["sandbox", "j=0"], plan: "start a" },
        Row { name: "init failed", containers: &["a"], init: &["i"], fields: none(), observed: &["sandbox", "i=2"], plan: "init i" },
        Row { name: "init failed for good", containers: &["a"], init: &["i"], fields: never(), observed: &["sandbox", "i=2"], plan: "kill-pod" },
        Row { name: "init forgotten", containers: &["a"], init: &["i"], fields: none(), observed: &["sandbox", "a+"], plan: "" },
        // AGENT-24
        Row { name: "sidecar is up", containers: &["a"], init: &["s*", "i"], fields: none(), observed: &["sandbox", "s+"], plan: "init i" },
        Row { name: "last sidecar is up", containers: &["a"], init: &["i", "s*"], fields: none(), observed: &["sandbox", "i=0", "s+"], plan: "start a" },
        Row { name: "sidecar fell while init runs", containers: &["a"], init: &["s*", "i"], fields: none(), observed: &["sandbox", "s=0", "i+"], plan: "init s" },
        Row { name: "sidecar fell later", containers: &["a"], init: &["s*", "i"], fields: none(), observed: &["sandbox", "s=1", "i=0", "a+"], plan: "init s" },
        Row { name: "sidecars keep no pod", containers: &["a"], init: &["s*"], fields: on_failure(), observed: &["sandbox", "s+", "a=0"], plan: "kill-pod" },
    ];
    for row in rows {
        let spec = spec(row.containers, row.init, row.fields);
        assert_eq!(plan(&spec, row.observed, &[]), row.plan, "{}", row.name);
    }
}

#[test]
fn a_changed_image_restarts_under_every_policy() {
    // AGENT-07
    for policy in ["Always", "OnFailure", "Never"] {
        let mut spec = spec(&["a"], &[], json!({"restartPolicy": policy}));
        spec.containers[0].image = Some("image:2".to_owned());
        assert_eq!(plan(&spec, &["sandbox", "a+"], &[]), "kill a-0, start a");
    }
}

#[test]
fn failed_probes_kill_and_restart_by_policy() {
    // AGENT-07
    let probe = json!({"exec": {"command": ["true"]}, "failureThreshold": 3});
    for (policy, expected) in
        [("Always", "kill a-0, start a"), ("OnFailure", "kill a-0, start a"), ("Never", "kill a-0")]
    {
        for (field, kind) in [("livenessProbe", ProbeKind::Liveness), ("startupProbe", ProbeKind::Startup)] {
            let containers =
                json!([{"name": "a", "image": "image", field: probe}, {"name": "b", "image": "image"}]);
            let spec = spec(&[], &[], json!({"restartPolicy": policy, "containers": containers}));
            assert_eq!(plan(&spec, &["sandbox", "a+", "b+"], &[("a", kind)]), expected, "{policy} {field}");
        }
    }
}

#[test]
fn container_rules_come_before_the_pods_policy() {
    // AGENT-08
    let rules = json!([{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]);
    let container =
        json!({"name": "a", "image": "image", "restartPolicy": "Never", "restartPolicyRules": rules});
    let spec = spec(&[], &[], json!({"containers": [container]}));
    assert_eq!(plan(&spec, &["sandbox", "a=42"], &[]), "start a");
    assert_eq!(plan(&spec, &["sandbox", "a=41"], &[]), "kill-pod");
}
