//! A runtime without processes: what its containers do is written in annotations.
//!
//! It promises what every runtime does (it passes the contract), and:
//!
//! 1. All time comes from its [`Env`](setpoint_core::env::Env), so that hours take no time and a seed repeats
//!    every choice.
//! 2. A container costs some memory and an entry in one list of deadlines: no task, no timer of its own.
//! 3. Nothing leaves the process: pods have addresses that nothing listens at. Probes over the network are
//!    answered by the runtime itself, see [`SimulatedRuntime`]'s `NetworkProbe`.
//!
//! It does not run anything, enforce limits, or measure use.
//!
//! # Annotations
//!
//! Each is `simulated.setpoint.dev/<name>` on the pod, for all its containers, or
//! `<container>.simulated.setpoint.dev/<name>` for one of them. What is not set comes from the script given for
//! the image, see [`SimulatedRuntimeBuilder::image`], else from the runtime's own.
//!
//! | name | value | meaning | without it |
//! |---|---|---|---|
//! | `start-delay` | span | how long starting takes | at once |
//! | `run-for` | span or `forever` | when it exits by itself | `forever` |
//! | `exit-code` | number | with which code | `0` |
//! | `crash` | odds | it exits with code 1, or `exit-code` if that is no success, after `run-for` or at once | `never` |
//! | `ready-after` | span or `never` | when probes begin to succeed | at once |
//! | `stop-delay` | span or `never` | how long after TERM it exits | at once |
//! | `stop-exit-code` | number | with which code it then exits | `143` |
//! | `exec-delay` | span | how long a command takes | at once |
//! | `pull-delay` | span | how long a pull takes | at once |
//! | `fail-pull` | odds | the pull fails | `never` |
//! | `fail-sandbox` | odds | making the sandbox fails (pod only) | `never` |
//! | `fail-create` | odds | making the container fails | `never` |
//! | `fail-start` | odds | starting it fails | `never` |
//! | `log` | lines | printed to standard output at the start | nothing |
//! | `log-stderr` | lines | printed to standard error at the start | nothing |
//!
//! A span is `200ms`, `1m30s`, or `1s..5s` for a random one in between. Odds are `never`, `always`, `25%`, or a
//! number `n`: the first `n` attempts (of this image, or of this container by its restart count).
//!
//! # Example
//!
//! ```
//! use setpoint_core::env::Simulation;
//! use setpoint_node::simulated::SimulatedRuntime;
//! use setpoint_runtime_traits::{
//!     ContainerConfig, ContainerMetadata, ImageService, PodSandboxConfig, PullRequest, RuntimeService,
//!     SandboxMetadata,
//! };
//! use std::{sync::Arc, time::Duration};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sim = Simulation::new(1);
//! let env = sim.env();
//! let code = sim.block_on(async move {
//!     let runtime = SimulatedRuntime::builder("node-1", env.clone()).build();
//!     let mut pod = PodSandboxConfig::new(SandboxMetadata::new("job", "default", "uid-1"));
//!     let script = [("run-for", "1h"), ("exit-code", "3")]
//!         .map(|(name, value)| (format!("simulated.setpoint.dev/{name}"), value.to_owned()));
//!     pod.annotations = Arc::new(script.into());
//!     let config = ContainerConfig::new(ContainerMetadata::new("main", 0), "busybox");
//!
//!     let sandbox = runtime.run_pod_sandbox(&pod).await?;
//!     runtime.pull_image(PullRequest::new(&config.image).for_pod(&pod)).await?;
//!     let container = runtime.create_container(&sandbox, &config, &pod).await?;
//!     runtime.start_container(&container).await?;
//!     env.sleep(Duration::from_secs(3600)).await;
//!     Ok::<_, setpoint_runtime_traits::RuntimeError>(runtime.container_status(&container).await?.exit_code())
//! })??;
//! assert_eq!(code, Some(3));
//! # Ok(())
//! # }
//! ```

mod annotation;
mod builder;
mod control;
mod driver;
mod fate;
mod image_service;
mod image_shelf;
mod instance;
mod network_probe;
mod odds;
mod output;
mod runtime_service;
mod script;
mod span;
mod state;
mod streaming_service;
mod volumes;

#[cfg(test)]
mod tests;

pub use self::annotation::ANNOTATION_DOMAIN;
pub use self::builder::{POD_ADDRESSES_DEFAULT, SimulatedRuntimeBuilder};
pub use self::control::ExecCall;
pub use self::odds::Odds;
pub use self::output::LOG_LINES_MAX;
pub use self::runtime_service::SimulatedRuntime;
pub use self::script::{Script, ScriptError};
pub use self::span::Span;
