use super::limits::RUN_COST_MAX;

/// Why a run has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Something could not be done with the values that were there.
    #[error("{0}")]
    Fault(String),
    /// It cost more than it may.
    #[error("operation cancelled: actual cost limit exceeded")]
    Cost,
}

impl Stop {
    pub(super) fn fault(why: impl Into<String>) -> Self {
        Self::Fault(why.into())
    }

    /// No function fits its arguments.
    pub(super) fn no_overload() -> Self {
        Self::fault("no such overload")
    }
}

/// What a run has cost, in tenths of upstream's unit.
#[derive(Debug)]
pub(super) struct Cost {
    spent: u64,
    max: u64,
}

impl Cost {
    /// Nothing yet, of so many units.
    pub(super) fn of(units: u64) -> Self {
        Self { spent: 0, max: units.min(RUN_COST_MAX) * 10 }
    }

    /// Whole units: steps.
    pub(super) fn spend(&mut self, units: u64) -> Result<(), Stop> {
        self.spend_tenths(units.saturating_mul(10))
    }

    /// Tenths: bytes that are looked at or copied.
    pub(super) fn spend_tenths(&mut self, tenths: u64) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(tenths);
        if self.spent > self.max { Err(Stop::Cost) } else { Ok(()) }
    }

    /// Units, begun ones counted.
    pub(super) fn spent(&self) -> u64 {
        self.spent.div_ceil(10)
    }
}
