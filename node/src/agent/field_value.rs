//! What the downward API shows a pod of itself.

use k8s_openapi::api::core::v1::{Container, PodSpec, ResourceFieldSelector};
use setpoint_core::object::{Meta, TextMap};
use setpoint_core::quantity::{Format, Quantity};

/// What fields are read from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    /// The pod's metadata.
    pub(super) meta: &'a Meta,
    /// The pod's spec.
    pub(super) spec: &'a PodSpec,
    /// The node it is on.
    pub(super) node_name: &'a str,
    /// The node's addresses.
    pub(super) host_ips: &'a [String],
    /// The pod's addresses.
    pub(super) pod_ips: &'a [String],
    /// The node's allocatable cpu, in thousandths, which is a container's limit if it has none.
    pub(super) allocatable_cpu: Quantity,
    /// The node's allocatable memory, likewise.
    pub(super) allocatable_memory: Quantity,
}

/// The value of a field of the pod; `None` if there is no such field.
pub(super) fn field_value(fields: Fields<'_>, path: &str) -> Option<String> {
    if let Some((map, key)) = path.strip_suffix("']").and_then(|path| path.split_once("['")) {
        let map = match map {
            "metadata.labels" => &fields.meta.labels,
            "metadata.annotations" => &fields.meta.annotations,
            _ => return None,
        };
        return Some(map.get(key).unwrap_or_default().to_owned());
    }
    let first = |ips: &[String]| ips.first().cloned().unwrap_or_default();
    let value = match path {
        "metadata.name" => fields.meta.name.to_string(),
        "metadata.namespace" => fields.meta.namespace.as_deref().unwrap_or_default().to_owned(),
        "metadata.uid" => fields.meta.uid.as_ref().map(ToString::to_string).unwrap_or_default(),
        "metadata.labels" => lines(&fields.meta.labels),
        "metadata.annotations" => lines(&fields.meta.annotations),
        "spec.nodeName" | "spec.host" => fields.node_name.to_owned(),
        "spec.serviceAccountName" => fields.spec.service_account_name.clone().unwrap_or_default(),
        "status.hostIP" => first(fields.host_ips),
        "status.hostIPs" => fields.host_ips.join(","),
        "status.podIP" => first(fields.pod_ips),
        "status.podIPs" => fields.pod_ips.join(","),
        _ => return None,
    };
    Some(value)
}

/// What a container requests or may use, in multiples of the divisor; `None` if there is no such resource.
pub(super) fn resource_value(
    fields: Fields<'_>,
    container: &Container,
    reference: &ResourceFieldSelector,
) -> Option<String> {
    let (side, name) = reference.resource.split_once('.')?;
    let resources = container.resources.as_ref();
    let amount = match side {
        "limits" => resources.and_then(|it| it.limits.as_ref()),
        "requests" => resources.and_then(|it| it.requests.as_ref()),
        _ => return None,
    };
    let amount = amount.and_then(|amounts| amounts.get(name)).and_then(|text| Quantity::try_from(text).ok());
    let without_limit = match (side, name) {
        ("limits", "cpu") => fields.allocatable_cpu,
        ("limits", "memory") => fields.allocatable_memory,
        _ => Quantity::ZERO,
    };
    let amount = amount.filter(|amount| !amount.is_zero()).unwrap_or(without_limit);
    let divisor = reference.divisor.as_ref().and_then(|text| Quantity::try_from(text).ok());
    let divisor = divisor.filter(|it| !it.is_zero()).unwrap_or(Quantity::new(1, Format::DecimalSi));
    let (amount, divisor) = match name {
        "cpu" => (amount.milli_value(), divisor.milli_value()),
        "memory" | "ephemeral-storage" => (amount.value(), divisor.value()),
        _ if name.starts_with("hugepages-") => (amount.value(), divisor.value()),
        _ => return None,
    };
    // A part of the divisor counts as a whole one.
    Some((i128::from(amount) + i128::from(divisor) - 1).checked_div(i128::from(divisor))?.to_string())
}

/// A map as a file shows it: `key="value"`, a line each.
fn lines(map: &TextMap) -> String {
    map.iter().map(|(key, value)| format!("{key}={value:?}\n")).collect::<String>().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use setpoint_core::object::Uid;

    use super::*;

    fn with_fields<T>(test: impl FnOnce(Fields<'_>) -> T) -> T {
        let mut meta = Meta::namespaced("default", "web-0");
        meta.uid = Some(Uid::new("u1"));
        meta.labels = TextMap::from_iter([("app", "web"), ("tier", "fr\"ont")]);
        let spec = PodSpec { service_account_name: Some("robot".to_owned()), ..PodSpec::default() };
        test(Fields {
            meta: &meta,
            spec: &spec,
            node_name: "node-1",
            host_ips: &["192.0.2.1".to_owned()],
            pod_ips: &["10.0.0.1".to_owned(), "fd00::1".to_owned()],
            allocatable_cpu: "4".parse().expect("a quantity"),
            allocatable_memory: "1Gi".parse().expect("a quantity"),
        })
    }

    #[test]
    fn fields_of_the_pod_have_values() {
        let table = [
            ("metadata.name", "web-0"),
            ("metadata.namespace", "default"),
            ("metadata.uid", "u1"),
            ("metadata.labels", "app=\"web\"\ntier=\"fr\\\"ont\""),
            ("metadata.labels['app']", "web"),
            ("metadata.annotations['absent']", ""),
            ("spec.nodeName", "node-1"),
            ("spec.serviceAccountName", "robot"),
            ("status.hostIP", "192.0.2.1"),
            ("status.podIP", "10.0.0.1"),
            ("status.podIPs", "10.0.0.1,fd00::1"),
        ];
        with_fields(|fields| {
            for (path, value) in table {
                assert_eq!(field_value(fields, path).as_deref(), Some(value), "{path}");
            }
            assert_eq!(field_value(fields, "spec.containers"), None);
        });
    }

    #[test]
    fn resources_are_counted_in_divisors_and_rounded_up() {
        let table = [
            ("requests.cpu", "", "1"),
            ("requests.cpu", "1m", "250"),
            ("limits.cpu", "1", "4"),
            ("requests.memory", "1Mi", "64"),
            ("limits.memory", "1Mi", "1024"),
            ("requests.memory", "1Gi", "1"),
        ];
        let container: Container = serde_json::from_value(serde_json::json!({
            "name": "web", "resources": {"requests": {"cpu": "250m", "memory": "64Mi"}},
        }))
        .expect("a container");
        with_fields(|fields| {
            for (resource, divisor, value) in table {
                let reference: ResourceFieldSelector =
                    serde_json::from_value(serde_json::json!({"resource": resource, "divisor": divisor}))
                        .expect("a reference");
                let found = resource_value(fields, &container, &reference);
                assert_eq!(found.as_deref(), Some(value), "{resource} / {divisor}");
            }
        });
    }
}
