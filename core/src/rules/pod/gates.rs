//! Fields that 1.36 knows but does not take, because their feature is off by default.

use k8s_openapi::api::core::v1::{Lifecycle, PodSpec, VolumeProjection};

/// Removes them, as upstream does without a word.
pub(super) fn drop_disabled(spec: &mut PodSpec) {
    // GenericWorkload
    spec.scheduling_group = None;
    // ContainerStopSignals
    let drop_signal = |lifecycle: &mut Lifecycle| lifecycle.stop_signal = None;
    for container in spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten()) {
        container.lifecycle.iter_mut().for_each(drop_signal);
    }
    for container in spec.ephemeral_containers.iter_mut().flatten() {
        container.lifecycle.iter_mut().for_each(drop_signal);
    }
    // ClusterTrustBundleProjection, PodCertificateRequest
    let projected = spec.volumes.iter_mut().flatten().filter_map(|volume| volume.projected.as_mut());
    for source in projected.flat_map(|projected| projected.sources.iter_mut().flatten()) {
        let VolumeProjection { cluster_trust_bundle, pod_certificate, .. } = source;
        (*cluster_trust_bundle, *pod_certificate) = (None, None);
    }
}
