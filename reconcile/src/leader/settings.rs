use std::time::Duration;

use setpoint_core::object::Text;

/// How much longer than the retry period a candidate waits at the most, as a part of it.
pub const JITTER: f64 = 1.2;

/// How an election is held. All candidates of one election have the same lease and the same times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectionSettings {
    /// The namespace of the lease.
    pub namespace: Text,
    /// The name of the lease.
    pub name: Text,
    /// What this candidate is called: no two may have the same name, also not one after the other on one machine.
    pub identity: Text,
    /// How long a lease counts that is not renewed.
    pub lease_duration: Duration,
    /// How long a leader goes on leading that cannot renew its lease.
    pub renew_deadline: Duration,
    /// How long a candidate waits between two attempts.
    pub retry_period: Duration,
    /// Whether the lease is given up when the candidate is shut down, after its work has ended.
    pub release_on_shut_down: bool,
}

/// Why settings make no sound election.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsoundSettings {
    /// The lease would count for less than the holder leads without it.
    #[error("leaseDuration must be greater than renewDeadline")]
    LeaseDuration,
    /// A leader would have no second attempt.
    #[error("renewDeadline must be greater than retryPeriod*JitterFactor")]
    RenewDeadline,
    /// A lease says its duration in seconds.
    #[error("leaseDuration must be at least one second and at most {} seconds", i32::MAX)]
    Seconds,
    /// Attempts without a pause are a hot loop.
    #[error("retryPeriod must be greater than zero")]
    RetryPeriod,
    /// Nobody could be told apart from nobody.
    #[error("the identity must not be empty")]
    Identity,
    /// There is no such lease.
    #[error("the name and the namespace of the lease must not be empty")]
    Name,
    /// The store knows no leases.
    #[error("the store has no leases.coordination.k8s.io")]
    NoLeases,
}

impl ElectionSettings {
    /// Upstream's times: a lease of 15 seconds, 10 seconds to renew it, an attempt every 2 seconds.
    pub fn new(namespace: impl Into<Text>, name: impl Into<Text>, identity: impl Into<Text>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            identity: identity.into(),
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
            release_on_shut_down: true,
        }
    }

    /// The same with other times.
    #[must_use]
    pub fn with_times(
        mut self,
        lease_duration: Duration,
        renew_deadline: Duration,
        retry_period: Duration,
    ) -> Self {
        self.lease_duration = lease_duration;
        self.renew_deadline = renew_deadline;
        self.retry_period = retry_period;
        self
    }

    /// Whether they make a sound election.
    ///
    /// # Errors
    ///
    /// The first rule that they break.
    pub fn check(&self) -> Result<(), UnsoundSettings> {
        let rules = [
            (!self.identity.is_empty(), UnsoundSettings::Identity),
            (!self.name.is_empty() && !self.namespace.is_empty(), UnsoundSettings::Name),
            (!self.retry_period.is_zero(), UnsoundSettings::RetryPeriod),
            (self.lease_duration > self.renew_deadline, UnsoundSettings::LeaseDuration),
            (
                self.renew_deadline.as_secs_f64() > self.retry_period.as_secs_f64() * JITTER,
                UnsoundSettings::RenewDeadline,
            ),
            (
                self.lease_duration >= Duration::from_secs(1)
                    && self.lease_duration <= Duration::from_secs(i32::MAX as u64),
                UnsoundSettings::Seconds,
            ),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, broken)| Err(broken))
    }

    /// How long after a renewal was asked for the work that is led is over for certain. The last quarter of the time
    /// that is left of the lease is kept free, for clocks that do not run at the same rate.
    pub(super) fn work_limit(&self) -> Duration {
        let left = self.lease_duration.saturating_sub(self.renew_deadline);
        self.renew_deadline + left * 3 / 4
    }

    /// How long one request may take, so that a leader has time for another.
    pub(super) fn request_limit(&self) -> Duration {
        self.renew_deadline / 2
    }
}
