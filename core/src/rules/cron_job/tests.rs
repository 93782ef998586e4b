use serde_json::{Value, json};

use super::*;

/// A minimal spec with other values in some fields, `job` in some of the Job's.
fn cron_job(fields: Value, job: Value) -> CronJobSpec {
    let mut spec = json!({
        "schedule": "* * * * *",
        "jobTemplate": {"spec": {"template": {
            "metadata": {"labels": {"work": "c"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}], "restartPolicy": "Never"},
        }}},
    });
    for (field, value) in fields.as_object().expect("an object") {
        spec[field] = value.clone();
    }
    for (field, value) in job.as_object().expect("an object") {
        spec["jobTemplate"]["spec"][field] = value.clone();
    }
    let mut spec = serde_json::from_value(spec).expect("a CronJob's spec");
    default(&mut spec);
    spec
}

fn meta(name: &str) -> Meta {
    Meta::namespaced("ns", name)
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[test]
fn defaults_are_those_recorded() {
    // ADM-03, as recorded in api-defaults.
    let spec = serde_json::to_value(cron_job(json!({}), json!({}))).expect("JSON");
    let expected = json!({
        "concurrencyPolicy": "Allow", "failedJobsHistoryLimit": 1, "successfulJobsHistoryLimit": 3,
        "schedule": "* * * * *", "suspend": false,
        "jobTemplate": {"metadata": {}, "spec": {"template": {
            "metadata": {"labels": {"work": "c"}},
            "spec": {
                "containers": [{
                    "image": "app:1", "imagePullPolicy": "IfNotPresent", "name": "c", "resources": {},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                }],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Never", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30,
            },
        }}},
    });
    assert_eq!(spec, expected);
}

#[test]
fn faults_are_upstreams() {
    // ADM-10, the first rows as recorded in api-validation-workloads.
    let rows = [
        (json!({}), json!({}), vec![]),
        (
            json!({"schedule": "not a schedule"}),
            json!({}),
            vec![
                "spec.schedule: Invalid value: \"not a schedule\": expected exactly 5 fields, found 3: [not a \
                 schedule]",
            ],
        ),
        (
            json!({"schedule": "TZ=UTC * * * * *"}),
            json!({}),
            vec![
                "spec.schedule: Invalid value: \"TZ=UTC * * * * *\": cannot use TZ or CRON_TZ in schedule, use \
                 timeZone field instead",
            ],
        ),
        (
            json!({"timeZone": "Mars/Olympus"}),
            json!({}),
            vec!["spec.timeZone: Invalid value: \"Mars/Olympus\": unknown time zone Mars/Olympus"],
        ),
        (
            json!({"timeZone": "Local"}),
            json!({}),
            vec![
                "spec.timeZone: Invalid value: \"Local\": timeZone must be an explicit time zone as defined in \
                 https://www.iana.org/time-zones",
            ],
        ),
        (
            json!({"timeZone": ""}),
            json!({}),
            vec!["spec.timeZone: Invalid value: \"\": timeZone must be nil or non-empty string"],
        ),
        (
            json!({"concurrencyPolicy": "Never", "startingDeadlineSeconds": -1, "failedJobsHistoryLimit": -1}),
            json!({"selector": {"matchLabels": {"a": "b"}}, "manualSelector": true}),
            vec![
                "spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0",
                "spec.concurrencyPolicy: Unsupported value: \"Never\": supported values: \"Allow\", \"Forbid\", \
                 \"Replace\"",
                "spec.jobTemplate.spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"b\"}}: `selector` \
                 will be auto-generated",
                "spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: \"nil\", \
                 \"false\"",
                "spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0",
            ],
        ),
    ];
    for (fields, job, expected) in rows {
        let spec = cron_job(fields, job);
        assert_eq!(texts(&validate_create(&meta("bad"), &spec)), expected);
    }
}

#[test]
fn names_leave_room_for_those_of_jobs() {
    // ADM-12, as recorded in api-validation-workloads.
    let spec = cron_job(json!({}), json!({}));
    assert_eq!(validate_create(&meta(&"x".repeat(52)), &spec), vec![]);
    let name = "x".repeat(53);
    let expected = format!("metadata.name: Invalid value: \"{name}\": must be no more than 52 characters");
    assert_eq!(texts(&validate_create(&meta(&name), &spec)), vec![expected]);
    let long = meta(&name);
    assert_eq!(validate_update(&long, &spec, &long, &spec), vec![]);
}

#[test]
fn old_schedules_keep_their_zone() {
    let mut old = cron_job(json!({}), json!({}));
    old.schedule = "TZ=UTC 0 * * * *".into();
    let new = CronJobSpec { schedule: "CRON_TZ=Asia/Tokyo 0 * * * *".into(), ..old.clone() };
    let meta = meta("c");
    assert_eq!(validate_update(&meta, &new, &meta, &old), vec![]);
    let both = CronJobSpec { time_zone: Some("UTC".into()), ..new };
    assert_eq!(
        texts(&validate_update(&meta, &both, &meta, &old)),
        vec![
            "spec.schedule: Invalid value: \"CRON_TZ=Asia/Tokyo 0 * * * *\": cannot use both timeZone field and \
             TZ or CRON_TZ in schedule"
        ]
    );
    assert_eq!(update_warnings(&both, false).len(), 1);
}
