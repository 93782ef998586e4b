use std::borrow::Cow;

use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::{KindId, Subresource};
use setpoint_core::object::{Draft, Key, Object};
use setpoint_core::{Error, Result};

use super::{Admission, Operation, Request, Target};
use crate::memo::PartMemo;
use crate::tables::Snapshot;

/// Gives new pods the number of their priority class (ADM-17, SCHED-33).
#[derive(Debug, Default)]
pub struct Priority {
    /// For pods without a class while no class is the default.
    unclassed: PartMemo,
}

/// What a class gives to a pod.
struct Class {
    name: Option<String>,
    value: i32,
    preemption: Cow<'static, str>,
}

/// Classes that are always there.
const SYSTEM: [(&str, i32); 2] =
    [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
const PREEMPT: &str = "PreemptLowerPriority";

impl Admission for Priority {
    fn name(&self) -> &'static str {
        "Priority"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation != Operation::Delete
            && target.side == Subresource::Main
            && &*target.kind.resource.resource == "pods"
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        if let Some(old) = request.old {
            keep(draft, old);
            return Ok(());
        }
        let Some(spec) = draft.spec::<SharedPodSpec>() else { return Ok(()) };
        let wanted = spec.common().priority_class_name.clone().filter(|name| !name.is_empty());
        let class = match wanted {
            Some(name) => named(request, draft, name)?,
            None => default_class(request),
        };
        if class.name.is_none()
            && request.priority_classes().is_none_or(|kind| request.snapshot.count(kind) == 0)
        {
            let changed = self.unclassed.get_or_make(draft.spec_part(), |part| {
                if let Some(spec) = part.make_mut::<SharedPodSpec>() {
                    set(spec.common_mut(), &class);
                }
            });
            draft.set_spec(changed);
        } else if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
            set(spec.common_mut(), &class);
        }
        let given = draft.spec::<SharedPodSpec>().and_then(|spec| spec.common().priority);
        if given != Some(class.value) {
            let why = format!(
                "the integer value of priority ({}) must not be provided in pod spec; priority admission \
                 controller computed {} from the given PriorityClass name",
                given.unwrap_or_default(),
                class.value,
            );
            return Err(Error::forbidden(&draft.kind().resource, &draft.meta().name, why));
        }
        Ok(())
    }
}

/// An update that says nothing of the priority leaves it as it is.
fn keep(draft: &mut Draft, old: &Object) {
    let (Some(new), Some(before)) = (draft.spec::<SharedPodSpec>(), old.spec::<SharedPodSpec>()) else {
        return;
    };
    let (new, before) = (new.common(), before.common());
    let loses_priority = new.priority.is_none() && before.priority.is_some();
    let loses_policy = new.preemption_policy.is_none() && before.preemption_policy.is_some();
    if !loses_priority && !loses_policy {
        return;
    }
    if let Some(spec) = draft.spec_mut::<SharedPodSpec>() {
        let spec = spec.common_mut();
        spec.priority = spec.priority.or(before.priority);
        spec.preemption_policy = spec.preemption_policy.take().or_else(|| before.preemption_policy.clone());
    }
}

/// Sets what the pod does not say itself.
fn set(spec: &mut PodSpec, class: &Class) {
    if let Some(name) = &class.name {
        spec.priority_class_name = Some(name.clone());
    }
    spec.priority.get_or_insert(class.value);
    spec.preemption_policy.get_or_insert_with(|| class.preemption.to_string());
}

fn named(request: &Request<'_>, draft: &Draft, name: String) -> Result<Class> {
    if let Some((_, value)) = SYSTEM.iter().find(|(system, _)| *system == name) {
        return Ok(Class { name: Some(name), value: *value, preemption: PREEMPT.into() });
    }
    let class = request
        .priority_classes()
        .and_then(|kind| request.snapshot.get(&Key::cluster(kind, name.as_str())))
        .and_then(|object| object.spec::<PriorityClass>());
    match class {
        Some(class) => Ok(of(name, class)),
        None => {
            let why = format!("no PriorityClass with name {name} was found");
            Err(Error::forbidden(&draft.kind().resource, &draft.meta().name, why))
        }
    }
}

/// The class of pods that name none: the one that says so, of several the lowest.
fn default_class(request: &Request<'_>) -> Class {
    let classes = request.priority_classes().into_iter().flat_map(|kind| globals(request.snapshot, kind));
    let lowest = classes.min_by_key(|class| class.value);
    lowest.unwrap_or_else(|| Class { name: None, value: 0, preemption: PREEMPT.into() })
}

fn globals(snapshot: &Snapshot, kind: KindId) -> impl Iterator<Item = Class> {
    snapshot.list(kind).filter_map(|object| {
        let class = object.spec::<PriorityClass>()?;
        (class.global_default == Some(true)).then(|| of(object.meta().name.to_string(), class))
    })
}

fn of(name: String, class: &PriorityClass) -> Class {
    let preemption = class.preemption_policy.clone().map_or(PREEMPT.into(), Cow::Owned);
    Class { name: Some(name), value: class.value.unwrap_or_default(), preemption }
}
