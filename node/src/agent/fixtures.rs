//! Pods and what a runtime has of them, in few words.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::PodSpec;
use serde_json::{Value, json};
use setpoint_runtime_traits::{
    Container, ContainerConfig, ContainerMetadata, ContainerState, ContainerStatus, Exit, ImageId,
    PodSandbox, PodSandboxStatus, SandboxMetadata, SandboxState,
};

use super::observed::Observed;

/// A spec whose containers all have the image `image`; `fields` are added to it.
pub(super) fn spec(containers: &[&str], init: &[&str], fields: Value) -> PodSpec {
    // A sidecar's name ends with a star.
    let one = |name: &&str| match name.strip_suffix('*') {
        Some(name) => json!({"name": name, "image": "image", "restartPolicy": "Always"}),
        None => json!({"name": name, "image": "image"}),
    };
    let mut spec = json!({
        "containers": containers.iter().map(one).collect::<Vec<_>>(),
        "initContainers": init.iter().map(one).collect::<Vec<_>>(),
        "restartPolicy": "Always",
    });
    let all = spec.as_object_mut().expect("an object");
    all.extend(fields.as_object().expect("an object").clone());
    serde_json::from_value(spec).expect("a spec")
}

/// A moment.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600).expect("a time") + SignedDuration::from_secs(seconds)
}

/// What a runtime has, one word each: `sandbox`, `sandbox!` (broken), `web+` (running), `web=3` (ended with
/// 3), `web?` (unknown), `web~` (made, not started). Oldest first; a name again is its next attempt.
pub(super) fn observed(words: &[&str]) -> Observed {
    let mut sandboxes = Vec::new();
    let mut containers: Vec<ContainerStatus> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let created = at(i64::try_from(index).expect("small"));
        if let Some(rest) = word.strip_prefix("sandbox") {
            let attempt = u32::try_from(sandboxes.len()).expect("small");
            let metadata = SandboxMetadata::new("pod", "default", "uid").with_attempt(attempt);
            let id = format!("sandbox-{attempt}").into();
            let mut sandbox = PodSandbox::new(id, metadata, created);
            if rest == "!" {
                sandbox.state = SandboxState::NotReady;
            }
            let mut status = PodSandboxStatus::new(sandbox);
            status.ips = vec!["10.0.0.7".parse().expect("an address")];
            sandboxes.push(status);
            continue;
        }
        let (name, state, exit) = parse(word);
        let earlier = containers.iter().filter(|it| *it.container.metadata.name == *name).count();
        let attempt = u32::try_from(earlier).expect("small");
        let config = ContainerConfig::new(ContainerMetadata::new(name, attempt), "image");
        let image_id = ImageId::new("sha256:1");
        let id = format!("{name}-{attempt}").into();
        let container = Container::created(id, "sandbox-0".into(), &config, image_id, created);
        let mut status = ContainerStatus::new(container);
        status.container.state = state;
        status.started_at = (state != ContainerState::Created).then_some(created);
        status.finished_at = exit.map(|_| created + SignedDuration::from_secs(1));
        status.exit = exit.map(Exit::Code);
        containers.push(status);
    }
    Observed::new(sandboxes, containers)
}

fn parse(word: &str) -> (&str, ContainerState, Option<i32>) {
    if let Some((name, code)) = word.split_once('=') {
        return (name, ContainerState::Exited, Some(code.parse().expect("a code")));
    }
    let (name, mark) = word.split_at(word.len() - 1);
    let state = match mark {
        "+" => ContainerState::Running,
        "?" => ContainerState::Unknown,
        "~" => ContainerState::Created,
        _ => panic!("{word} says nothing"),
    };
    (name, state, None)
}
