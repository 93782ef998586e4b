use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use setpoint_core::object::{Object, Part};

/// How a kind whose objects keep pods in number says what is wanted, and what there is.
///
/// There are two such kinds, which differ in nothing else.
#[derive(Clone, Copy)]
pub struct Dialect {
    /// The controller's name, which its events and its writes bear.
    pub controller: &'static str,
    /// What an object asks for; `None` if it is of another kind.
    pub asks: fn(&Object) -> Option<Asks<'_>>,
    /// What its status says.
    pub said: fn(&Object) -> Option<Cow<'_, ReplicaSetStatus>>,
    /// A status as the kind has it.
    pub to_status: fn(&Arc<ReplicaSetStatus>) -> Part,
    /// Whether the status tells of pods on their way out (RS-26).
    pub counts_terminating: bool,
}

/// What an object asks for.
#[derive(Debug, Clone)]
pub struct Asks<'a> {
    /// How many pods; one if nothing is said.
    pub replicas: Option<i32>,
    /// For how long a pod must be ready to be available, in seconds.
    pub min_ready_seconds: Option<i32>,
    /// Which pods are its own.
    pub selector: Cow<'a, LabelSelector>,
    /// What new ones are like.
    pub template: Option<&'a PodTemplateSpec>,
}

impl Dialect {
    /// That of ReplicaSets.
    pub const REPLICA_SET: Self = Self {
        controller: "replicaset-controller",
        asks: |object| {
            let spec: &ReplicaSetSpec = object.spec()?;
            Some(Asks {
                replicas: spec.replicas,
                min_ready_seconds: spec.min_ready_seconds,
                selector: Cow::Borrowed(&spec.selector),
                template: spec.template.as_ref(),
            })
        },
        said: |object| object.status().map(Cow::Borrowed),
        to_status: |status| Part::shared(Arc::clone(status)),
        counts_terminating: true,
    };
}

impl fmt::Debug for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Dialect").field(&self.controller).finish()
    }
}
