//! Reporting a pod's status, and confirming that a deleted pod has ended (AGENT-13, AGENT-14).

use k8s_openapi::api::core::v1::Pod;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Obj, Part};
use setpoint_core::{Error, Result};
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::{DeleteOptions, Preconditions, ReadAt, Write};

use super::pod_status::pod_status;
use super::pod_work::PodWork;

/// How often a write is tried again after somebody else was faster.
const CONFLICTS_MAX: usize = 5;

impl PodWork {
    /// Writes the status if it has changed; then, if the pod is being deleted and nothing of it runs any
    /// more, lets it go.
    ///
    /// # Errors
    ///
    /// What the store answers, other than that the pod is gone.
    pub(super) async fn publish(&self) -> Result<()> {
        match self.write_status().await {
            Ok(pod) if self.memory.lock().stopped && pod.object().meta().is_terminating() => {
                self.let_go(&pod).await
            }
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The pod with its status as it is now.
    async fn write_status(&self) -> Result<Obj<Pod>> {
        let mut pod = self.pod.clone();
        if self.memory.lock().began.is_none() {
            return Ok(pod);
        }
        for _ in 0..CONFLICTS_MAX {
            let (before, after) = {
                let memory = self.memory.lock();
                let before = memory.status_of(&pod);
                let after = pod_status(memory.inputs(&pod, &self.host), &before);
                (before, after)
            };
            if before == after {
                return Ok(pod);
            }
            let mut draft = Draft::of(pod.object());
            let newer = self.memory.lock().written.as_ref().map(|(revision, _)| *revision);
            draft.revision =
                Some(newer.map_or(pod.object().revision(), |it| it.max(pod.object().revision())));
            draft.set_status(Some(Part::new(after.clone())));
            match self.host.store.write(&self.host.request, Write::Update(draft, Subresource::Status)).await {
                Ok(written) => {
                    self.memory.lock().written = Some((written.object.revision(), after));
                    return self.typed(written.object);
                }
                Err(error) if error.is_conflict() => {
                    let key = pod.object().key();
                    let live = self.host.store.get(&self.host.request, &key, ReadAt::Newest).await?;
                    if live.meta().uid != self.pod.object().meta().uid {
                        // Another pod has its name now.
                        return Err(gone(&self.pod));
                    }
                    self.memory.lock().written = None;
                    pod = self.typed(live)?;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Error::internal(format!("the status of pod {} changes too fast", self.full_name())))
    }

    async fn let_go(&self, pod: &Obj<Pod>) -> Result<()> {
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            propagation: None,
            preconditions: Preconditions::uid(pod.object().meta().uid.as_ref()),
        };
        match self.host.store.delete(&self.host.request, &pod.object().key(), options).await {
            Ok(_) => Ok(()),
            // Another pod has its name now.
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn typed(&self, object: setpoint_core::object::ObjectRef) -> Result<Obj<Pod>> {
        Obj::of_parts(object).ok_or_else(|| Error::internal("a pod was written that is none"))
    }
}

fn gone(pod: &Obj<Pod>) -> Error {
    let meta = pod.object().meta();
    Error::new(setpoint_core::Reason::NotFound, format!("pod {} is gone", meta.name))
}
