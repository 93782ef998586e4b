//! What names of images mean on nodes without registries: the name itself, with its tag.

use setpoint_runtime_traits::{ErrorKind, ImageId, ImageRef, Result, RuntimeError};

/// The content that a name leads to: the name itself; without tag and digest, that with the tag `latest`.
pub(crate) fn content_of(image: &ImageRef) -> ImageId {
    let name = image.as_str();
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains([':', '@']) { ImageId::new(name) } else { ImageId::new(format!("{name}:latest")) }
}

/// Fails for what cannot be a name.
pub(crate) fn check(image: &ImageRef) -> Result<()> {
    if image.as_str().is_empty() || image.as_str().contains(char::is_whitespace) {
        let message = format!("image name {image:?} is empty or has white space");
        return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
    }
    Ok(())
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

    #[test]
    fn empty_names_and_white_space_are_refused() {
        for (name, valid) in [("", false), ("a b", false), ("\n", false), ("a/b:c", true)] {
            assert_eq!(check(&name.into()).is_ok(), valid, "{name:?}");
        }
    }
}
