//! What the validation of a pod spec depends on beside the spec.

use k8s_openapi::api::core::v1::{Affinity, PodAffinityTerm, PodSpec};

use super::{affinity, resources, security, spread};
use crate::rules::absent::{is_set, items, text};
use crate::rules::labels::{self, SelectorValues};

/// Where a spec is, and what it may keep because the stored object has it already (ADM-11).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// It is a pod's own, not a template's.
    pub(crate) is_pod: bool,
    /// Values in the selectors of pod affinity.
    pub(crate) affinity_values: SelectorValues,
    /// Values in required node affinity.
    pub(crate) node_affinity_values: SelectorValues,
    /// Selectors of spread constraints need not be valid.
    pub(crate) keeps_spread_selectors: bool,
    /// Label keys of spread constraints may contradict their selector.
    pub(crate) keeps_spread_keys: bool,
    /// Huge pages need not come in whole pages.
    pub(crate) keeps_partial_pages: bool,
    /// The path of a projected token may lead out of the volume.
    pub(crate) keeps_token_path: bool,
    /// Namespaced sysctls may be set in the host's namespaces.
    pub(crate) keeps_host_sysctls: bool,
    /// The SELinux change policy may be another than the only one new pods can have.
    pub(crate) keeps_selinux_policy: bool,
    /// Tolerations may compare numbers.
    pub(crate) keeps_comparisons: bool,
    /// Plain init containers may ask to be restarted on resize.
    pub(crate) keeps_init_resize_restart: bool,
    /// Pods with users of their own may have block devices.
    pub(crate) keeps_user_namespace_devices: bool,
    /// Pods with users of their own may be in the host's network.
    pub(crate) keeps_user_namespace_network: bool,
}

impl Options {
    /// For a new pod or template.
    pub(crate) const fn create(is_pod: bool) -> Self {
        Self {
            is_pod,
            affinity_values: SelectorValues::Strict,
            node_affinity_values: SelectorValues::Strict,
            keeps_spread_selectors: false,
            keeps_spread_keys: false,
            keeps_partial_pages: false,
            keeps_token_path: false,
            keeps_host_sysctls: false,
            keeps_selinux_policy: false,
            keeps_comparisons: false,
            keeps_init_resize_restart: false,
            keeps_user_namespace_devices: false,
            keeps_user_namespace_network: false,
        }
    }

    /// For a changed pod or template.
    pub(crate) fn update(is_pod: bool, old: &PodSpec) -> Self {
        let values = |are_lenient| if are_lenient { SelectorValues::Lenient } else { SelectorValues::Strict };
        let has_user_namespace = old.host_users == Some(false);
        Self {
            is_pod,
            affinity_values: values(has_impossible_affinity(old.affinity.as_ref())),
            node_affinity_values: values(affinity::has_impossible_node_value(old)),
            keeps_spread_selectors: spread::has_invalid_selector(old),
            keeps_spread_keys: spread::has_contradicting_keys(old),
            keeps_partial_pages: resources::has_partial_pages(old),
            keeps_token_path: super::projected::has_outside_token_path(old),
            keeps_host_sysctls: security::has_host_sysctl(old),
            keeps_selinux_policy: old
                .security_context
                .as_ref()
                .is_some_and(|context| context.se_linux_change_policy.is_some()),
            keeps_comparisons: items(&old.tolerations)
                .iter()
                .any(|toleration| matches!(text(&toleration.operator), "Lt" | "Gt")),
            keeps_init_resize_restart: has_init_resize_restart(old),
            keeps_user_namespace_devices: has_user_namespace && has_devices(old),
            keeps_user_namespace_network: has_user_namespace && is_set(old.host_network),
        }
    }
}

fn has_impossible_affinity(affinity: Option<&Affinity>) -> bool {
    let is_impossible = |term: &PodAffinityTerm| {
        labels::has_impossible_value(term.label_selector.as_ref())
            || labels::has_impossible_value(term.namespace_selector.as_ref())
    };
    affinity.is_some_and(|affinity| affinity::pod_terms(affinity).any(is_impossible))
}

fn has_init_resize_restart(spec: &PodSpec) -> bool {
    items(&spec.init_containers).iter().filter(|container| !super::requests::is_sidecar(container)).any(
        |container| {
            items(&container.resize_policy).iter().any(|policy| policy.restart_policy == "RestartContainer")
        },
    )
}

fn has_devices(spec: &PodSpec) -> bool {
    spec.containers
        .iter()
        .chain(items(&spec.init_containers))
        .any(|container| !items(&container.volume_devices).is_empty())
}
