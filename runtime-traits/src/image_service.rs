use async_trait::async_trait;

use crate::{FsUsage, Image, ImageId, ImageRef, PullRequest, Result};

/// Images on a node, after CRI's ImageService (RUNTIME-01, RUNTIME-02, RUNTIME-09).
#[async_trait]
pub trait ImageService: Send + Sync {
    /// The image that `image` leads to, or `None` if it is not on the node: absence is no error.
    ///
    /// # Errors
    ///
    /// If the runtime cannot tell.
    async fn image_status(&self, image: &ImageRef) -> Result<Option<Image>>;

    /// Makes sure that the image is on the node, asking its source every time, and answers its content, to be
    /// used in [`ContainerConfig::image_id`](crate::ContainerConfig::image_id).
    ///
    /// # Errors
    ///
    /// [`ImagePull`](crate::ErrorKind::ImagePull), `RegistryUnavailable` or `SignatureValidationFailed` if it
    /// cannot be had, `InvalidSpec` if the name cannot be one.
    async fn pull_image(&self, request: PullRequest<'_>) -> Result<ImageId>;

    /// All images on the node.
    ///
    /// # Errors
    ///
    /// If the runtime cannot tell.
    async fn list_images(&self) -> Result<Vec<Image>>;

    /// Removes the image that `image` leads to, with all its other names. Absent is a success.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict) if a container uses it and the runtime minds.
    async fn remove_image(&self, image: &ImageRef) -> Result<()>;

    /// How full the images' file systems are; empty if there are none.
    ///
    /// # Errors
    ///
    /// If the runtime cannot tell.
    async fn image_fs_info(&self) -> Result<Vec<FsUsage>> {
        Ok(Vec::new())
    }
}
