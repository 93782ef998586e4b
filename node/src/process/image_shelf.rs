use std::collections::{BTreeMap, BTreeSet};

use setpoint_runtime_traits::{ErrorKind, Image, ImageId, ImageRef, Result, RuntimeError};

use super::{ImageResolver, ProcessImage};
use crate::image_name::{check, content_of};

/// How many images count as pulled at a time.
pub const IMAGES_MAX: usize = 4096;

/// The images that count as pulled. What they stand for is fixed at their latest pull.
#[derive(Debug, Default)]
pub(super) struct ImageShelf {
    present: BTreeMap<ImageId, Entry>,
}

#[derive(Debug)]
struct Entry {
    image: ProcessImage,
    names: BTreeSet<ImageRef>,
}

impl ImageShelf {
    /// A shelf with what the resolver has from the start and this machine has the programs of.
    pub(super) fn preloaded(resolver: &dyn ImageResolver, search_path: &str) -> Self {
        let mut shelf = Self::default();
        for name in resolver.preloaded() {
            if let Err(error) = shelf.pull(&name, resolver.resolve(&name), search_path) {
                tracing::warn!(image = %name, %error, "an image is not there from the start");
            }
        }
        shelf
    }

    pub(super) fn get(&self, id: &ImageId) -> Option<&ProcessImage> {
        self.present.get(id).map(|entry| &entry.image)
    }

    pub(super) fn find(&self, image: &ImageRef) -> Option<Image> {
        let id = content_of(image);
        let entry = self.present.get(&id)?;
        Some(Image::new(id, entry.names.iter().cloned().collect()))
    }

    pub(super) fn list(&self) -> Vec<Image> {
        let images = self.present.iter();
        images.map(|(id, entry)| Image::new(id.clone(), entry.names.iter().cloned().collect())).collect()
    }

    pub(super) fn remove(&mut self, image: &ImageRef) {
        self.present.remove(&content_of(image));
    }

    /// Takes in what a name was found to stand for.
    pub(super) fn pull(
        &mut self,
        name: &ImageRef,
        resolved: Option<ProcessImage>,
        search_path: &str,
    ) -> Result<ImageId> {
        check(name)?;
        let Some(image) = resolved else {
            let message = format!("image {name} stands for no program of this node");
            return Err(RuntimeError::new(ErrorKind::ImagePull, message));
        };
        if !image.is_installed(search_path) {
            let program = image.entrypoint.first().map_or("", |program| program);
            let message = format!("image {name} stands for {program:?}, which this node cannot execute");
            return Err(RuntimeError::new(ErrorKind::ImagePull, message));
        }
        let id = content_of(name);
        if !self.present.contains_key(&id) && self.present.len() >= IMAGES_MAX {
            let message = format!("image {name} would be one more than the {IMAGES_MAX} this node takes");
            return Err(RuntimeError::new(ErrorKind::OutOfResources, message));
        }
        let entry = self
            .present
            .entry(id.clone())
            .or_insert_with(|| Entry { image: ProcessImage::host(), names: BTreeSet::new() });
        entry.image = image;
        entry.names.insert(name.clone());
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEARCH_PATH: &str = "/bin:/usr/bin";

    fn kind(answer: Result<ImageId>) -> Option<ErrorKind> {
        answer.err().map(|error| error.kind)
    }

    // AGENT-30
    #[test]
    fn what_stands_for_nothing_that_runs_cannot_be_pulled() {
        let mut shelf = ImageShelf::default();
        let table = [
            ("unknown", None, Some(ErrorKind::ImagePull)),
            ("broken", Some(ProcessImage::program("/no/such/program")), Some(ErrorKind::ImagePull)),
            ("two words", Some(ProcessImage::host()), Some(ErrorKind::InvalidSpec)),
            ("fine", Some(ProcessImage::program("sh")), None),
        ];
        for (name, resolved, expected) in table {
            assert_eq!(kind(shelf.pull(&name.into(), resolved, SEARCH_PATH)), expected, "{name}");
        }
        assert_eq!(shelf.list().len(), 1);
    }

    #[test]
    fn the_shelf_is_full_at_its_limit() {
        let mut shelf = ImageShelf::default();
        for number in 0..IMAGES_MAX {
            let name = format!("image-{number}").into();
            assert_eq!(kind(shelf.pull(&name, Some(ProcessImage::host()), SEARCH_PATH)), None);
        }
        let mut pull = |name: &str| kind(shelf.pull(&name.into(), Some(ProcessImage::host()), SEARCH_PATH));
        assert_eq!(pull("one-more"), Some(ErrorKind::OutOfResources));
        assert_eq!(pull("image-0"), None);
    }
}
