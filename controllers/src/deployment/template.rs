//! Which ReplicaSet has a Deployment's template (DEP-16).

use k8s_openapi::api::apps::v1::DeploymentSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::object::{Key, Object, Part};
use setpoint_core::rules::normal_form;

use super::observed::ReplicaSet;

/// The label by which the pods of one template are told from those of others.
pub(super) const HASH_LABEL: &str = "pod-template-hash";

/// Compares templates, and remembers what came of it as long as neither side is written anew.
///
/// Only an economy: status writes leave specs as they are, and are most of what wakes a Deployment.
#[derive(Debug, Default)]
pub(super) struct Templates(Mutex<FxHashMap<Key, Vec<Compared>>>);

/// Two specs, held so that nothing else takes their addresses, and whether their templates are the same.
#[derive(Debug)]
struct Compared {
    deployment: Part,
    set: Part,
    same: bool,
}

impl Templates {
    /// The first ReplicaSet that has the Deployment's template.
    pub(super) fn find_new(&self, deployment: &Object, sets: &[ReplicaSet]) -> Option<usize> {
        let spec = deployment.spec::<DeploymentSpec>()?;
        let mut all = self.0.lock();
        let known = all.entry(deployment.key()).or_default();
        // What was compared is known for the ReplicaSets there are now, and no others.
        known.retain(|compared| {
            compared.deployment.ptr_eq(deployment.spec_part())
                && sets.iter().any(|set| compared.set.ptr_eq(set.object.spec_part()))
        });
        sets.iter().position(|set| {
            let part = set.object.spec_part();
            if let Some(compared) = known.iter().find(|compared| compared.set.ptr_eq(part)) {
                return compared.same;
            }
            let template = set.spec().template.as_ref();
            let same = template.is_some_and(|template| is_same(&spec.template, template));
            known.push(Compared { deployment: deployment.spec_part().clone(), set: part.clone(), same });
            same
        })
    }

    /// Drops what is known of a Deployment that is gone.
    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().remove(key);
    }
}

/// Whether two templates mean the same, whatever hash is on their labels.
pub(super) fn is_same(one: &PodTemplateSpec, other: &PodTemplateSpec) -> bool {
    if !own_labels(one).eq(own_labels(other)) {
        return false;
    }
    let (one_meta, other_meta) = (without_labels(one), without_labels(other));
    if one.spec == other.spec && one_meta == other_meta {
        return true;
    }
    let rest = |template: &PodTemplateSpec, metadata| PodTemplateSpec {
        metadata: Some(metadata),
        spec: template.spec.clone(),
    };
    normal_form::same(&rest(one, one_meta), &rest(other, other_meta))
}

fn own_labels(template: &PodTemplateSpec) -> impl Iterator<Item = (&String, &String)> {
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    labels.into_iter().flatten().filter(|(key, _)| *key != HASH_LABEL)
}

fn without_labels(template: &PodTemplateSpec) -> ObjectMeta {
    let meta = template.metadata.clone().unwrap_or_default();
    ObjectMeta { labels: None, ..meta }
}

/// A template with this hash on its labels, whatever was there.
pub(super) fn with_hash(template: &PodTemplateSpec, hash: &str) -> PodTemplateSpec {
    let mut template = template.clone();
    let labels = template.metadata.get_or_insert_default().labels.get_or_insert_default();
    labels.insert(HASH_LABEL.to_owned(), hash.to_owned());
    template
}

/// A template without any hash on its labels.
pub(super) fn without_hash(template: &PodTemplateSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(labels) = template.metadata.as_mut().and_then(|meta| meta.labels.as_mut()) {
        labels.remove(HASH_LABEL);
    }
    template
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::{Container, PodSpec};

    use super::*;

    fn template(image: &str, labels: &[(&str, &str)]) -> PodTemplateSpec {
        let labels: BTreeMap<String, String> =
            labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let container = Container { image: Some(image.to_owned()), ..Container::default() };
        PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(labels), ..ObjectMeta::default() }),
            spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
        }
    }

    #[test]
    fn templates_are_the_same_but_for_the_hash() {
        // DEP-16
        let plain = template("a", &[("app", "web")]);
        let rows = [
            (template("a", &[("app", "web")]), true),
            (template("a", &[("app", "web"), (HASH_LABEL, "1")]), true),
            (template("b", &[("app", "web")]), false),
            (template("a", &[("app", "db")]), false),
            (template("a", &[("app", "web"), ("more", "x")]), false),
            (template("a", &[]), false),
            (PodTemplateSpec { metadata: None, ..plain.clone() }, false),
        ];
        for (other, expected) in rows {
            assert_eq!(is_same(&plain, &other), expected, "{other:?}");
            assert_eq!(is_same(&other, &plain), expected, "{other:?}");
        }
        let mut annotated = plain.clone();
        annotated.metadata.get_or_insert_default().annotations =
            Some(BTreeMap::from([("a".to_owned(), "b".to_owned())]));
        assert!(!is_same(&plain, &annotated));
        let bare = PodTemplateSpec { metadata: None, spec: plain.spec.clone() };
        assert!(is_same(&bare, &template("a", &[(HASH_LABEL, "2")])), "missing is empty");
    }

    #[test]
    fn the_hash_comes_and_goes() {
        let plain = template("a", &[("app", "web")]);
        let hashed = with_hash(&with_hash(&plain, "1"), "2");
        let labels = hashed.metadata.as_ref().and_then(|meta| meta.labels.clone()).expect("it has labels");
        assert_eq!(labels.get(HASH_LABEL).map(String::as_str), Some("2"));
        assert_eq!(without_hash(&hashed), plain);
    }
}
