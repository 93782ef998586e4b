//! What is valid in a pod or template and yet deserves a word.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    Affinity, Container, ContainerPort, EnvVar, NodeSelectorTerm, PodAffinityTerm, PodSpec, PodTemplateSpec,
    Volume,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{annotations, containers, create, overlaps};
use crate::field::Path;
use crate::names;
use crate::object::Meta;
use crate::quantity::Quantity;
use crate::rules::absent::{entry, items, number, text};
use crate::rules::entries::Entries;
use crate::rules::{address, object_meta};

/// Labels of nodes that have newer names.
const OLD_NODE_LABELS: [(&str, &str); 8] = [
    ("app.kubernetes.io/created-by", "deprecated since v1.9"),
    ("beta.kubernetes.io/arch", r#"deprecated since v1.14; use "kubernetes.io/arch" instead"#),
    (
        "beta.kubernetes.io/instance-type",
        r#"deprecated since v1.17; use "node.kubernetes.io/instance-type" instead"#,
    ),
    ("beta.kubernetes.io/os", r#"deprecated since v1.14; use "kubernetes.io/os" instead"#),
    (
        "failure-domain.beta.kubernetes.io/region",
        r#"deprecated since v1.17; use "topology.kubernetes.io/region" instead"#,
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        r#"deprecated since v1.17; use "topology.kubernetes.io/zone" instead"#,
    ),
    ("node-role.kubernetes.io/master", r#"use "node-role.kubernetes.io/control-plane" instead"#),
    (
        "scheduler.alpha.kubernetes.io/preferAvoidPods",
        "deprecated since v1.22; use Taints and Tolerations instead",
    ),
];

const OLD_ANNOTATIONS: [(&str, &str); 3] = [
    (
        "scheduler.alpha.kubernetes.io/critical-pod",
        r#"non-functional in v1.16+; use the "priorityClassName" field instead"#,
    ),
    ("security.alpha.kubernetes.io/sysctls", r#"non-functional in v1.11+; use the "sysctls" field instead"#),
    (
        "security.alpha.kubernetes.io/unsafe-sysctls",
        r#"non-functional in v1.11+; use the "sysctls" field instead"#,
    ),
];

const OLD_SECCOMP: &str = r#"non-functional in v1.27+; use the "seccompProfile" field instead"#;

/// Warnings about a new pod (DEP-04).
pub fn warnings(meta: &Meta, spec: &PodSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "the Pod's hostname"));
    collect(&meta.annotations, spec, None, &mut warnings);
    warnings
}

/// Warnings about a new or changed template at `path`.
pub fn template_warnings(template: &PodTemplateSpec, path: &Path<'_>) -> Vec<String> {
    let (no_meta, no_spec) = (ObjectMeta::default(), PodSpec::default());
    let meta = template.metadata.as_ref().unwrap_or(&no_meta);
    let mut warnings = Vec::new();
    collect(&meta.annotations, template.spec.as_ref().unwrap_or(&no_spec), Some(path), &mut warnings);
    warnings
}

fn collect(
    annotations: &impl Entries,
    spec: &PodSpec,
    template: Option<&Path<'_>>,
    warnings: &mut Vec<String>,
) {
    let root = template.unwrap_or(&Path::ROOT);
    let path = root.child("spec");
    let meta_path = root.child("metadata");
    let annotations_path = meta_path.child("annotations");
    for (key, _) in spec.node_selector.pairs() {
        if let Some(why) = old_node_label(key) {
            let path = path.child("nodeSelector");
            warnings.push(format!("{}: {why}", path.key(key)));
        }
    }
    node_affinity(spec, &path, warnings);
    spread(spec, &path.child("topologySpreadConstraints"), warnings);
    for (key, why) in OLD_ANNOTATIONS {
        if annotations.value(key).is_some() {
            warnings.push(format!("{}: {why}", annotations_path.key(key)));
        }
    }
    let volumes_path = path.child("volumes");
    for (index, volume) in items(&spec.volumes).iter().enumerate() {
        old_volumes(volume, &volumes_path.index(index), warnings);
    }
    overlaps::collect(items(&spec.volumes), warnings);
    repeated_names(spec, &path, warnings);
    for name in ["memory", "ephemeral-storage"] {
        fraction(entry(&spec.overhead, name), &path.child("overhead").key(name), warnings);
    }
    let has_profile = spec.security_context.as_ref().is_some_and(|context| context.seccomp_profile.is_some());
    if annotations.value(annotations::SECCOMP_POD).is_some() && !has_profile {
        warnings.push(format!("{}: {OLD_SECCOMP}", annotations_path.key(annotations::SECCOMP_POD)));
    }
    containers::for_each(spec, &path, |container, path| {
        old_profiles(container, annotations, spec, template.is_some(), &annotations_path, warnings);
        amounts(container, path, warnings);
        repeated_variables(items(&container.env), &path.child("env"), warnings);
    });
    ports(spec, &path, warnings);
    if number(spec.termination_grace_period_seconds) < 0 {
        let path = path.child("terminationGracePeriodSeconds");
        warnings.push(format!("{path}: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    if let Some(affinity) = &spec.affinity {
        missing_selectors(affinity, &path.child("affinity"), warnings);
    }
    addresses(spec, &path, warnings);
}

fn old_node_label(key: &str) -> Option<&'static str> {
    OLD_NODE_LABELS.iter().find(|(label, _)| *label == key).map(|(_, why)| *why)
}

fn node_affinity(spec: &PodSpec, path: &Path<'_>, warnings: &mut Vec<String>) {
    let affinity = spec.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let Some(affinity) = affinity else { return };
    let path = path.child("affinity");
    let path = path.child("nodeAffinity");
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        let path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        let path = path.child("nodeSelectorTerms");
        for (index, term) in selector.node_selector_terms.iter().enumerate() {
            node_term(term, false, &path.index(index), warnings);
        }
    }
    let path = path.child("preferredDuringSchedulingIgnoredDuringExecution");
    let preferred = items(&affinity.preferred_during_scheduling_ignored_during_execution);
    for (index, term) in preferred.iter().enumerate() {
        node_term(&term.preference, true, &path.index(index).child("preference"), warnings);
    }
}

fn node_term(term: &NodeSelectorTerm, looks_at_values: bool, path: &Path<'_>, warnings: &mut Vec<String>) {
    let path = path.child("matchExpressions");
    for (index, requirement) in items(&term.match_expressions).iter().enumerate() {
        let path = path.index(index);
        if let Some(why) = old_node_label(&requirement.key) {
            warnings.push(format!("{}: {} is {why}", path.child("key"), requirement.key));
        }
        let values_path = path.child("values");
        let values = items(&requirement.values).iter().enumerate().filter(|_| looks_at_values);
        for (index, value) in values {
            for fault in names::label_value(value) {
                warnings.push(format!("{}: {value} is invalid, {fault}", values_path.index(index)));
            }
        }
    }
}

fn spread(spec: &PodSpec, path: &Path<'_>, warnings: &mut Vec<String>) {
    for (index, constraint) in items(&spec.topology_spread_constraints).iter().enumerate() {
        let path = path.index(index);
        let key = &constraint.topology_key;
        if let Some(why) = old_node_label(key) {
            warnings.push(format!("{}: {key} is {why}", path.child("topologyKey")));
        }
        if constraint.label_selector.is_none() {
            let path = path.child("labelSelector");
            warnings.push(format!("{path}: a null labelSelector results in matching no pod"));
        }
    }
}

fn old_volumes(volume: &Volume, path: &Path<'_>, warnings: &mut Vec<String>) {
    let sources = [
        ("photonPersistentDisk", volume.photon_persistent_disk.is_some(), "v1.11, non-functional in v1.16+"),
        ("gitRepo", volume.git_repo.is_some(), "v1.11, and disabled by default in v1.33+"),
        ("scaleIO", volume.scale_io.is_some(), "v1.16, non-functional in v1.22+"),
        ("flocker", volume.flocker.is_some(), "v1.22, non-functional in v1.25+"),
        ("storageOS", volume.storageos.is_some(), "v1.22, non-functional in v1.25+"),
        ("quobyte", volume.quobyte.is_some(), "v1.22, non-functional in v1.25+"),
        ("glusterfs", volume.glusterfs.is_some(), "v1.25, non-functional in v1.26+"),
        ("cephfs", volume.cephfs.is_some(), "v1.28, non-functional in v1.31+"),
        ("rbd", volume.rbd.is_some(), "v1.28, non-functional in v1.31+"),
    ];
    for (field, _, since) in sources.into_iter().filter(|(_, is_given, _)| *is_given) {
        warnings.push(format!("{}: deprecated in {since}", path.child(field)));
    }
    let template = volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.as_ref());
    if let Some(resources) = template.and_then(|template| template.spec.resources.as_ref()) {
        let path = path.child("ephemeral");
        let path = path.child("volumeClaimTemplate");
        let path = path.child("spec");
        let path = path.child("resources");
        for (field, texts) in [("requests", &resources.requests), ("limits", &resources.limits)] {
            fraction(entry(texts, "storage"), &path.child(field).key("storage"), warnings);
        }
    }
}

/// There are no parts of bytes.
fn fraction(amount: Option<&Text>, path: &Path<'_>, warnings: &mut Vec<String>) {
    let amount = amount.and_then(|amount| Quantity::try_from(amount).ok());
    if let Some(amount) = amount.filter(|amount| amount.milli_value() % 1000 != 0) {
        warnings.push(format!("{path}: fractional byte value \"{amount}\" is invalid, must be an integer"));
    }
}

fn amounts(container: &Container, path: &Path<'_>, warnings: &mut Vec<String>) {
    let Some(resources) = &container.resources else { return };
    let path = path.child("resources");
    for name in ["memory", "ephemeral-storage"] {
        for (field, texts) in [("limits", &resources.limits), ("requests", &resources.requests)] {
            fraction(entry(texts, name), &path.child(field).key(name), warnings);
        }
    }
}

fn repeated_names(spec: &PodSpec, path: &Path<'_>, warnings: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let aliases_path = path.child("hostAliases");
    for (index, alias) in items(&spec.host_aliases).iter().enumerate() {
        if !seen.insert(&alias.ip) {
            let path = aliases_path.index(index);
            warnings.push(format!("{}: duplicate ip {:?}", path.child("ip"), alias.ip));
        }
    }
    let mut seen = BTreeSet::new();
    let secrets = items(&spec.image_pull_secrets);
    let secrets_path = path.child("imagePullSecrets");
    for (index, secret) in secrets.iter().enumerate() {
        if !seen.insert(&secret.name) {
            let path = secrets_path.index(index);
            warnings.push(format!("{}: duplicate name {:?}", path.child("name"), secret.name));
        }
    }
    for (index, _) in secrets.iter().enumerate().filter(|(_, secret)| secret.name.is_empty()) {
        let path = secrets_path.index(index);
        warnings.push(format!("{}: invalid empty name \"\"", path.child("name")));
    }
}

fn old_profiles(
    container: &Container,
    annotations: &impl Entries,
    spec: &PodSpec,
    is_template: bool,
    path: &Path<'_>,
    warnings: &mut Vec<String>,
) {
    let context = container.security_context.as_ref();
    let key = format!("{}{}", annotations::SECCOMP_CONTAINER, container.name);
    let has_seccomp = context.is_some_and(|context| context.seccomp_profile.is_some());
    if !has_seccomp && annotations.value(&key).is_some() {
        warnings.push(format!("{}: {OLD_SECCOMP}", path.key(&key)));
    }
    if !is_template || context.is_some_and(|context| context.app_armor_profile.is_some()) {
        return;
    }
    let key = format!("{}{}", annotations::APP_ARMOR, container.name);
    let of_pod = spec.security_context.as_ref().and_then(|context| context.app_armor_profile.as_ref());
    let Some(annotation) = annotations.value(&key) else { return };
    if of_pod.is_none() || of_pod != create::app_armor_profile(annotation).as_ref() {
        let why = r#"deprecated since v1.30; use the "appArmorProfile" field instead"#;
        warnings.push(format!("{}: {why}", path.key(&key)));
    }
}

/// A variable that is set again without use of what it was.
fn repeated_variables(variables: &[EnvVar], path: &Path<'_>, warnings: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (index, EnvVar { name, value, value_from }) in variables.iter().enumerate() {
        if seen.insert(name) {
            continue;
        }
        let (value, reference) = (text(value), format!("$({name})"));
        if value_from.is_some() || value == reference || !value.contains(&reference) {
            let path = path.index(index);
            warnings.push(format!(
                "{path}: hides previous definition of {name:?}, which may be dropped when using apply"
            ));
        }
    }
}

fn ports(spec: &PodSpec, path: &Path<'_>, warnings: &mut Vec<String>) {
    let mut by_number: BTreeMap<(i32, String), Vec<(String, ContainerPort)>> = BTreeMap::new();
    containers::for_each(spec, path, |container, path| {
        let path = path.child("ports");
        for (index, port) in items(&container.ports).iter().enumerate() {
            let path = path.index(index).to_string();
            if !text(&port.host_ip).is_empty() && number(port.host_port) == 0 {
                warnings.push(format!("{path}: hostIP set without hostPort: {}", shown_port(port)));
            }
            let key = (port.container_port, text(&port.protocol).to_owned());
            let others = by_number.entry(key).or_default();
            for (other_path, other) in others.iter() {
                if let Some(how) = port_conflict(port, other) {
                    warnings.push(format!("{path}: {how} port definition with {other_path}"));
                }
            }
            others.push((path, port.clone()));
        }
    });
    let mut by_name: BTreeMap<String, String> = BTreeMap::new();
    containers::for_each(spec, path, |container, path| {
        let path = path.child("ports");
        for (index, port) in items(&container.ports).iter().enumerate() {
            let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) else { continue };
            let path = path.index(index).to_string();
            match by_name.get(name) {
                Some(first) => warnings.push(format!(
                    "{path}: duplicate port name {name:?} with {first}, services and probes that select ports by \
                     name will use {first}"
                )),
                None => {
                    by_name.insert(name.to_owned(), path);
                }
            }
        }
    });
}

/// As Go prints a structure.
fn shown_port(port: &ContainerPort) -> String {
    format!(
        "{{Name:{} HostPort:{} ContainerPort:{} Protocol:{} HostIP:{}}}",
        text(&port.name),
        number(port.host_port),
        port.container_port,
        text(&port.protocol),
        text(&port.host_ip)
    )
}

/// How two ports with the same number and protocol get in each other's way.
fn port_conflict(one: &ContainerPort, other: &ContainerPort) -> Option<&'static str> {
    let (ip, other_ip) = (text(&one.host_ip), text(&other.host_ip));
    let (host, other_host) = (number(one.host_port), number(other.host_port));
    if (ip, host) == (other_ip, other_host) {
        Some("duplicate")
    } else if host == 0 || other_host == 0 {
        Some("overlapping")
    } else {
        let is_ambiguous = host == other_host && ip.is_empty() != other_ip.is_empty();
        is_ambiguous.then_some("dangerously ambiguous")
    }
}

fn missing_selectors(affinity: &Affinity, path: &Path<'_>, warnings: &mut Vec<String>) {
    let mut look = |term: &PodAffinityTerm, path: &Path<'_>| {
        if term.label_selector.is_none() {
            let path = path.child("labelSelector");
            warnings.push(format!("{path}: a null labelSelector results in matching no pod"));
        }
    };
    let near = affinity.pod_affinity.as_ref().map(|pods| {
        (
            items(&pods.required_during_scheduling_ignored_during_execution),
            items(&pods.preferred_during_scheduling_ignored_during_execution),
        )
    });
    let far = affinity.pod_anti_affinity.as_ref().map(|pods| {
        (
            items(&pods.required_during_scheduling_ignored_during_execution),
            items(&pods.preferred_during_scheduling_ignored_during_execution),
        )
    });
    for (field, terms) in [("podAffinity", near), ("podAntiAffinity", far)] {
        let Some((required, preferred)) = terms else { continue };
        let path = path.child(field);
        let required_path = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in required.iter().enumerate() {
            look(term, &required_path.index(index));
        }
        let preferred_path = path.child("preferredDuringSchedulingIgnoredDuringExecution");
        for (index, term) in preferred.iter().enumerate() {
            look(&term.pod_affinity_term, &preferred_path.index(index).child("podAffinityTerm"));
        }
    }
}

fn addresses(spec: &PodSpec, path: &Path<'_>, warnings: &mut Vec<String>) {
    if let Some(config) = &spec.dns_config {
        let path = path.child("dnsConfig");
        let path = path.child("nameservers");
        for (index, server) in items(&config.nameservers).iter().enumerate() {
            warnings.extend(address::ip_warning(server, &path.index(index)));
        }
    }
    let path = path.child("hostAliases");
    for (index, alias) in items(&spec.host_aliases).iter().enumerate() {
        warnings.extend(address::ip_warning(&alias.ip, &path.index(index).child("ip")));
    }
}
