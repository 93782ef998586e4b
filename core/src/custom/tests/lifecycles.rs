use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::lifecycle::{self, Claims, FINALIZER, Step};
use super::accepted::sites;
use crate::kind::Registry;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn named(kind: &str, plural: &str) -> Value {
    let mut definition = sites(json!({}));
    definition["metadata"]["name"] = json!(format!("{plural}.example.com"));
    let list = format!("{kind}List");
    definition["spec"]["names"] =
        json!({"plural": plural, "singular": plural, "kind": kind, "listKind": list, "shortNames": ["s"]});
    definition
}

/// Follows a definition until nothing is to be done, and tells the conditions on the way.
fn follow(definition: &mut Value, claims: &Claims) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..10 {
        let status = match lifecycle::step(definition, claims, NOW) {
            Step::Rest => break,
            Step::Status(status) => status,
            Step::Clean(status) => {
                told.push("clean".to_owned());
                definition["metadata"]["finalizers"] = json!([]);
                status
            }
        };
        let word = |condition: &Value| {
            format!(
                "{} {} {}",
                condition["type"].as_str().unwrap_or_default(),
                condition["status"].as_str().unwrap_or_default(),
                condition["reason"].as_str().unwrap_or_default()
            )
        };
        told.extend(status["conditions"].as_array().expect("a list").iter().map(word));
        definition["status"] = status;
    }
    told
}

#[test]
fn a_definition_is_accepted_and_then_established() {
    // CRD-01
    let mut definition = named("Site", "sites");
    let told = follow(&mut definition, &Claims::default());
    assert_eq!(
        told,
        [
            "NamesAccepted True NoConflicts",
            "Established False Installing",
            "NamesAccepted True NoConflicts",
            "Established True InitialNamesAccepted",
        ]
    );
    assert_eq!(definition["status"]["acceptedNames"], definition["spec"]["names"]);
}

#[test]
fn names_of_others_are_not_accepted() {
    // CRD-01
    let registry = Registry::builtin();
    let mut first = named("Site", "sites");
    follow(&mut first, &Claims::default());
    for (kind, plural, reason) in
        [("Site", "places", "ListKindConflict"), ("Place", "places", "ShortNamesConflict")]
    {
        let mut other = named(kind, plural);
        let claims = Claims::against(&other, [&first], &registry);
        let told = follow(&mut other, &claims);
        assert_eq!(
            told,
            [format!("NamesAccepted False {reason}"), "Established False NotAccepted".to_owned()]
        );
    }
    // One that was established stays so, with the names that it has.
    let mut other = named("Place", "places");
    other["spec"]["names"]["shortNames"] = json!([]);
    follow(&mut other, &Claims::default());
    other["spec"]["names"]["shortNames"] = json!(["s"]);
    let claims = Claims::against(&other, [&first], &registry);
    follow(&mut other, &claims);
    assert!(lifecycle::is_established(&other));
    assert_eq!(other["status"]["acceptedNames"]["shortNames"], json!([]));
}

#[test]
fn a_definition_that_goes_is_cleaned_up_after() {
    // CRD-11
    let mut definition = named("Site", "sites");
    follow(&mut definition, &Claims::default());
    definition["metadata"]["deletionTimestamp"] = json!("1970-01-01T00:00:00Z");
    definition["metadata"]["finalizers"] = json!([FINALIZER]);
    let told = follow(&mut definition, &Claims::default());
    let told: Vec<&str> =
        told.iter().map(String::as_str).filter(|word| !word.starts_with(['N', 'E'])).collect();
    assert_eq!(
        told,
        [
            "Terminating True InstanceDeletionInProgress",
            "clean",
            "Terminating False InstanceDeletionCompleted"
        ]
    );
}
