//! Validation of requests and limits, of containers and of pods as a whole.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceClaim, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::options::Options;
use super::{requests, resource_name};
use crate::field::{FieldError, FieldErrors, Path};
use crate::quantity::Quantity;
use crate::rules::absent::{entry, items, text};
use crate::rules::checks;

type NameCheck = fn(&str, &Path<'_>, &mut FieldErrors);

/// Checks the requests and limits of a container.
pub(super) fn validate(
    resources: Option<&ResourceRequirements>,
    claims: &BTreeSet<&str>,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if let Some(resources) = resources {
        validate_with(resources, resource_name::validate_for_container, options, path, errors);
        validate_claims(items(&resources.claims), claims, &path.child("claims"), errors);
    }
}

/// Checks what a pod needs beside its containers.
pub(super) fn validate_overhead(
    spec: &PodSpec,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if spec.overhead.is_some() {
        let limits = ResourceRequirements { limits: spec.overhead.clone(), ..Default::default() };
        validate_with(&limits, resource_name::validate_for_container, options, path, errors);
    }
}

/// Checks amounts of resources that are not a container's own.
pub(crate) fn validate_amounts(
    amounts: &Option<BTreeMap<String, Text>>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let options = Options::create(false);
    for (name, amount) in amounts.iter().flatten() {
        let check = resource_name::validate_for_container;
        validate_entry(name, amount, check, &options, &path.key(name), errors);
    }
}

fn validate_with(
    resources: &ResourceRequirements,
    check_name: NameCheck,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let (limits_path, requests_path) = (path.child("limits"), path.child("requests"));
    for (name, limit) in resources.limits.iter().flatten() {
        validate_entry(name, limit, check_name, options, &limits_path.key(name), errors);
    }
    for (name, request) in resources.requests.iter().flatten() {
        let amount = validate_entry(name, request, check_name, options, &requests_path.key(name), errors);
        let limit = entry(&resources.limits, name);
        let can_overcommit = resource_name::is_overcommit_allowed(name);
        match (amount, limit.map(Quantity::try_from)) {
            (Some(amount), Some(Ok(limit))) => {
                let why = if amount != limit && !can_overcommit {
                    format!("must be equal to {name} limit of {limit}")
                } else if amount > limit {
                    format!("must be less than or equal to {name} limit of {limit}")
                } else {
                    continue;
                };
                errors.push(FieldError::invalid(&requests_path, &amount.to_string(), why));
            }
            (_, None) if !can_overcommit => {
                let why = "Limit must be set for non overcommitable resources";
                errors.push(FieldError::required(&limits_path, why));
            }
            _ => {}
        }
    }
    let names = || resources.limits.iter().chain(&resources.requests).flat_map(BTreeMap::keys);
    let has_cpu_or_memory = names().any(|name| matches!(name.as_str(), "cpu" | "memory"));
    if !has_cpu_or_memory && names().any(|name| resource_name::is_huge_page(name)) {
        errors.push(FieldError::forbidden(path, "HugePages require cpu or memory"));
    }
}

fn validate_entry(
    name: &str,
    amount: &Text,
    check_name: NameCheck,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> Option<Quantity> {
    check_name(name, path, errors);
    let amount = validate_amount(name, amount, path, errors)?;
    if resource_name::is_huge_page(name)
        && !options.keeps_partial_pages
        && !resource_name::is_whole_pages(name, amount)
    {
        let why = format!("{amount} is not positive integer multiple of {name}");
        errors.push(FieldError::invalid(path, &amount.to_string(), why));
    }
    Some(amount)
}

/// An amount that is not negative, and whole if its resource is.
pub(crate) fn validate_amount(
    name: &str,
    text: &Text,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) -> Option<Quantity> {
    let amount = match Quantity::try_from(text) {
        Ok(amount) => amount,
        Err(error) => {
            errors.push(FieldError::invalid(path, &text.0, error.to_string()));
            return None;
        }
    };
    if amount.is_negative() {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid(path, &amount.to_string(), why));
    }
    if resource_name::is_integer(name) && amount.milli_value() % 1000 != 0 {
        errors.push(FieldError::invalid(path, &amount.to_string(), "must be an integer"));
    }
    Some(amount)
}

fn validate_claims(
    claims: &[ResourceClaim],
    known: &BTreeSet<&str>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    for (index, claim) in claims.iter().enumerate() {
        let path = path.index(index);
        let (name, request) = (claim.name.as_str(), text(&claim.request));
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
            continue;
        }
        validate_claim(name, request, &mut seen, &path, errors);
        if !known.contains(name) {
            let mut error = FieldError::not_found(&path, name);
            let names = known.iter().copied().collect::<Vec<_>>().join(", ");
            let end = if known.is_empty() { " which is empty".to_owned() } else { format!(": {names}") };
            error.detail = format!("must be one of the names in pod.spec.resourceClaims{end}");
            errors.push(error);
        }
    }
}

/// A claim as a whole and requests of it exclude each other.
fn validate_claim<'a>(
    name: &'a str,
    request: &'a str,
    seen: &mut BTreeSet<(&'a str, &'a str)>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if seen.contains(&(name, "")) {
        return errors.push(FieldError::duplicate(path, name));
    }
    if request.is_empty() {
        let parts = seen.iter().filter(|(other, _)| *other == name).count();
        errors.extend((0..parts).map(|_| FieldError::duplicate(path, name)));
    } else {
        checks::dns_label(request, &path.child("request"), errors);
        if seen.contains(&(name, request)) {
            errors.push(FieldError::duplicate(path, &format!("{name}/{request}")));
        }
    }
    seen.insert((name, request));
}

/// Checks the requests and limits of the pod as a whole.
pub(super) fn validate_pod(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(resources) = &spec.resources else { return };
    let path = path.child("resources");
    if spec.os.as_ref().is_some_and(|os| os.name == "windows") {
        return errors.push(FieldError::forbidden(&path, "may not be set for a windows pod"));
    }
    if resources.claims.is_some() {
        let why = "claims may not be set for Resources at pod-level";
        errors.push(FieldError::forbidden(&path.child("claims"), why));
    }
    validate_with(resources, resource_name::validate_for_pod, options, &path, errors);
    validate_consistency(spec, resources, &path, errors);
}

/// What containers request must fit into what the pod has.
fn validate_consistency(
    spec: &PodSpec,
    resources: &ResourceRequirements,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let amount = |texts, name: &str| entry(texts, name).and_then(|text| Quantity::try_from(text).ok());
    let (limits_path, requests_path) = (path.child("limits"), path.child("requests"));
    for (name, sum) in requests::aggregate_requests(spec) {
        if let Some(request) = amount(&resources.requests, &name).filter(|request| sum > *request) {
            let why = format!("must be greater than or equal to aggregate container requests of {sum}");
            errors.push(FieldError::invalid(&requests_path.key(&name), &request.to_string(), why));
        }
    }
    for (name, sum) in requests::aggregate_limits(spec) {
        let limit = amount(&resources.limits, &name);
        if let Some(limit) = limit.filter(|limit| resource_name::is_huge_page(&name) && sum > *limit) {
            let why = format!("must be greater than or equal to aggregate container limits of {sum}");
            errors.push(FieldError::invalid(&limits_path.key(&name), &limit.to_string(), why));
        }
    }
    let path = path.child("containers");
    for (index, container) in spec.containers.iter().enumerate() {
        let path = path.index(index);
        for (name, limit) in container_limits(container) {
            if let Some(pod_limit) = amount(&resources.limits, name).filter(|pod_limit| limit > *pod_limit) {
                let why = format!("must be less than or equal to pod limits of {pod_limit}");
                let path = path.key(name);
                errors.push(FieldError::invalid(&path.child("limits"), &limit.to_string(), why));
            }
        }
    }
}

fn container_limits(container: &Container) -> impl Iterator<Item = (&str, Quantity)> {
    container.resources.iter().flat_map(|resources| requests::amounts(&resources.limits))
}

/// Whether huge pages of any container do not come in whole pages.
pub(super) fn has_partial_pages(spec: &PodSpec) -> bool {
    spec.containers.iter().chain(items(&spec.init_containers)).any(|container| {
        container.resources.iter().any(|resources| {
            let all = requests::amounts(&resources.limits).chain(requests::amounts(&resources.requests));
            all.filter(|(name, _)| resource_name::is_huge_page(name))
                .any(|(name, amount)| !resource_name::is_whole_pages(name, amount))
        })
    })
}
