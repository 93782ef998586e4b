//! Which pods are a pod's siblings: those that its services and its controller select (SCHED-29).

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetSpec, StatefulSet};
use k8s_openapi::api::core::v1::{ReplicationController, Service, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as SelectorSource;
use rustc_hash::FxHashMap;
use setpoint_core::selector::LabelSelector;

use crate::framework::Objects;
use crate::pod::{Cohort, CohortId};

/// How many cohorts' siblings are remembered; past it all are forgotten.
pub const COHORTS_MAX: usize = 4096;

/// Remembers the siblings of each cohort, until services change: selectors of controllers do not.
#[derive(Debug, Default)]
pub struct Siblings {
    known: FxHashMap<CohortId, Option<Arc<LabelSelector>>>,
}

impl Siblings {
    /// What selects a cohort's siblings; `None` if it has none to speak of.
    pub fn of(&mut self, cohort: &Cohort, objects: Objects<'_>) -> Option<Arc<LabelSelector>> {
        if let Some(known) = self.known.get(&cohort.id) {
            return known.clone();
        }
        let mut source =
            SelectorSource { match_labels: services(cohort, objects), ..SelectorSource::default() };
        if cohort.controller.is_some() {
            match controller(cohort, objects) {
                Found::Selector(selector) => {
                    source
                        .match_labels
                        .get_or_insert_default()
                        .extend(selector.match_labels.unwrap_or_default());
                    source.match_expressions = selector.match_expressions;
                }
                Found::NotThere => return compile(&source),
                Found::OtherKind => {}
            }
        }
        let selector = compile(&source);
        if self.known.len() >= COHORTS_MAX {
            self.known.clear();
        }
        self.known.insert(cohort.id, selector.clone());
        selector
    }

    /// A service has changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }
}

/// What is known of a cohort's controller.
enum Found {
    Selector(SelectorSource),
    /// It may come to be known.
    NotThere,
    /// It is of a kind that does not count.
    OtherKind,
}

/// The selectors of all services that select the cohort, as one.
fn services(cohort: &Cohort, objects: Objects<'_>) -> Option<BTreeMap<String, String>> {
    let kind = objects.registry.of::<Service>()?;
    let mut all = BTreeMap::new();
    for service in objects.snapshot.list_namespace(kind.id, &cohort.namespace) {
        let selector = service.spec::<ServiceSpec>().and_then(|spec| spec.selector.as_ref());
        let Some(selector) = selector.filter(|selector| !selector.is_empty()) else { continue };
        if selector.iter().all(|(key, value)| cohort.labels.get(key) == Some(value)) {
            all.extend(selector.clone());
        }
    }
    (!all.is_empty()).then_some(all)
}

fn controller(cohort: &Cohort, objects: Objects<'_>) -> Found {
    let Some(controller) = &cohort.controller else { return Found::OtherKind };
    let namespace = Some(&*cohort.namespace);
    let found = match (controller.group(), &*controller.kind) {
        ("apps", "ReplicaSet") => objects.object::<ReplicaSet>(namespace, &controller.name).map(|object| {
            object.spec::<ReplicaSetSpec>().map(|spec| spec.selector.clone()).unwrap_or_default()
        }),
        ("apps", "StatefulSet") => {
            objects.get::<StatefulSet>(namespace, &controller.name).map(|set| set.spec.selector.clone())
        }
        ("", "ReplicationController") => {
            objects.get::<ReplicationController>(namespace, &controller.name).map(|set| SelectorSource {
                match_labels: set.spec.as_ref().and_then(|spec| spec.selector.clone()),
                ..SelectorSource::default()
            })
        }
        _ => return Found::OtherKind,
    };
    found.map_or(Found::NotThere, Found::Selector)
}

fn compile(source: &SelectorSource) -> Option<Arc<LabelSelector>> {
    let selector = LabelSelector::compile(Some(source)).ok()?;
    (!selector.is_empty()).then(|| Arc::new(selector))
}
