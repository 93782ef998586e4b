//! Endpoints, ingresses and network policies.

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;

use super::rules::{COUNTED, Divided, UNDIVIDED, Whole, silent};
use super::table::{GroupVersions, Row};
use crate::kind::{KindConflict, Registry, Traits};
use crate::names;
use crate::rules::{endpoint_slice, endpoints, ingress, ingress_class, network_policy};

pub(super) fn register(registry: &Registry) -> Result<(), KindConflict> {
    let networking_v1: GroupVersions = &[("networking.k8s.io", "v1")];
    let rules = Whole {
        default: endpoints::default,
        create: endpoints::validate_create,
        update: endpoints::validate_update,
        warnings: endpoints::warnings,
        name: names::dns1123_subdomain,
        traits: Traits { creates_on_update: true, ..UNDIVIDED },
    };
    Row::namespaced("Endpoints", "endpoints", &["ep"], &[("", "v1")], rules)
        .add::<core::Endpoints>(registry)?;

    let rules = Whole {
        default: endpoint_slice::default,
        create: endpoint_slice::validate_create,
        update: endpoint_slice::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: COUNTED,
    };
    Row::namespaced("EndpointSlice", "endpointslices", &[], &[("discovery.k8s.io", "v1")], rules)
        .add::<discovery::EndpointSlice>(registry)?;

    let rules = Divided {
        default: ingress::default,
        default_status: ingress::default_status,
        first_status: ingress::prepare_create,
        create: ingress::validate_create,
        update: ingress::validate_update,
        update_status: ingress::validate_status_update,
        warnings: ingress::create_warnings,
        name: names::dns1123_subdomain,
        traits: COUNTED,
    };
    let mut row = Row::namespaced("Ingress", "ingresses", &["ing"], networking_v1, rules);
    row.has_status = true;
    row.add::<networking::Ingress>(registry)?;

    let rules = Whole {
        default: ingress_class::default,
        create: ingress_class::validate_create,
        update: ingress_class::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: COUNTED,
    };
    Row::cluster("IngressClass", "ingressclasses", &[], networking_v1, rules)
        .add::<networking::IngressClass>(registry)?;

    let rules = Whole {
        default: network_policy::default,
        create: network_policy::validate_create,
        update: network_policy::validate_update,
        warnings: silent,
        name: names::dns1123_subdomain,
        traits: COUNTED,
    };
    Row::namespaced("NetworkPolicy", "networkpolicies", &["netpol"], networking_v1, rules)
        .add::<networking::NetworkPolicy>(registry)?;
    Ok(())
}
