//! Validation of security contexts of pods and containers.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    AppArmorProfile, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext, Sysctl,
};

use super::options::Options;
use super::{paths, windows};
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{is_set, items};
use crate::rules::{checks, internal_form};

/// The longest name of a sysctl.
const SYSCTL_BYTES_MAX: usize = 253;

/// The longest path of an AppArmor profile.
const PROFILE_BYTES_MAX: usize = 4095;

const PROFILE_TYPES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

fn validate_id(id: Option<i64>, path: &Path<'_>, errors: &mut FieldErrors) {
    if let Some(id) = id {
        checks::in_range(id, 0, i32::MAX.into(), path, errors);
    }
}

/// Checks a container's security context.
pub(super) fn validate_container(
    context: &SecurityContext,
    has_host_users: bool,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    validate_id(context.run_as_user, &path.child("runAsUser"), errors);
    validate_id(context.run_as_group, &path.child("runAsGroup"), errors);
    if let Some(mount) = &context.proc_mount {
        let path = path.child("procMount");
        checks::one_of(mount, &["Default", "Unmasked"], &path, errors);
        if has_host_users && mount == "Unmasked" {
            let why = "`hostUsers` must be false to use `Unmasked`";
            errors.push(FieldError::invalid(&path, mount, why));
        }
    }
    validate_seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile"), errors);
    validate_escalation(context, path, errors);
    if let Some(options) = &context.windows_options {
        windows::validate_options(options, &path.child("windowsOptions"), errors);
    }
    validate_app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile"), errors);
}

fn validate_escalation(context: &SecurityContext, path: &Path<'_>, errors: &mut FieldErrors) {
    if context.allow_privilege_escalation != Some(false) {
        return;
    }
    let mut contradicts = |what: &str| {
        let why = format!("cannot set `allowPrivilegeEscalation` to false and {what}");
        errors.push(internal_form::invalid(path, "SecurityContext", context, why));
    };
    if is_set(context.privileged) {
        contradicts("`privileged` to true");
    }
    for capability in context.capabilities.iter().flat_map(|capabilities| items(&capabilities.add)) {
        if capability == "CAP_SYS_ADMIN" {
            contradicts("`capabilities.Add` CAP_SYS_ADMIN");
        }
    }
}

/// Checks the pod's security context.
pub(super) fn validate_pod(spec: &PodSpec, options: &Options, path: &Path<'_>, errors: &mut FieldErrors) {
    let path = path.child("securityContext");
    if is_set(spec.share_process_namespace) && is_set(spec.host_pid) {
        let why = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid(&path.child("shareProcessNamespace"), &true, why));
    }
    let Some(context) = &spec.security_context else { return };
    validate_id(context.fs_group, &path.child("fsGroup"), errors);
    validate_id(context.run_as_user, &path.child("runAsUser"), errors);
    validate_id(context.run_as_group, &path.child("runAsGroup"), errors);
    let groups_path = path.child("supplementalGroups");
    for (index, group) in items(&context.supplemental_groups).iter().enumerate() {
        validate_id(Some(*group), &groups_path.index(index), errors);
    }
    validate_sysctls(spec, items(&context.sysctls), options, &path.child("sysctls"), errors);
    let words: [(&str, &Option<String>, &[&str]); 2] = [
        ("fsGroupChangePolicy", &context.fs_group_change_policy, &["Always", "OnRootMismatch"]),
        ("supplementalGroupsPolicy", &context.supplemental_groups_policy, &["Merge", "Strict"]),
    ];
    for (field, word, supported) in words {
        if let Some(word) = word {
            checks::one_of(word, supported, &path.child(field), errors);
        }
    }
    validate_seccomp(context.seccomp_profile.as_ref(), &path.child("seccompProfile"), errors);
    if let Some(options) = &context.windows_options {
        windows::validate_options(options, &path.child("windowsOptions"), errors);
    }
    validate_app_armor(context.app_armor_profile.as_ref(), &path.child("appArmorProfile"), errors);
    validate_selinux_policy(context, options, &path.child("seLinuxChangePolicy"), errors);
}

fn validate_selinux_policy(
    context: &PodSecurityContext,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if let Some(policy) = &context.se_linux_change_policy {
        let supported: &[&str] =
            if options.keeps_selinux_policy { &["MountOption", "Recursive"] } else { &["Recursive"] };
        checks::one_of(policy, supported, path, errors);
    }
}

fn validate_sysctls(
    spec: &PodSpec,
    sysctls: &[Sysctl],
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let mut seen = BTreeSet::new();
    for (index, sysctl) in sysctls.iter().enumerate() {
        let path = path.index(index);
        let path = path.child("name");
        let name = sysctl.name.as_str();
        if name.is_empty() {
            errors.push(FieldError::required(&path, ""));
        } else if !is_sysctl_name(name) {
            let why = format!(
                "must have at most {SYSCTL_BYTES_MAX} characters and match regex \
                 ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"
            );
            errors.push(FieldError::invalid(&path, name, why));
        } else if seen.contains(name) {
            errors.push(FieldError::duplicate(&path, name));
        }
        if !options.keeps_host_sysctls
            && let Some(flag) = host_flag(name, spec)
        {
            let why = format!("may not be specified when '{flag}' is true");
            errors.push(FieldError::invalid(&path, name, why));
        }
        seen.insert(name);
    }
}

fn is_sysctl_name(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.len() <= SYSCTL_BYTES_MAX
        && name.split(['.', '/']).all(|segment| {
            let bytes = segment.as_bytes();
            bytes.first().is_some_and(|&byte| is_word(byte))
                && bytes.last().is_some_and(|&byte| is_word(byte))
                && bytes.iter().all(|&byte| is_word(byte) || matches!(byte, b'-' | b'_'))
        })
}

/// The flag by which the pod shares with the host what the sysctl is about.
fn host_flag(sysctl: &str, spec: &PodSpec) -> Option<&'static str> {
    const IPC: [&str; 11] = [
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
        "kernel.shm_rmid_forced",
        "kernel.shm",
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.msg",
        "fs.mqueue",
    ];
    // A name whose first separator is a slash has dots where others have slashes.
    let name = match sysctl.find(['.', '/']) {
        Some(at) if sysctl.as_bytes()[at] == b'/' => sysctl
            .chars()
            .map(|character| match character {
                '/' => '.',
                '.' => '/',
                other => other,
            })
            .collect(),
        _ => sysctl.to_owned(),
    };
    if name.starts_with("net.") {
        return is_set(spec.host_network).then_some("hostNetwork");
    }
    let is_ipc = IPC[..10].contains(&name.as_str()) || name.starts_with("fs.mqueue.");
    (is_ipc && is_set(spec.host_ipc)).then_some("hostIPC")
}

/// Whether a pod sets a sysctl it shares with the host.
pub(super) fn has_host_sysctl(spec: &PodSpec) -> bool {
    spec.security_context
        .iter()
        .flat_map(|context| items(&context.sysctls))
        .any(|sysctl| host_flag(&sysctl.name, spec).is_some())
}

fn validate_seccomp(profile: Option<&SeccompProfile>, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(profile) = profile else { return };
    let type_path = path.child("type");
    if profile.type_.is_empty() {
        let why = "type is required when seccompProfile is set";
        errors.push(FieldError::required(&type_path, why));
    } else {
        checks::one_of(&profile.type_, &PROFILE_TYPES, &type_path, errors);
    }
    let path = path.child("localhostProfile");
    match (profile.type_.as_str(), &profile.localhost_profile) {
        ("Localhost", None) => {
            errors.push(FieldError::required(&path, "must be set when seccomp type is Localhost"));
        }
        ("Localhost", Some(localhost)) => paths::validate_descending(localhost, &path, errors),
        (_, Some(_)) => {
            let why = "can only be set when seccomp type is Localhost";
            errors.push(internal_form::invalid(&path, "SeccompProfile", profile, why));
        }
        (_, None) => {}
    }
}

pub(super) fn validate_app_armor(
    profile: Option<&AppArmorProfile>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let Some(profile) = profile else { return };
    let (type_path, path) = (path.child("type"), path.child("localhostProfile"));
    match (profile.type_.as_str(), &profile.localhost_profile) {
        ("Localhost", None) => {
            errors.push(FieldError::required(&path, "must be set when AppArmor type is Localhost"));
        }
        ("Localhost", Some(localhost)) => {
            if localhost.trim() != localhost {
                let why = "must not be padded with whitespace";
                errors.push(FieldError::invalid(&path, localhost, why));
            } else if localhost.is_empty() {
                errors.push(FieldError::required(&path, "must be set when AppArmor type is Localhost"));
            }
            if localhost.len() > PROFILE_BYTES_MAX {
                errors.push(FieldError::too_long(&path, PROFILE_BYTES_MAX));
            }
        }
        ("RuntimeDefault" | "Unconfined", Some(localhost)) => {
            let why = "can only be set when AppArmor type is Localhost";
            errors.push(FieldError::invalid(&path, localhost, why));
        }
        ("", _) => {
            errors.push(FieldError::required(&type_path, "type is required when appArmorProfile is set"));
        }
        (other, _) => checks::one_of(other, &PROFILE_TYPES, &type_path, errors),
    }
}
