use std::sync::Arc;

use async_trait::async_trait;
use k8s_openapi::api::authorization::v1::{NonResourceRule, ResourceRule};
use setpoint_store::ObjectStore;
use setpoint_store::rbac::{Allowed, Demand, Policy, RoleKinds, Thing};
use setpoint_store::request::{Grants, User};

use super::{Attributes, Authorizer, Decision, Rules, Subject};

/// Lets users do what roles allow that are bound to them, in the store's own objects (AUTH-06).
///
/// A role or binding counts from the moment on when its write is answered. On a store in another process nothing is
/// allowed: its objects are that one's to guard.
///
/// Without roles nobody but `system:masters` may do anything: see
/// [`ensure_default_roles`](super::ensure_default_roles).
pub struct RbacAuthorizer {
    store: Arc<dyn ObjectStore>,
    kinds: Option<RoleKinds>,
}

impl RbacAuthorizer {
    /// Roles and bindings are read from this store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        let kinds = RoleKinds::of(store.registry());
        Self { store, kinds }
    }
}

#[async_trait]
impl Authorizer for RbacAuthorizer {
    async fn authorize(&self, attributes: &Attributes) -> Decision {
        let (Some(kinds), Some(snapshot)) = (self.kinds, self.store.snapshot()) else {
            return Decision::NoOpinion("RBAC: the store has no roles to look at".to_owned());
        };
        let thing = match &attributes.subject {
            Subject::Path(path) => Thing::Path(path),
            Subject::Resource(it) => Thing::Object {
                group: &it.group,
                resource: &it.resource,
                subresource: &it.subresource,
                namespace: &it.namespace,
                name: &it.name,
            },
        };
        let demand = Demand { verb: &attributes.verb, thing };
        match Policy::new(kinds, &snapshot).allows(&attributes.user, &demand) {
            Allowed::Yes(reason) => Decision::Allow(reason),
            Allowed::No(reason) => Decision::NoOpinion(reason),
        }
    }

    async fn rules(&self, user: &User, namespace: &str) -> Rules {
        let (Some(kinds), Some(snapshot)) = (self.kinds, self.store.snapshot()) else {
            return Rules::unknown();
        };
        let mut rules = Rules::default();
        for rule in Policy::new(kinds, &snapshot).rules_of(user, namespace) {
            if rule.resources.is_some() {
                rules.resources.push(ResourceRule {
                    api_groups: rule.api_groups.clone(),
                    resource_names: rule.resource_names.clone(),
                    resources: rule.resources.clone(),
                    verbs: rule.verbs.clone(),
                });
            }
            if rule.non_resource_urls.is_some() {
                rules.paths.push(NonResourceRule {
                    non_resource_urls: rule.non_resource_urls.clone(),
                    verbs: rule.verbs.clone(),
                });
            }
        }
        rules
    }

    fn grants(&self) -> Grants {
        Grants::OfRoles
    }
}

impl std::fmt::Debug for RbacAuthorizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RbacAuthorizer")
    }
}
