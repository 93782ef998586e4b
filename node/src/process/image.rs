use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use setpoint_runtime_traits::{EnvVar, ImageId, ImageRef};

use crate::image_name::content_of;

/// The image that is no image: its containers run the command that their pod names, from this machine.
pub const HOST_IMAGE: &str = "host";

/// A program of this machine that an image name stands for.
///
/// The fields are those of an image's configuration: what a container does not say itself, it takes from here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProcessImage {
    /// The program and its fixed arguments. Empty: a container of it must name a command.
    pub entrypoint: Vec<String>,
    /// Arguments after the entry point, unless the container has a command or arguments.
    pub args: Vec<String>,
    /// Variables, which those of the container override.
    pub env: Vec<EnvVar>,
    /// Where it starts; `None` is the container's own folder.
    pub working_dir: Option<PathBuf>,
    /// The signal that asks it to stop, by name; `None` is TERM.
    pub stop_signal: Option<String>,
}

impl ProcessImage {
    /// No program at all, see [`HOST_IMAGE`].
    pub fn host() -> Self {
        Self::default()
    }

    /// This program: a path, or a name that is looked up in the container's PATH.
    pub fn program(program: impl Into<String>) -> Self {
        Self { entrypoint: vec![program.into()], ..Self::default() }
    }

    /// With these arguments, unless the container has its own.
    #[must_use]
    pub fn with_args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// With one more variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push(EnvVar::new(name, value));
        self
    }

    /// Starting in this folder.
    #[must_use]
    pub fn with_working_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.working_dir = Some(folder.into());
        self
    }

    /// Asked to stop by this signal, as `SIGINT`.
    #[must_use]
    pub fn with_stop_signal(mut self, signal: impl Into<String>) -> Self {
        self.stop_signal = Some(signal.into());
        self
    }

    /// Whether the program can be found, as far as can be told before a container says more.
    pub(super) fn is_installed(&self, search_path: &str) -> bool {
        let Some(program) = self.entrypoint.first() else { return true };
        if program.contains('/') {
            return is_executable(Path::new(program));
        }
        search_path.split(':').any(|folder| is_executable(&Path::new(folder).join(program)))
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Says which program an image name stands for. Asked at every pull.
///
/// Any `Fn(&ImageRef) -> Option<ProcessImage>` is one.
pub trait ImageResolver: Send + Sync {
    /// The program, or `None` if the name stands for none: then pulling it fails (`ErrImagePull`).
    fn resolve(&self, image: &ImageRef) -> Option<ProcessImage>;

    /// Names that count as pulled from the start, for pods that never pull.
    fn preloaded(&self) -> Vec<ImageRef> {
        Vec::new()
    }
}

impl<F> ImageResolver for F
where
    F: Fn(&ImageRef) -> Option<ProcessImage> + Send + Sync,
{
    fn resolve(&self, image: &ImageRef) -> Option<ProcessImage> {
        self(image)
    }
}

/// Image names and their programs, as a table. All its images count as pulled from the start.
///
/// A name without tag means the tag `latest`; apart from that only the very same name leads to an image.
///
/// ```
/// use setpoint_node::process::{ImageResolver, ImageTable, ProcessImage};
///
/// let images = ImageTable::with_host()
///     .with_image("web:v1", ProcessImage::program("/usr/bin/env").with_args(["true"]).with_env("LEVEL", "info"));
/// assert!(images.resolve(&"web:v1".into()).is_some());
/// assert!(images.resolve(&"host".into()).is_some());
/// assert!(images.resolve(&"web:v2".into()).is_none());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageTable {
    images: BTreeMap<ImageId, ProcessImage>,
}

impl ImageTable {
    /// An empty table: no image can be had.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table with [`HOST_IMAGE`], for pods that name their own command.
    pub fn with_host() -> Self {
        Self::new().with_image(HOST_IMAGE, ProcessImage::host())
    }

    /// With this name for this program, instead of the one it stood for.
    #[must_use]
    pub fn with_image(mut self, name: impl Into<ImageRef>, image: ProcessImage) -> Self {
        self.images.insert(content_of(&name.into()), image);
        self
    }
}

impl ImageResolver for ImageTable {
    fn resolve(&self, image: &ImageRef) -> Option<ProcessImage> {
        self.images.get(&content_of(image)).cloned()
    }

    fn preloaded(&self) -> Vec<ImageRef> {
        self.images.keys().map(|id| ImageRef::from(id.as_str())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_installed_if_it_can_be_executed() {
        let search_path = "/nowhere:/bin:/usr/bin";
        let table = [
            (ProcessImage::host(), true),
            (ProcessImage::program("sh"), true),
            (ProcessImage::program("/bin/sh"), true),
            (ProcessImage::program("no-such-program"), false),
            (ProcessImage::program("/etc/passwd"), false),
            (ProcessImage::program("/bin"), false),
        ];
        for (image, installed) in table {
            assert_eq!(image.is_installed(search_path), installed, "{image:?}");
        }
    }

    #[test]
    fn a_table_knows_its_names_and_no_others() {
        let table = ImageTable::with_host().with_image("web", ProcessImage::program("sh"));
        for (name, known) in
            [("web", true), ("web:latest", true), ("web:v1", false), ("host", true), ("", false)]
        {
            assert_eq!(table.resolve(&name.into()).is_some(), known, "{name}");
        }
        assert_eq!(table.preloaded(), ["host:latest".into(), "web:latest".into()]);
        assert_eq!(ImageTable::new().resolve(&HOST_IMAGE.into()), None);
    }
}
