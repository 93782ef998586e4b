//! The fields that lists and watches of built-in kinds can be narrowed by (LIST-12).

use k8s_openapi::api::batch::v1::JobStatus;
use k8s_openapi::api::core::v1::{
    Event, NamespaceStatus, NodeSpec, PodStatus, ReplicationControllerStatus, Secret, ServiceSpec,
};

use super::SharedPodSpec;
use crate::kind::SelectableField;
use crate::object::Object;

/// A field with its accessor.
type Row = (&'static str, fn(&Object) -> Option<String>);

fn fields(rows: &[Row]) -> Vec<SelectableField> {
    rows.iter()
        .map(|&(path, value)| SelectableField::new(path, move |object| value(object).unwrap_or_default()))
        .collect()
}

pub(super) fn pod() -> Vec<SelectableField> {
    fn spec(object: &Object) -> Option<&SharedPodSpec> {
        object.spec()
    }
    fn status(object: &Object) -> Option<&PodStatus> {
        object.status()
    }
    fields(&[
        ("spec.nodeName", |pod| spec(pod)?.node_name().map(str::to_owned)),
        ("spec.restartPolicy", |pod| spec(pod)?.common().restart_policy.clone()),
        ("spec.schedulerName", |pod| spec(pod)?.common().scheduler_name.clone()),
        ("spec.serviceAccountName", |pod| spec(pod)?.common().service_account_name.clone()),
        ("spec.hostNetwork", |pod| Some(spec(pod)?.common().host_network.unwrap_or_default().to_string())),
        ("status.phase", |pod| status(pod)?.phase.clone()),
        ("status.podIP", |pod| status(pod)?.pod_ip.clone()),
        ("status.podIPs", |pod| {
            let ips = status(pod)?.pod_ips.as_ref()?;
            Some(ips.iter().map(|ip| ip.ip.as_str()).collect::<Vec<_>>().join(","))
        }),
        ("status.nominatedNodeName", |pod| status(pod)?.nominated_node_name.clone()),
    ])
}

pub(super) fn event() -> Vec<SelectableField> {
    fn event(object: &Object) -> Option<&Event> {
        object.spec()
    }
    fields(&[
        ("involvedObject.kind", |object| event(object)?.involved_object.kind.clone()),
        ("involvedObject.namespace", |object| event(object)?.involved_object.namespace.clone()),
        ("involvedObject.name", |object| event(object)?.involved_object.name.clone()),
        ("involvedObject.uid", |object| event(object)?.involved_object.uid.clone()),
        ("involvedObject.apiVersion", |object| event(object)?.involved_object.api_version.clone()),
        ("involvedObject.resourceVersion", |object| event(object)?.involved_object.resource_version.clone()),
        ("involvedObject.fieldPath", |object| event(object)?.involved_object.field_path.clone()),
        ("reason", |object| event(object)?.reason.clone()),
        ("reportingComponent", |object| event(object)?.reporting_component.clone()),
        ("source", |object| {
            let event = event(object)?;
            let source = event.source.as_ref().and_then(|source| source.component.clone());
            source.filter(|source| !source.is_empty()).or_else(|| event.reporting_component.clone())
        }),
        ("type", |object| event(object)?.type_.clone()),
    ])
}

pub(super) fn node() -> Vec<SelectableField> {
    fields(&[("spec.unschedulable", |node| {
        Some(node.spec::<NodeSpec>()?.unschedulable.unwrap_or_default().to_string())
    })])
}

pub(super) fn job() -> Vec<SelectableField> {
    fields(&[("status.successful", |job| {
        let status = job.status::<JobStatus>();
        Some(status.and_then(|status| status.succeeded).unwrap_or_default().to_string())
    })])
}

pub(super) fn namespace() -> Vec<SelectableField> {
    fields(&[("status.phase", |namespace| namespace.status::<NamespaceStatus>()?.phase.clone())])
}

pub(super) fn replication_controller() -> Vec<SelectableField> {
    fields(&[("status.replicas", |controller| {
        let status = controller.status::<ReplicationControllerStatus>();
        Some(status.map_or(0, |status| status.replicas).to_string())
    })])
}

pub(super) fn secret() -> Vec<SelectableField> {
    fields(&[("type", |secret| secret.spec::<Secret>()?.type_.clone())])
}

pub(super) fn service() -> Vec<SelectableField> {
    fields(&[
        ("spec.clusterIP", |service| service.spec::<ServiceSpec>()?.cluster_ip.clone()),
        ("spec.type", |service| service.spec::<ServiceSpec>()?.type_.clone()),
    ])
}
