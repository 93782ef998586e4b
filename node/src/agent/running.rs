use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::env::{Env, Task};
use setpoint_core::{Error, Result};
use setpoint_reconcile::reconciler::Context;
use setpoint_runtime_traits::NodeRuntime;
use tokio::sync::Semaphore;

use super::AgentSettings;
use super::driver::{Driver, Ending};
use super::heartbeat::NodeReporter;
use super::host::{Attention, Host, Kinds, request_context};
use super::node_status::NodeFacts;
use super::pod_source::PodSource;

/// The agent of one node, at work. [`Agent::shut_down`] joins all its tasks; dropping it cancels them and
/// leaves its pods running.
pub struct Agent {
    env: Env,
    ending: Arc<Ending>,
    driver: Task<()>,
    heartbeats: Vec<Task<()>>,
}

/// What becomes of an agent's pods when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shutdown {
    /// They run on; the next agent of this node takes them over (AGENT-38).
    LeavePods,
    /// They are stopped, each in the time it asks for, and fail with reason `Terminated`.
    StopPods,
}

/// How often a runtime is asked before an agent gives up to start.
const START_TRIES_MAX: usize = 10;
/// How long it waits in between.
const START_WAIT: Duration = Duration::from_secs(1);
/// Waits between tries to register (NODE-01).
const REGISTER_WAIT: Duration = Duration::from_millis(100);
const REGISTER_WAIT_MAX: Duration = Duration::from_secs(7);

impl Agent {
    /// Registers the node and begins to run the pods that are bound to it.
    ///
    /// What the runtime has of pods that are still bound to the node is taken over; everything else of an
    /// agent's in it is removed, once the store has told which pods there are.
    ///
    /// # Errors
    ///
    /// What the store answers if pods, nodes, leases, config maps or secrets are not registered kinds;
    /// `Internal` if the runtime does not answer.
    pub async fn start(context: &Context, settings: AgentSettings, runtime: NodeRuntime) -> Result<Self> {
        let env = context.env.clone();
        let version = patiently(&env, || runtime.runtime.version()).await?;
        let info = match &runtime.fingerprint {
            Some(fingerprint) => Some(patiently(&env, || fingerprint.snapshot()).await?),
            None => None,
        };
        let facts = NodeFacts::new(&settings, info.as_ref(), &version);
        let host = Arc::new(Host {
            env: env.clone(),
            store: Arc::clone(&context.store),
            events: context.events.from_source("kubelet"),
            request: request_context(context, &settings.node_name),
            kinds: Kinds::of(&*context.store)?,
            runtime_name: version.name,
            host_ips: facts.host_ips(),
            allocatable: facts.allocatable.clone(),
            pulls: Semaphore::new(settings.pulls_at_once.max(1)),
            attention: Attention::default(),
            relisted_at: parking_lot::Mutex::new(env.now()),
            runtime,
            settings,
        });
        let found = patiently(&env, || host.relist()).await?;
        let mut reporter = NodeReporter::new(Arc::clone(&host), facts);
        let node = register(&env, &reporter).await?;
        host.tell_of_node(&node, "Starting", "Starting kubelet.");
        reporter.report().await?;
        let source = PodSource::new(
            Arc::clone(&context.store),
            Arc::clone(&context.view),
            host.kinds.pod.id,
            &host.settings.node_name,
        );
        let ending = Arc::new(Ending::default());
        let heartbeats = vec![
            env.spawn("node-status", reporter.run()),
            env.spawn("node-lease", Arc::clone(&host).renew_lease()),
        ];
        let driver = Driver::new(host, found).run(source, Arc::clone(&ending));
        let driver = env.spawn("node-agent", driver);
        Ok(Self { env, ending, driver, heartbeats })
    }

    /// Ends the agent, within `limit` if pods are to be stopped, and joins its tasks.
    pub async fn shut_down(self, how: Shutdown, limit: Duration) {
        self.ending.tell(how);
        let mut driver = self.driver;
        if self.env.timeout(limit, &mut driver).await.is_err() {
            driver.cancel();
            // Cancelled is how it ends then.
            let _end = driver.join().await;
        }
        for task in self.heartbeats {
            task.cancel();
            // Cancelled is how it ends.
            let _end = task.join().await;
        }
    }
}

/// Registers the node; a store that fails for the moment is asked again (NODE-01).
async fn register(env: &Env, reporter: &NodeReporter) -> Result<setpoint_core::object::ObjectRef> {
    let mut wait = REGISTER_WAIT;
    for _ in 1..START_TRIES_MAX {
        match reporter.register().await {
            Err(error) if error.is_retryable() || error.is_conflict() => {
                tracing::warn!(%error, "the node could not be registered");
                env.sleep(wait).await;
                wait = wait.saturating_mul(2).min(REGISTER_WAIT_MAX);
            }
            done => return done,
        }
    }
    reporter.register().await
}

/// Asks the runtime until it answers, for a while.
async fn patiently<T, F>(env: &Env, ask: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = setpoint_runtime_traits::Result<T>>,
{
    let mut tries = 1;
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) if tries == START_TRIES_MAX || !error.is_retryable() => {
                return Err(Error::internal(format!("the runtime does not answer: {error}")));
            }
            Err(_) => env.sleep(START_WAIT).await,
        }
        tries += 1;
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("driver", &self.driver).finish_non_exhaustive()
    }
}
