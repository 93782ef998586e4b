//! Getting a container's image onto the node (AGENT-30).

use std::time::Duration;

use k8s_openapi::api::core::v1::Container;
use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{ErrorKind, ImageId, ImageRef, PodSandboxConfig, PullRequest};

use super::backoff::go_duration;
use super::pod_work::{Blocked, PodWork};

/// A pod whose pull failed is looked at again so soon, so that its status says that the pull is delayed: as
/// upstream's relisting does after the sandbox was made.
const PULL_RETRY: Duration = Duration::from_secs(1);

impl PodWork {
    /// Makes sure that the image is there.
    ///
    /// # Errors
    ///
    /// Why it is not, as the container's status is to say.
    pub(super) async fn ensure_image(
        &self,
        container: &Container,
        sandbox: &PodSandboxConfig,
    ) -> Result<ImageId, Blocked> {
        let name = container.image.as_deref().unwrap_or_default();
        let image = ImageRef::from(name);
        let tell = |type_, reason: &str, message: String| {
            self.tell_of(&container.name, type_, reason, message);
        };
        if !is_image_name(name) {
            let message = format!(
                "Failed to apply default image tag \"{name}\": couldn't parse image name \"{name}\": invalid \
                 reference format"
            );
            tell(EventType::Warning, "InspectFailed", message.clone());
            return Err(self.blocked("InvalidImageName", message));
        }
        let present = match self.host.runtime.images.image_status(&image).await {
            Ok(found) => found.map(|image| image.id),
            Err(error) => {
                let message = format!("Failed to inspect image \"{name}\": {error}");
                tell(EventType::Warning, "InspectFailed", message.clone());
                return Err(self.blocked("ImageInspectError", message));
            }
        };
        match (container.image_pull_policy.as_deref(), present) {
            (Some("Never"), None) => {
                let message = format!("Container image \"{name}\" is not present with pull policy of Never");
                tell(EventType::Warning, "ErrImageNeverPull", message.clone());
                return Err(self.blocked("ErrImageNeverPull", message));
            }
            (Some("Always"), _) | (_, None) => {}
            (_, Some(id)) => {
                let message = format!(
                    "Container image \"{name}\" already present on machine and can be accessed by the pod"
                );
                tell(EventType::Normal, "Pulled", message);
                return Ok(id);
            }
        }
        self.check_pull_backoff(container, name)?;
        self.pull(container, &image, sandbox).await
    }

    fn check_pull_backoff(&self, container: &Container, name: &str) -> Result<(), Blocked> {
        let growth = self.host.settings.pull_backoff;
        let memory = self.memory.lock();
        let Some(waiting) = memory.pulls.waiting_since_update(name, self.host.env.wall(), growth) else {
            return Ok(());
        };
        let short = format!("Back-off pulling image \"{name}\"");
        let message = match memory.pull_errors.get(name) {
            Some(error) => format!("{short}: {error}"),
            None => short.clone(),
        };
        drop(memory);
        self.tell_of(&container.name, EventType::Normal, "BackOff", short);
        Err(Blocked { reason: "ImagePullBackOff", message, retry: waiting.left })
    }

    async fn pull(
        &self,
        container: &Container,
        image: &ImageRef,
        sandbox: &PodSandboxConfig,
    ) -> Result<ImageId, Blocked> {
        let tell = |type_, reason: &str, message: String| {
            self.tell_of(&container.name, type_, reason, message);
        };
        tell(EventType::Normal, "Pulling", format!("Pulling image \"{image}\""));
        let env = &self.host.env;
        let asked = env.now();
        let permit = self.host.pulls.acquire().await;
        let began = env.now();
        let pulled = self.host.runtime.images.pull_image(PullRequest::new(image).for_pod(sandbox)).await;
        drop(permit);
        let error = match pulled {
            Ok(id) => {
                let (took, waited) = (go_duration(env.now() - began), go_duration(env.now() - asked));
                // The size is a courtesy; a runtime that cannot tell it says 0.
                let size = self.host.runtime.images.image_status(image).await.ok().flatten();
                let message = format!(
                    "Successfully pulled image \"{image}\" in {took} ({waited} including waiting). Image size: {} \
                     bytes.",
                    size.map_or(0, |image| image.size_bytes)
                );
                tell(EventType::Normal, "Pulled", message);
                let memory = &mut *self.memory.lock();
                memory.pulls.forget(image.as_str());
                memory.pull_errors.remove(image.as_str());
                return Ok(id);
            }
            Err(error) => error,
        };
        let reason = match error.kind {
            ErrorKind::RegistryUnavailable => "RegistryUnavailable",
            ErrorKind::SignatureValidationFailed => "SignatureValidationFailed",
            _ => "ErrImagePull",
        };
        tell(EventType::Warning, "Failed", format!("Failed to pull image \"{image}\": {error}"));
        let message = match reason {
            "RegistryUnavailable" => {
                format!("image pull failed for {image} because the registry is unavailable: {error}")
            }
            "SignatureValidationFailed" => {
                format!("image pull failed for {image} because the signature validation failed: {error}")
            }
            _ => error.to_string(),
        };
        let now = env.wall();
        let memory = &mut *self.memory.lock();
        memory.pulls.grow(image.as_str(), now, now, self.host.settings.pull_backoff);
        memory.pull_errors.insert(image.as_str().to_owned(), format!("{reason}: {message}"));
        Err(Blocked { reason, message, retry: PULL_RETRY })
    }

    /// Blocked until the time for errors is over.
    pub(super) fn blocked(&self, reason: &'static str, message: String) -> Blocked {
        Blocked { reason, message, retry: self.error_retry() }
    }
}

/// Whether a text can name an image: lower case, and a tag or a digest of the letters they have.
fn is_image_name(name: &str) -> bool {
    let (name, digest) = name.split_once('@').map_or((name, None), |(name, digest)| (name, Some(digest)));
    let tagged = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'));
    let (path, tag) = tagged.map_or((name, None), |(path, tag)| (path, Some(tag)));
    let digest_ok = digest.is_none_or(|digest| {
        let hex = digest.split_once(':').map(|(_, hex)| hex).unwrap_or_default();
        hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let tag_ok = tag.is_none_or(|tag| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !tag.is_empty()
            && tag.len() <= 128
            && word(tag.as_bytes()[0])
            && tag.bytes().all(|byte| word(byte) || byte == b'.' || byte == b'-')
    });
    let mut parts = path.split('/').peekable();
    let mut path_ok = true;
    let mut first = true;
    while let Some(part) = parts.next() {
        // The first part may be the name of a host.
        let host = first && parts.peek().is_some();
        first = false;
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = |byte: u8| {
            letter(byte)
                || matches!(byte, b'.' | b'_' | b'-')
                || (host && (byte == b':' || byte.is_ascii_uppercase()))
        };
        let ends = part.bytes().next().is_some_and(|byte| letter(byte) || host)
            && part.bytes().last().is_some_and(|byte| letter(byte) || host);
        path_ok &= ends && part.bytes().all(fits);
    }
    path_ok && tag_ok && digest_ok
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_told_from_other_texts() {
        // AGENT-30
        let digest = format!("web@sha256:{}", "0123456789abcdef".repeat(4));
        for name in ["web", "web:1.2", "library/web", "registry.example:5000/team/web:latest", &digest] {
            assert!(is_image_name(name), "{name}");
        }
        for name in ["", "Web", "web:", "a b", "web:-1", "/web", "web/", "web@sha256:xyz", "web:a/b:", "-web"]
        {
            assert!(!is_image_name(name), "{name}");
        }
    }
}
