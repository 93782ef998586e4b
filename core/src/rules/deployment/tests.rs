use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::*;

fn minimal() -> Value {
    json!({
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": "app:1"}]},
        },
    })
}

/// The minimal spec with other values at some JSON pointers' first level.
fn with(fields: Value) -> DeploymentSpec {
    let mut spec = minimal();
    for (field, value) in fields.as_object().expect("an object") {
        spec[field] = value.clone();
    }
    deployment(spec)
}

fn deployment(spec: Value) -> DeploymentSpec {
    let mut spec = serde_json::from_value(spec).expect("a Deployment's spec");
    default(&mut spec);
    spec
}

fn template(fields: Value) -> Value {
    let mut template = minimal()["template"].clone();
    for (field, value) in fields.as_object().expect("an object") {
        template["spec"][field] = value.clone();
    }
    template
}

fn meta(name: &str) -> Meta {
    Meta::namespaced("ns", name)
}

fn texts(errors: &FieldErrors) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

fn faults(spec: &DeploymentSpec) -> Vec<String> {
    texts(&validate_create(&meta("bad"), spec))
}

#[test]
fn defaults_are_those_recorded() {
    // DEP-01, ADM-02, ADM-04, as recorded in api-defaults.
    let spec = deployment(json!({
        "paused": true,
        "selector": {"matchLabels": {"a": "b"}},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {"containers": [{"name": "c", "image": "x", "ports": [{"containerPort": 80}]}]},
        },
    }));
    let expected = json!({
        "paused": true, "progressDeadlineSeconds": 600, "replicas": 1, "revisionHistoryLimit": 10,
        "selector": {"matchLabels": {"a": "b"}},
        "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"},
        "template": {
            "metadata": {"labels": {"a": "b"}},
            "spec": {
                "containers": [{
                    "image": "x", "imagePullPolicy": "Always", "name": "c",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {},
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                }],
                "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                "securityContext": {}, "terminationGracePeriodSeconds": 30,
            },
        },
    });
    assert_eq!(serde_json::to_value(&spec).expect("JSON"), expected);
}

#[test]
fn halves_of_a_strategy_are_filled_apart() {
    // DEP-01
    let strategy = |value: Value| {
        let spec = with(json!({"strategy": value}));
        serde_json::to_value(spec.strategy).expect("JSON")
    };
    let half = json!({"rollingUpdate": {"maxSurge": 1}});
    let expected =
        json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": "25%"}, "type": "RollingUpdate"});
    assert_eq!(strategy(half), expected);
    assert_eq!(strategy(json!({"type": "Recreate"})), json!({"type": "Recreate"}));
}

#[test]
fn defaulting_twice_changes_nothing_more() {
    for fields in [json!({}), json!({"strategy": {"type": "Recreate"}}), json!({"minReadySeconds": 0})] {
        let once = with(fields);
        let mut twice = once.clone();
        default(&mut twice);
        assert_eq!(twice, once);
    }
}

#[test]
fn faults_are_those_recorded() {
    // DEP-02, DEP-03, ADM-07, ADM-08, as recorded in api-validation-workloads and in upstream's words.
    let rolling = |surge: Value, unavailable: Value| json!({"strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}});
    let zero =
        "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0";
    let rows: [(Value, &[&str]); 16] = [
        (json!({}), &[]),
        (json!({"replicas": -1}), &["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            json!({"selector": {"matchLabels": {"app": "other"}}}),
            &[
                r#"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`"#,
            ],
        ),
        (rolling(json!(0), json!(0)), &[zero]),
        (rolling(json!("0%"), json!(0)), &[zero]),
        (rolling(json!(0), json!("1%")), &[]),
        (rolling(json!("150%"), json!(0)), &[]),
        (
            rolling(json!(1), json!("101%")),
            &[
                r#"spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%"#,
            ],
        ),
        (
            rolling(json!("5"), json!(1)),
            &[
                r#"spec.strategy.rollingUpdate.maxSurge: Invalid value: "5": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"#,
            ],
        ),
        (
            json!({"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}}),
            &[
                "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
            ],
        ),
        (
            json!({"strategy": {"type": "Other"}}),
            &[
                r#"spec.strategy: Unsupported value: {"Type":"Other","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate""#,
            ],
        ),
        (
            json!({"template": template(json!({"restartPolicy": "Never"}))}),
            &[r#"spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always""#],
        ),
        (
            json!({"template": template(json!({"containers": []}))}),
            &["spec.template.spec.containers: Required value"],
        ),
        (
            json!({"template": template(json!({"activeDeadlineSeconds": 5}))}),
            &[
                "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
            ],
        ),
        (
            json!({"minReadySeconds": 10, "progressDeadlineSeconds": 5}),
            &["spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds"],
        ),
        (
            json!({"selector": {"matchExpressions": [{"key": "app", "operator": "Is", "values": ["web"]}]}}),
            &[
                r#"spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator"#,
                r#"spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is","values":["web"]}]}: invalid label selector"#,
            ],
        ),
    ];
    for (fields, expected) in rows {
        assert_eq!(faults(&with(fields)), expected);
    }
}

#[test]
fn the_selector_is_fixed() {
    // DEP-04, as recorded in api-immutable-fields.
    let labels = json!({"metadata": {"labels": {"app": "x"}}, "spec": minimal()["template"]["spec"]});
    let new = with(json!({"selector": {"matchLabels": {"app": "x"}}, "template": labels}));
    let errors = validate_update(&meta("web"), &new, &meta("web"), &with(json!({})));
    assert_eq!(
        texts(&errors),
        [r#"spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable"#]
    );
}

#[test]
fn generations_count_specs_and_annotations() {
    // DEP-05
    let annotated = |key: &str| {
        let annotations = [(key.to_owned(), String::new())].into();
        Meta::from_wire(ObjectMeta { annotations: Some(annotations), ..ObjectMeta::default() })
    };
    let cpu = |cpu: &str| {
        let container = json!({"name": "c", "image": "app:1", "resources": {"limits": {"cpu": cpu}}});
        with(json!({"template": template(json!({"containers": [container]}))}))
    };
    let (one, two) = (with(json!({})), with(json!({"replicas": 4})));
    let bumps =
        |new: &DeploymentSpec, old: &DeploymentSpec| is_new_generation(&meta("a"), new, &meta("a"), old);
    assert!(!bumps(&one, &one));
    assert!(bumps(&two, &one));
    assert!(!bumps(&cpu("1000m"), &cpu("1")));
    assert!(bumps(&cpu("2"), &cpu("1")));
    assert!(is_new_generation(&annotated("a"), &one, &annotated("b"), &one));
}

#[test]
fn a_status_counts_consistently() {
    // DEP-06, SUB-03
    let status = |value: Value| -> DeploymentStatus { serde_json::from_value(value).expect("a status") };
    let old = status(json!({"collisionCount": 2}));
    let rows: [(Value, &[&str]); 5] = [
        (
            json!({"replicas": 3, "readyReplicas": 2, "availableReplicas": 2, "collisionCount": 2, "terminatingReplicas": 9}),
            &[],
        ),
        (
            json!({"replicas": 3, "readyReplicas": 4, "collisionCount": 3}),
            &["status.readyReplicas: Invalid value: 4: cannot be greater than status.replicas"],
        ),
        (
            json!({"replicas": 3, "readyReplicas": 1, "availableReplicas": 2, "collisionCount": 3}),
            &["status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"],
        ),
        (json!({"collisionCount": 1}), &["status.collisionCount: Invalid value: 1: cannot be decremented"]),
        (json!({}), &["status.collisionCount: Invalid value: 0: cannot be decremented"]),
    ];
    for (value, expected) in rows {
        let errors = validate_status_update(&meta("a"), &status(value), &meta("a"), &old);
        assert_eq!(texts(&errors), expected);
    }
}

#[test]
fn status_writes_keep_labels_but_not_annotations() {
    // DEP-06
    let labeled = |text: &str| {
        let map = || Some([("k".to_owned(), text.to_owned())].into());
        Meta::from_wire(ObjectMeta { labels: map(), annotations: map(), ..ObjectMeta::default() })
    };
    let mut new = labeled("new");
    prepare_status_update(&mut new, &labeled("old"));
    assert_eq!(new.labels.get("k"), Some("old"));
    assert_eq!(new.annotations.get("k"), Some("new"));
}

#[test]
fn numbers_and_selectors_have_their_limits() {
    // DEP-03
    let deadline = "must be greater than minReadySeconds";
    let negative = "must be greater than or equal to 0";
    let rows: [(Value, Vec<String>); 12] = [
        (json!({"revisionHistoryLimit": 0}), vec![]),
        (
            json!({"revisionHistoryLimit": -1}),
            vec![format!("spec.revisionHistoryLimit: Invalid value: -1: {negative}")],
        ),
        (json!({"minReadySeconds": -1}), vec![format!("spec.minReadySeconds: Invalid value: -1: {negative}")]),
        (
            json!({"progressDeadlineSeconds": 0}),
            vec![format!("spec.progressDeadlineSeconds: Invalid value: 0: {deadline}")],
        ),
        (
            json!({"progressDeadlineSeconds": -1}),
            vec![
                format!("spec.progressDeadlineSeconds: Invalid value: -1: {negative}"),
                format!("spec.progressDeadlineSeconds: Invalid value: -1: {deadline}"),
            ],
        ),
        (
            json!({"progressDeadlineSeconds": 600, "minReadySeconds": 600}),
            vec![format!("spec.progressDeadlineSeconds: Invalid value: 600: {deadline}")],
        ),
        (json!({"progressDeadlineSeconds": 601, "minReadySeconds": 600}), vec![]),
        (
            json!({"selector": {}}),
            vec![
                "spec.selector: Required value".to_owned(),
                r#"spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`"#
                    .to_owned(),
            ],
        ),
        (
            json!({"template": template(json!({"restartPolicy": "OnFailure"}))}),
            vec![
                r#"spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always""#
                    .to_owned(),
            ],
        ),
        (
            json!({"template": template(json!({"ephemeralContainers": [{"name": "e", "image": "x"}]}))}),
            vec!["spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template".to_owned()],
        ),
        (
            json!({"template": template(json!({"containers": [{"name": "C", "image": "x"}]}))}),
            vec![
                r#"spec.template.spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"#
                    .to_owned(),
            ],
        ),
        (json!({"replicas": 0}), vec![]),
    ];
    for (fields, expected) in rows {
        assert_eq!(faults(&with(fields.clone())), expected, "{fields}");
    }
    let odd = with(json!({"selector": {"matchLabels": {"app": "-web"}}}));
    assert!(
        faults(&odd)
            .iter()
            .any(|fault| fault.starts_with("spec.selector.matchLabels: Invalid value: \"-web\""))
    );
}

#[test]
fn a_wish_to_go_back_is_a_number_and_counts_as_spec() {
    // DEP-45
    let wishing = |wish: &str| {
        let annotations = [(ROLLBACK_TO.to_owned(), wish.to_owned())].into();
        Meta::from_wire(ObjectMeta { annotations: Some(annotations), ..meta("web").to_wire() })
    };
    let rows = [
        ("0", None),
        ("7", None),
        ("", None),
        ("-1", Some("spec.rollback.version: Invalid value: -1: must be greater than or equal to 0")),
        (
            "one",
            Some(
                "metadata.annotations[deprecated.deployment.rollback.to]: Invalid value: \"one\": must be an integer",
            ),
        ),
    ];
    let spec = with(json!({}));
    for (wish, expected) in rows {
        let expected: Vec<String> = expected.map(str::to_owned).into_iter().collect();
        assert_eq!(texts(&validate_create(&wishing(wish), &spec)), expected, "{wish:?}");
        assert_eq!(texts(&validate_update(&wishing(wish), &spec, &meta("web"), &spec)), expected, "{wish:?}");
    }
    assert!(is_new_generation(&wishing("1"), &spec, &meta("web"), &spec));
    // Whoever writes the status neither makes nor takes back a wish.
    for (new, old) in [("1", None), ("2", Some("1")), ("", Some("1"))] {
        let old = old.map_or_else(|| meta("web"), wishing);
        let mut new = wishing(new);
        prepare_status_update(&mut new, &old);
        assert_eq!(new.annotations.get(ROLLBACK_TO), old.annotations.get(ROLLBACK_TO));
    }
}

#[test]
fn poor_host_names_are_warned_of() {
    // DEP-04
    let spec = with(json!({}));
    assert_eq!(create_warnings(&meta("a"), &spec), Vec::<String>::new());
    assert_eq!(
        create_warnings(&meta("a.b"), &spec),
        [
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]"
        ]
    );
    assert_eq!(validate_create(&meta("a.b"), &spec), []);
}
