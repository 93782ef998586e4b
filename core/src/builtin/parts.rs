//! How the built-in kinds are taken apart. Kinds without spec and status are a spec as a whole.

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::autoscaling::v2 as autoscaling;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::networking::v1 as networking;
use k8s_openapi::api::node::v1 as node;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::rbac::v1 as rbac;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::api::storage::v1 as storage;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::kind::Parts;

/// Kinds with a spec that is always there.
macro_rules! spec_and_status {
    ($($kind:ty, $spec:ty, $status:ty, $nulls:expr;)*) => {$(
        impl Parts for $kind {
            type Spec = $spec;
            type Status = $status;

            const NULLS: &'static [&'static str] = $nulls;

            fn split(self) -> (ObjectMeta, Self::Spec, Option<Self::Status>) {
                (self.metadata, self.spec, self.status)
            }

            fn join(metadata: ObjectMeta, spec: &Self::Spec, status: Option<&Self::Status>) -> Self {
                Self { metadata, spec: spec.clone(), status: status.cloned() }
            }
        }
    )*};
}

/// Kinds whose spec may be left out, which means an empty one.
macro_rules! optional_spec_and_status {
    ($($kind:ty, $spec:ty, $status:ty, $nulls:expr;)*) => {$(
        impl Parts for $kind {
            type Spec = $spec;
            type Status = $status;

            const NULLS: &'static [&'static str] = $nulls;

            fn split(self) -> (ObjectMeta, Self::Spec, Option<Self::Status>) {
                (self.metadata, self.spec.unwrap_or_default(), self.status)
            }

            fn join(metadata: ObjectMeta, spec: &Self::Spec, status: Option<&Self::Status>) -> Self {
                Self { metadata, spec: Some(spec.clone()), status: status.cloned() }
            }
        }
    )*};
}

/// Kinds without a status whose fields, beside metadata, are all kept as one part.
macro_rules! undivided {
    ($($kind:ty, $nulls:expr;)*) => {$(
        impl Parts for $kind {
            type Spec = $kind;
            type Status = ();

            const NULLS: &'static [&'static str] = $nulls;

            fn split(mut self) -> (ObjectMeta, Self::Spec, Option<()>) {
                (std::mem::take(&mut self.metadata), self, None)
            }

            fn join(metadata: ObjectMeta, spec: &Self::Spec, _status: Option<&()>) -> Self {
                Self { metadata, ..spec.clone() }
            }
        }
    )*};
}

spec_and_status! {
    apps::DaemonSet, apps::DaemonSetSpec, apps::DaemonSetStatus, &["status.conditions[].lastTransitionTime"];
    apps::Deployment, apps::DeploymentSpec, apps::DeploymentStatus,
        &["status.conditions[].lastTransitionTime", "status.conditions[].lastUpdateTime"];
    apps::ReplicaSet, apps::ReplicaSetSpec, apps::ReplicaSetStatus, &["status.conditions[].lastTransitionTime"];
    apps::StatefulSet, apps::StatefulSetSpec, apps::StatefulSetStatus,
        &["status.conditions[].lastTransitionTime"];
    autoscaling::HorizontalPodAutoscaler, autoscaling::HorizontalPodAutoscalerSpec,
        autoscaling::HorizontalPodAutoscalerStatus,
        &["status.conditions[].lastTransitionTime", "status.currentMetrics"];
    batch::CronJob, batch::CronJobSpec, batch::CronJobStatus, &[];
    storage::VolumeAttachment, storage::VolumeAttachmentSpec, storage::VolumeAttachmentStatus,
        &["status.attachError.time", "status.detachError.time"];
}

optional_spec_and_status! {
    batch::Job, batch::JobSpec, batch::JobStatus,
        &["status.conditions[].lastProbeTime", "status.conditions[].lastTransitionTime"];
    core::Namespace, core::NamespaceSpec, core::NamespaceStatus, &["status.conditions[].lastTransitionTime"];
    core::Node, core::NodeSpec, core::NodeStatus,
        &["status.conditions[].lastHeartbeatTime", "status.conditions[].lastTransitionTime"];
    core::PersistentVolume, core::PersistentVolumeSpec, core::PersistentVolumeStatus, &[];
    core::PersistentVolumeClaim, core::PersistentVolumeClaimSpec, core::PersistentVolumeClaimStatus,
        &["status.conditions[].lastProbeTime", "status.conditions[].lastTransitionTime"];
    core::ReplicationController, core::ReplicationControllerSpec, core::ReplicationControllerStatus,
        &["status.conditions[].lastTransitionTime"];
    core::ResourceQuota, core::ResourceQuotaSpec, core::ResourceQuotaStatus, &[];
    core::Service, core::ServiceSpec, core::ServiceStatus, &[];
    policy::PodDisruptionBudget, policy::PodDisruptionBudgetSpec, policy::PodDisruptionBudgetStatus, &[];
    networking::Ingress, networking::IngressSpec, networking::IngressStatus, &[];
}

undivided! {
    apps::ControllerRevision, &[];
    coordination::Lease, &[];
    core::ConfigMap, &[];
    core::Endpoints, &[];
    core::Event, &["eventTime", "firstTimestamp", "lastTimestamp", "series.lastObservedTime"];
    core::PodTemplate, &[];
    core::LimitRange, &[];
    core::Secret, &[];
    core::ServiceAccount, &[];
    discovery::EndpointSlice, &["endpoints", "ports"];
    networking::IngressClass, &[];
    networking::NetworkPolicy, &[];
    node::RuntimeClass, &[];
    rbac::ClusterRole, &["rules"];
    rbac::ClusterRoleBinding, &[];
    rbac::Role, &["rules"];
    rbac::RoleBinding, &[];
    scheduling::PriorityClass, &[];
    storage::CSIDriver, &[];
    storage::CSINode, &[];
    storage::StorageClass, &[];
}
