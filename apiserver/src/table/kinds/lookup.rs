use setpoint_core::kind::Kind;
use setpoint_core::schema::Schema;

use super::*;
use crate::table::printer::Printer;

/// How objects of a built-in kind are printed; `None` for a custom kind.
pub(in crate::table) fn printer(kind: &Kind) -> Option<Printer> {
    let names = &*kind.names.kind;
    let printer = match (&*kind.resource.group, names) {
        ("", "ConfigMap") => config_map::PRINTER,
        ("", "Endpoints") => endpoints::PRINTER,
        ("", "Event") => event::PRINTER,
        ("", "Namespace") => namespace::PRINTER,
        ("", "Node") => node::PRINTER,
        ("", "PersistentVolume") => persistent_volume::PRINTER,
        ("", "PersistentVolumeClaim") => persistent_volume_claim::PRINTER,
        ("", "Pod") => pod::PRINTER,
        ("", "PodTemplate") => pod_template::PRINTER,
        ("", "ReplicationController") => replication_controller::PRINTER,
        ("", "ResourceQuota") => resource_quota::PRINTER,
        ("", "Secret") => secret::PRINTER,
        ("", "Service") => service::PRINTER,
        ("", "ServiceAccount") => service_account::PRINTER,
        ("apps", "ControllerRevision") => controller_revision::PRINTER,
        ("apps", "DaemonSet") => daemon_set::PRINTER,
        ("apps", "Deployment") => deployment::PRINTER,
        ("apps", "ReplicaSet") => replica_set::PRINTER,
        ("apps", "StatefulSet") => stateful_set::PRINTER,
        ("autoscaling", "HorizontalPodAutoscaler") => horizontal_pod_autoscaler::PRINTER,
        ("batch", "CronJob") => cron_job::PRINTER,
        ("batch", "Job") => job::PRINTER,
        ("coordination.k8s.io", "Lease") => lease::PRINTER,
        ("discovery.k8s.io", "EndpointSlice") => endpoint_slice::PRINTER,
        ("networking.k8s.io", "Ingress") => ingress::PRINTER,
        ("networking.k8s.io", "IngressClass") => ingress_class::PRINTER,
        ("networking.k8s.io", "NetworkPolicy") => network_policy::PRINTER,
        ("node.k8s.io", "RuntimeClass") => runtime_class::PRINTER,
        ("policy", "PodDisruptionBudget") => pod_disruption_budget::PRINTER,
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => cluster_role_binding::PRINTER,
        ("rbac.authorization.k8s.io", "RoleBinding") => role_binding::PRINTER,
        ("scheduling.k8s.io", "PriorityClass") => priority_class::PRINTER,
        ("storage.k8s.io", "CSIDriver") => csi_driver::PRINTER,
        ("storage.k8s.io", "CSINode") => csi_node::PRINTER,
        ("storage.k8s.io", "StorageClass") => storage_class::PRINTER,
        ("storage.k8s.io", "VolumeAttachment") => volume_attachment::PRINTER,
        (group, name) => {
            let is_built_in =
                kind.versions.iter().any(|served| Schema::of_kind(group, &served.version, name).is_some());
            return is_built_in.then_some(Printer::PLAIN);
        }
    };
    Some(printer)
}
