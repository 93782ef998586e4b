//! The selector that tells the pods of one Job from all others (JOB-03).

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::JobSpec;

use super::defaults::template_labels;
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::is_set;
use crate::rules::{internal_form, labels};

const CONTROLLER_UID: &str = "batch.kubernetes.io/controller-uid";
const JOB_NAME: &str = "batch.kubernetes.io/job-name";
const OLD_CONTROLLER_UID: &str = "controller-uid";
const OLD_JOB_NAME: &str = "job-name";

/// Labels the pods with the Job's name and uid and selects them by the uid, unless the Job has a selector of
/// its user's. Labels that are there stay; validation finds those that are wrong.
pub fn generate_selector(meta: &Meta, spec: &mut JobSpec) {
    if is_set(spec.manual_selector) {
        return;
    }
    let uid = uid(meta);
    let labels = spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
    for (key, value) in generated(meta, &uid) {
        labels.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }
    let selector = spec.selector.get_or_insert_default().match_labels.get_or_insert_default();
    selector.entry(CONTROLLER_UID.to_owned()).or_insert(uid);
}

/// Checks that the labels and the selector are those of this Job. An old Job may lack the prefixed labels.
pub(super) fn validate_generated(
    meta: &Meta,
    spec: &JobSpec,
    old: Option<&JobSpec>,
    errors: &mut FieldErrors,
) {
    let Some(selector) = spec.selector.as_ref().filter(|_| !is_set(spec.manual_selector)) else { return };
    let metadata = Path::new("metadata");
    let uid = uid(meta);
    if uid.is_empty() {
        errors.push(FieldError::required(&metadata.child("uid"), ""));
    }
    let lacks = |key: &str, labels: Option<&BTreeMap<String, String>>| {
        labels.is_none_or(|labels| !labels.contains_key(key))
    };
    let is_old =
        old.is_some_and(|old| [JOB_NAME, CONTROLLER_UID].iter().any(|key| lacks(key, template_labels(old))));
    let path = Path::new("spec");
    let path = path.child("template");
    let path = path.child("metadata");
    let path = path.child("labels");
    let given = template_labels(spec);
    let mut expected = BTreeMap::new();
    for (key, value) in generated(meta, &uid) {
        if is_old && key.contains('/') {
            continue;
        }
        expected.insert(key.to_owned(), value.to_owned());
        let why = format!("must be '{value}'");
        match given.and_then(|labels| labels.get(key)) {
            None => errors.push(FieldError::required(&path.key(key), why)),
            Some(other) if other != value => errors.push(FieldError::invalid(&path.key(key), &given, why)),
            Some(_) => {}
        }
    }
    if !labels::matches(selector, &expected) {
        let path = Path::new("spec");
        let path = path.child("selector");
        errors.push(internal_form::invalid(
            &path,
            "LabelSelector",
            selector,
            "`selector` not auto-generated",
        ));
    }
}

/// The labels in the order in which they are checked.
fn generated<'a>(meta: &'a Meta, uid: &'a str) -> [(&'static str, &'a str); 4] {
    let name = &*meta.name;
    [(OLD_CONTROLLER_UID, uid), (OLD_JOB_NAME, name), (CONTROLLER_UID, uid), (JOB_NAME, name)]
}

fn uid(meta: &Meta) -> String {
    meta.uid.as_ref().map(ToString::to_string).unwrap_or_default()
}
