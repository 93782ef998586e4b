use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_runtime_traits::{ErrorKind, PullRequest};
use setpoint_runtime_traits::{Image, ImageId, ImageRef, Result, RuntimeError};

use super::Script;

/// The images of a simulated node. Any name can be pulled, except those said not to exist.
///
/// A name without tag and digest means the tag `latest`; apart from that, every name is an image of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct ImageShelf {
    present: BTreeMap<ImageId, BTreeSet<ImageRef>>,
    scripts: BTreeMap<ImageId, Arc<Script>>,
    nonexistent: BTreeSet<ImageId>,
    /// Failed pulls in a row; grows with the images scripted to fail.
    failed: BTreeMap<ImageId, u32>,
}

impl ImageShelf {
    pub(super) fn put_script(&mut self, image: &ImageRef, script: Script) {
        self.scripts.insert(content_of(image), Arc::new(script));
    }

    pub(super) fn forbid(&mut self, image: &ImageRef) {
        self.nonexistent.insert(content_of(image));
    }

    pub(super) fn put(&mut self, image: &ImageRef) -> ImageId {
        let id = content_of(image);
        self.present.entry(id.clone()).or_default().insert(image.clone());
        id
    }

    pub(super) fn script(&self, image: &ImageRef) -> Option<&Arc<Script>> {
        self.scripts.get(&content_of(image))
    }

    pub(super) fn find(&self, image: &ImageRef) -> Option<Image> {
        let id = content_of(image);
        let tags = self.present.get(&id)?;
        Some(Image::new(id, tags.iter().cloned().collect()))
    }

    pub(super) fn has(&self, id: &ImageId) -> bool {
        self.present.contains_key(id)
    }

    pub(super) fn list(&self) -> Vec<Image> {
        let images = self.present.iter();
        images.map(|(id, tags)| Image::new(id.clone(), tags.iter().cloned().collect())).collect()
    }

    pub(super) fn remove(&mut self, image: &ImageRef) {
        self.present.remove(&content_of(image));
    }

    /// What pulling comes to, once its time is over.
    pub(super) fn pull(&mut self, request: PullRequest<'_>, script: &Script, env: &Env) -> Result<ImageId> {
        let image = request.image;
        if image.as_str().is_empty() || image.as_str().contains(char::is_whitespace) {
            let message = format!("image name {image:?} is empty or has white space");
            return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
        }
        let id = content_of(image);
        if self.nonexistent.contains(&id) {
            let message = format!("image {image} does not exist");
            return Err(RuntimeError::new(ErrorKind::ImagePull, message));
        }
        let failed = self.failed.get(&id).copied().unwrap_or(0);
        if script.fail_pull.strike(failed, env) {
            self.failed.insert(id, failed.saturating_add(1));
            let message = format!("pulling image {image} was scripted to fail");
            return Err(RuntimeError::new(ErrorKind::ImagePull, message));
        }
        self.failed.remove(&id);
        Ok(self.put(image))
    }
}

/// The content that a name leads to: the name itself, with its tag.
pub(super) fn content_of(image: &ImageRef) -> ImageId {
    let name = image.as_str();
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { ImageId::new(name) } else { ImageId::new(format!("{name}:latest")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_tag_is_the_latest() {
        let table = [
            ("nginx", "nginx:latest"),
            ("nginx:1.25", "nginx:1.25"),
            ("localhost:5000/nginx", "localhost:5000/nginx:latest"),
            ("a/nginx@sha256:00", "a/nginx@sha256:00"),
        ];
        for (name, content) in table {
            assert_eq!(content_of(&name.into()).as_str(), content);
        }
    }
}
