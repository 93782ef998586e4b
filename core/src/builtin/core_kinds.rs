//! Accounts, templates and runtime classes.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::node::v1 as node;

use super::rules::{COUNTED, UNDIVIDED, Whole, silent};
use super::table::{GroupVersions, Row};
use crate::kind::{KindConflict, Registry, Traits};
use crate::names;
use crate::rules::{pod_template, runtime_class, service_account};

pub(super) fn register(registry: &Registry) -> Result<(), KindConflict> {
    let core_v1: GroupVersions = &[("", "v1")];
    let rules = Whole {
        default: pod_template::default,
        create: pod_template::validate_create,
        update: pod_template::validate_update,
        warnings: pod_template::warnings,
        name: names::dns1123_subdomain,
        traits: Traits { answers_deleted_object: true, ..COUNTED },
    };
    Row::namespaced("PodTemplate", "podtemplates", &[], core_v1, rules).add::<core::PodTemplate>(registry)?;

    let rules = Whole {
        default: service_account::default,
        create: service_account::validate_create,
        update: service_account::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: Traits { answers_deleted_object: true, ..UNDIVIDED },
    };
    Row::namespaced("ServiceAccount", "serviceaccounts", &["sa"], core_v1, rules)
        .add::<core::ServiceAccount>(registry)?;

    let rules = Whole {
        default: runtime_class::default,
        create: runtime_class::validate_create,
        update: runtime_class::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: Traits { creates_on_update: true, updates_unconditionally: false, ..UNDIVIDED },
    };
    Row::cluster("RuntimeClass", "runtimeclasses", &[], &[("node.k8s.io", "v1")], rules)
        .add::<node::RuntimeClass>(registry)?;
    Ok(())
}
