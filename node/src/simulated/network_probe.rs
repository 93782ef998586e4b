use async_trait::async_trait;
use setpoint_runtime_traits::{NetworkProbe, ProbeAnswer, ProbeRequest, Result};

use super::SimulatedRuntime;

/// Every probe of a container succeeds exactly while it is ready.
#[async_trait]
impl NetworkProbe for SimulatedRuntime {
    async fn probe(&self, request: &ProbeRequest) -> Result<ProbeAnswer> {
        self.shared.with(|world, now| {
            let ready = world.container(&request.container_id)?.is_ready(now);
            let refused = || ProbeAnswer::Failure(format!("{} refused the connection", request.ip));
            Ok(if ready { ProbeAnswer::Success } else { refused() })
        })
    }
}
