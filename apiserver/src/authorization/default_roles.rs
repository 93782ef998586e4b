//! The roles that are there from the start.

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule};
use serde::de::DeserializeOwned;
use serde_json::Value;
use setpoint_core::{Error, Result};
use setpoint_store::rbac::uncovered;
use setpoint_store::{ObjectStore, Objects};
use std::sync::Arc;

/// Roles and bindings, as upstream names and fills them, as far as the kinds they are about are here.
const DEFAULTS: &str = include_str!("default_roles.yaml");

/// An administrator who does not want a default to be brought up to date sets this to `false`.
const AUTOUPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// Makes the default roles and bindings, such as `cluster-admin`, `view` and `system:discovery`, and gives back to those
/// that are there what they have lost. What was added to them stays.
///
/// # Errors
///
/// What the store answers.
pub async fn ensure_default_roles(store: &Arc<dyn ObjectStore>) -> Result<()> {
    let roles = Objects::<ClusterRole>::over(Arc::clone(store), None)?;
    let bindings = Objects::<ClusterRoleBinding>::over(Arc::clone(store), None)?;
    for document in documents()? {
        match document["kind"].as_str() {
            Some("ClusterRole") => ensure_role(&roles, read(document)?).await?,
            Some("ClusterRoleBinding") => ensure_binding(&bindings, read(document)?).await?,
            _ => return Err(Error::internal("a default role is of another kind")),
        }
    }
    Ok(())
}

pub(super) fn documents() -> Result<Vec<Value>> {
    let list: Value = serde_saphyr::from_str(DEFAULTS).map_err(Error::internal)?;
    Ok(list.as_array().cloned().unwrap_or_default())
}

fn read<T: DeserializeOwned>(document: Value) -> Result<T> {
    serde_json::from_value(document).map_err(Error::internal)
}

async fn ensure_role(roles: &Objects<ClusterRole>, wanted: ClusterRole) -> Result<()> {
    let name = wanted.metadata.name.clone().unwrap_or_default();
    loop {
        let there = match roles.get(&name).await {
            Ok(there) => there,
            Err(error) if error.is_not_found() => match roles.create(wanted.clone()).await {
                Err(error) if error.is_already_exists() => continue,
                result => return result.map(drop),
            },
            Err(error) => return Err(error),
        };
        let mut role = (*there).clone();
        // What an aggregated role allows is its controller's.
        let is_left_alone = is_left_alone(&role.metadata) || wanted.aggregation_rule.is_some();
        let held: Vec<&PolicyRule> = role.rules.iter().flatten().collect();
        let missing = uncovered(&held, wanted.rules.iter().flatten());
        if is_left_alone || missing.is_empty() {
            return Ok(());
        }
        role.rules.get_or_insert_default().extend(missing);
        match roles.replace(role).await {
            Err(error) if error.is_conflict() => {}
            result => return result.map(drop),
        }
    }
}

async fn ensure_binding(bindings: &Objects<ClusterRoleBinding>, wanted: ClusterRoleBinding) -> Result<()> {
    let name = wanted.metadata.name.clone().unwrap_or_default();
    loop {
        let there = match bindings.get(&name).await {
            Ok(there) => there,
            Err(error) if error.is_not_found() => match bindings.create(wanted.clone()).await {
                Err(error) if error.is_already_exists() => continue,
                result => return result.map(drop),
            },
            Err(error) => return Err(error),
        };
        let mut binding = (*there).clone();
        let has = binding.subjects.clone().unwrap_or_default();
        let missing: Vec<_> =
            wanted.subjects.iter().flatten().filter(|subject| !has.contains(subject)).cloned().collect();
        if is_left_alone(&binding.metadata) || missing.is_empty() {
            return Ok(());
        }
        binding.subjects.get_or_insert_default().extend(missing);
        match bindings.replace(binding).await {
            Err(error) if error.is_conflict() => {}
            result => return result.map(drop),
        }
    }
}

fn is_left_alone(meta: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta) -> bool {
    let annotation = meta.annotations.as_ref().and_then(|annotations| annotations.get(AUTOUPDATE));
    annotation.is_some_and(|value| value == "false")
}
