//! The environment of a container: where its variables come from.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, EnvVar};
use setpoint_runtime_traits as runtime;

use super::expansion::expand;
use super::field_value::{Fields, field_value, resource_value};
use super::sources::Sources;

/// A container cannot be configured; the text is what its status says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConfigError(pub(super) String);

/// The variables of a container: those of whole maps first, then its own, in order. `sources` has what it
/// refers to.
///
/// # Errors
///
/// A reference that must be there and is not.
pub(super) fn environment(
    container: &Container,
    fields: Fields<'_>,
    sources: &Sources,
) -> Result<Vec<runtime::EnvVar>, ConfigError> {
    let mut values = of_maps(container, sources)?;
    let mut order: Vec<String> = values.keys().cloned().collect();
    for variable in container.env.as_deref().unwrap_or_default() {
        if let Some(value) = value(variable, container, fields, sources, &values)? {
            if !values.contains_key(&variable.name) {
                order.push(variable.name.clone());
            }
            values.insert(variable.name.clone(), value);
        }
    }
    Ok(order
        .into_iter()
        .filter_map(|name| {
            let value = values.remove(&name)?;
            Some(runtime::EnvVar { name, value })
        })
        .collect())
}

/// What `envFrom` brings.
fn of_maps(container: &Container, sources: &Sources) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut values = BTreeMap::new();
    for source in container.env_from.as_deref().unwrap_or_default() {
        let prefix = source.prefix.as_deref().unwrap_or_default();
        if let Some(reference) = &source.config_map_ref {
            match sources.config_map(&reference.name) {
                Some(map) => {
                    let data = map.data.iter().flatten();
                    values.extend(data.map(|(key, value)| (format!("{prefix}{key}"), value.clone())));
                }
                None if reference.optional == Some(true) => {}
                None => return Err(not_found("configmap", &reference.name)),
            }
        }
        if let Some(reference) = &source.secret_ref {
            match sources.secret(&reference.name) {
                Some(secret) => {
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let data = secret.data.iter().flatten();
                    values.extend(data.map(|(key, value)| (format!("{prefix}{key}"), text(&value.0))));
                }
                None if reference.optional == Some(true) => {}
                None => return Err(not_found("secret", &reference.name)),
            }
        }
    }
    Ok(values)
}

/// The value of one variable; `None` leaves it out.
fn value(
    variable: &EnvVar,
    container: &Container,
    fields: Fields<'_>,
    sources: &Sources,
    known: &BTreeMap<String, String>,
) -> Result<Option<String>, ConfigError> {
    let Some(from) = &variable.value_from else {
        let text = variable.value.as_deref().unwrap_or_default();
        return Ok(Some(expand(text, |name| known.get(name).map(String::as_str))));
    };
    if let Some(reference) = &from.field_ref {
        let unknown = || ConfigError(format!("unsupported fieldPath: {}", reference.field_path));
        return field_value(fields, &reference.field_path).map(Some).ok_or_else(unknown);
    }
    if let Some(reference) = &from.resource_field_ref {
        let named = reference.container_name.as_deref().filter(|name| !name.is_empty());
        let init = fields.spec.init_containers.as_deref().unwrap_or_default();
        let container = match named {
            None => Some(container),
            Some(name) => fields.spec.containers.iter().chain(init).find(|it| it.name == name),
        };
        let container = container
            .ok_or_else(|| ConfigError(format!("container {} not found", named.unwrap_or_default())))?;
        let unknown = || ConfigError(format!("unsupported container resource : {}", reference.resource));
        return resource_value(fields, container, reference).map(Some).ok_or_else(unknown);
    }
    if let Some(reference) = &from.config_map_key_ref {
        let optional = reference.optional == Some(true);
        let Some(map) = sources.config_map(&reference.name) else {
            return if optional { Ok(None) } else { Err(not_found("configmap", &reference.name)) };
        };
        let found = map.data.as_ref().and_then(|data| data.get(&reference.key)).cloned();
        return if found.is_some() || optional {
            Ok(found)
        } else {
            Err(no_key(&reference.key, "ConfigMap", fields, &reference.name))
        };
    }
    if let Some(reference) = &from.secret_key_ref {
        let optional = reference.optional == Some(true);
        let Some(secret) = sources.secret(&reference.name) else {
            return if optional { Ok(None) } else { Err(not_found("secret", &reference.name)) };
        };
        let found = secret.data.as_ref().and_then(|data| data.get(&reference.key));
        let found = found.map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned());
        return if found.is_some() || optional {
            Ok(found)
        } else {
            Err(no_key(&reference.key, "Secret", fields, &reference.name))
        };
    }
    Err(ConfigError(format!("the source of variable {} is not supported", variable.name)))
}

fn not_found(resource: &str, name: &str) -> ConfigError {
    ConfigError(format!("{resource} \"{name}\" not found"))
}

fn no_key(key: &str, kind: &str, fields: Fields<'_>, name: &str) -> ConfigError {
    let namespace = fields.meta.namespace.as_deref().unwrap_or_default();
    ConfigError(format!("couldn't find key {key} in {kind} {namespace}/{name}"))
}

#[cfg(test)]
mod tests;
