//! Paths: the one place where a request's path becomes the place of an object (DISC-14).
//!
//! Percent signs are resolved once, segment by segment, after the path was cut at its slashes; a segment that then
//! holds a slash or a percent sign or is empty or made of dots names nothing (STORE-31). So a namespace in a path is
//! the namespace of the key, whatever the path says.

use std::sync::Arc;

use setpoint_core::kind::{Kind, Registry, ServedVersion};
use setpoint_core::object::{Key, Text};

use crate::{percent, reviews};

/// What a path names.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// `/healthz`, `/livez`, `/readyz`, and what is below them.
    Health,
    /// `/version`
    Version,
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/G`
    Group(String),
    /// `/api/v1`, `/apis/G/V`
    Resources(ServedVersion),
    /// Objects.
    Place(Place),
}

/// The place of objects.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What they are.
    pub(crate) kind: Arc<Kind>,
    /// In which form they are shown.
    pub(crate) served: ServedVersion,
    /// The namespace, if the path names one.
    pub(crate) namespace: Option<Text>,
    /// The object; `None` for a collection.
    pub(crate) name: Option<Text>,
    /// The subresource; empty for the object itself.
    pub(crate) sub: String,
    /// Whether it is to be watched, as the deprecated paths say.
    pub(crate) watch: bool,
}

impl Place {
    /// The object's place in the store; `None` for a collection.
    pub(crate) fn key(&self) -> Option<Key> {
        let name = self.name.clone()?;
        Some(Key { kind: self.kind.id, namespace: self.namespace.clone(), name })
    }

    /// The `apiVersion` of what is shown.
    pub(crate) fn api_version(&self) -> String {
        self.served.api_version()
    }

    /// Whether it is a collection over all namespaces of a kind that lives in them.
    pub(crate) fn is_across_namespaces(&self) -> bool {
        self.kind.is_namespaced() && self.namespace.is_none()
    }

    /// Whether objects are shown in the form they are stored in.
    pub(crate) fn is_stored_form(&self) -> bool {
        self.kind.versions.first() == Some(&self.served)
    }
}

impl Target {
    /// Reads a path; `None` if it names nothing.
    pub(crate) fn of(path: &str, registry: &Registry) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        // Only the roots have a form with a slash at the end.
        let segments: Vec<String> = match path {
            "api/" | "apis/" | "version/" => vec![path.trim_end_matches('/').to_owned()],
            _ => path.split('/').map(segment).collect::<Option<_>>()?,
        };
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Some(Self::Health),
            ["version"] => Some(Self::Version),
            ["api"] => Some(Self::CoreVersions),
            ["apis"] => Some(Self::Groups),
            ["apis", group] => Some(Self::Group((*group).to_owned())),
            ["api", version, rest @ ..] => Self::below("", version, rest, registry),
            ["apis", group, version, rest @ ..] => Self::below(group, version, rest, registry),
            _ => None,
        }
    }

    fn below(group: &str, version: &str, rest: &[&str], registry: &Registry) -> Option<Self> {
        let served = ServedVersion { group: group.to_owned(), version: version.to_owned() };
        let (watch, rest) = match rest {
            [] => return Some(Self::Resources(served)),
            ["watch", rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (namespace, rest) = match rest {
            // A namespace itself, or one of its own subresources.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] => (Some(Text::from(*namespace)), rest),
            rest => (None, rest),
        };
        let (plural, name, sub) = match rest {
            [plural] => (*plural, None, ""),
            [plural, name] => (*plural, Some(Text::from(*name)), ""),
            [plural, name, sub] => (*plural, Some(Text::from(*name)), *sub),
            _ => return None,
        };
        let kind = registry.find_resource(group, version, plural);
        let kind = kind.or_else(|| reviews::find(group, version, plural))?;
        // A namespace and a cluster-scoped kind do not go together, nor an object and no namespace.
        let is_placed = kind.is_namespaced() == namespace.is_some();
        if !(is_placed || kind.is_namespaced() && name.is_none()) {
            return None;
        }
        Some(Self::Place(Place { kind, served, namespace, name, sub: sub.to_owned(), watch }))
    }
}

/// Why a path names nothing (ERR-09).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is no path of the API.
    Page,
    /// There is no such resource in an API that is there.
    Resource,
    /// An object cannot be called so; why, in upstream's words.
    Name(String),
}

impl Missing {
    /// Why this path, of which [`Target::of`] makes nothing, names nothing.
    pub(crate) fn of(path: &str, registry: &Registry) -> Self {
        if let Some((before, raw)) = path.rsplit_once('/')
            && let Some(name) = percent::decode(raw)
            && let Some(why) = misnomer(&name)
            && let Some(Target::Place(place)) = Target::of(&format!("{before}/any"), registry)
            && place.name.is_some()
            && place.sub.is_empty()
        {
            return Self::Name(format!("Name parameter invalid: {name:?}: {why}"));
        }
        let mut segments = path.split('/').skip(1);
        let is_served = match segments.next() {
            Some("api") => true,
            Some("apis") => segments.next().is_some_and(|group| {
                registry.kinds().iter().any(|kind| kind.versions.iter().any(|served| served.group == group))
            }),
            _ => false,
        };
        if is_served { Self::Resource } else { Self::Page }
    }
}

/// A segment as the name it is; `None` if it can be none.
fn segment(raw: &str) -> Option<String> {
    let name = percent::decode(raw)?;
    let is_name = !name.is_empty()
        && misnomer(&name).is_none()
        && !name.contains('/')
        && !name.contains(char::is_control);
    is_name.then_some(name)
}

/// Why a name is no segment of a path, whatever it is the name of.
fn misnomer(name: &str) -> Option<&'static str> {
    match name {
        "." => Some("may not be '.'"),
        ".." => Some("may not be '..'"),
        _ => name.contains('%').then_some("may not contain '%'"),
    }
}

#[cfg(test)]
mod tests;
