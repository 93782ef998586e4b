//! The ReplicaSet of a Deployment's present template: what it is like, and how it follows (DEP-16 to DEP-26).

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Meta, Part, Text, TextMap};
use setpoint_core::template_hash::{hashed_name, template_hash};

use super::action::Action;
use super::observed::{Observed, ReplicaSet};
use super::rolling::{clamp, is_rolling, new_size};
use super::template::{HASH_LABEL, with_hash};
use super::{annotations, recreate};
use crate::controller_ref::controller_ref;

/// A ReplicaSet that is to be created.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReplicaSet {
    /// What it is to be called.
    pub name: Text,
    /// What tells its pods from those of other templates.
    pub hash: Text,
    /// How many replicas it begins with.
    pub replicas: i64,
    /// Its annotations, with its revision.
    pub annotations: TextMap,
}

impl NewReplicaSet {
    /// For the present template (DEP-17, DEP-18, DEP-20).
    pub(super) fn of(observed: &Observed) -> Self {
        let spec = observed.spec();
        let collisions = observed.status().and_then(|status| status.collision_count);
        let hash = template_hash(&spec.template, collisions);
        let (wanted, fence) = (observed.wanted(), observed.fence());
        let replicas = match is_rolling(spec) {
            true => new_size(wanted, fence, observed.total_size(), 0),
            // One that is only needed for going back does not run beside the old ones (INV-DP-07).
            false if observed.total_size() > 0 || recreate::old_pods_run(observed) => 0,
            false => wanted,
        };
        let meta = observed.deployment.meta();
        let followed = annotations::synced(&TextMap::default(), &meta.annotations, next_revision(observed));
        let followed = followed.unwrap_or_default();
        Self {
            name: hashed_name(&meta.name, &hash).into(),
            hash: hash.into(),
            replicas,
            annotations: annotations::with_replicas(&followed, wanted, wanted + fence.surge),
        }
    }
}

/// The revision of the present template, if it has none that is higher (DEP-23).
fn next_revision(observed: &Observed) -> i64 {
    annotations::next_revision(observed.old_sets().map(|set| &set.object.meta().annotations))
}

/// How a new ReplicaSet that is there is to follow the Deployment; `None` if it does (DEP-21 to DEP-24).
pub(super) fn follow(observed: &Observed, set: &ReplicaSet) -> Option<Action> {
    let (own, given) = (&set.object.meta().annotations, &observed.deployment.meta().annotations);
    let synced = annotations::synced(own, given, next_revision(observed));
    let min_ready_seconds = observed.spec().min_ready_seconds;
    let is_behind = set.spec().min_ready_seconds.unwrap_or(0) != min_ready_seconds.unwrap_or(0);
    let annotations = match synced {
        Some(synced) if synced != *own || is_behind => synced,
        // Its revision is no number: its annotations are left alone, unless it is written anyway.
        None if is_behind => annotations::passed_on(own, given),
        _ => return None,
    };
    Some(Action::Follow { name: set.name().into(), annotations, min_ready_seconds })
}

/// What is written.
pub(super) fn draft(observed: &Observed, new: &NewReplicaSet, kind: &Arc<Kind>) -> Draft {
    let spec = observed.spec();
    let template = with_hash(&spec.template, &new.hash);
    let labels = template.metadata.as_ref().and_then(|meta| meta.labels.as_ref());
    let deployment = observed.deployment.meta();
    let meta = Meta {
        name: new.name.clone(),
        namespace: deployment.namespace.clone(),
        labels: labels.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str())).collect(),
        annotations: new.annotations.clone(),
        owner_references: Arc::new([controller_ref(&observed.deployment)]),
        ..Meta::default()
    };
    let spec = ReplicaSetSpec {
        min_ready_seconds: spec.min_ready_seconds,
        replicas: Some(clamp(new.replicas)),
        selector: selecting(&spec.selector, &new.hash),
        template: Some(template),
    };
    Draft::new(Arc::clone(kind), meta, Part::new(spec))
}

/// The Deployment's selector, narrowed to one template's pods.
fn selecting(selector: &LabelSelector, hash: &str) -> LabelSelector {
    let mut selector = selector.clone();
    selector.match_labels.get_or_insert_default().insert(HASH_LABEL.to_owned(), hash.to_owned());
    selector
}
