//! What the subresources `ephemeralcontainers` and `resize` write, and what may change through them (SUB-11).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EphemeralContainer, PodSpec, PodStatus, ResourceRequirements};

use super::options::Options;
use super::{annotations, create, qos_class, update};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::{items, text};
use crate::rules::{normal_form, object_meta};

/// Marks the shadow of a pod that a node runs by itself.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// The old spec with the ephemeral containers of the new one.
pub fn with_ephemeral_containers(new: &PodSpec, old: &PodSpec) -> PodSpec {
    PodSpec { ephemeral_containers: new.ephemeral_containers.clone(), ..old.clone() }
}

/// The old spec with the resources of the new one's containers and how they are resized.
pub fn resized(new: &PodSpec, old: &PodSpec) -> PodSpec {
    let mut spec = old.clone();
    let wanted = |container: &Container, from: &[Container]| {
        from.iter().find(|new| new.name == container.name).cloned()
    };
    for container in &mut spec.containers {
        if let Some(new) = wanted(container, &new.containers) {
            (container.resources, container.resize_policy) = (new.resources, new.resize_policy);
        }
    }
    for container in spec.init_containers.iter_mut().flatten() {
        if let Some(new) = wanted(container, items(&new.init_containers)) {
            (container.resources, container.resize_policy) = (new.resources, new.resize_policy);
        }
    }
    spec
}

/// All that is wrong with a change of ephemeral containers, of which there may be more and none may change.
pub fn validate_ephemeral_update(
    new_meta: &Meta,
    new: &PodSpec,
    old_meta: &Meta,
    old: &PodSpec,
) -> FieldErrors {
    if old_meta.annotations.contains_key(MIRROR) {
        return vec![FieldError::forbidden(
            &Path::new(""),
            "static pods do not support ephemeral containers",
        )];
    }
    let mut errors = validate_common(new_meta, new, old_meta, old);
    update::validate_annotations(new_meta, new, old_meta, old, &mut errors);
    let path = Path::new("spec");
    let path = path.child("ephemeralContainers");
    let list = items(&new.ephemeral_containers);
    for old in items(&old.ephemeral_containers) {
        let verb = match list.iter().find(|new| new.name == old.name) {
            None => "removed",
            Some(new) if !is_same(new, old) => "changed",
            Some(_) => continue,
        };
        let why = format!("existing ephemeral containers {:?} may not be {verb}\n", old.name);
        errors.push(FieldError::forbidden(&path, why));
    }
    errors
}

fn is_same(new: &EphemeralContainer, old: &EphemeralContainer) -> bool {
    let alone = |container: &EphemeralContainer| PodSpec {
        ephemeral_containers: Some(vec![container.clone()]),
        ..PodSpec::default()
    };
    normal_form::same(&alone(new), &alone(old))
}

/// All that is wrong with a change of resources: only CPU and memory of containers that run on change, none of their
/// amounts goes, and the class stays (ADM-11).
pub fn validate_resize(
    new_meta: &Meta,
    new: &PodSpec,
    old_meta: &Meta,
    old: &PodSpec,
    status: &PodStatus,
) -> FieldErrors {
    let whole = |why: &str| vec![FieldError::forbidden(&Path::new(""), why)];
    if old_meta.annotations.contains_key(MIRROR) {
        return whole("static pods cannot be resized");
    }
    if old.os.as_ref().is_some_and(|os| os.name == "windows") {
        return whole("windows pods cannot be resized");
    }
    let mut errors = validate_common(new_meta, new, old_meta, old);
    let path = Path::new("spec");
    let class = text(&status.qos_class);
    let class = if class.is_empty() { qos_class(old).as_str() } else { class };
    if qos_class(new).as_str() != class {
        let why = "Pod QOS Class may not change as a result of resizing";
        errors.push(FieldError::invalid(&path, &class, why));
    }
    if !is_resizable(status) {
        errors.push(FieldError::forbidden(&path, "Pod running on node without support for resize"));
    }
    let (containers, inits) = (path.child("containers"), path.child("initContainers"));
    for (index, (new, old)) in new.containers.iter().zip(&old.containers).enumerate() {
        validate_kept(new, old, &containers.index(index), &mut errors);
    }
    let both = items(&new.init_containers).iter().zip(items(&old.init_containers));
    for (index, (new, old)) in both.enumerate().filter(|(_, (_, old))| runs_beside(old)) {
        validate_kept(new, old, &inits.index(index), &mut errors);
    }
    if !normal_form::same(&with_old_amounts(new, old), old) {
        errors.push(FieldError::forbidden(&path, "only cpu and memory resources are mutable"));
    }
    errors
}

/// What holds of every change of a pod.
fn validate_common(new_meta: &Meta, new: &PodSpec, old_meta: &Meta, old: &PodSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let options = Options::update(true, old);
    let keeps_cost = annotations::has_impossible_cost(&old_meta.annotations);
    object_meta::check_update(new_meta, old_meta, &mut errors);
    create::validate_whole(new_meta, new, &options, keeps_cost, &mut errors);
    errors
}

/// A node that resizes says what its running containers have. If none runs, it may be one.
fn is_resizable(status: &PodStatus) -> bool {
    let is_running = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state.as_ref().is_some_and(|state| state.running.is_some())
    };
    let running = items(&status.container_statuses).iter().find(|container| is_running(&container.state));
    running.is_none_or(|container| container.resources.is_some())
}

fn runs_beside(container: &Container) -> bool {
    text(&container.restart_policy) == "Always"
}

fn validate_kept(new: &Container, old: &Container, path: &Path<'_>, errors: &mut FieldErrors) {
    let none = ResourceRequirements::default();
    let (new, old) = (new.resources.as_ref().unwrap_or(&none), old.resources.as_ref().unwrap_or(&none));
    let path = path.child("resources");
    for (field, new, old) in
        [("requests", &new.requests, &old.requests), ("limits", &new.limits, &old.limits)]
    {
        let has = |name: &String| new.as_ref().is_some_and(|new| new.contains_key(name));
        if !old.iter().flatten().all(|(name, _)| has(name)) {
            errors.push(FieldError::forbidden(
                &path.child(field),
                format!("resource {field} cannot be removed"),
            ));
        }
    }
}

/// The new spec with the CPU and memory that the old one has, where they may change.
fn with_old_amounts(new: &PodSpec, old: &PodSpec) -> PodSpec {
    let mut spec = new.clone();
    for (container, old) in spec.containers.iter_mut().zip(&old.containers) {
        restore(container, old);
    }
    for (container, old) in spec.init_containers.iter_mut().flatten().zip(items(&old.init_containers)) {
        if runs_beside(old) {
            restore(container, old);
        }
    }
    spec
}

fn restore(container: &mut Container, old: &Container) {
    let none = ResourceRequirements::default();
    let old = old.resources.as_ref().unwrap_or(&none);
    let resources = container.resources.get_or_insert_default();
    for (new, old) in [(&mut resources.requests, &old.requests), (&mut resources.limits, &old.limits)] {
        for name in ["cpu", "memory"] {
            match old.as_ref().and_then(|old| old.get(name)) {
                Some(amount) => drop(new.get_or_insert_default().insert(name.to_owned(), amount.clone())),
                None => drop(new.as_mut().and_then(|new| new.remove(name))),
            }
        }
        if new.as_ref().is_some_and(BTreeMap::is_empty) {
            *new = None;
        }
    }
    if *resources == none {
        container.resources = None;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(value: Value) -> PodSpec {
        let mut spec = serde_json::from_value(value).expect("a pod spec");
        super::super::default(&mut spec);
        spec
    }

    fn told(errors: &FieldErrors) -> Vec<String> {
        errors.iter().map(|error| error.to_string()).collect()
    }

    fn meta() -> Meta {
        Meta::namespaced("a", "p")
    }

    fn pod(resources: Value, ephemeral: Value) -> PodSpec {
        spec(json!({
            "containers": [{"name": "c", "image": "i", "resources": resources}],
            "ephemeralContainers": ephemeral,
        }))
    }

    // SUB-11
    #[test]
    fn ephemeral_containers_may_come_and_stay_as_they_are() {
        let one = json!({"name": "d", "image": "busybox"});
        let old = pod(json!({}), json!([one]));
        let check = |ephemeral: Value| {
            let new = with_ephemeral_containers(&pod(json!({"requests": {"cpu": "9"}}), ephemeral), &old);
            assert_eq!(new.containers, old.containers, "nothing else is written");
            told(&validate_ephemeral_update(&meta(), &new, &meta(), &old))
        };
        assert_eq!(check(json!([one])), [""; 0]);
        assert_eq!(check(json!([{"name": "e", "image": "busybox"}, one])), [""; 0]);
        assert_eq!(
            check(json!([])),
            ["spec.ephemeralContainers: Forbidden: existing ephemeral containers \"d\" may not be removed\n"]
        );
        assert_eq!(
            check(json!([{"name": "d", "image": "other"}])),
            ["spec.ephemeralContainers: Forbidden: existing ephemeral containers \"d\" may not be changed\n"]
        );
        let bad = check(json!([one, {"name": "c", "image": "i", "ports": [{"containerPort": 1}]}]));
        assert_eq!(bad.len(), 2, "{bad:?}");
    }

    // SUB-11
    #[test]
    fn resources_may_change_within_their_class() {
        let both = |cpu: &str, memory: &str| json!({"cpu": cpu, "memory": memory});
        let old = pod(json!({"requests": both("1", "1Gi"), "limits": both("2", "2Gi")}), json!(null));
        let status = PodStatus { qos_class: Some("Burstable".to_owned()), ..PodStatus::default() };
        let check = |resources: Value| {
            let mut wanted = pod(resources, json!(null));
            wanted.containers[0].image = Some("other".to_owned());
            let new = resized(&wanted, &old);
            told(&validate_resize(&meta(), &new, &meta(), &old, &status))
        };
        assert_eq!(check(json!({"requests": both("1500m", "1Gi"), "limits": both("2", "4Gi")})), [""; 0]);
        assert_eq!(
            check(json!({"requests": both("2", "2Gi"), "limits": both("2", "2Gi")})),
            ["spec: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing"]
        );
        assert_eq!(
            check(json!({"requests": both("1", "1Gi"), "limits": {"cpu": "2"}})),
            ["spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"]
        );
        let more = json!({"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"});
        assert_eq!(
            check(json!({"requests": more, "limits": both("2", "2Gi")})),
            ["spec: Forbidden: only cpu and memory resources are mutable"]
        );
    }

    // SUB-11
    #[test]
    fn what_runs_where_nothing_is_resized_stays_as_it_is() {
        let old = pod(json!({"requests": {"cpu": "1"}}), json!(null));
        let new = resized(&pod(json!({"requests": {"cpu": "2"}}), json!(null)), &old);
        let check = |status: Value| {
            let status = serde_json::from_value(status).expect("a status");
            told(&validate_resize(&meta(), &new, &meta(), &old, &status))
        };
        let container = |resources: Value| {
            json!({"name": "c", "image": "i", "imageID": "", "ready": true, "restartCount": 0,
                "state": {"running": {}}, "resources": resources})
        };
        assert_eq!(check(json!({"qosClass": "Burstable"})), [""; 0]);
        assert_eq!(check(json!({"containerStatuses": [container(json!({}))]})), [""; 0]);
        assert_eq!(
            check(json!({"containerStatuses": [container(json!(null))]})),
            ["spec: Forbidden: Pod running on node without support for resize"]
        );
        let mut mirrored = meta();
        mirrored.annotations = [(MIRROR, "x")].into_iter().collect();
        let status = PodStatus::default();
        assert_eq!(
            told(&validate_resize(&mirrored, &new, &mirrored, &old, &status)),
            [": Forbidden: static pods cannot be resized"]
        );
    }
}
