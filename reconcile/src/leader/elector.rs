use std::time::Duration;

use jiff::Timestamp;
use setpoint_core::env::Instant;
use setpoint_core::object::Revision;

use super::{ElectionSettings, Record};

/// Decides what a candidate does: a state machine that reads no clock and no store.
///
/// One attempt to get or keep the lease begins with [`Elector::begin`]. Its [`Step`] says what to do; the outcome is told
/// by [`Elector::read`] or [`Elector::wrote`].
#[derive(Debug, Clone)]
pub struct Elector {
    settings: ElectionSettings,
    observed: Option<Observed>,
    /// When the last write was asked for that got or kept the lease; `None` while another may have it.
    renewed: Option<Instant>,
}

/// What is known of the lease.
#[derive(Debug, Clone)]
struct Observed {
    record: Record,
    revision: Revision,
    /// When the record was first seen so, by the candidate's own clock. What its holder's clock says is not looked at.
    at: Instant,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read the lease, then [`Elector::read`].
    Read,
    /// Write this record over the lease at this revision, or create the lease; then [`Elector::wrote`].
    Write(Record, Option<Revision>),
    /// Another has the lease: try again later.
    Wait,
}

impl Elector {
    /// A candidate that knows nothing of the lease yet.
    pub fn new(settings: ElectionSettings) -> Self {
        Self { settings, observed: None, renewed: None }
    }

    /// Begins an attempt. A holder whose lease counts writes at once what it expects to succeed.
    pub fn begin(&self, now: Instant, wall: Timestamp) -> Step {
        match &self.observed {
            Some(observed)
                if self.renewed.is_some() && self.is_own(observed) && self.counts(observed, now) =>
            {
                Step::Write(self.renewal(observed, wall), Some(observed.revision))
            }
            _ => Step::Read,
        }
    }

    /// The lease as it was read at `now`.
    pub fn read(&mut self, now: Instant, wall: Timestamp, found: Option<(Record, Revision)>) -> Step {
        let Some((record, revision)) = found else {
            self.observed = None;
            let record = Record { transitions: 0, ..self.first(wall) };
            return Step::Write(record, None);
        };
        match &mut self.observed {
            Some(observed) if observed.record == record => observed.revision = revision,
            observed => *observed = Some(Observed { record, revision, at: now }),
        }
        let Some(observed) = &self.observed else { return Step::Wait };
        if self.is_own(observed) {
            return Step::Write(self.renewal(observed, wall), Some(revision));
        }
        // It is another's, whatever was believed before.
        self.renewed = None;
        if !observed.record.holder.is_empty() && self.counts(observed, now) {
            return Step::Wait;
        }
        let transitions = observed.record.transitions.saturating_add(1);
        Step::Write(Record { transitions, ..self.first(wall) }, Some(revision))
    }

    /// A record was written, by a request that was sent at `began`, and is now at `revision`.
    pub fn wrote(&mut self, began: Instant, record: &Record, revision: Revision) {
        let record = record.as_stored();
        let is_own = record.holder == self.settings.identity;
        self.observed = Some(Observed { record, revision, at: began });
        self.renewed = is_own.then_some(began);
    }

    /// Nothing is led any more, until the lease was written again.
    pub fn step_down(&mut self) {
        self.renewed = None;
    }

    /// What to write to give the lease up, if it is this candidate's as far as is known.
    pub fn release(&self, wall: Timestamp) -> Option<(Record, Revision)> {
        let observed = self.observed.as_ref().filter(|observed| self.is_own(observed))?;
        let record = Record {
            holder: "".into(),
            duration: Duration::from_secs(1),
            acquired: Some(wall),
            renewed: Some(wall),
            transitions: observed.record.transitions,
        };
        Some((record, observed.revision))
    }

    /// Who has the lease, as far as is known.
    pub fn holder(&self) -> Option<&str> {
        self.observed.as_ref().map(|observed| &*observed.record.holder).filter(|holder| !holder.is_empty())
    }

    /// The revision of the lease, if it is this candidate's.
    pub fn held_at(&self) -> Option<Revision> {
        let observed = self.observed.as_ref().filter(|observed| self.is_own(observed))?;
        self.renewed.map(|_| observed.revision)
    }

    /// When led work is to be told to end, unless the lease is renewed before.
    pub fn ends(&self) -> Option<Instant> {
        self.renewed.map(|at| at + self.settings.renew_deadline)
    }

    /// When led work must be over, unless the lease is renewed before. Nobody else has the lease until some time after.
    pub fn is_over(&self) -> Option<Instant> {
        self.renewed.map(|at| at + self.settings.work_limit())
    }

    fn is_own(&self, observed: &Observed) -> bool {
        observed.record.holder == self.settings.identity
    }

    /// Whether a record still counts. One that does not say for how long counts as long as this candidate's would.
    fn counts(&self, observed: &Observed, now: Instant) -> bool {
        let said = observed.record.duration;
        let duration = if said.is_zero() { self.settings.lease_duration } else { said };
        now < observed.at + duration
    }

    fn first(&self, wall: Timestamp) -> Record {
        Record {
            holder: self.settings.identity.clone(),
            duration: self.settings.lease_duration,
            acquired: Some(wall),
            renewed: Some(wall),
            transitions: 0,
        }
    }

    fn renewal(&self, observed: &Observed, wall: Timestamp) -> Record {
        let Record { acquired, transitions, .. } = observed.record;
        Record { acquired: acquired.or(Some(wall)), transitions, ..self.first(wall) }
    }
}

#[cfg(test)]
mod tests;
