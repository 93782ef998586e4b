use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::LeaseSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use setpoint_core::object::Text;

/// What a lease says of who leads.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Who leads; empty if nobody does.
    pub holder: Text,
    /// How long that counts without being renewed.
    pub duration: Duration,
    /// Since when, by the holder's clock.
    pub acquired: Option<Timestamp>,
    /// When it was last renewed, by the holder's clock.
    pub renewed: Option<Timestamp>,
    /// How often it has passed from one holder to another.
    pub transitions: i32,
}

impl Record {
    /// What a lease says. What is missing or makes no sense is nothing.
    pub fn of(spec: &LeaseSpec) -> Self {
        let seconds = spec.lease_duration_seconds.unwrap_or_default();
        Self {
            holder: spec.holder_identity.as_deref().unwrap_or_default().into(),
            duration: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
            acquired: spec.acquire_time.as_ref().map(|time| time.0),
            renewed: spec.renew_time.as_ref().map(|time| time.0),
            transitions: spec.lease_transitions.unwrap_or_default(),
        }
    }

    /// Writes it into a lease, which keeps what else it says.
    pub fn write_to(&self, spec: &mut LeaseSpec) {
        // A part of a second counts as a whole one: the holder must not think that it has longer than others do.
        let seconds = self.duration.as_secs() + u64::from(self.duration.subsec_nanos() > 0);
        spec.holder_identity = Some(self.holder.to_string());
        spec.lease_duration_seconds = Some(i32::try_from(seconds).unwrap_or(i32::MAX).max(1));
        spec.acquire_time = self.acquired.map(micros);
        spec.renew_time = self.renewed.map(micros);
        spec.lease_transitions = Some(self.transitions.max(0));
    }

    /// The same as a store will show it.
    pub(super) fn as_stored(&self) -> Self {
        let mut spec = LeaseSpec::default();
        self.write_to(&mut spec);
        Self::of(&spec)
    }
}

/// Times of leases are whole microseconds.
fn micros(at: Timestamp) -> MicroTime {
    MicroTime(Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at))
}
