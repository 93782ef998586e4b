use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{Object, Text, TextMap, Uid};

use super::PodTemplate;

/// A cohort's number; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CohortId(pub u64);

/// Pods that the scheduler cannot tell apart: of one namespace, labels, controller and spec. What is found
/// for one of them holds for all.
#[derive(Debug)]
pub struct Cohort {
    /// Its number.
    pub id: CohortId,
    /// The namespace.
    pub namespace: Text,
    /// The labels.
    pub labels: TextMap,
    /// The controller: its API version, kind, name and uid.
    pub controller: Option<setpoint_core::object::OwnerReference>,
    /// The spec.
    pub template: Arc<PodTemplate>,
}

/// Finds the cohort of a pod. Holds no more than twice as many cohorts as pods use, or [`Interner::IDLE_MAX`].
#[derive(Debug, Default)]
pub struct Interner {
    templates: FxHashMap<usize, Arc<PodTemplate>>,
    cohorts: FxHashMap<CohortKey, Arc<Cohort>>,
    next: u64,
    sweep_at: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CohortKey {
    namespace: Text,
    labels: TextMap,
    controller: Option<Uid>,
    template: usize,
}

impl Hash for CohortKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.namespace.hash(state);
        self.labels.entries().hash(state);
        self.controller.hash(state);
        self.template.hash(state);
    }
}

impl Interner {
    /// How many cohorts and templates are kept even if no pod uses them.
    pub const IDLE_MAX: usize = 1024;

    /// The cohort of a pod; `None` if the object is no pod.
    pub fn cohort(&mut self, object: &Object) -> Option<Arc<Cohort>> {
        let template = self.template(object.spec::<SharedPodSpec>()?.common());
        let meta = object.meta();
        let controller = meta.controller();
        let key = CohortKey {
            namespace: meta.namespace.clone().unwrap_or_default(),
            labels: meta.labels.clone(),
            controller: controller.map(|controller| controller.uid.clone()),
            template: Arc::as_ptr(&template) as usize,
        };
        if let Some(known) = self.cohorts.get(&key) {
            return Some(Arc::clone(known));
        }
        self.sweep();
        self.next += 1;
        let cohort = Arc::new(Cohort {
            id: CohortId(self.next),
            namespace: key.namespace.clone(),
            labels: key.labels.clone(),
            controller: controller.cloned(),
            template,
        });
        self.cohorts.insert(key, Arc::clone(&cohort));
        Some(cohort)
    }

    /// The template of a spec. It keeps the spec, so that no other can have its address.
    fn template(&mut self, spec: &Arc<k8s_openapi::api::core::v1::PodSpec>) -> Arc<PodTemplate> {
        let address = Arc::as_ptr(spec) as usize;
        let make = || Arc::new(PodTemplate::new(Arc::clone(spec)));
        Arc::clone(self.templates.entry(address).or_insert_with(make))
    }

    fn sweep(&mut self) {
        if self.cohorts.len().max(self.templates.len()) < self.sweep_at.max(Self::IDLE_MAX) {
            return;
        }
        self.cohorts.retain(|_, cohort| Arc::strong_count(cohort) > 1);
        self.templates.retain(|_, template| Arc::strong_count(template) > 1);
        self.sweep_at = 2 * self.cohorts.len().max(self.templates.len());
    }
}
