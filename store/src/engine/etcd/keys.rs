use std::collections::BTreeMap;
use std::sync::Arc;

use setpoint_core::kind::{Kind, KindId, Registry};
use setpoint_core::object::Key;

use crate::tables::IndexValue;

/// Where the objects of built-in kinds are that are not where their resource's name says.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("", "endpoints", "services/endpoints"),
    ("", "nodes", "minions"),
    ("", "replicationcontrollers", "controllers"),
    ("", "services", "services/specs"),
    ("extensions", "ingresses", "ingress"),
    ("networking.k8s.io", "ingresses", "ingress"),
];

/// The groups of kube-apiserver itself. All others have their group in the key.
const OWN_GROUPS: [&str; 21] = [
    "",
    "admissionregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// A name that no folder has, since it has no slash.
const BARRIER: &str = "setpoint-barrier";

/// Where the values of unique indices are.
const CLAIMS: &str = "setpoint-claims/";

/// Which kind is where.
pub(super) struct Layout {
    prefix: String,
    by_kind: BTreeMap<KindId, String>,
    by_folder: BTreeMap<String, Arc<Kind>>,
}

/// What a key stands for.
pub(super) enum Place<'a> {
    /// An object: its kind, namespace (empty for cluster-scoped kinds) and name.
    Object(&'a Arc<Kind>, &'a str, &'a str),
    /// What is written so that the watch tells of it.
    Barrier,
    /// A value of a unique index, which one object has.
    Claim,
    /// An object of a kind that is not registered, or nothing of ours.
    Unknown,
}

impl Layout {
    pub(super) fn new(prefix: &str, registry: &Registry) -> Self {
        let kinds = registry.kinds();
        let folder = |kind: &Arc<Kind>| folder(&kind.resource.group, &kind.resource.resource);
        Self {
            prefix: prefix.to_owned(),
            by_kind: kinds.iter().map(|kind| (kind.id, folder(kind))).collect(),
            by_folder: kinds.iter().map(|kind| (folder(kind), Arc::clone(kind))).collect(),
        }
    }

    /// The key of an object, if its kind is known.
    pub(super) fn path(&self, key: &Key) -> Option<Vec<u8>> {
        let folder = self.by_kind.get(&key.kind)?;
        let (namespace, name) = key.place();
        let mut path =
            Vec::with_capacity(self.prefix.len() + folder.len() + namespace.len() + name.len() + 2);
        path.extend_from_slice(self.prefix.as_bytes());
        path.extend_from_slice(folder.as_bytes());
        path.push(b'/');
        if !namespace.is_empty() {
            path.extend_from_slice(namespace.as_bytes());
            path.push(b'/');
        }
        path.extend_from_slice(name.as_bytes());
        Some(path)
    }

    /// What a key stands for.
    pub(super) fn place<'a>(&'a self, path: &'a [u8]) -> Place<'a> {
        match path.strip_prefix(self.prefix.as_bytes()) {
            Some(rest) if rest == BARRIER.as_bytes() => Place::Barrier,
            Some(rest) if rest.starts_with(CLAIMS.as_bytes()) => Place::Claim,
            _ => self.find(path).unwrap_or(Place::Unknown),
        }
    }

    /// The key that is written so that the watch tells of it, and so of all before it.
    pub(super) fn barrier(&self) -> Vec<u8> {
        [self.prefix.as_bytes(), BARRIER.as_bytes()].concat()
    }

    /// The key of a value of a unique index, if the kind is known.
    pub(super) fn claim(&self, kind: KindId, index: &str, value: &IndexValue) -> Option<Vec<u8>> {
        let folder = self.by_kind.get(&kind)?;
        let value = match value {
            IndexValue::Uid(uid) => uid.to_string(),
            IndexValue::Text(text) => text.to_string(),
            IndexValue::Pair(one, other) => format!("{one}/{other}"),
        };
        Some(format!("{}{CLAIMS}{folder}/{index}/{value}", self.prefix).into_bytes())
    }

    fn find<'a>(&'a self, path: &'a [u8]) -> Option<Place<'a>> {
        let path = std::str::from_utf8(path).ok()?.strip_prefix(&*self.prefix)?;
        // A folder has one part or two, and no name has a slash in it.
        let first = path.find('/')?;
        let second = path.get(first + 1..)?.find('/').map(|at| first + 1 + at);
        let ends = second.into_iter().chain([first]);
        for end in ends {
            let (folder, rest) = (path.get(..end)?, path.get(end + 1..)?);
            let Some(kind) = self.by_folder.get(folder) else { continue };
            return match (kind.is_namespaced(), rest.split_once('/')) {
                (true, Some((namespace, name))) if is_part(namespace) && is_part(name) => {
                    Some(Place::Object(kind, namespace, name))
                }
                (false, None) if is_part(rest) => Some(Place::Object(kind, "", rest)),
                _ => None,
            };
        }
        None
    }
}

fn is_part(text: &str) -> bool {
    !text.is_empty() && !text.contains('/')
}

/// Where kube-apiserver has the objects of a group-resource.
fn folder(group: &str, resource: &str) -> String {
    if let Some((.., folder)) = EXCEPTIONS.iter().find(|(of, name, _)| *of == group && *name == resource) {
        return (*folder).to_owned();
    }
    if OWN_GROUPS.contains(&group) { resource.to_lowercase() } else { format!("{group}/{resource}") }
}
