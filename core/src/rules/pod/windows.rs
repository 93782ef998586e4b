//! Validation of what depends on the pod's operating system, Windows above all.

use k8s_openapi::api::core::v1::{PodSpec, SecurityContext, WindowsSecurityContextOptions};

use super::containers;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{is_set, items};
use crate::rules::checks;

/// The largest GMSA credential spec, in KiB.
const CREDENTIAL_KIB_MAX: usize = 64;

/// From how many bytes on the domain of a user is too long.
const DOMAIN_BYTES_END: usize = 256;

/// The longest name of a user.
const USER_BYTES_MAX: usize = 104;

/// Checks the options that only Windows has.
pub(super) fn validate_options(
    options: &WindowsSecurityContextOptions,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    if let Some(name) = &options.gmsa_credential_spec_name {
        checks::dns_subdomain(name, &path.child("gmsaCredentialSpecName"), errors);
    }
    if let Some(spec) = &options.gmsa_credential_spec {
        let path = path.child("gmsaCredentialSpec");
        if spec.is_empty() {
            let why = "gmsaCredentialSpec cannot be an empty string";
            errors.push(FieldError::invalid(&path, spec, why));
        } else if spec.len() > CREDENTIAL_KIB_MAX * 1024 {
            let why = format!("gmsaCredentialSpec size must be under {CREDENTIAL_KIB_MAX} KiB");
            errors.push(FieldError::invalid(&path, spec, why));
        }
    }
    if let Some(name) = &options.run_as_user_name {
        checks::faults(name, user_name_faults(name), &path.child("runAsUserName"), errors);
    }
}

/// What is wrong with a user's name, which may have a domain and a backslash before it.
fn user_name_faults(name: &str) -> Vec<String> {
    let one = |why: &str| vec![format!("runAsUserName {why}")];
    if name.is_empty() {
        return one("cannot be an empty string");
    }
    if name.chars().any(|character| character.is_ascii_control()) {
        return one("cannot contain control characters");
    }
    let (domain, user) = match name.split_once('\\') {
        Some((_, user)) if user.contains('\\') => return one("cannot contain more than one backslash"),
        Some((domain, user)) => (Some(domain), user),
        None => (None, name),
    };
    let mut faults = Vec::new();
    if domain.is_some_and(|domain| domain.len() >= DOMAIN_BYTES_END) {
        faults.push(format!("runAsUserName's Domain length must be under {DOMAIN_BYTES_END} characters"));
    }
    if domain.is_some_and(|domain| !is_net_bios(domain) && !is_dns(domain)) {
        faults.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format".to_owned());
    }
    if user.is_empty() {
        faults.push("runAsUserName's User cannot be empty".to_owned());
    } else if user.len() > USER_BYTES_MAX {
        faults
            .push(format!("runAsUserName's User length must not be longer than {USER_BYTES_MAX} characters"));
    }
    if !user.is_empty() && user.bytes().all(|byte| matches!(byte, b'.' | b' ')) {
        faults.push("runAsUserName's User cannot contain only periods or spaces".to_owned());
    }
    if user.contains(['"', '/', '\\', ':', ';', '|', '=', ',', '+', '*', '?', '<', '>', '@', '[', ']']) {
        let why = r#"runAsUserName's User cannot contain the following characters: "/\:;|=,+*?<>@[]"#;
        faults.push(why.to_owned());
    }
    faults
}

fn is_net_bios(domain: &str) -> bool {
    (1..=15).contains(&domain.chars().count())
        && !domain.starts_with('.')
        && !domain.contains(['\\', '/', ':', '*', '?', '"', '<', '>', '|'])
}

fn is_dns(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

/// Containers that run as processes of the host: all of a pod's or none, and in the host's network.
pub(super) fn validate_host_process(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let of_pod = spec
        .security_context
        .as_ref()
        .and_then(|context| context.windows_options.as_ref())
        .and_then(|options| options.host_process);
    let (mut total, mut on_host) = (0, 0);
    containers::for_each(spec, path, |container, path| {
        let of_container = container
            .security_context
            .as_ref()
            .and_then(|context| context.windows_options.as_ref())
            .and_then(|options| options.host_process);
        if let (Some(pod), Some(container)) = (of_pod, of_container)
            && pod != container
        {
            let why = format!("pod hostProcess value must be identical if both are specified, was {pod}");
            let path = path.child("securityContext");
            let path = path.child("windowsOptions");
            errors.push(FieldError::invalid(&path.child("hostProcess"), &container, why));
        }
        total += 1;
        on_host += usize::from(is_set(of_container.or(of_pod)));
    });
    if on_host == 0 {
        return;
    }
    if on_host != total {
        let why =
            "If pod contains any hostProcess containers then all containers must be HostProcess containers";
        errors.push(FieldError::invalid(path, "", why));
    }
    if !is_set(spec.host_network) {
        let why = "hostNetwork must be true if pod contains any hostProcess containers";
        errors.push(FieldError::invalid(&path.child("hostNetwork"), &false, why));
    }
}

/// Checks that nothing is set that the pod's operating system does not have.
pub(super) fn validate_os(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let Some(os) = &spec.os else { return };
    let os_path = path.child("os");
    match os.name.as_str() {
        "linux" => validate_linux(spec, path, errors),
        "windows" => validate_windows(spec, path, errors),
        "" => errors.push(FieldError::required(&os_path.child("name"), "")),
        other => errors.push(FieldError::not_supported(&os_path, other, &["linux", "windows"])),
    }
}

fn validate_linux(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let why = "windows options cannot be set for a linux pod";
    if spec.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
        let path = path.child("securityContext");
        errors.push(FieldError::forbidden(&path.child("windowsOptions"), why));
    }
    containers::for_each(spec, path, |container, path| {
        if container.security_context.as_ref().is_some_and(|context| context.windows_options.is_some()) {
            let path = path.child("securityContext");
            errors.push(FieldError::forbidden(&path.child("windowsOptions"), why));
        }
    });
}

fn validate_windows(spec: &PodSpec, path: &Path<'_>, errors: &mut FieldErrors) {
    let context_path = path.child("securityContext");
    let empty = Default::default();
    let context = spec.security_context.as_ref().unwrap_or(&empty);
    let of_context = |field, is_given| (context_path.child(field), is_given);
    let given = [
        of_context("appArmorProfile", context.app_armor_profile.is_some()),
        of_context("seLinuxOptions", context.se_linux_options.is_some()),
        (path.child("hostUsers"), spec.host_users.is_some()),
        (path.child("hostPID"), is_set(spec.host_pid)),
        (path.child("hostIPC"), is_set(spec.host_ipc)),
        of_context("seccompProfile", context.seccomp_profile.is_some()),
        of_context("fsGroup", context.fs_group.is_some()),
        of_context("fsGroupChangePolicy", context.fs_group_change_policy.is_some()),
        of_context("sysctls", !items(&context.sysctls).is_empty()),
        (path.child("shareProcessNamespace"), spec.share_process_namespace.is_some()),
        of_context("runAsUser", context.run_as_user.is_some()),
        of_context("runAsGroup", context.run_as_group.is_some()),
        of_context("supplementalGroups", context.supplemental_groups.is_some()),
        of_context("supplementalGroupsPolicy", context.supplemental_groups_policy.is_some()),
        of_context("seLinuxChangePolicy", context.se_linux_change_policy.is_some()),
    ];
    refuse(&given, errors);
    containers::for_each(spec, path, |container, path| {
        if let Some(context) = &container.security_context {
            validate_windows_container(context, &path.child("securityContext"), errors);
        }
    });
}

fn validate_windows_container(context: &SecurityContext, path: &Path<'_>, errors: &mut FieldErrors) {
    let given = [
        (path.child("appArmorProfile"), context.app_armor_profile.is_some()),
        (path.child("seLinuxOptions"), context.se_linux_options.is_some()),
        (path.child("seccompProfile"), context.seccomp_profile.is_some()),
        (path.child("capabilities"), context.capabilities.is_some()),
        (path.child("readOnlyRootFilesystem"), context.read_only_root_filesystem.is_some()),
        (path.child("privileged"), context.privileged.is_some()),
        (path.child("allowPrivilegeEscalation"), context.allow_privilege_escalation.is_some()),
        (path.child("procMount"), context.proc_mount.is_some()),
        (path.child("runAsUser"), context.run_as_user.is_some()),
        (path.child("runAsGroup"), context.run_as_group.is_some()),
    ];
    refuse(&given, errors);
}

fn refuse(given: &[(Path<'_>, bool)], errors: &mut FieldErrors) {
    let refused = given.iter().filter(|(_, is_given)| *is_given);
    errors.extend(refused.map(|(path, _)| FieldError::forbidden(path, "cannot be set for a windows pod")));
}
