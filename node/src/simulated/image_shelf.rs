use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use setpoint_core::env::Env;
use setpoint_runtime_traits::{ErrorKind, PullRequest};
use setpoint_runtime_traits::{Image, ImageId, ImageRef, Result, RuntimeError};

use super::Script;
use crate::image_name::{check, content_of};

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
        check(image)?;
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
