use async_trait::async_trait;
use setpoint_runtime_traits::{Image, ImageId, ImageRef, ImageService, PullRequest, Result};

use super::SimulatedRuntime;
use super::annotation::pod_script;
use super::runtime_service::unreadable;

#[async_trait]
impl ImageService for SimulatedRuntime {
    async fn image_status(&self, image: &ImageRef) -> Result<Option<Image>> {
        self.shared.call(|world, _| Ok(world.images.find(image)))
    }

    /// What the pod's annotations say of a single container has no say here: a pull is for an image.
    async fn pull_image(&self, request: PullRequest<'_>) -> Result<ImageId> {
        let script = self.shared.call(|world, _| {
            let base = world.images.script(request.image).unwrap_or(&self.shared.script);
            match request.pod {
                Some(pod) => pod_script(base, &pod.annotations).map_err(unreadable),
                None => Ok(base.clone()),
            }
        })?;
        let delay = script.pull_delay.draw(&self.shared.env);
        if !delay.is_zero() {
            self.shared.env.sleep(delay).await;
        }
        self.shared.call(|world, _| world.images.pull(request, &script, &self.shared.env))
    }

    async fn list_images(&self) -> Result<Vec<Image>> {
        self.shared.call(|world, _| Ok(world.images.list()))
    }

    async fn remove_image(&self, image: &ImageRef) -> Result<()> {
        self.shared.call(|world, _| {
            world.images.remove(image);
            Ok(())
        })
    }
}
