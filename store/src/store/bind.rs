use k8s_openapi::api::core::v1::{PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_core::{Error, GroupResource, Result};

use super::Inner;
use super::create::seconds;
use super::update::{self, Attempt, Ready};
use crate::engine::{Commit, Engine, Expect};
use crate::request::{Binding, Outcome, RequestContext, Written};

const BINDING: GroupResource = GroupResource::new("", "pods/binding");

impl<E: Engine> Inner<E> {
    /// Assigns a pod to a node, once (SUB-08, SCHED-13). Nobody owns the fields that this sets.
    pub(super) async fn bind(&self, context: &RequestContext, binding: &Binding) -> Result<Written> {
        self.guaranteed_update(context, &binding.pod, |_, old| {
            update::check(&binding.preconditions, old)?;
            let mut draft = Draft::of(old);
            assign(&mut draft, old, binding)?;
            let now = seconds(self.env.wall());
            mark_scheduled(&mut draft, Time(now));
            Ok(Attempt::Ready(Box::new(Ready {
                commit: Commit {
                    key: binding.pod.clone(),
                    expect: Expect::At(old.revision()),
                    value: Some(draft),
                    compares: Vec::new(),
                },
                outcome: Outcome::Updated,
                warnings: Vec::new(),
                answer: None,
                hold: None,
            })))
        })
        .await
    }
}

fn assign(draft: &mut Draft, old: &ObjectRef, binding: &Binding) -> Result<()> {
    let name = &old.meta().name;
    let conflict = |why: String| Err(Error::conflict(&BINDING, name, why));
    let Some(spec) = old.spec::<SharedPodSpec>() else {
        return Err(Error::bad_request(format!("{} is not a pod", old.kind().names.kind)));
    };
    if old.meta().is_terminating() {
        return conflict(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if let Some(node) = spec.node_name() {
        return conflict(format!("pod {name} is already assigned to node {node:?}"));
    }
    if spec.common().scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
        return conflict(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
        spec.set_node_name(Some(binding.node.clone()));
    }
    if !binding.labels.is_empty() || !binding.annotations.is_empty() {
        let meta = draft.meta_mut();
        for (key, value) in binding.labels.entries() {
            meta.labels = meta.labels.with(key.clone(), value.clone());
        }
        for (key, value) in binding.annotations.entries() {
            meta.annotations = meta.annotations.with(key.clone(), value.clone());
        }
    }
    Ok(())
}

fn mark_scheduled(draft: &mut Draft, now: Time) {
    let Some(status) = draft.status_mut::<PodStatus>() else { return };
    status.nominated_node_name = None;
    let conditions = status.conditions.get_or_insert_default();
    let scheduled = PodCondition {
        type_: "PodScheduled".to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(now),
        ..PodCondition::default()
    };
    match conditions.iter_mut().find(|condition| condition.type_ == scheduled.type_) {
        Some(known) if known.status == scheduled.status => {}
        Some(known) => *known = scheduled,
        None => conditions.push(scheduled),
    }
}
