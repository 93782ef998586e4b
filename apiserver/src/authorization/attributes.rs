use std::sync::Arc;

use http::Method;
use setpoint_core::selector::FieldSelector;
use setpoint_store::request::User;

use crate::path::{Place, Target};
use crate::query::Query;

/// Who wants to do what: a request, or a question about one (AUTH-01).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Who.
    pub user: Arc<User>,
    /// What is done: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, or a verb of
    /// its own such as `impersonate`; for a path, its method in small letters.
    pub verb: String,
    /// To what.
    pub subject: Subject,
}

/// What something is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Objects.
    Resource(Resource),
    /// A path that leads to no objects.
    Path(String),
}

/// Objects that something is done to. What is not said is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// The API group; the core group is empty.
    pub group: String,
    /// The version of the API.
    pub version: String,
    /// The plural name.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// The namespace; empty for all of them, and for objects that live in none.
    pub namespace: String,
    /// The object; empty for a collection.
    pub name: String,
}

/// Subresources through which a session in a pod is opened. That is a creation, whatever the method is (SUB-10).
const SESSIONS: [&str; 3] = ["attach", "exec", "portforward"];

impl Attributes {
    /// What a request wants. `target` is what its path was found to name: what is allowed and what is done are about
    /// the same, since both come from it.
    pub(crate) fn of(
        user: Arc<User>,
        method: &Method,
        path: &str,
        query: &Query,
        target: Option<&Target>,
    ) -> Self {
        let (resource, watches) = match target {
            Some(Target::Place(place)) => (Some(Resource::of(place)), place.watch),
            Some(_) => (None, false),
            None => (Resource::of_unknown(path), false),
        };
        match resource {
            None => {
                let subject = Subject::Path(path.to_owned());
                Self { user, verb: method.as_str().to_ascii_lowercase(), subject }
            }
            Some(mut resource) => {
                let watches = watches || query.is_set("watch");
                let verb = resource.verb(method, watches).to_owned();
                if resource.name.is_empty() && matches!(verb.as_str(), "list" | "watch" | "deletecollection")
                {
                    resource.name = single_name(query).unwrap_or_default();
                }
                Self { user, verb, subject: Subject::Resource(resource) }
            }
        }
    }

    /// The same, done in another way.
    pub(crate) fn with_verb(&self, verb: &str) -> Self {
        Self { verb: verb.to_owned(), ..self.clone() }
    }

    /// Whether objects are read and not changed.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.verb.as_str(), "get" | "list" | "watch" | "head" | "options")
    }
}

impl Resource {
    /// `pods`, `pods/log`
    pub fn with_subresource(&self) -> String {
        match self.subresource.as_str() {
            "" => self.resource.clone(),
            sub => format!("{}/{sub}", self.resource),
        }
    }

    fn of(place: &Place) -> Self {
        let name = place.name.as_deref().unwrap_or_default().to_owned();
        let is_namespace =
            place.kind.resource.group.is_empty() && place.kind.resource.resource == "namespaces";
        // A namespace lies in itself, so that who governs it may be allowed to see it.
        let namespace = if is_namespace {
            name.clone()
        } else {
            place.namespace.as_deref().unwrap_or_default().to_owned()
        };
        Self {
            group: place.served.group.clone(),
            version: place.served.version.clone(),
            resource: place.kind.names.plural.clone(),
            subresource: place.sub.clone(),
            namespace,
            name,
        }
    }

    /// What a path would name if there were such a kind. Nothing is done with it, but whether there is nothing to do
    /// is told only to those who may ask.
    fn of_unknown(path: &str) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        let (group, version) = match parts.next()? {
            "api" => ("", parts.next()?),
            "apis" => (parts.next()?, parts.next()?),
            _ => return None,
        };
        let mut rest: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        if rest.first() == Some(&"watch") {
            rest.remove(0);
        }
        let mut namespace = "";
        if let ["namespaces", own, ..] = rest[..] {
            namespace = own;
            let is_own = matches!(rest[2..], [] | ["status" | "finalize"]);
            rest.drain(..if is_own { 0 } else { 2 });
        }
        let part = |index: usize| rest.get(index).copied().unwrap_or_default().to_owned();
        let (resource, name, subresource) = (part(0), part(1), part(2));
        if resource.is_empty() {
            return None;
        }
        let (group, version, namespace) = (group.to_owned(), version.to_owned(), namespace.to_owned());
        Some(Self { group, version, resource, subresource, namespace, name })
    }

    fn verb(&self, method: &Method, watches: bool) -> &'static str {
        let is_collection = self.name.is_empty();
        match *method {
            _ if SESSIONS.contains(&self.subresource.as_str()) => "create",
            Method::GET | Method::HEAD if watches && self.subresource.is_empty() => "watch",
            Method::GET | Method::HEAD if is_collection => "list",
            Method::GET | Method::HEAD => "get",
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if is_collection => "deletecollection",
            Method::DELETE => "delete",
            _ => "",
        }
    }
}

/// The one object of a collection that a request selects by its name.
fn single_name(query: &Query) -> Option<String> {
    let selector: FieldSelector = query.get("fieldSelector")?.parse().ok()?;
    selector.equality("metadata.name").map(str::to_owned)
}
