//! Asking one probe once (AGENT-20).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, HTTPGetAction, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{ContainerId, NetworkProbe, ProbeAnswer, ProbeRequest, ProbeTarget};

use super::host::Host;
use super::network_prober::SocketProber;
use super::pod_work::PodWork;
use super::probe::{ProbeKey, timeout};

/// How often a probe that could not be asked is tried at once (AGENT-18).
const TRIES_MAX: usize = 3;
/// The most that is shown of what a command wrote.
const OUTPUT_BYTES_MAX: usize = 10 * 1024;

impl PodWork {
    /// Asks a probe and takes the answer. Whether the verdict changed.
    pub(super) async fn probe(&self, key: &ProbeKey, id: &ContainerId) -> bool {
        let Some((container, probe)) =
            self.container(&key.0).and_then(|container| Some((container, key.1.of(container)?)))
        else {
            return false;
        };
        let mut answer = Err(String::new());
        for _ in 0..TRIES_MAX {
            answer = self.ask(container, probe, id).await;
            if answer.is_ok() {
                break;
            }
        }
        let now = self.host.env.now();
        let word = key.1.word();
        match answer {
            Ok(ProbeAnswer::Success) => self.memory.lock().probes.answer(key, id, probe, true, now),
            Ok(ProbeAnswer::Failure(why)) => {
                let message = format!("{word} probe failed: {why}");
                self.tell_of(&key.0, EventType::Warning, "Unhealthy", message);
                self.memory.lock().probes.answer(key, id, probe, false, now)
            }
            Err(why) => {
                let message = format!("{word} probe errored and resulted in unknown state: {why}");
                self.tell_of(&key.0, EventType::Warning, "Unhealthy", message);
                self.memory.lock().probes.give_up(key, id, probe, now);
                false
            }
        }
    }

    async fn ask(
        &self,
        container: &Container,
        probe: &Probe,
        id: &ContainerId,
    ) -> Result<ProbeAnswer, String> {
        let limit = timeout(probe);
        if let Some(exec) = &probe.exec {
            return self.ask_command(exec.command.as_deref().unwrap_or_default(), id, limit).await;
        }
        let (target, host) = target(container, probe).ok_or("the port of the probe is not known")?;
        let ip = match host.filter(|host| !host.is_empty()) {
            Some(host) => host.parse::<IpAddr>().map_err(|_| format!("host {host} is not an address"))?,
            None => self.pod_ip().ok_or("the pod has no address")?,
        };
        let request = ProbeRequest { container_id: id.clone(), ip, target, timeout: limit };
        let prober = self.host.prober();
        let answer = self.host.env.timeout(limit, prober.probe(&request)).await;
        match answer {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Ok(ProbeAnswer::Failure(timed_out(&request))),
        }
    }

    async fn ask_command(
        &self,
        command: &[String],
        id: &ContainerId,
        limit: Duration,
    ) -> Result<ProbeAnswer, String> {
        let Some(streaming) = &self.host.runtime.streaming else {
            return Err("commands are not supported by this runtime".to_owned());
        };
        let call = self.host.env.timeout(limit, streaming.exec_sync(id, command, Some(limit)));
        let late =
            || ProbeAnswer::Failure(format!("command timed out: {command:?} timed out after {limit:?}"));
        let output = match call.await {
            Err(_) => return Ok(late()),
            Ok(Err(error)) if error.kind == setpoint_runtime_traits::ErrorKind::Timeout => return Ok(late()),
            Ok(Err(error)) => return Err(error.to_string()),
            Ok(Ok(output)) => output,
        };
        if output.exit.is_success() {
            return Ok(ProbeAnswer::Success);
        }
        let mut text = output.stdout;
        text.extend_from_slice(&output.stderr);
        text.truncate(OUTPUT_BYTES_MAX);
        Ok(ProbeAnswer::Failure(String::from_utf8_lossy(&text).into_owned()))
    }
}

impl Host {
    /// Who probes over the network.
    pub(super) fn prober(&self) -> Arc<dyn NetworkProbe> {
        self.runtime.probe.clone().unwrap_or_else(|| Arc::new(SocketProber))
    }
}

/// What a probe asks over the network, and whom if not the pod.
fn target<'a>(container: &Container, probe: &'a Probe) -> Option<(ProbeTarget, Option<&'a str>)> {
    if let Some(get) = &probe.http_get {
        return Some((http_target(container, get)?, get.host.as_deref()));
    }
    if let Some(socket) = &probe.tcp_socket {
        let port = port(container, &socket.port)?;
        return Some((ProbeTarget::TcpSocket { port }, socket.host.as_deref()));
    }
    let grpc = probe.grpc.as_ref()?;
    let service = grpc.service.clone().unwrap_or_default();
    Some((ProbeTarget::Grpc { port: u16::try_from(grpc.port).ok()?, service }, None))
}

/// What a GET of a probe or hook asks.
pub(super) fn http_target(container: &Container, get: &HTTPGetAction) -> Option<ProbeTarget> {
    let path = get.path.clone().unwrap_or_default();
    let headers = get.http_headers.iter().flatten();
    Some(ProbeTarget::HttpGet {
        port: port(container, &get.port)?,
        path: if path.starts_with('/') { path } else { format!("/{path}") },
        tls: get.scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
        headers: headers.map(|header| (header.name.clone(), header.value.clone())).collect(),
    })
}

/// A port by number, or by its name among the container's.
fn port(container: &Container, port: &IntOrString) -> Option<u16> {
    let number = match port {
        IntOrString::Int(number) => *number,
        IntOrString::String(name) => {
            let named = container.ports.iter().flatten().find(|port| port.name.as_deref() == Some(name));
            named.map(|port| port.container_port).or_else(|| name.parse().ok())?
        }
    };
    u16::try_from(number).ok().filter(|port| *port > 0)
}

/// What upstream says of an answer that did not come.
fn timed_out(request: &ProbeRequest) -> String {
    match &request.target {
        ProbeTarget::HttpGet { port, path, tls, .. } => {
            let scheme = if *tls { "https" } else { "http" };
            let at = std::net::SocketAddr::new(request.ip, *port);
            format!(
                "Get \"{scheme}://{at}{path}\": context deadline exceeded (Client.Timeout exceeded while awaiting \
                 headers)"
            )
        }
        ProbeTarget::TcpSocket { port } => {
            format!("dial tcp {}: i/o timeout", std::net::SocketAddr::new(request.ip, *port))
        }
        ProbeTarget::Grpc { port, .. } => {
            let at = std::net::SocketAddr::new(request.ip, *port);
            format!("timeout: failed to connect service \"{at}\" within {:?}", request.timeout)
        }
        _ => format!("no answer within {:?}", request.timeout),
    }
}
