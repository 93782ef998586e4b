//! What a planner sees, made by hand.

use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{
    Deployment, DeploymentSpec, DeploymentStrategy, ReplicaSet as ReplicaSetObject, ReplicaSetSpec,
    ReplicaSetStatus, RollingUpdateDeployment,
};
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, OwnerReference, Revision, Uid};

use crate::claim::Children;
use crate::deployment::observed::{Observed, ReplicaSet};
use crate::deployment::template::Templates;

/// A moment in seconds.
pub(in crate::deployment) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A template with this image and the label `app=web`.
pub(in crate::deployment) fn template(image: &str) -> PodTemplateSpec {
    let container = Container { name: "c".to_owned(), image: Some(image.to_owned()), ..Container::default() };
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some([("app".to_owned(), "web".to_owned())].into()),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
    }
}

/// The Deployment `web` with this image and number of replicas, rolling by a quarter.
pub(in crate::deployment) fn deployment(image: &str, replicas: i32) -> Deployment {
    let labels = [("app".to_owned(), "web".to_owned())].into();
    Deployment {
        metadata: ObjectMeta {
            name: Some("web".to_owned()),
            namespace: Some("ns".to_owned()),
            ..ObjectMeta::default()
        },
        spec: DeploymentSpec {
            replicas: Some(replicas),
            selector: LabelSelector { match_labels: Some(labels), ..LabelSelector::default() },
            template: template(image),
            ..DeploymentSpec::default()
        },
        ..Deployment::default()
    }
}

/// A strategy with these bounds, `25%` or a number each.
pub(in crate::deployment) fn rolling(surge: &str, unavailable: &str) -> Option<DeploymentStrategy> {
    let share = |text: &str| match text.parse() {
        Ok(number) => IntOrString::Int(number),
        Err(_) => IntOrString::String(text.to_owned()),
    };
    Some(DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(share(surge)),
            max_unavailable: Some(share(unavailable)),
        }),
    })
}

/// The strategy that has no two templates at once.
pub(in crate::deployment) fn recreate() -> Option<DeploymentStrategy> {
    Some(DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None })
}

/// A ReplicaSet of the Deployment `web`.
#[derive(Debug, Clone)]
pub(in crate::deployment) struct Set {
    pub(in crate::deployment) name: &'static str,
    pub(in crate::deployment) image: &'static str,
    pub(in crate::deployment) size: i32,
    pub(in crate::deployment) replicas: i32,
    pub(in crate::deployment) available: i32,
    pub(in crate::deployment) annotations: Vec<(&'static str, String)>,
    pub(in crate::deployment) created: i64,
    pub(in crate::deployment) generation: i64,
    pub(in crate::deployment) observed: i64,
}

impl Set {
    /// One whose pods are all available.
    pub(in crate::deployment) fn full(name: &'static str, image: &'static str, size: i32) -> Self {
        Self {
            name,
            image,
            size,
            replicas: size,
            available: size,
            annotations: Vec::new(),
            created: 0,
            generation: 1,
            observed: 1,
        }
    }

    /// With this revision.
    pub(in crate::deployment) fn revision(mut self, revision: &str) -> Self {
        self.annotations.push(("deployment.kubernetes.io/revision", revision.to_owned()));
        self
    }

    /// Resized last when so many were wanted, and so many allowed.
    pub(in crate::deployment) fn stamped(mut self, desired: i32, max: i32) -> Self {
        self.annotations.push(("deployment.kubernetes.io/desired-replicas", desired.to_string()));
        self.annotations.push(("deployment.kubernetes.io/max-replicas", max.to_string()));
        self
    }

    /// As it is stored, controlled by the Deployment.
    pub(in crate::deployment) fn object(self, registry: &Registry) -> Object {
        let spec = ReplicaSetSpec {
            replicas: Some(self.size),
            template: Some(template(self.image)),
            ..ReplicaSetSpec::default()
        };
        let status = ReplicaSetStatus {
            replicas: self.replicas,
            ready_replicas: Some(self.available),
            available_replicas: Some(self.available),
            observed_generation: Some(self.observed),
            terminating_replicas: Some(0),
            ..ReplicaSetStatus::default()
        };
        let metadata = ObjectMeta {
            name: Some(self.name.to_owned()),
            namespace: Some("ns".to_owned()),
            uid: Some(self.name.to_owned()),
            ..ObjectMeta::default()
        };
        let kind = registry.of::<ReplicaSetObject>().expect("a built-in kind");
        let whole = ReplicaSetObject { metadata, spec, status: Some(status) };
        let mut draft = Draft::from_whole(Arc::clone(&kind), whole).expect("it is one");
        kind.rules.default(&mut draft);
        let meta = draft.meta_mut();
        meta.annotations = self.annotations.into_iter().collect();
        meta.creation_timestamp = Some(at(self.created));
        meta.owner_references = Arc::new([OwnerReference {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: "web".into(),
            uid: Uid::new("web"),
            controller: Some(true),
            block_owner_deletion: Some(true),
        }]);
        meta.generation = self.generation;
        Object::from_draft(draft, Revision(1))
    }
}

/// The Deployment with its ReplicaSets, given oldest first.
pub(in crate::deployment) fn observe(mut deployment: Deployment, sets: Vec<Set>) -> Observed {
    let registry = Registry::builtin();
    let kind = registry.of::<Deployment>().expect("a built-in kind");
    deployment.metadata.uid = Some("web".to_owned());
    let mut draft = Draft::from_whole(Arc::clone(&kind), deployment).expect("it is one");
    kind.rules.default(&mut draft);
    draft.meta_mut().generation = 1;
    let deployment = Arc::new(Object::from_draft(draft, Revision(1)));
    let sets: Vec<ReplicaSet> = sets
        .into_iter()
        .map(|set| ReplicaSet { object: Arc::new(set.object(&registry)), has_running_pods: false })
        .collect();
    let new = Templates::default().find_new(&deployment, &sets);
    Observed { deployment, children: Children::default(), sets, new, selector_error: None }
}
