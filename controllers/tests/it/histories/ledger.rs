use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde_json::Value;
use setpoint_controllers::deployment::Fence;
use setpoint_controllers::pod::{self, Readiness, is_active};
use setpoint_core::object::ObjectRef;

use super::cluster::{Cluster, Kinds, Seen, node_of};

/// What there is, as it changes, and the invariants that each change has to keep.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) web: Option<ObjectRef>,
    /// By uid.
    pub(super) sets: BTreeMap<String, ObjectRef>,
    pods: BTreeMap<String, ObjectRef>,
    step: StepFacts,
}

/// What is to be known of the step that is under way.
#[derive(Default)]
struct StepFacts {
    /// Least and greatest size of each ReplicaSet in it.
    sizes: BTreeMap<String, (i64, i64)>,
    /// Most replicas that all together had without any doing of the controller.
    sum: i64,
    /// Whether the number of replicas is, or may be, shared out anew.
    is_scaling: bool,
    /// Pods that were adopted, by ReplicaSet.
    adopted: BTreeMap<String, usize>,
    /// Pods as they were at its beginning.
    pods: BTreeMap<String, ObjectRef>,
    /// Pods that a ReplicaSet has deleted.
    victims: BTreeSet<String>,
}

impl Ledger {
    /// A step begins, at rest.
    pub(super) fn begin(&mut self) {
        let sizes = self.sets.iter().map(|(uid, set)| (uid.clone(), (size(set), size(set)))).collect();
        let is_scaling = self.web.as_ref().is_some_and(|web| {
            let wanted = web.spec::<DeploymentSpec>().and_then(|spec| spec.replicas).unwrap_or(1);
            let is_stale =
                |set: &ObjectRef| size(set) > 0 && desired(set).is_some_and(|desired| desired != wanted);
            is_paused(web) || self.owned().any(is_stale)
        });
        let (sum, pods) = (self.sum(), self.pods.clone());
        self.step = StepFacts { sizes, sum, is_scaling, pods, ..StepFacts::default() };
    }

    /// Something has changed.
    pub(super) fn see(&mut self, seen: &Seen, kinds: Kinds) {
        let uid = uid_of(&seen.object);
        let kind = seen.object.kind().id;
        if kind == kinds.deployments {
            self.see_deployment(seen);
        } else if kind == kinds.sets {
            self.see_set(seen, &uid);
        } else {
            self.see_pod(seen, &uid);
        }
    }

    fn see_deployment(&mut self, seen: &Seen) {
        let before = std::mem::take(&mut self.web);
        if seen.is_gone {
            return;
        }
        let replicas = |web: &ObjectRef| web.spec::<DeploymentSpec>().and_then(|spec| spec.replicas);
        if before.as_ref().and_then(replicas) != replicas(&seen.object) || is_paused(&seen.object) {
            self.step.is_scaling = true;
        }
        let observed = |web: &ObjectRef| {
            web.status::<DeploymentStatus>().and_then(|status| status.observed_generation).unwrap_or(0)
        };
        let now = observed(&seen.object);
        assert!(now <= seen.object.meta().generation, "INV-C-08: generation {now} is not there yet");
        if let Some(before) = before.filter(|before| before.meta().uid == seen.object.meta().uid) {
            assert!(now >= observed(&before), "INV-C-08: observedGeneration went back");
        }
        self.web = Some(seen.object.clone());
    }

    fn see_set(&mut self, seen: &Seen, uid: &str) {
        let before = self.sets.remove(uid);
        if seen.is_gone {
            if let Some(before) = before.filter(|_| !seen.is_ours) {
                self.check_cleanup(&before);
            }
            return;
        }
        let set = &seen.object;
        check_status(set, before.as_ref());
        let is_mine = self.is_mine(set);
        let was_mine = before.as_ref().is_some_and(|before| self.is_mine(before));
        let same_template = self.owned().any(|other| is_live(other) && template(other) == template(set));
        let from = before.as_ref().map_or(0, size);
        if !seen.is_ours && is_mine && before.is_none() {
            self.check_creation(set, same_template);
        }
        if is_mine && is_live(set) && before.is_none() {
            assert!(!same_template, "INV-DP-03: two ReplicaSets of one template");
        }
        if let Some(before) = &before {
            assert!(revision(set) >= revision(before), "INV-DP-06: a revision went back");
        }
        if !seen.is_ours && was_mine && size(set) > from {
            let is_old = self.web.as_ref().is_some_and(|web| wanted_template(web) != template(set));
            assert!(
                !is_old || self.step.is_scaling,
                "INV-DP-05: an old ReplicaSet grows from {from} to {}",
                size(set)
            );
        }
        let sizes = self.step.sizes.entry(uid.to_owned()).or_insert((size(set), size(set)));
        *sizes = (sizes.0.min(size(set)), sizes.1.max(size(set)));
        self.sets.insert(uid.to_owned(), set.clone());
        if is_mine && !was_mine && before.is_some() {
            // What was adopted was there.
            self.step.sum = self.step.sum.max(self.sum());
            self.step.is_scaling = true;
        }
        if !seen.is_ours && is_mine && size(set) > from {
            self.check_sum();
        }
    }

    /// INV-DP-02, as far as sizes go.
    fn check_sum(&self) {
        let Some(web) = &self.web else { return };
        let spec = web.spec::<DeploymentSpec>().expect("a Deployment");
        let max = i64::from(spec.replicas.unwrap_or(1)) + Fence::of(spec).surge;
        let (sum, before) = (self.sum(), self.step.sum);
        assert!(
            sum <= max.max(before),
            "INV-DP-02: {sum} replicas where {max} are allowed, and {before} were there"
        );
    }

    fn check_creation(&self, set: &ObjectRef, same_template: bool) {
        let web = self.web.as_ref().expect("it is created for one");
        assert!(!is_paused(web), "INV-DP-08: a ReplicaSet is created while paused");
        assert!(!same_template, "INV-DP-04: a ReplicaSet of this template is there");
        assert_eq!(template(set), wanted_template(web), "INV-DP-04: a ReplicaSet of another template");
        if is_recreating(web) && size(set) > 0 {
            let old_run = self.pods.values().any(|pod| {
                let owner = self.owner_of(pod);
                owner.is_some_and(|owner| self.is_mine(owner) && uid_of(owner) != uid_of(set))
                    && !pod::is_finished(pod)
            });
            assert!(!old_run, "INV-DP-07: pods of two templates at once");
        }
    }

    /// INV-DP-06: history never takes what is in use.
    fn check_cleanup(&self, gone: &ObjectRef) {
        let Some(web) = self.web.as_ref().filter(|web| is_live(web)) else { return };
        // Somebody else had it deleted, and it was waited for.
        if !is_live(gone) || !self.is_mine(gone) {
            return;
        }
        let counted = gone.status::<ReplicaSetStatus>().map_or(0, |status| status.replicas);
        assert_eq!((size(gone), counted), (0, 0), "INV-DP-06: a ReplicaSet in use is deleted");
        assert_ne!(template(gone), wanted_template(web), "INV-DP-06: the new ReplicaSet is deleted");
    }

    fn see_pod(&mut self, seen: &Seen, uid: &str) {
        let before = self.pods.remove(uid);
        let was_active = before.as_ref().is_some_and(|pod| is_active(pod));
        let is_active_now = !seen.is_gone && is_active(&seen.object);
        if !seen.is_ours && was_active && (seen.is_gone || seen.object.meta().is_terminating()) {
            self.check_deletion(before.as_ref().expect("it was there"), uid);
        }
        if seen.is_gone {
            return;
        }
        self.pods.insert(uid.to_owned(), seen.object.clone());
        let owner = self.owner_of(&seen.object).map(uid_of);
        let owner_before = before.as_ref().and_then(|before| self.owner_of(before)).map(uid_of);
        let Some(owner) = owner.filter(|owner| owner_before.as_ref() != Some(owner)) else { return };
        if before.is_some() {
            *self.step.adopted.entry(owner).or_default() += 1;
        } else if !seen.is_ours && is_active_now {
            let (_, max) = self.step.sizes.get(&owner).copied().unwrap_or_default();
            let adopted = self.step.adopted.get(&owner).copied().unwrap_or_default();
            let active = self.active_of(&owner);
            let max = usize::try_from(max).unwrap_or_default() + adopted;
            assert!(active <= max, "INV-RS-01: {active} active pods where {max} are wanted");
        }
    }

    /// A controller deletes an active pod: its ReplicaSet because it is one too many, or somebody after the
    /// ReplicaSet.
    fn check_deletion(&mut self, pod: &ObjectRef, uid: &str) {
        let Some(owner) = self.owner_of(pod).filter(|owner| is_live(owner)) else { return };
        let owner_uid = uid_of(owner);
        let (min, _) = self.step.sizes.get(&owner_uid).copied().unwrap_or_default();
        // It is not among them any more.
        let active = self.active_of(&owner_uid) + 1;
        assert!(
            i64::try_from(active).unwrap_or(i64::MAX) > min,
            "INV-RS-02: one of {active} pods goes where {min} are wanted"
        );
        if Readiness::of(pod).is_ready() && self.is_mine(owner) {
            self.check_available();
        }
        self.step.victims.insert(uid.to_owned());
    }

    /// INV-DP-01, for what becomes available at once.
    fn check_available(&self) {
        let Some(web) = self.web.as_ref().filter(|web| is_live(web)) else { return };
        let spec = web.spec::<DeploymentSpec>().expect("a Deployment");
        if self.step.is_scaling || is_recreating(web) || spec.min_ready_seconds.unwrap_or(0) > 0 {
            return;
        }
        let available = self.pods.values().filter(|pod| {
            is_active(pod)
                && Readiness::of(pod).is_ready()
                && self.owner_of(pod).is_some_and(|set| self.is_mine(set))
        });
        let available = i64::try_from(available.count()).unwrap_or(i64::MAX);
        let min = i64::from(spec.replicas.unwrap_or(1)) - Fence::of(spec).unavailable;
        assert!(available >= min, "INV-DP-01: {available} pods are left available where {min} are needed");
    }

    /// The step is over, and everything is at rest.
    pub(super) fn end(&mut self, cluster: &Cluster) {
        self.check_victims();
        let is_limited = cluster.quota.lock().left == Some(0);
        for (uid, set) in self.sets.iter().filter(|(_, set)| is_live(set)) {
            let active = i64::try_from(self.active_of(uid)).unwrap_or(i64::MAX);
            let status = set.status::<ReplicaSetStatus>().cloned().unwrap_or_default();
            assert!(
                active == size(set) || is_limited && active < size(set),
                "INV-RS-06: {active} pods of {}",
                size(set)
            );
            assert_eq!(i64::from(status.replicas), active, "INV-RS-04: what is said of pods");
            let failure =
                status.conditions.iter().flatten().find_map(|condition| condition.reason.as_deref());
            let expected = (active < size(set)).then_some("FailedCreate");
            assert_eq!(failure, expected, "INV-RS-05: what is said of a refusal");
        }
        let Some(web) = self.web.as_ref().filter(|web| is_live(web)) else { return };
        let new = self.owned().find(|set| template(set) == wanted_template(web));
        if let Some(new) = new {
            let newest =
                self.owned().filter(|set| uid_of(set) != uid_of(new)).map(revision).max().unwrap_or(0);
            assert!(revision(new) > newest, "INV-DP-06: the new ReplicaSet is not the newest");
            assert_eq!(annotation(web, "revision"), annotation(new, "revision"), "INV-DP-06");
        }
    }

    /// INV-RS-03: of the pods that were there all the time, none that stays is worse than one that went.
    fn check_victims(&self) {
        for uid in &self.step.victims {
            let Some(gone) = self.step.pods.get(uid).filter(|pod| is_active(pod)) else { continue };
            let Some(owner) = gone.meta().controller().map(|owner| owner.uid.to_string()) else { continue };
            for (_, kept) in self.pods.iter().filter(|(_, pod)| is_active(pod)) {
                let as_before = self
                    .step
                    .pods
                    .get(&uid_of(kept))
                    .is_some_and(|before| before.revision() == kept.revision());
                let is_sibling = kept.meta().controller().is_some_and(|other| other.uid.to_string() == owner);
                if as_before && is_sibling {
                    assert!(
                        rank(gone) <= rank(kept),
                        "INV-RS-03: {:?} went before {:?}",
                        rank(gone),
                        rank(kept)
                    );
                }
            }
        }
    }

    /// ReplicaSets of the Deployment.
    pub(super) fn owned(&self) -> impl Iterator<Item = &ObjectRef> {
        self.sets.values().filter(|set| self.is_mine(set))
    }

    fn is_mine(&self, set: &ObjectRef) -> bool {
        let web = self.web.as_ref().and_then(|web| web.meta().uid.as_ref());
        set.meta().controller().is_some_and(|owner| Some(&owner.uid) == web)
    }

    fn owner_of(&self, pod: &ObjectRef) -> Option<&ObjectRef> {
        self.sets.get(&pod.meta().controller()?.uid.to_string())
    }

    fn active_of(&self, set: &str) -> usize {
        let is_own =
            |pod: &&ObjectRef| pod.meta().controller().is_some_and(|owner| owner.uid.to_string() == set);
        self.pods.values().filter(is_own).filter(|pod| is_active(pod)).count()
    }

    pub(super) fn sum(&self) -> i64 {
        self.owned().map(size).sum()
    }
}

/// INV-RS-07, INV-C-08
fn check_status(set: &ObjectRef, before: Option<&ObjectRef>) {
    let status = set.status::<ReplicaSetStatus>().cloned().unwrap_or_default();
    let counts =
        [status.replicas, status.ready_replicas.unwrap_or(0), status.available_replicas.unwrap_or(0), 0];
    assert!(counts.is_sorted_by(|one, other| one >= other), "INV-RS-07: {counts:?}");
    let observed = status.observed_generation.unwrap_or(0);
    assert!(observed <= set.meta().generation, "INV-C-08: generation {observed} is not there yet");
    let before =
        before.and_then(|before| before.status::<ReplicaSetStatus>()?.observed_generation).unwrap_or(0);
    assert!(observed >= before, "INV-C-08: observedGeneration went back");
}

/// What decides first which pod goes.
fn rank(pod: &ObjectRef) -> (bool, u8, bool) {
    let phase = match pod::phase(pod) {
        "Pending" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    (!node_of(pod).is_empty(), phase, Readiness::of(pod).is_ready())
}

pub(super) fn uid_of(object: &ObjectRef) -> String {
    object.meta().uid.as_ref().map(ToString::to_string).unwrap_or_default()
}

pub(super) fn is_live(object: &ObjectRef) -> bool {
    !object.meta().is_terminating()
}

pub(super) fn size(set: &ObjectRef) -> i64 {
    set.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).map_or(1, i64::from)
}

pub(super) fn is_paused(web: &ObjectRef) -> bool {
    web.spec::<DeploymentSpec>().is_some_and(|spec| spec.paused == Some(true))
}

pub(super) fn is_recreating(web: &ObjectRef) -> bool {
    let strategy = web.spec::<DeploymentSpec>().and_then(|spec| spec.strategy.as_ref());
    strategy.is_some_and(|strategy| strategy.type_.as_deref() == Some("Recreate"))
}

pub(super) fn annotation<'a>(object: &'a ObjectRef, name: &str) -> Option<&'a str> {
    object.meta().annotations.get(&format!("deployment.kubernetes.io/{name}"))
}

pub(super) fn revision(set: &ObjectRef) -> i64 {
    annotation(set, "revision").and_then(|text| text.parse().ok()).unwrap_or(0)
}

pub(super) fn desired(set: &ObjectRef) -> Option<i32> {
    annotation(set, "desired-replicas")?.parse().ok()
}

/// The template of a ReplicaSet without its hash.
pub(super) fn template(set: &ObjectRef) -> Value {
    unhashed(set.spec::<ReplicaSetSpec>().and_then(|spec| spec.template.as_ref()))
}

pub(super) fn wanted_template(web: &ObjectRef) -> Value {
    unhashed(web.spec::<DeploymentSpec>().map(|spec| &spec.template))
}

fn unhashed(template: Option<&PodTemplateSpec>) -> Value {
    let mut value = serde_json::to_value(template).expect("JSON");
    if let Some(labels) = value["metadata"]["labels"].as_object_mut() {
        labels.remove("pod-template-hash");
    }
    value
}
