use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::api::node::v1::{RuntimeClass as Class, Scheduling};
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key};
use setpoint_core::{Error, Result};

use super::{Admission, Operation, Request, Target};

/// Adds to pods what their runtime class takes and where it can run (ADM-17).
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClass;

impl Admission for RuntimeClass {
    fn name(&self) -> &'static str {
        "RuntimeClass"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create
            && target.side == Subresource::Main
            && target.kind.resource == super::PODS
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let Some(spec) = draft.spec::<SharedPodSpec>().map(SharedPodSpec::common) else { return Ok(()) };
        let Some(name) = spec.runtime_class_name.clone().filter(|name| !name.is_empty()) else {
            return match spec.overhead {
                None => Ok(()),
                Some(_) => {
                    let why = "Pod Overhead set without corresponding RuntimeClass defined Overhead";
                    Err(rejected(request, draft, why))
                }
            };
        };
        let key = request.runtime_classes().map(|kind| Key::cluster(kind, name.as_str()));
        let found = key.and_then(|key| request.snapshot.get(&key));
        let Some(class) = found.and_then(|object| object.spec::<Class>()) else {
            return Err(rejected(request, draft, &format!("RuntimeClass {name:?} not found")));
        };
        let mut changed = PodSpec::clone(spec);
        add(&mut changed, class).map_err(|why| rejected(request, draft, &why))?;
        if changed != **spec
            && let Some(spec) = draft.spec_mut::<SharedPodSpec>()
        {
            *spec.common_mut() = changed;
        }
        Ok(())
    }
}

fn rejected(request: &Request<'_>, draft: &Draft, why: &str) -> Error {
    Error::forbidden(&request.target.kind.resource, &draft.meta().name, format!("pod rejected: {why}"))
}

fn add(spec: &mut PodSpec, class: &Class) -> Result<(), String> {
    let overhead = class.overhead.as_ref().and_then(|overhead| overhead.pod_fixed.as_ref());
    match (overhead, &spec.overhead) {
        (Some(overhead), Some(given)) if given != overhead => {
            return Err("Pod's Overhead doesn't match RuntimeClass's defined Overhead".to_owned());
        }
        (None, Some(_)) => {
            return Err("Pod Overhead set without corresponding RuntimeClass defined Overhead".to_owned());
        }
        (overhead, _) => spec.overhead = overhead.cloned(),
    }
    match &class.scheduling {
        Some(scheduling) => add_scheduling(spec, scheduling),
        None => Ok(()),
    }
}

fn add_scheduling(spec: &mut PodSpec, scheduling: &Scheduling) -> Result<(), String> {
    for (key, value) in scheduling.node_selector.iter().flatten() {
        let selector = spec.node_selector.get_or_insert_default();
        match selector.get(key) {
            Some(given) if given != value => {
                return Err(format!(
                    "conflict: runtimeClass.Scheduling.NodeSelector[{key}] = {value}; \
                     pod.Spec.NodeSelector[{key}] = {given}"
                ));
            }
            Some(_) => {}
            None => drop(selector.insert(key.clone(), value.clone())),
        }
    }
    for toleration in scheduling.tolerations.iter().flatten() {
        let all = spec.tolerations.get_or_insert_default();
        if !all.contains(toleration) {
            all.push(toleration.clone());
        }
    }
    Ok(())
}
