use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use setpoint_core::env::Instant;
use setpoint_core::object::{Object, Uid};

use super::kinds::{controlled, controller_uid};
use super::pods::is_active;
use super::recent::Recent;
use super::{Check, Kinds, LAG_MAX, is};
use crate::world::Step;

/// The ReplicaSet controller's name.
const CONTROLLER: &str = "replicaset-controller";

/// The ReplicaSet controller makes no pod that is one too many (INV-RS-01), and deletes none that is not
/// (INV-RS-02).
///
/// It is judged by what was true lately, since its view may lag: a creation by the most replicas that were asked
/// for, a deletion only if nothing but its own work has changed the ReplicaSet's pods. Requests that arrive after
/// they were given up are nobody's fault, and what they made is not one too many.
#[derive(Debug)]
pub struct ReplicaCounts {
    kinds: Kinds,
    wanted: Recent,
    /// When somebody else last changed what a ReplicaSet has or wants.
    disturbed: BTreeMap<Uid, Instant>,
    late: BTreeSet<Uid>,
}

impl ReplicaCounts {
    /// For ReplicaSets and pods of these kinds.
    pub fn new(kinds: Kinds) -> Self {
        Self { kinds, wanted: Recent::default(), disturbed: BTreeMap::new(), late: BTreeSet::new() }
    }
}

impl Check for ReplicaCounts {
    fn id(&self) -> &'static str {
        "INV-RS-01"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        if is(object, "ReplicaSet") {
            self.note_replica_set(step);
            return Ok(());
        }
        if !is(object, "Pod") {
            return Ok(());
        }
        if step.late
            && let Some(uid) = &object.meta().uid
        {
            self.late.insert(uid.clone());
        }
        let mut owners = [step.old, step.new].into_iter().flatten().filter_map(|pod| controller_uid(pod));
        let Some(owner) = owners.next_back().cloned() else { return Ok(()) };
        if step.actor != CONTROLLER || step.late {
            self.note_pod(step, &owner);
            return Ok(());
        }
        if step.old.is_none() {
            return self.created(step, &owner);
        }
        let deletes =
            step.old.is_some_and(|old| is_active(old)) && step.new.is_none_or(|new| !is_active(new));
        if deletes { self.deleted(step, &owner) } else { Ok(()) }
    }
}

impl ReplicaCounts {
    fn note_replica_set(&mut self, step: &Step<'_>) {
        let object = step.object();
        let Some(uid) = &object.meta().uid else { return };
        let wanted = replicas(object);
        if step.old.is_none_or(|old| replicas(old) != wanted || old.meta().labels != object.meta().labels) {
            self.disturbed.insert(uid.clone(), step.at);
        }
        self.wanted.note(uid, step.at, wanted);
    }

    /// A pod that ceases to count, or comes to, by somebody else's doing.
    fn note_pod(&mut self, step: &Step<'_>, owner: &Uid) {
        let counts = |pod: Option<&setpoint_core::object::ObjectRef>| {
            pod.is_some_and(|pod| is_active(pod) && controller_uid(pod) == Some(owner))
        };
        if counts(step.old) != counts(step.new) {
            self.disturbed.insert(owner.clone(), step.at);
        }
    }

    fn active(&self, step: &Step<'_>, owner: &Uid, counts: impl Fn(&Uid) -> bool) -> i64 {
        let counts = |pod: &Object| is_active(pod) && pod.meta().uid.as_ref().is_none_or(&counts);
        let active = controlled(step.truth, self.kinds.pods, owner).filter(|pod| counts(pod)).count();
        i64::try_from(active).unwrap_or(i64::MAX)
    }

    fn created(&self, step: &Step<'_>, owner: &Uid) -> Result<(), String> {
        let active = self.active(step, owner, |uid| !self.late.contains(uid));
        let most = self.wanted.most(owner).unwrap_or(0);
        if active > most {
            let key = step.object().key();
            return Err(format!(
                "pod {key} is the {active}th of a ReplicaSet that wanted {most} at the most"
            ));
        }
        Ok(())
    }

    fn deleted(&self, step: &Step<'_>, owner: &Uid) -> Result<(), String> {
        let quiet = self.disturbed.get(owner).is_none_or(|disturbed| step.at - *disturbed > LAG_MAX);
        // After this deletion. What came late is known by now.
        let (active, least) = (self.active(step, owner, |_| true), self.wanted.least(owner).unwrap_or(0));
        if quiet && active < least {
            let key = step.object().key();
            return Err(format!(
                "INV-RS-02: pod {key} is deleted, which leaves {active} of a ReplicaSet that wanted {least} at least"
            ));
        }
        Ok(())
    }
}

fn replicas(object: &Object) -> i64 {
    object.spec::<ReplicaSetSpec>().and_then(|spec| spec.replicas).unwrap_or(1).into()
}
