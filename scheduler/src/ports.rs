//! Ports of a node that pods take for themselves (SCHED-25).

use k8s_openapi::api::core::v1::{Container, PodSpec};
use setpoint_core::object::Text;

/// The address that stands for all addresses.
const ANY: &str = "0.0.0.0";

/// A port of a node, at one of its addresses or all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    /// The number.
    pub port: i32,
    /// The address; `0.0.0.0` is all.
    pub ip: Text,
}

impl HostPort {
    /// Whether two pods cannot have them on one node.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip == other.ip || &*self.ip == ANY || &*other.ip == ANY)
    }
}

/// The host ports that a pod of this spec takes while it runs.
pub fn host_ports(spec: &PodSpec) -> Vec<HostPort> {
    let sidecars = spec.init_containers.iter().flatten();
    let sidecars = sidecars.filter(|container| container.restart_policy.as_deref() == Some("Always"));
    spec.containers.iter().chain(sidecars).flat_map(of_container).collect()
}

/// Whether any of `wanted` is taken.
pub fn conflict(wanted: &[HostPort], taken: &[HostPort]) -> bool {
    wanted.iter().any(|port| taken.iter().any(|other| port.conflicts(other)))
}

fn of_container(container: &Container) -> impl Iterator<Item = HostPort> {
    let or = |text: &Option<String>, default: &str| -> Text {
        text.as_deref().filter(|text| !text.is_empty()).unwrap_or(default).into()
    };
    container.ports.iter().flatten().filter_map(move |port| {
        let number = port.host_port.filter(|number| *number > 0)?;
        Some(HostPort { protocol: or(&port.protocol, "TCP"), port: number, ip: or(&port.host_ip, ANY) })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn port(text: &str) -> HostPort {
        let (ip, rest) = text.rsplit_once(':').expect("an address");
        let (port, protocol) = rest.split_once('/').expect("a protocol");
        HostPort { protocol: protocol.into(), port: port.parse().expect("a number"), ip: ip.into() }
    }

    #[test]
    fn ports_conflict_at_the_same_address_or_all() {
        // SCHED-25
        for (a, b, conflicts) in [
            ("0.0.0.0:80/TCP", "0.0.0.0:80/TCP", true),
            ("0.0.0.0:80/TCP", "127.0.0.1:80/TCP", true),
            ("127.0.0.1:80/TCP", "127.0.0.1:80/TCP", true),
            ("127.0.0.1:80/TCP", "127.0.0.2:80/TCP", false),
            ("0.0.0.0:80/TCP", "0.0.0.0:80/UDP", false),
            ("0.0.0.0:80/TCP", "0.0.0.0:81/TCP", false),
        ] {
            assert_eq!(conflict(&[port(a)], &[port(b)]), conflicts, "{a} {b}");
            assert_eq!(conflict(&[port(b)], &[port(a)]), conflicts, "{b} {a}");
        }
    }

    #[test]
    fn only_host_ports_of_what_keeps_running_count() {
        let spec = json!({
            "containers": [{"name": "a", "ports": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 3}]}],
            "initContainers": [
                {"name": "b", "ports": [{"containerPort": 4, "hostPort": 4}]},
                {"name": "c", "restartPolicy": "Always",
                 "ports": [{"containerPort": 5, "hostPort": 5, "hostIP": "10.0.0.1", "protocol": "UDP"}]},
            ],
        });
        let spec: PodSpec = serde_json::from_value(spec).expect("a pod spec");
        assert_eq!(host_ports(&spec), [port("0.0.0.0:3/TCP"), port("10.0.0.1:5/UDP")]);
    }
}
