use k8s_openapi::api::batch::v1::{JobCondition, JobSpec, JobStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::{Value, json};

use super::*;
use crate::field::FieldErrors;
use crate::object::{Meta, Uid};

const UID: &str = "5f4bdb0a-5c9a-4d3c-8f5e-0d7a4c2f7a11";

fn meta(name: &str) -> Meta {
    Meta { uid: Some(Uid::new(UID)), ..Meta::namespaced("ns", name) }
}

fn defaulted(fields: Value) -> JobSpec {
    let mut spec = json!({"template": {
        "metadata": {"labels": {"work": "j"}},
        "spec": {"containers": [{"name": "c", "image": "app:1"}], "restartPolicy": "Never"},
    }});
    for (field, value) in fields.as_object().expect("an object") {
        match field.as_str() {
            "restartPolicy" | "nodeSelector" | "affinity" | "containers" => {
                spec["template"]["spec"][field] = value.clone();
            }
            _ => spec[field] = value.clone(),
        }
    }
    let mut spec = serde_json::from_value(spec).expect("a Job's spec");
    default(&mut spec);
    spec
}

/// A spec as it is stored for the Job `j`.
fn job(fields: Value) -> JobSpec {
    let mut spec = defaulted(fields);
    generate_selector(&meta("j"), &mut spec);
    spec
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn faults(fields: Value) -> Vec<String> {
    texts(&validate_create(&meta("j"), &job(fields)))
}

#[test]
fn completions_follow_parallelism() {
    // JOB-01.
    let counts = |fields| {
        let spec = defaulted(fields);
        (spec.completions, spec.parallelism)
    };
    assert_eq!(counts(json!({})), (Some(1), Some(1)));
    assert_eq!(counts(json!({"completions": 3})), (Some(3), Some(1)));
    assert_eq!(counts(json!({"parallelism": 3})), (None, Some(3)));
}

#[test]
fn policies_change_other_defaults() {
    // JOB-02, ADM-03.
    let rules = json!({"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]});
    let spec = defaulted(json!({"podFailurePolicy": rules, "backoffLimitPerIndex": 1}));
    assert_eq!(spec.backoff_limit, Some(i32::MAX));
    assert_eq!(spec.pod_replacement_policy.as_deref(), Some("Failed"));
    let rules = spec.pod_failure_policy.expect("a policy").rules;
    let patterns = rules[0].on_pod_conditions.as_ref().expect("patterns");
    assert_eq!(patterns[0].status.as_deref(), Some("True"));
    let spec = defaulted(json!({}));
    assert_eq!(spec.backoff_limit, Some(6));
    assert_eq!(spec.pod_replacement_policy.as_deref(), Some("TerminatingOrFailed"));
    assert_eq!(spec.completion_mode.as_deref(), Some("NonIndexed"));
    assert_eq!((spec.suspend, spec.manual_selector), (Some(false), Some(false)));
}

#[test]
fn pods_get_name_and_uid_as_labels() {
    // JOB-03.
    let spec = job(json!({}));
    let expected = json!({
        "batch.kubernetes.io/controller-uid": UID, "batch.kubernetes.io/job-name": "j",
        "controller-uid": UID, "job-name": "j", "work": "j",
    });
    assert_eq!(serde_json::to_value(template_labels(&spec)).expect("JSON"), expected);
    let selector = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": UID}});
    assert_eq!(serde_json::to_value(&spec.selector).expect("JSON"), selector);
    assert_eq!(validate_create(&meta("j"), &spec), vec![]);
}

#[test]
fn own_selectors_are_left_alone() {
    // JOB-03.
    let spec = job(json!({"manualSelector": true, "selector": {"matchLabels": {"work": "j"}}}));
    assert_eq!(template_labels(&spec).map(std::collections::BTreeMap::len), Some(1));
    assert_eq!(validate_create(&meta("j"), &spec), vec![]);
    assert_eq!(faults(json!({"manualSelector": true})), vec!["spec.selector: Required value"]);
}

#[test]
fn foreign_labels_are_refused() {
    // JOB-03.
    let mut spec = defaulted(json!({}));
    let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
    labels.insert("batch.kubernetes.io/job-name".into(), "other".into());
    generate_selector(&meta("j"), &mut spec);
    let found = texts(&validate_create(&meta("j"), &spec));
    assert_eq!(found.len(), 1);
    let path = "spec.template.metadata.labels[batch.kubernetes.io/job-name]: Invalid value: {";
    assert!(found[0].starts_with(path) && found[0].ends_with(": must be 'j'"), "{found:?}");

    let selector = json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "x"}});
    let found = faults(json!({"selector": selector}));
    assert_eq!(found[0], format!("spec.selector: Invalid value: {selector}: `selector` not auto-generated"));
    assert!(found[1].ends_with(": `selector` does not match template `labels`"), "{found:?}");
}

#[test]
fn faults_of_the_spec_are_upstreams() {
    let only_indexed = "requires indexed completion mode";
    let rows = [
        (
            // As recorded in api-validation-workloads.
            json!({"completions": -1, "parallelism": -2}),
            vec![
                "spec.parallelism: Invalid value: -2: must be greater than or equal to 0".to_owned(),
                "spec.completions: Invalid value: -1: must be greater than or equal to 0".to_owned(),
            ],
        ),
        (
            json!({"restartPolicy": "Always"}),
            vec![r#"spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never""#.to_owned()],
        ),
        (
            json!({"backoffLimitPerIndex": 1}),
            vec![format!("spec.backoffLimitPerIndex: Invalid value: 1: {only_indexed}")],
        ),
        // JOB-05.
        (
            json!({"managedBy": "me"}),
            vec![
                "spec.managedBy: Invalid value: \"me\": must be a domain-prefixed path (such as \"acme.io/foo\")"
                    .to_owned(),
            ],
        ),
        (
            json!({"podReplacementPolicy": "Never"}),
            vec![
                "spec.podReplacementPolicy: Unsupported value: \"Never\": supported values: \"Failed\", \
                 \"TerminatingOrFailed\""
                    .to_owned(),
            ],
        ),
        // JOB-06.
        (json!({"completionMode": "Indexed"}), vec![]),
        (
            json!({"completionMode": "Indexed", "parallelism": 100_001}),
            vec![
                "spec.completions: Required value: when completion mode is Indexed".to_owned(),
                "spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion \
                 mode is Indexed"
                    .to_owned(),
            ],
        ),
        (
            json!({"completionMode": "Indexed", "completions": 2, "maxFailedIndexes": 3}),
            vec![
                "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified".to_owned(),
                "spec.maxFailedIndexes: Invalid value: 3: must be less than or equal to completions".to_owned(),
            ],
        ),
        (
            json!({"successPolicy": {"rules": []}}),
            vec![format!("spec.successPolicy: Invalid value: {{\"Rules\":[]}}: {only_indexed}")],
        ),
        // JOB-08.
        (
            json!({
                "completionMode": "Indexed", "completions": 5,
                "successPolicy": {"rules": [{}, {"succeededIndexes": "0,2-3", "succeededCount": 4}, {"succeededIndexes": "3-1"}]},
            }),
            vec![
                "spec.successPolicy.rules[0]: Required value: at least one of succeededCount or \
                 succeededIndexes must be specified"
                    .to_owned(),
                "spec.successPolicy.rules[1].succeededCount: Invalid value: 4: must be less than or equal to 3 \
                 (the number of indexes in the specified succeededIndexes field)"
                    .to_owned(),
                "spec.successPolicy.rules[2].succeededIndexes: Invalid value: \"3-1\": error parsing \
                 succeededIndexes: non-increasing order, previous: 3, current: 1"
                    .to_owned(),
            ],
        ),
        // JOB-07.
        (
            json!({"podFailurePolicy": {"rules": [
                {"action": "FailIndex", "onExitCodes": {"operator": "In", "containerName": "x", "values": [2, 0, 2]}},
                {"action": "", "onPodConditions": []},
            ]}}),
            vec![
                "spec.podFailurePolicy.rules[0].action: Invalid value: \"FailIndex\": requires the \
                 backoffLimitPerIndex to be set"
                    .to_owned(),
                "spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: \"x\": must be one of \
                 the container or initContainer names in the pod template"
                    .to_owned(),
                "spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the \
                 In operator"
                    .to_owned(),
                "spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2".to_owned(),
                "spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered"
                    .to_owned(),
                "spec.podFailurePolicy.rules[1].action: Required value: valid values: [\"Count\" \"FailIndex\" \
                 \"FailJob\" \"Ignore\"]"
                    .to_owned(),
                "spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and \
                 OnPodConditions is required"
                    .to_owned(),
            ],
        ),
    ];
    for (fields, expected) in rows {
        assert_eq!(faults(fields.clone()), expected, "{fields}");
    }
}

#[test]
fn names_of_indexed_pods_must_be_labels() {
    // JOB-06.
    let name = "x".repeat(62);
    let mut spec = defaulted(json!({"completionMode": "Indexed", "completions": 11}));
    generate_selector(&meta(&name), &mut spec);
    let expected = format!(
        "metadata.name: Invalid value: \"{name}\": will not able to create pod with invalid DNS label: {name}-10"
    );
    assert_eq!(texts(&validate_create(&meta(&name), &spec)), vec![expected]);
}

fn update_faults(old: &JobSpec, new: &JobSpec, status: &JobStatus) -> Vec<String> {
    texts(&validate_update(&meta("j"), new, &meta("j"), old, status))
}

#[test]
fn most_of_a_job_is_fixed() {
    // JOB-09, ADM-10.
    let none = JobStatus::default();
    let old = job(json!({"completions": 2}));
    let rows = [
        (json!({"completions": 3}), "spec.completions: Invalid value: 3: field is immutable"),
        (
            json!({"completions": 2, "managedBy": "acme.io/x"}),
            "spec.managedBy: Invalid value: \"acme.io/x\": field is immutable",
        ),
    ];
    for (fields, expected) in rows {
        assert_eq!(update_faults(&old, &job(fields), &none), vec![expected]);
    }
    let free = json!({
        "completions": 2, "parallelism": 4, "backoffLimit": 1, "suspend": true, "activeDeadlineSeconds": 5,
        "ttlSecondsAfterFinished": 5, "podReplacementPolicy": "Failed",
    });
    assert_eq!(update_faults(&old, &job(free), &none), Vec::<String>::new());
    let other = job(json!({"completions": 2, "nodeSelector": {"a": "b"}}));
    let found = update_faults(&old, &other, &none);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("spec.template: Invalid value: {\"labels\":{"), "{found:?}");
}

#[test]
fn indexed_jobs_change_completions_with_parallelism() {
    // JOB-09.
    let none = JobStatus::default();
    let indexed = |completions, parallelism| {
        job(json!({"completionMode": "Indexed", "completions": completions, "parallelism": parallelism}))
    };
    let old = indexed(2, 2);
    assert_eq!(update_faults(&old, &indexed(4, 4), &none), Vec::<String>::new());
    let expected = "spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism";
    assert_eq!(update_faults(&old, &indexed(4, 2), &none), vec![expected]);
}

#[test]
fn suspended_jobs_can_be_placed_and_sized_anew() {
    // JOB-10.
    let none = JobStatus::default();
    let old = job(json!({"suspend": true}));
    let sized = json!([{"name": "c", "image": "app:1", "resources": {"requests": {"cpu": "1"}}}]);
    let moved = job(json!({"nodeSelector": {"a": "b"}, "containers": sized}));
    assert_eq!(update_faults(&old, &moved, &none), Vec::<String>::new());
    let running = JobStatus { active: Some(1), ..JobStatus::default() };
    assert_eq!(update_faults(&old, &moved, &running).len(), 1);
    let other = job(json!({"suspend": true, "containers": [{"name": "c", "image": "app:2"}]}));
    let found = update_faults(&old, &other, &none);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("spec.template.spec: Invalid value: {\"Volumes\":null,"), "{found:?}");
}

fn with_conditions(names: &[&str]) -> JobStatus {
    let condition = |name: &&str| JobCondition {
        type_: (*name).to_owned(),
        status: "True".to_owned(),
        ..JobCondition::default()
    };
    let start = Some(Time("2026-01-01T00:00:00Z".parse().expect("a time")));
    let conditions = Some(names.iter().map(condition).collect());
    let completion_time = names.contains(&"Complete").then(|| start.clone()).flatten();
    JobStatus { conditions, start_time: start, completion_time, ..JobStatus::default() }
}

fn status_faults(old: &JobStatus, new: &JobStatus) -> Vec<String> {
    let spec = job(json!({"completionMode": "Indexed", "completions": 5, "backoffLimitPerIndex": 1}));
    texts(&validate_status_update(&meta("j"), &spec, new, &meta("j"), old))
}

#[test]
fn verdicts_come_in_two_steps_and_stay() {
    // JOB-11, JOB-47, JOB-61, ADM-13.
    let running = with_conditions(&[]);
    let conditions = |why: &str| vec![format!("status.conditions: Invalid value: {why}")];
    let rows = [
        (&running, with_conditions(&["SuccessCriteriaMet", "Complete"]), vec![]),
        (&running, with_conditions(&["FailureTarget", "Failed"]), vec![]),
        (
            &running,
            with_conditions(&["Failed"]),
            conditions("cannot set Failed=True condition without the FailureTarget=true condition"),
        ),
        (
            &running,
            with_conditions(&["Complete"]),
            conditions("cannot set Complete=True condition without the SuccessCriteriaMet=true condition"),
        ),
        (
            &with_conditions(&["FailureTarget"]),
            running.clone(),
            conditions("cannot disable the terminal FailureTarget=True condition"),
        ),
        (
            &with_conditions(&["SuccessCriteriaMet"]),
            running.clone(),
            conditions("cannot disable the SuccessCriteriaMet=True condition"),
        ),
    ];
    for (old, new, expected) in rows {
        assert_eq!(status_faults(old, &new), expected);
    }
}

#[test]
fn finished_jobs_have_no_pods_left() {
    // JOB-11.
    let running = with_conditions(&[]);
    let failed =
        JobStatus { active: Some(1), terminating: Some(1), ..with_conditions(&["FailureTarget", "Failed"]) };
    assert_eq!(
        status_faults(&running, &failed),
        vec![
            "status.active: Invalid value: 1: active>0 is invalid for finished job",
            "status.terminating: Invalid value: 1: terminating>0 is invalid for finished job",
        ]
    );
}

#[test]
fn counters_and_indexes_are_consistent() {
    // JOB-11.
    let old = JobStatus { failed: Some(2), active: Some(1), ..with_conditions(&[]) };
    let new = JobStatus {
        failed: Some(1),
        ready: Some(2),
        completed_indexes: Some("0-2".into()),
        failed_indexes: Some("2,7".into()),
        ..old.clone()
    };
    assert_eq!(
        status_faults(&old, &new),
        vec![
            "status.failedIndexes: Invalid value: \"2,7\": error parsing failedIndexes: too large index: \"7\"",
            "status.failedIndexes: Invalid value: \"2,7\": failedIndexes and completedIndexes overlap at index: 2",
            "status.ready: Invalid value: 2: cannot set more ready pods than active",
            "status.failed: Invalid value: 1: cannot decrease the failed counter",
        ]
    );
}

#[test]
fn a_job_starts_again_only_after_a_pause() {
    // JOB-11, JOB-66.
    let old = with_conditions(&[]);
    let later = Some(Time("2026-01-01T01:00:00Z".parse().expect("a time")));
    let again = JobStatus { start_time: later, ..old.clone() };
    let why = "status.startTime: Required value: startTime cannot be removed for unsuspended job";
    assert_eq!(status_faults(&old, &again), vec![why]);
    assert_eq!(status_faults(&with_conditions(&["Suspended"]), &again), Vec::<String>::new());
}
