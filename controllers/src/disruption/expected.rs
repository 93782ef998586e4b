use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec, StatefulSetSpec};
use k8s_openapi::api::core::v1::ReplicationControllerSpec;
use setpoint_core::kind::{JsonSpec, KindId, Registry};
use setpoint_core::object::{Key, Object, ObjectRef, OwnerReference, Uid};
use setpoint_store::tables::Snapshot;

/// How many pods the controllers of some pods ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scale {
    /// All of them together.
    pub replicas: i32,
    /// Pods that nobody controls, by name.
    pub unmanaged: Vec<String>,
}

/// Kinds whose number of replicas is known: group and kind.
const SCALED: [(&str, &str); 4] =
    [("apps", "Deployment"), ("apps", "ReplicaSet"), ("apps", "StatefulSet"), ("", "ReplicationController")];

/// The kinds that have to be seen to tell how many pods there should be.
pub(super) fn scaled_kinds(registry: &Registry) -> impl Iterator<Item = KindId> {
    SCALED.iter().filter_map(|(group, kind)| Some(registry.find_in_group(kind, group)?.id))
}

/// Adds up what the controllers of these pods ask for, each once.
///
/// # Errors
///
/// What is wrong with the first pod whose controller has no number of replicas or is not there.
pub(super) fn scale(snapshot: &Snapshot, registry: &Registry, pods: &[ObjectRef]) -> Result<Scale, String> {
    let mut scale = Scale::default();
    let mut known: BTreeMap<Uid, i32> = BTreeMap::new();
    for pod in pods {
        let Some(controller) = pod.meta().controller() else {
            scale.unmanaged.push(pod.meta().name.to_string());
            continue;
        };
        // A Deployment's pods are found by their ReplicaSet each time; that is a look into a tree.
        if known.contains_key(&controller.uid) {
            continue;
        }
        let Some((uid, replicas)) = of_controller(snapshot, registry, pod, controller)? else {
            return Err(format!("found no controllers for pod {:?}", &*pod.meta().name));
        };
        known.insert(uid, replicas);
    }
    scale.replicas = known.values().fold(0, |sum, replicas| sum.saturating_add(*replicas));
    Ok(scale)
}

/// The controller at the top, and how many replicas it asks for; `None` if it is not there.
fn of_controller(
    snapshot: &Snapshot,
    registry: &Registry,
    pod: &Object,
    reference: &OwnerReference,
) -> Result<Option<(Uid, i32)>, String> {
    let Some(controller) = find(snapshot, registry, pod, reference)? else { return Ok(None) };
    if &*controller.kind().names.kind == "ReplicaSet"
        && let Some(above) = controller.meta().controller()
        && &*above.kind == "Deployment"
        && above.group() == "apps"
    {
        return match find(snapshot, registry, &controller, above)? {
            Some(deployment) => Ok(Some((above.uid.clone(), replicas(&deployment)?))),
            None => Ok(None),
        };
    }
    Ok(Some((reference.uid.clone(), replicas(&controller)?)))
}

fn find(
    snapshot: &Snapshot,
    registry: &Registry,
    dependent: &Object,
    reference: &OwnerReference,
) -> Result<Option<ObjectRef>, String> {
    let (kind, api_version) = (&reference.kind, &reference.api_version);
    let known = registry
        .find(kind, api_version)
        .ok_or_else(|| format!("no matches for kind {:?} in version {:?}", &**kind, &**api_version))?;
    let namespace = dependent.meta().namespace.clone().filter(|_| known.is_namespaced());
    let key = Key { kind: known.id, namespace, name: reference.name.clone() };
    Ok(snapshot.get(&key).filter(|object| object.meta().uid.as_ref() == Some(&reference.uid)).cloned())
}

/// The number of replicas that an object asks for.
fn replicas(object: &Object) -> Result<i32, String> {
    let kind = object.kind();
    let found = match (&*kind.resource.group, &*kind.names.kind) {
        ("apps", "Deployment") => object.spec::<DeploymentSpec>().map(|spec| spec.replicas),
        ("apps", "ReplicaSet") => object.spec::<ReplicaSetSpec>().map(|spec| spec.replicas),
        ("apps", "StatefulSet") => object.spec::<StatefulSetSpec>().map(|spec| spec.replicas),
        ("", "ReplicationController") => object.spec::<ReplicationControllerSpec>().map(|spec| spec.replicas),
        _ => custom_replicas(object).map(Some),
    };
    let missing = || format!("{} does not implement the scale subresource", kind.resource);
    found.map(|replicas| replicas.unwrap_or(1)).ok_or_else(missing)
}

/// A custom kind's replicas, where custom kinds that can be scaled mostly have them.
fn custom_replicas(object: &Object) -> Option<i32> {
    let replicas = object.spec::<JsonSpec>()?.get("spec")?.get("replicas")?.as_i64()?;
    i32::try_from(replicas).ok()
}
