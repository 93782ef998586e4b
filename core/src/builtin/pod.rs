//! Pods: one spec for all pods of a template, under what differs from pod to pod.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{Pod, PodSpec, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::kind::{Overlay, Own, Parts};
use crate::object::{Part, Text};

/// A pod's spec: what it has in common with other pods, and what is its own.
///
/// Equal specs are equal however much of them is shared.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedPodSpec {
    /// What is common; `node_name` and `hostname` are not set in it.
    common: Arc<PodSpec>,
    /// The node it is bound to.
    node_name: Option<Text>,
    /// Its own host name.
    hostname: Option<Text>,
}

impl SharedPodSpec {
    /// Takes a spec apart.
    pub fn new(mut spec: PodSpec) -> Self {
        let own = |field: &mut Option<String>| field.take().filter(|text| !text.is_empty()).map(Text::from);
        let node_name = own(&mut spec.node_name);
        let hostname = own(&mut spec.hostname);
        Self { common: Arc::new(spec), node_name, hostname }
    }

    /// What is common to the pods of a template. Its `node_name` and `hostname` are not this pod's.
    pub fn common(&self) -> &Arc<PodSpec> {
        &self.common
    }

    /// What is common, to be changed; copied first if it is shared.
    pub fn common_mut(&mut self) -> &mut PodSpec {
        Arc::make_mut(&mut self.common)
    }

    /// Shares what is common with another pod.
    pub fn set_common(&mut self, common: Arc<PodSpec>) {
        self.common = common;
    }

    /// The node it is bound to.
    pub fn node_name(&self) -> Option<&str> {
        self.node_name.as_deref()
    }

    /// The node it is bound to, to be shared.
    pub fn node_name_text(&self) -> Option<&Text> {
        self.node_name.as_ref()
    }

    /// Binds it to a node.
    pub fn set_node_name(&mut self, node_name: Option<Text>) {
        self.node_name = node_name;
    }

    /// Its own host name.
    pub fn hostname(&self) -> Option<&str> {
        self.hostname.as_deref()
    }

    /// Gives it a host name of its own.
    pub fn set_hostname(&mut self, hostname: Option<Text>) {
        self.hostname = hostname;
    }

    /// The whole spec.
    pub fn to_spec(&self) -> PodSpec {
        let string = |text: &Option<Text>| text.as_deref().map(str::to_owned);
        let mut spec = PodSpec::clone(&self.common);
        spec.node_name = string(&self.node_name);
        spec.hostname = string(&self.hostname);
        spec
    }
}

impl Default for SharedPodSpec {
    fn default() -> Self {
        Self::new(PodSpec::default())
    }
}

impl Parts for Pod {
    type Spec = SharedPodSpec;
    type Status = PodStatus;

    const NULLS: &'static [&'static str] = &[
        "status.conditions[].lastProbeTime",
        "status.conditions[].lastTransitionTime",
        "status.containerStatuses[].lastState.running.startedAt",
        "status.containerStatuses[].lastState.terminated.finishedAt",
        "status.containerStatuses[].lastState.terminated.startedAt",
        "status.containerStatuses[].state.running.startedAt",
        "status.containerStatuses[].state.terminated.finishedAt",
        "status.containerStatuses[].state.terminated.startedAt",
        "status.initContainerStatuses[].lastState.running.startedAt",
        "status.initContainerStatuses[].lastState.terminated.finishedAt",
        "status.initContainerStatuses[].lastState.terminated.startedAt",
        "status.initContainerStatuses[].state.running.startedAt",
        "status.initContainerStatuses[].state.terminated.finishedAt",
        "status.initContainerStatuses[].state.terminated.startedAt",
    ];

    fn split(self) -> (ObjectMeta, Self::Spec, Option<Self::Status>) {
        (self.metadata, SharedPodSpec::new(self.spec.unwrap_or_default()), self.status)
    }

    fn join(metadata: ObjectMeta, spec: &Self::Spec, status: Option<&Self::Status>) -> Self {
        Self { metadata, spec: Some(spec.to_spec()), status: status.cloned() }
    }

    fn layers(spec: &Self::Spec) -> Option<(Part, Self::Spec, Own)> {
        let bare = SharedPodSpec { common: Arc::clone(&spec.common), node_name: None, hostname: None };
        let own = [spec.node_name.clone(), spec.hostname.clone()].into_iter().collect();
        Some((Part::shared(Arc::clone(&spec.common)), bare, own))
    }

    fn with_own(bare: &Self::Spec, own: &[Option<Text>]) -> Self::Spec {
        let own = |at: usize| own.get(at).cloned().flatten();
        SharedPodSpec { common: Arc::clone(&bare.common), node_name: own(0), hostname: own(1) }
    }

    fn overlay(spec: &Self::Spec) -> Option<Overlay> {
        let own = [("nodeName", &spec.node_name), ("hostname", &spec.hostname)];
        Some(Overlay {
            is_shared: Arc::strong_count(&spec.common) > 1,
            common: Part::shared(Arc::clone(&spec.common)),
            own: own.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect(),
        })
    }

    fn write_common(spec: &Self::Spec, into: &mut Vec<u8>) {
        into.extend_from_slice(b",\"spec\":");
        serde_json::to_writer(into, &*spec.common).expect("API types serialize to JSON");
    }
}
