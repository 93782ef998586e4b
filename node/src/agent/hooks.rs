//! Lifecycle hooks (AGENT-15, AGENT-17).

use std::net::IpAddr;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, LifecycleHandler};
use setpoint_runtime_traits::{ContainerId, ProbeAnswer, ProbeRequest};

use super::pod_work::PodWork;
use super::probing::http_target;

impl PodWork {
    /// Runs a hook of a container, at most for `limit`.
    ///
    /// # Errors
    ///
    /// Why it failed, in a sentence.
    pub(super) async fn run_hook(
        &self,
        container: &Container,
        id: &ContainerId,
        handler: &LifecycleHandler,
        limit: Duration,
    ) -> Result<(), String> {
        let env = &self.host.env;
        let late = |_| format!("not done within {limit:?}");
        if let Some(exec) = &handler.exec {
            let Some(streaming) = &self.host.runtime.streaming else {
                return Err("commands are not supported by this runtime".to_owned());
            };
            let command = exec.command.as_deref().unwrap_or_default();
            let call = streaming.exec_sync(id, command, Some(limit));
            let output = env.timeout(limit, call).await.map_err(late)?.map_err(|error| error.to_string())?;
            return match output.exit.code() {
                0 => Ok(()),
                code => Err(format!("command '{}' exited with {code}", command.join(" "))),
            };
        }
        if let Some(sleep) = &handler.sleep {
            let wanted = Duration::from_secs(u64::try_from(sleep.seconds).unwrap_or_default());
            env.sleep(wanted.min(limit)).await;
            return Ok(());
        }
        if let Some(get) = &handler.http_get {
            let target = http_target(container, get).ok_or("the port of the hook is not known")?;
            let ip = match get.host.as_deref().filter(|host| !host.is_empty()) {
                Some(host) => host.parse::<IpAddr>().map_err(|_| format!("host {host} is not an address"))?,
                None => self.pod_ip().ok_or("the pod has no address")?,
            };
            let request = ProbeRequest { container_id: id.clone(), ip, target, timeout: limit };
            let probe = self.host.prober();
            let answer = env.timeout(limit, probe.probe(&request)).await.map_err(late)?;
            return match answer.map_err(|error| error.to_string())? {
                ProbeAnswer::Success => Ok(()),
                ProbeAnswer::Failure(why) => Err(why),
            };
        }
        Err("the handler of the hook is not supported".to_owned())
    }

    /// The pod's primary address.
    pub(super) fn pod_ip(&self) -> Option<IpAddr> {
        if super::observed::host_network(self.pod.spec().common()) {
            return self.host.host_ips.first().and_then(|ip| ip.parse().ok());
        }
        self.memory.lock().observed.ips().first().copied()
    }
}
