//! What pods that are not placed are told in their status (SCHED-14).

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::conditions;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_store::ObjectStore;
use setpoint_store::request::{ReadAt, RequestContext, Write};

use crate::pod::{PodInfo, node_name};

/// How often a status is written anew because the pod has changed meanwhile.
const ATTEMPTS_MAX: usize = 4;

/// Why a pod is not placed.
#[derive(Debug, Clone)]
pub(crate) struct NotPlaced {
    pub(crate) pod: Arc<PodInfo>,
    /// `Unschedulable` or `SchedulerError`.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) at: Time,
}

/// Writes the conditions of pods that were not placed. What cannot be written is written at the next attempt
/// to place the pod.
pub(crate) async fn write(store: &dyn ObjectStore, context: &RequestContext, mut all: Vec<NotPlaced>) {
    let mut current: Vec<ObjectRef> = all.iter().map(|told| Arc::clone(&told.pod.object)).collect();
    for _ in 0..ATTEMPTS_MAX {
        let drafts = all.iter().zip(&current).map(|(told, object)| told.draft(object));
        let (writes, told): (Vec<Write>, Vec<NotPlaced>) = drafts
            .zip(&all)
            .filter_map(|(draft, told)| Some((Write::Update(draft?, Subresource::Status), told.clone())))
            .unzip();
        if writes.is_empty() {
            return;
        }
        let results = store.write_batch(context, writes).await;
        (all, current) = (Vec::new(), Vec::new());
        for (told, result) in told.into_iter().zip(results) {
            match result {
                Err(error) if error.is_conflict() => {
                    let Ok(object) = store.get(context, &told.pod.key(), ReadAt::Newest).await else {
                        continue;
                    };
                    all.push(told);
                    current.push(object);
                }
                Err(error) if !error.is_not_found() => {
                    tracing::warn!(pod = %told.pod.key(), %error, "a condition was not written");
                }
                _ => {}
            }
        }
    }
}

impl NotPlaced {
    /// The pod with the condition; `None` if that changes nothing, or no longer holds.
    fn draft(&self, object: &ObjectRef) -> Option<Draft> {
        let meta = object.meta();
        if meta.uid.as_ref() != Some(&self.pod.uid) || node_name(object).is_some() {
            return None;
        }
        let mut draft = Draft::of(object);
        let status = draft.status_mut::<PodStatus>()?;
        let condition = PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "False".to_owned(),
            reason: Some(self.reason.to_owned()),
            message: Some(self.message.clone()),
            observed_generation: (meta.generation > 0).then_some(meta.generation),
            last_transition_time: Some(self.at.clone()),
            ..PodCondition::default()
        };
        conditions::update(status.conditions.get_or_insert_default(), condition).then_some(draft)
    }
}
