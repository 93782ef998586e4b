use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use setpoint_core::{Details, Error, Reason, Result};

use crate::authorization::{Attributes, Subject};
use crate::limits::{READS_MAX, RETRY_AFTER_SECONDS, WATCHES_MAX, WRITES_MAX};

/// How many requests are answered at a time, from their first look at the store to the last byte of their answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InFlightLimits {
    /// Requests that read.
    pub reads: usize,
    /// Requests that write.
    pub writes: usize,
    /// Watches, logs and sessions.
    pub watches: usize,
}

impl Default for InFlightLimits {
    fn default() -> Self {
        Self { reads: READS_MAX, writes: WRITES_MAX, watches: WATCHES_MAX }
    }
}

/// The requests that are being answered.
#[derive(Debug)]
pub(crate) struct InFlight {
    reads: Lane,
    writes: Lane,
    watches: Lane,
}

#[derive(Debug)]
struct Lane {
    limit: usize,
    taken: Arc<AtomicUsize>,
}

/// One of them. It is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

impl InFlight {
    pub(crate) fn new(limits: InFlightLimits) -> Self {
        let lane = |limit| Lane { limit, taken: Arc::default() };
        Self { reads: lane(limits.reads), writes: lane(limits.writes), watches: lane(limits.watches) }
    }

    /// Counts a request.
    ///
    /// # Errors
    ///
    /// `TooManyRequests`, with the time to come back.
    pub(crate) fn admit(&self, attributes: &Attributes) -> Result<Permit> {
        let is_long = attributes.verb == "watch"
            || matches!(&attributes.subject, Subject::Resource(resource)
                if matches!(resource.subresource.as_str(), "attach" | "exec" | "log" | "portforward"));
        let lane = match () {
            () if is_long => &self.watches,
            () if attributes.is_read() => &self.reads,
            () => &self.writes,
        };
        lane.take().ok_or_else(|| {
            let details = Details { retry_after_seconds: RETRY_AFTER_SECONDS, ..Details::default() };
            Error::new(Reason::TooManyRequests, "too many requests, please try again later")
                .with_details(details)
        })
    }
}

impl Lane {
    fn take(&self) -> Option<Permit> {
        let more = |taken| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Permit(Arc::clone(&self.taken)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests;
