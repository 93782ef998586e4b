//! Validation of how a pod resolves names and what its own are.

use k8s_openapi::api::core::v1::{HostAlias, PodDNSConfig, PodSpec};

use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::rules::absent::{is_set, items, text};
use crate::rules::{address, checks};

/// The most name servers a pod can add.
const NAME_SERVERS_MAX: usize = 3;

/// The most search paths a pod can add.
const SEARCH_PATHS_MAX: usize = 32;

/// The longest list of search paths, with a space between two.
const SEARCH_BYTES_MAX: usize = 2048;

/// The longest host name.
const HOST_NAME_BYTES_MAX: usize = 64;

/// Checks the policy's word.
pub(super) fn validate_policy(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let supported = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    checks::required_one_of(text(&spec.dns_policy), &supported, path, errors);
}

/// Checks the configuration, which policy `None` needs.
pub(super) fn validate_config(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    if text(&spec.dns_policy) == "None" {
        let Some(config) = &spec.dns_config else {
            let why = "must provide `dnsConfig` when `dnsPolicy` is None";
            return errors.push(FieldError::required(path, why));
        };
        if items(&config.nameservers).is_empty() {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            return errors.push(FieldError::required(&path.child("nameservers"), why));
        }
    }
    if let Some(config) = &spec.dns_config {
        validate_servers(config, &path.child("nameservers"), errors);
        validate_searches(config, &path.child("searches"), errors);
        let path = path.child("options");
        for (index, option) in items(&config.options).iter().enumerate() {
            if text(&option.name).is_empty() {
                errors.push(FieldError::required(&path.index(index), "must not be empty"));
            }
        }
    }
}

fn validate_servers(config: &PodDNSConfig, path: &Path<'_>, errors: &mut FieldErrors) {
    let servers = items(&config.nameservers);
    if servers.len() > NAME_SERVERS_MAX {
        let why = format!("must not have more than {NAME_SERVERS_MAX} nameservers");
        errors.push(FieldError::invalid(path, servers, why));
    }
    for (index, server) in servers.iter().enumerate() {
        address::validate_ip(server, &[], &path.index(index), errors);
    }
}

fn validate_searches(config: &PodDNSConfig, path: &Path<'_>, errors: &mut FieldErrors) {
    let searches = items(&config.searches);
    if searches.len() > SEARCH_PATHS_MAX {
        let why = format!("must not have more than {SEARCH_PATHS_MAX} search paths");
        errors.push(FieldError::invalid(path, searches, why));
    }
    if searches.join(" ").len() > SEARCH_BYTES_MAX {
        let why = format!(
            "must not have more than {SEARCH_BYTES_MAX} characters (including spaces) in the search list"
        );
        errors.push(FieldError::invalid(path, searches, why));
    }
    for (index, search) in searches.iter().enumerate().filter(|(_, search)| *search != ".") {
        let domain = search.strip_suffix('.').unwrap_or(search);
        validate_search(domain, &path.index(index), errors);
    }
}

/// A DNS subdomain in which labels may have underscores.
fn validate_search(domain: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if domain.len() > names::SUBDOMAIN_BYTES_MAX {
        let why = format!("must be no more than {} characters", names::SUBDOMAIN_BYTES_MAX);
        errors.push(FieldError::invalid(path, domain, why));
    }
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.strip_prefix('_').unwrap_or(label).as_bytes();
        bytes.first().is_some_and(|&byte| is_word(byte))
            && bytes.last().is_some_and(|&byte| is_word(byte))
            && bytes.iter().all(|&byte| is_word(byte) || matches!(byte, b'-' | b'_'))
    };
    if !domain.split('.').all(is_label) {
        let why = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*')";
        errors.push(FieldError::invalid(path, domain, why));
    }
}

/// Checks entries of the pod's hosts file.
pub(super) fn validate_aliases(aliases: &[HostAlias], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, alias) in aliases.iter().enumerate() {
        let path = path.index(index);
        address::validate_ip(&alias.ip, &[], &path.child("ip"), errors);
        let path = path.child("hostnames");
        for (index, name) in items(&alias.hostnames).iter().enumerate() {
            checks::dns_subdomain(name, &path.index(index), errors);
        }
    }
}

/// Checks a host name that takes the place of all others.
pub(super) fn validate_override(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(name) = &spec.hostname_override else { return };
    let path = path.child("hostnameOverride");
    if is_set(spec.set_hostname_as_fqdn) {
        let why = "may not be specified when setHostnameAsFQDN is true";
        errors.push(FieldError::forbidden(&path, why));
    }
    if is_set(spec.host_network) {
        errors.push(FieldError::forbidden(&path, "may not be specified when hostNetwork is true"));
    }
    if name.len() > HOST_NAME_BYTES_MAX {
        errors.push(FieldError::too_long(&path, HOST_NAME_BYTES_MAX));
    }
    checks::dns_subdomain(name, &path, errors);
}
