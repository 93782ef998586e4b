use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use setpoint_core::env::Simulation;
use setpoint_core::kind::Registry;
use setpoint_store::request::{Outcome, RequestContext};
use setpoint_store::{Objects, Store};

use super::*;

fn check(text: &str, expected: &[&str]) {
    let faults = match Manifest::parse("m.yaml", text, &Registry::builtin()) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().iter().map(ToString::to_string).collect(),
    };
    assert_eq!(faults, expected);
}

fn map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n")
}

#[test]
fn documents_are_apart() {
    let text = format!("# a comment\n---\n{}---\n\n---\n# nothing\n---\n{}...\n", map("a"), map("b"));
    let manifest = Manifest::parse("m.yaml", &text, &Registry::builtin()).expect("it is right");
    let places: Vec<_> = manifest
        .documents()
        .iter()
        .map(|document| (document.place().document, document.place().line))
        .collect();
    assert_eq!(places, [(1, 3), (2, 11)]);
    assert_eq!(manifest.documents()[0].key().namespace.as_deref(), Some("default"));
}

#[test]
fn json_and_lists_are_read_too() {
    let text = r#"{"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "namespace": "a"}}]}"#;
    let manifest = Manifest::parse("m.json", text, &Registry::builtin()).expect("it is right");
    let subjects: Vec<String> = manifest.documents().iter().map(Document::subject).collect();
    assert_eq!(subjects, [r#"Namespace "a""#, r#"ConfigMap "b""#]);
}

#[test]
fn each_fault_is_told_with_its_document_and_field() {
    check("", &["m.yaml, document 1 (line 1): there is no object in it"]);
    check("- a", &["m.yaml, document 1 (line 1): an object is expected, with apiVersion and kind"]);
    check("kind: Pod", &["m.yaml, document 1 (line 1), Pod: apiVersion: is missing"]);
    check("apiVersion: v1", &["m.yaml, document 1 (line 1): kind: is missing"]);
    check(
        "apiVersion: v1\nkind: Deployment",
        &[
            "m.yaml, document 1 (line 1), Deployment: apiVersion: Deployment is not served at v1, but at apps/v1",
        ],
    );
    check(
        "apiVersion: v2\nkind: Whatever",
        &["m.yaml, document 1 (line 1), Whatever: kind: there is no Whatever in v2"],
    );
    check("apiVersion: v1\nkind: Pod", &["m.yaml, document 1 (line 1), Pod: metadata.name: is missing"]);
    let wrong = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: many}";
    let text = format!("{}---\n{wrong}\n---\n{}", map("a"), map("a"));
    let manifest = Manifest::parse("m.yaml", &text, &Registry::builtin());
    let faults: Vec<String> =
        manifest.expect_err("it is wrong").faults().iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        [
            "m.yaml, document 2 (line 5), Deployment \"web\": spec.replicas: invalid type: string \"many\", \
             expected i32",
            "m.yaml, document 3 (line 10), ConfigMap \"a\": metadata.name: is there already, in document 1",
        ]
    );
}

#[test]
fn broken_documents_do_not_hide_others() {
    let text = format!("{}data: [\n---\n{}dat: {{}}\n", map("a"), map("b"));
    let error = Manifest::parse("m.yaml", &text, &Registry::builtin()).expect_err("it is wrong");
    let faults = error.faults();
    let documents: Vec<usize> = faults.iter().map(|fault| fault.place.document).collect();
    assert_eq!(documents, [1, 2]);
    assert!(faults[0].reason.starts_with("line "), "{}", faults[0]);
    assert_eq!(faults[1].field, "dat");
    check(
        "\n---\na: b: c\n",
        &["m.yaml, document 1 (line 3): line 3, column 5: mapping values are not allowed in this context"],
    );
    check("a: 1\na: 2\n", &["m.yaml, document 1 (line 1): line 2, column 1: duplicate mapping key: a"]);
}

#[test]
fn sizes_have_limits() {
    let long = " ".repeat(BYTES_MAX + 1);
    check(&long, &["m.yaml, document 1 (line 1): the text has 16777217 bytes, more than 16777216"]);
    let many = "---\na: 1\n".repeat(DOCUMENTS_MAX + 1);
    check(&many, &["m.yaml, document 1 (line 1): there are 10001 objects, more than 10000"]);
}

fn apply(
    store: &Store<setpoint_store::engine::Memory>,
    sim: &Simulation,
    text: &str,
) -> Result<Vec<Applied>, ApplyError> {
    let manifest = Manifest::parse("m.yaml", text, &Registry::builtin()).expect("it can be read");
    let context = RequestContext::system("manifest");
    sim.block_on(async { manifest.apply(store, &context).await }).expect("nothing waits for ever")
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
";

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n";

#[test]
fn objects_are_made_then_changed_then_left() {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    let text = format!("{NAMESPACE}---\n{DEPLOYMENT}");
    let outcomes = |applied: Result<Vec<Applied>, ApplyError>| -> Vec<Outcome> {
        applied.expect("it is right").iter().map(|applied| applied.outcome).collect()
    };
    assert_eq!(outcomes(apply(&store, &sim, &text)), [Outcome::Created, Outcome::Created]);
    assert_eq!(outcomes(apply(&store, &sim, &text)), [Outcome::Unchanged, Outcome::Unchanged]);
    let more = text.replace("replicas: 2", "replicas: 3");
    assert_eq!(outcomes(apply(&store, &sim, &more)), [Outcome::Unchanged, Outcome::Updated]);
    let deployments = Objects::<Deployment>::namespaced(&store, "shop").expect("the kind is known");
    let web =
        sim.block_on(async { deployments.get("web").await }).expect("nothing waits").expect("it is there");
    assert_eq!(web.spec.replicas, Some(3));
}

#[test]
fn one_bad_document_keeps_all_from_being_applied() {
    let sim = Simulation::new(1);
    let store = Store::memory(&sim.env());
    let bad = DEPLOYMENT
        .replace("replicas: 2", "replicas: -2")
        .replace("app: web}}\n    spec", "app: wab}}\n    spec");
    let error =
        apply(&store, &sim, &format!("{NAMESPACE}---\n{bad}---\n{}", map("a"))).expect_err("it is wrong");
    let text = error.to_string();
    let expected = "m.yaml, document 3 (line 15), ConfigMap \"a\": namespaces \"default\" not found\nnothing was applied";
    assert!(text.ends_with(expected), "{text}");
    let namespaces = Objects::<Namespace>::cluster(&store).expect("the kind is known");
    let found =
        sim.block_on(async { namespaces.get_opt("shop").await }).expect("nothing waits").expect("a read");
    assert!(found.is_none());
    let shop = format!("{NAMESPACE}---\n{}", map("a").replace("name: a", "name: a, namespace: shop"));
    apply(&store, &sim, &shop).expect("it is right");
    let error = apply(&store, &sim, &bad).expect_err("it is wrong");
    let fields: Vec<&str> = error.faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["spec.replicas", "spec.template.metadata.labels"]);
    let maps = Objects::<ConfigMap>::namespaced(&store, "shop").expect("the kind is known");
    assert!(sim.block_on(async { maps.get("a").await }).expect("nothing waits").is_ok());
}
