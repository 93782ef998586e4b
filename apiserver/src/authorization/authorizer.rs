use async_trait::async_trait;
use k8s_openapi::api::authorization::v1::{NonResourceRule, ResourceRule};
use setpoint_core::{Details, Error, GroupResource, Reason};
use setpoint_store::request::{Grants, User};

use super::{Attributes, Subject};

/// Tells whether somebody may do something.
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Whether this may be done. Everything that is not allowed is forbidden.
    async fn authorize(&self, attributes: &Attributes) -> Decision;

    /// All that somebody may do in a namespace, as far as that can be told in rules (AUTH-07).
    async fn rules(&self, user: &User, namespace: &str) -> Rules {
        let _ = (user, namespace);
        Rules::unknown()
    }

    /// Whether rights come from roles in the store, so that who gives rights must have them.
    fn grants(&self) -> Grants {
        Grants::Unchecked
    }
}

/// What somebody may do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// To objects.
    pub resources: Vec<ResourceRule>,
    /// To other paths.
    pub paths: Vec<NonResourceRule>,
    /// Whether there may be more.
    pub is_incomplete: bool,
}

impl Rules {
    /// Nothing is known.
    pub fn unknown() -> Self {
        Self { is_incomplete: true, ..Self::default() }
    }
}

/// An authorizer's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may be done, for this reason.
    Allow(String),
    /// Nothing says that it may be done; the text tells more, and may be empty.
    NoOpinion(String),
}

impl Decision {
    /// Whether it may be done.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allow(_))
    }

    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Allow(reason) | Self::NoOpinion(reason) => reason,
        }
    }
}

/// The answer to what may not be done (ERR-05, AUTH-05).
pub(crate) fn forbidden(attributes: &Attributes, reason: &str) -> Error {
    let (user, verb) = (&attributes.user.name, &attributes.verb);
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    match &attributes.subject {
        Subject::Path(path) => {
            let why = format!("User {user:?} cannot {verb} path {path:?}{reason}");
            Error::new(Reason::Forbidden, format!("forbidden: {why}")).with_details(Details::default())
        }
        Subject::Resource(resource) => {
            let place = match resource.namespace.as_str() {
                "" => "at the cluster scope".to_owned(),
                namespace => format!("in the namespace {namespace:?}"),
            };
            let (full, group) = (resource.with_subresource(), &resource.group);
            let why = format!(
                "User {user:?} cannot {verb} resource {full:?} in API group {group:?} {place}{reason}"
            );
            let kind =
                GroupResource { group: group.clone().into(), resource: resource.resource.clone().into() };
            Error::forbidden(&kind, &resource.name, why)
        }
    }
}
