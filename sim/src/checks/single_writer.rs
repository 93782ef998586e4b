use k8s_openapi::api::coordination::v1::Lease;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Key, Object, Revision};

use super::Check;
use crate::world::Step;

/// Of several control planes one writes at a time: who writes holds the newest epoch, or if there are none the
/// lease (INV-C-09, INV-IN-11).
#[derive(Debug)]
pub struct SingleWriter {
    lease: &'static str,
    newest: Option<Revision>,
}

impl SingleWriter {
    /// For processes that compete for this Lease, in `default`. Everything they write is led, but for Events and
    /// Leases.
    pub fn new(lease: &'static str) -> Self {
        Self { lease, newest: None }
    }
}

impl Check for SingleWriter {
    fn id(&self) -> &'static str {
        "INV-C-09"
    }

    fn step(&mut self, step: &Step<'_>) -> Result<(), String> {
        let object = step.object();
        let is_told = matches!(&*object.kind().names.kind, "Event" | "Lease");
        if is_told || !step.process.starts_with("plane-") {
            return Ok(());
        }
        let Step { process, actor, epoch, .. } = *step;
        if epoch < self.newest {
            return Err(format!(
                "{process}/{actor} writes {} of epoch {epoch:?} after one of {:?}",
                object.key(),
                self.newest
            ));
        }
        self.newest = epoch;
        let Some(kind) = step.registry.find("Lease", "coordination.k8s.io/v1") else { return Ok(()) };
        let beside = holder(step, kind.id, &format!("{}-epoch", self.lease));
        match beside.or_else(|| holder(step, kind.id, self.lease)) {
            Some(holder) if holder == process => Ok(()),
            other => Err(format!("{process}/{actor} writes {}, and {other:?} leads", object.key())),
        }
    }
}

fn holder(step: &Step<'_>, leases: KindId, name: &str) -> Option<String> {
    let lease: &Object = step.truth.get(&Key::namespaced(leases, "default", name))?;
    let lease = lease.to_whole::<Lease>().ok()?;
    lease.spec.as_ref()?.holder_identity.clone()
}
