use async_trait::async_trait;
use setpoint_runtime_traits::{Image, ImageId, ImageRef, ImageService, PullRequest, Result};

use super::ProcessRuntime;

#[async_trait]
impl ImageService for ProcessRuntime {
    async fn image_status(&self, image: &ImageRef) -> Result<Option<Image>> {
        Ok(self.shared.with(|world| world.images.find(image)))
    }

    /// Asks the resolver. Credentials are not looked at.
    async fn pull_image(&self, request: PullRequest<'_>) -> Result<ImageId> {
        let resolved = self.shared.resolver.resolve(request.image);
        let search_path = &self.shared.settings.search_path;
        self.shared.with(|world| world.images.pull(request.image, resolved, search_path))
    }

    async fn list_images(&self) -> Result<Vec<Image>> {
        Ok(self.shared.with(|world| world.images.list()))
    }

    /// The name is forgotten until it is pulled again; its program stays where it is.
    async fn remove_image(&self, image: &ImageRef) -> Result<()> {
        self.shared.with(|world| world.images.remove(image));
        Ok(())
    }
}
