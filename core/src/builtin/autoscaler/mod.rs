//! HorizontalPodAutoscalers: stored as `autoscaling/v2`, served as `v1` too, which knows CPU only and carries
//! everything else in annotations.

mod metrics;
mod register;
#[cfg(test)]
mod tests;
mod versions;

pub(super) use self::register::register;
