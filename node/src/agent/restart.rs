//! When an ended container is started again (AGENT-08).

use k8s_openapi::api::core::v1::{Container, PodSpec};
use setpoint_core::rules::pod::is_restarted;
use setpoint_runtime_traits::{ContainerState, ContainerStatus};

use super::observed::restart_policy;

/// Whether an app container that is in this state is to be started.
pub(super) fn should_start(container: &Container, spec: &PodSpec, newest: Option<&ContainerStatus>) -> bool {
    let Some(status) = newest else { return true };
    match status.state() {
        ContainerState::Running => false,
        // A made container that was not started is one whose start failed.
        ContainerState::Created | ContainerState::Unknown => true,
        ContainerState::Exited => {
            is_restarted(container, restart_policy(spec), status.exit_code().unwrap_or_default())
        }
    }
}

/// Whether a failed init container is tried again; sidecars always are.
pub(super) fn init_is_retried(container: &Container, spec: &PodSpec, exit_code: i32) -> bool {
    // Always means OnFailure to an init container, whose success is its end.
    is_restarted(container, restart_policy(spec), if exit_code == 0 { 1 } else { exit_code })
}
