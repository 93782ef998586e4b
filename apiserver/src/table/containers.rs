use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};

/// Names and images of containers, separated by commas.
pub(super) fn names_and_images(containers: &[Container]) -> (String, String) {
    let names: Vec<&str> = containers.iter().map(|container| &*container.name).collect();
    let images: Vec<&str> =
        containers.iter().map(|container| container.image.as_deref().unwrap_or_default()).collect();
    (names.join(","), images.join(","))
}

/// [`names_and_images`] of a template's containers.
pub(super) fn of_template(template: &PodTemplateSpec) -> (String, String) {
    let spec = template.spec.as_ref();
    names_and_images(spec.map_or(&[], |spec| &*spec.containers))
}
