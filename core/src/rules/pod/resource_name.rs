//! Names of resources: which are Kubernetes' own, and what may be done with them.

use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::quantity::Quantity;
use crate::rules::checks;

const HUGE_PAGES: &str = "hugepages-";

/// Names without a domain that may stand anywhere.
const STANDARD: [&str; 20] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "storage",
    "requests.storage",
    "services.nodeports",
    "services.loadbalancers",
];

/// Names of things that are counted.
const COUNTED: [&str; 9] = [
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
];

/// Whether it is memory in pages of one size.
pub(super) fn is_huge_page(name: &str) -> bool {
    name.starts_with(HUGE_PAGES)
}

/// Whether a pod as a whole can have requests and limits of it.
pub(super) fn is_pod_level(name: &str) -> bool {
    matches!(name, "cpu" | "memory") || is_huge_page(name)
}

/// Whether it is Kubernetes' own.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

/// Whether less can be requested than is allowed.
pub(crate) fn is_overcommit_allowed(name: &str) -> bool {
    is_native(name) && !is_huge_page(name)
}

/// Whether it is a vendor's, by its domain.
pub(crate) fn is_extended(name: &str) -> bool {
    !is_native(name)
        && !name.starts_with("requests.")
        && names::qualified_name(&format!("requests.{name}")).is_empty()
}

/// Whether there are only whole numbers of it.
pub(super) fn is_integer(name: &str) -> bool {
    COUNTED.contains(&name) || is_extended(name)
}

/// A name in a container's requests and limits.
pub(crate) fn validate_for_container(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    validate(name, path, errors);
    let error = |why| FieldError::invalid(path, name, why);
    if !name.contains('/') {
        if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !is_huge_page(name) {
            errors.push(error("must be a standard resource for containers"));
        }
    } else if !is_native(name) && !is_extended(name) {
        errors.push(error("doesn't follow extended resource name standard"));
    }
}

/// A name in the requests and limits of a pod as a whole.
pub(super) fn validate_for_pod(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let errors_before = errors.len();
    validate(name, path, errors);
    if errors.len() == errors_before && !is_pod_level(name) {
        errors.push(FieldError::not_supported(path, name, &["cpu", HUGE_PAGES, "memory"]));
    }
}

/// A name of any resource.
pub(crate) fn validate(name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let errors_before = errors.len();
    checks::qualified_name(name, path, errors);
    let is_known = name.contains('/')
        || STANDARD.contains(&name)
        || is_huge_page(name)
        || name.starts_with("requests.hugepages-");
    if errors.len() == errors_before && !is_known {
        let why = "must be a standard resource type or fully qualified";
        errors.push(FieldError::invalid(path, name, why));
    }
}

/// Whether an amount is a whole number of its pages.
pub(super) fn is_whole_pages(name: &str, amount: Quantity) -> bool {
    let Some(Ok(size)) = name.strip_prefix(HUGE_PAGES).map(str::parse::<Quantity>) else { return false };
    let is_positive = !size.is_zero() && !size.is_negative();
    is_positive && size.milli_value() % 1000 == 0 && amount.value() % size.value() == 0
}
