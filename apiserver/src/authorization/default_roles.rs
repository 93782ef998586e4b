//! The roles that are there from the start.

use std::sync::Arc;

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::de::DeserializeOwned;
use serde_json::Value;
use setpoint_core::object::Text;
use setpoint_core::{Error, Result};
use setpoint_store::rbac::uncovered;
use setpoint_store::{ObjectStore, Objects};

use super::component_roles;

/// Roles and bindings of people, as upstream names and fills them, as far as the kinds they are about are here.
const DEFAULTS: &str = include_str!("default_roles.yaml");

/// An administrator who does not want a default to be brought up to date sets this to `false`.
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// Makes the default roles and bindings, such as `cluster-admin`, `view`, `system:node` and
/// `system:controller:job-controller`, and gives back to those that are there what they have lost. What was added to
/// them stays. Those of a namespace that is not there are left out (AUTH-06, AUTH-08).
///
/// # Errors
///
/// What the store answers.
pub async fn ensure_default_roles(store: &Arc<dyn ObjectStore>) -> Result<()> {
    for document in documents()? {
        match document["kind"].as_str() {
            Some("ClusterRole") => ensure::<ClusterRole>(store, document).await?,
            Some("ClusterRoleBinding") => ensure::<ClusterRoleBinding>(store, document).await?,
            Some("Role") => ensure::<Role>(store, document).await?,
            Some("RoleBinding") => ensure::<RoleBinding>(store, document).await?,
            _ => return Err(Error::internal("a default role is of another kind")),
        }
    }
    Ok(())
}

pub(super) fn documents() -> Result<Vec<Value>> {
    let list: Value = serde_saphyr::from_str(DEFAULTS).map_err(Error::internal)?;
    let mut documents = list.as_array().cloned().unwrap_or_default();
    documents.extend(component_roles::documents()?);
    Ok(documents)
}

/// A role or a binding.
trait DefaultObject: Clone + DeserializeOwned + Send + Sync + 'static {
    fn meta(&self) -> &ObjectMeta;

    /// Adds what a default has and this has not; whether there was something to add.
    fn complete(&mut self, default: &Self) -> bool;
}

async fn ensure<K: DefaultObject>(store: &Arc<dyn ObjectStore>, document: Value) -> Result<()> {
    let wanted: K = serde_json::from_value(document).map_err(Error::internal)?;
    let namespace = wanted.meta().namespace.clone().map(Text::from);
    let objects = Objects::<K>::over(Arc::clone(store), namespace.clone())?;
    let name = wanted.meta().name.clone().unwrap_or_default();
    loop {
        let Some(there) = objects.get_opt(&name).await? else {
            match objects.create(wanted.clone()).await {
                Err(error) if error.is_already_exists() => continue,
                Err(error) if error.is_not_found() && namespace.is_some() => return Ok(()),
                result => return result.map(drop),
            }
        };
        let mut completed = (*there).clone();
        if is_left_alone(completed.meta()) || !completed.complete(&wanted) {
            return Ok(());
        }
        match objects.replace(completed).await {
            Err(error) if error.is_conflict() => {}
            result => return result.map(drop),
        }
    }
}

impl DefaultObject for ClusterRole {
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn complete(&mut self, default: &Self) -> bool {
        // What an aggregated role allows is its controller's.
        default.aggregation_rule.is_none() && complete_rules(&mut self.rules, default.rules.as_deref())
    }
}

impl DefaultObject for Role {
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn complete(&mut self, default: &Self) -> bool {
        complete_rules(&mut self.rules, default.rules.as_deref())
    }
}

impl DefaultObject for ClusterRoleBinding {
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn complete(&mut self, default: &Self) -> bool {
        complete_subjects(&mut self.subjects, default.subjects.as_deref())
    }
}

impl DefaultObject for RoleBinding {
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn complete(&mut self, default: &Self) -> bool {
        complete_subjects(&mut self.subjects, default.subjects.as_deref())
    }
}

fn complete_rules(rules: &mut Option<Vec<PolicyRule>>, defaults: Option<&[PolicyRule]>) -> bool {
    let held: Vec<&PolicyRule> = rules.iter().flatten().collect();
    let missing = uncovered(&held, defaults.into_iter().flatten());
    let is_incomplete = !missing.is_empty();
    if is_incomplete {
        rules.get_or_insert_default().extend(missing);
    }
    is_incomplete
}

fn complete_subjects(subjects: &mut Option<Vec<Subject>>, defaults: Option<&[Subject]>) -> bool {
    let missing: Vec<Subject> = defaults
        .into_iter()
        .flatten()
        .filter(|subject| !subjects.iter().flatten().any(|held| held == *subject))
        .cloned()
        .collect();
    let is_incomplete = !missing.is_empty();
    if is_incomplete {
        subjects.get_or_insert_default().extend(missing);
    }
    is_incomplete
}

fn is_left_alone(meta: &ObjectMeta) -> bool {
    let annotation = meta.annotations.as_ref().and_then(|annotations| annotations.get(AUTOUPDATE));
    annotation.is_some_and(|value| value == "false")
}
