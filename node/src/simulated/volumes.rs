use std::path::Path;

use async_trait::async_trait;
use setpoint_runtime_traits::{PublishRequest, Result, VolumeId, VolumeNode};

/// Volumes that nobody can look into: all that is asked succeeds.
#[derive(Debug, Clone, Copy)]
pub(super) struct SimulatedVolumes;

#[async_trait]
impl VolumeNode for SimulatedVolumes {
    async fn publish(&self, _request: &PublishRequest) -> Result<()> {
        Ok(())
    }

    async fn unpublish(&self, _volume: &VolumeId, _target_path: &Path) -> Result<()> {
        Ok(())
    }
}
