use std::sync::Arc;

use setpoint::model::kind::{Kind, Registry};
use setpoint::model::object::{Key, Text};

/// Group-version path and plural name of the kinds that scenarios name.
const PLACES: [(&str, &str, &str); 15] = [
    ("ConfigMap", "/api/v1", "configmaps"),
    ("ControllerRevision", "/apis/apps/v1", "controllerrevisions"),
    ("CronJob", "/apis/batch/v1", "cronjobs"),
    ("DaemonSet", "/apis/apps/v1", "daemonsets"),
    ("Deployment", "/apis/apps/v1", "deployments"),
    ("Event", "/api/v1", "events"),
    ("Job", "/apis/batch/v1", "jobs"),
    ("Namespace", "/api/v1", "namespaces"),
    ("Node", "/api/v1", "nodes"),
    ("PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims"),
    ("Pod", "/api/v1", "pods"),
    ("ReplicaSet", "/apis/apps/v1", "replicasets"),
    ("Secret", "/api/v1", "secrets"),
    ("Service", "/api/v1", "services"),
    ("StatefulSet", "/apis/apps/v1", "statefulsets"),
];

/// Where objects of a kind are: group-version path and plural name.
pub(in super::super) fn place_of(kind: &str) -> (&'static str, &'static str) {
    let found = PLACES.iter().find(|(name, ..)| *name == kind);
    found.map(|&(_, path, plural)| (path, plural)).unwrap_or_else(|| panic!("{kind} is not among the kinds"))
}

/// The path of an object or one of its subresources.
pub(in super::super) fn object_path(kind: &str, namespace: &str, name: &str, sub: Option<&str>) -> String {
    let (base, plural) = place_of(kind);
    let scope = match kind {
        "Node" | "Namespace" => String::new(),
        _ => format!("/namespaces/{namespace}"),
    };
    let sub = sub.map(|sub| format!("/{sub}")).unwrap_or_default();
    format!("{base}{scope}/{plural}/{name}{sub}")
}

/// What a path names.
pub(super) struct Place {
    pub(super) kind: Arc<Kind>,
    /// `v1` of `apps/v1`.
    pub(super) version: String,
    pub(super) api_version: String,
    pub(super) namespace: Option<Text>,
    /// Empty for a collection.
    pub(super) name: String,
    /// Empty for the object itself.
    pub(super) sub: String,
}

impl Place {
    pub(super) fn of(path: &str, registry: &Registry) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let (group, version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // A namespace itself, or one of its own subresources.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] => (Some(*namespace), rest),
            _ => (None, rest),
        };
        let (plural, name, sub) = match rest {
            [plural] => (*plural, "", ""),
            [plural, name] => (*plural, *name, ""),
            [plural, name, sub] => (*plural, *name, *sub),
            _ => return None,
        };
        let kind = registry.find_resource(group, version, plural)?;
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        Some(Self {
            kind,
            version: version.to_owned(),
            api_version,
            namespace: namespace.map(Text::from),
            name: name.to_owned(),
            sub: sub.to_owned(),
        })
    }

    /// The object's place in the store.
    pub(super) fn key(&self) -> Key {
        Key { kind: self.kind.id, namespace: self.namespace.clone(), name: (&*self.name).into() }
    }
}
