//! Validation of references to a pod's own fields and resources.

use k8s_openapi::api::core::v1::{ObjectFieldSelector, ResourceFieldSelector};

use crate::field::{FieldError, FieldErrors, Path};
use crate::quantity::Quantity;
use crate::rules::absent::text;
use crate::rules::checks;

/// Where the value of a reference goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Environment,
    File,
}

/// Fields a variable can have the value of.
const ENVIRONMENT_FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields a file can have the content of.
const FILE_FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Fields with a name, though not every place can have them.
const OTHER_FIELDS: [&str; 3] = ["spec.restartPolicy", "spec.schedulerName", "status.phase"];

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

const DIVISORS: [&str; 13] =
    ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

/// Checks a reference to a field of the pod.
pub(super) fn validate(
    reference: &ObjectFieldSelector,
    place: Place,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let version = text(&reference.api_version);
    if version.is_empty() {
        return errors.push(FieldError::required(&path.child("apiVersion"), ""));
    }
    let field_path = path.child("fieldPath");
    let field = reference.field_path.as_str();
    if field.is_empty() {
        return errors.push(FieldError::required(&field_path, ""));
    }
    let unusable =
        |why: String| FieldError::invalid(&field_path, field, format!("error converting fieldPath: {why}"));
    if version != "v1" {
        return errors.push(unusable(format!("unsupported pod version: {version}")));
    }
    if let Some((map, key)) = split_subscript(field) {
        match map {
            "metadata.annotations" => checks::qualified_name(&key.to_lowercase(), path, errors),
            "metadata.labels" => checks::qualified_name(key, path, errors),
            _ => errors.push(unusable(format!("field label does not support subscript: {field}"))),
        }
        return;
    }
    let field = if field == "spec.host" { "spec.nodeName" } else { field };
    let supported: &[&str] = match place {
        Place::Environment => &ENVIRONMENT_FIELDS,
        Place::File => &FILE_FIELDS,
    };
    let is_known = |fields: &[&str]| fields.contains(&field);
    if !is_known(&ENVIRONMENT_FIELDS) && !is_known(&FILE_FIELDS) && !is_known(&OTHER_FIELDS) {
        return errors.push(unusable(format!("field label not supported: {field}")));
    }
    checks::one_of(field, supported, &field_path, errors);
}

/// `metadata.labels['key']` as map and key.
fn split_subscript(field: &str) -> Option<(&str, &str)> {
    let (map, key) = field.strip_suffix("']")?.split_once("['")?;
    (!map.is_empty()).then_some((map, key))
}

/// Checks a reference to a container's requests or limits.
pub(super) fn validate_resource(
    reference: &ResourceFieldSelector,
    place: Place,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let resource = reference.resource.as_str();
    let is_huge_page =
        resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
    if place == Place::File && text(&reference.container_name).is_empty() {
        errors.push(FieldError::required(&path.child("containerName"), ""));
    } else if resource.is_empty() {
        errors.push(FieldError::required(&path.child("resource"), ""));
    } else if !is_huge_page {
        checks::one_of(resource, &RESOURCES, &path.child("resource"), errors);
    }
    let divisor = reference.divisor.as_ref().and_then(|divisor| Quantity::try_from(divisor).ok());
    let Some(divisor) = divisor.filter(|divisor| !divisor.is_zero()) else { return };
    let (supported, noun): (&[&str], &str) = match resource.split_once('.') {
        Some((_, "cpu")) => (&["1m", "1"], "cpu"),
        Some((_, "memory")) => (&DIVISORS, "memory"),
        Some((_, "ephemeral-storage")) => (&DIVISORS, "local ephemeral storage"),
        _ if is_huge_page => (&DIVISORS, "hugepages"),
        _ => return,
    };
    if !supported.contains(&divisor.to_string().as_str()) {
        let list = if noun == "cpu" { "1m and 1".to_owned() } else { supported.join(", ") };
        let why = format!("only divisor's values {list} are supported with the {noun} resource");
        errors.push(FieldError::invalid(&path.child("divisor"), resource, why));
    }
}
