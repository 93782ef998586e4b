use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use setpoint_runtime_traits::{
    ErrorKind, NodeRuntime, PublishRequest, Result, RuntimeError, VolumeFile, VolumeId, VolumeNode,
};

use crate::agent::LOCAL_VOLUME_DRIVERS;

/// The node's own volumes (STORAGE-01) as folders below a root: emptyDir, configMap, secret, downwardAPI and
/// projected.
///
/// Files are replaced all at once: each name is a link through `..data`, which is turned to a new folder when
/// that is complete. A folder lives as long as its pod. `medium: Memory` is a folder like any other and
/// `sizeLimit` is not enforced.
pub struct LocalVolumes {
    root: PathBuf,
}

/// The link that is turned, and its name until then.
const DATA: &str = "..data";
const DATA_NEXT: &str = "..data_tmp";
/// What the folders that it leads to begin with.
const VERSION: &str = "..version-";

impl LocalVolumes {
    /// Volumes below `root`, which is made when it is needed. It must be
    /// [`AgentSettings::volume_directory`](crate::agent::AgentSettings) or above it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Offers them to an agent, under the names that upstream's plugins have.
    pub fn offer(self, mut runtime: NodeRuntime) -> NodeRuntime {
        let volumes: Arc<dyn VolumeNode> = Arc::new(self);
        for driver in LOCAL_VOLUME_DRIVERS {
            runtime = runtime.with_volumes(driver, Arc::clone(&volumes));
        }
        runtime
    }

    /// No path leads out of the root.
    fn check(&self, target: &Path) -> Result<()> {
        let inside = target.strip_prefix(&self.root).is_ok_and(|rest| {
            rest.components().next().is_some()
                && rest.components().all(|it| matches!(it, Component::Normal(_)))
        });
        if inside {
            return Ok(());
        }
        let message = format!("{} is not below {}", target.display(), self.root.display());
        Err(RuntimeError::new(ErrorKind::InvalidSpec, message))
    }
}

#[async_trait]
impl VolumeNode for LocalVolumes {
    async fn publish(&self, request: &PublishRequest) -> Result<()> {
        self.check(&request.target_path)?;
        for path in request.files.keys() {
            if path.components().any(|part| !matches!(part, Component::Normal(_))) {
                let message = format!("{} must stay inside the volume", path.display());
                return Err(RuntimeError::new(ErrorKind::InvalidSpec, message));
            }
        }
        let failed = |error| failed("published", &request.target_path, error);
        make_folder(&request.target_path).map_err(failed)?;
        if request.files.is_empty() && !request.target_path.join(DATA).exists() {
            return Ok(());
        }
        replace(&request.target_path, request.files.iter()).map_err(failed)
    }

    async fn unpublish(&self, _volume: &VolumeId, target_path: &Path) -> Result<()> {
        self.check(target_path)?;
        match fs::remove_dir_all(target_path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("removed", target_path, error))
            }
            _ => {
                self.remove_parents(target_path);
                Ok(())
            }
        }
    }
}

impl LocalVolumes {
    /// The folders above it, as far as they are empty.
    fn remove_parents(&self, target: &Path) {
        for parent in
            target.ancestors().skip(1).take_while(|it| *it != self.root && it.starts_with(&self.root))
        {
            // One that is not empty serves another volume.
            if fs::remove_dir(parent).is_err() {
                return;
            }
        }
    }
}

/// Only this user may look into volumes: secrets are among them.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Replaces all files of a volume at once.
fn replace<'a>(target: &Path, files: impl Iterator<Item = (&'a PathBuf, &'a VolumeFile)>) -> io::Result<()> {
    let old = fs::read_link(target.join(DATA)).ok();
    let number = |name: &Path| name.to_str()?.strip_prefix(VERSION)?.parse::<u64>().ok();
    let next = old.as_deref().and_then(number).unwrap_or_default() + 1;
    let version = PathBuf::from(format!("{VERSION}{next}"));
    let folder = target.join(&version);
    // What an earlier attempt left half done.
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    make_folder(&folder)?;
    let mut names = BTreeSet::new();
    for (path, file) in files {
        write_file(&folder.join(path), file)?;
        names.extend(path.components().next().map(|first| PathBuf::from(first.as_os_str())));
    }
    let link = target.join(DATA_NEXT);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    make_link(&version, &link)?;
    fs::rename(&link, target.join(DATA))?;
    for name in &names {
        if !target.join(name).is_symlink() {
            make_link(&Path::new(DATA).join(name), &target.join(name))?;
        }
    }
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        let hidden = name.to_str().is_some_and(|name| name.starts_with(".."));
        if !hidden && !names.contains(&name) && entry.path().is_symlink() {
            fs::remove_file(entry.path())?;
        }
    }
    match old {
        Some(old) if number(&old).is_some() => fs::remove_dir_all(target.join(old)),
        _ => Ok(()),
    }
}

fn write_file(path: &Path, file: &VolumeFile) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        make_folder(parent)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, file.mode & 0o777);
    io::Write::write_all(&mut options.open(path)?, &file.content)
}

#[cfg(unix)]
fn make_link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn make_link(_to: &Path, _at: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "links are made on unix only"))
}

fn failed(what: &str, path: &Path, error: io::Error) -> RuntimeError {
    let message = format!("volume {} could not be {what}: {error}", path.display());
    RuntimeError::new(ErrorKind::Other, message).with_source(error)
}

impl fmt::Debug for LocalVolumes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalVolumes").field("root", &self.root).finish()
    }
}

#[cfg(all(test, unix))]
mod tests {
    use futures::FutureExt;
    use setpoint_runtime_traits::AccessMode;

    use super::*;

    struct Case {
        _folder: tempfile::TempDir,
        volumes: LocalVolumes,
        target: PathBuf,
    }

    impl Case {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let volumes = LocalVolumes::new(folder.path());
            let target = folder.path().join("uid-1/volumes/kubernetes.io~configmap/settings");
            Self { _folder: folder, volumes, target }
        }

        fn publish(&self, files: &[(&str, &str)]) -> Result<()> {
            let mut request = PublishRequest::new("v".into(), &self.target, AccessMode::ReadWriteOncePod);
            request.files = files
                .iter()
                .map(|(path, content)| {
                    (PathBuf::from(path), VolumeFile { content: content.as_bytes().to_vec(), mode: 0o640 })
                })
                .collect();
            self.volumes.publish(&request).now_or_never().expect("it does not wait")
        }

        fn read(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.target.join(path)).ok()
        }
    }

    #[test]
    fn files_are_replaced_all_at_once() {
        // STORAGE-01
        let case = Case::new();
        case.publish(&[("a", "1"), ("sub/b", "2")]).expect("published");
        assert_eq!((case.read("a"), case.read("sub/b")), (Some("1".to_owned()), Some("2".to_owned())));
        case.publish(&[("a", "3"), ("c", "4")]).expect("published again");
        assert_eq!((case.read("a"), case.read("c")), (Some("3".to_owned()), Some("4".to_owned())));
        assert_eq!(case.read("sub/b"), None);
        let hidden = fs::read_dir(&case.target).expect("a folder").filter(|entry| {
            entry.as_ref().is_ok_and(|it| it.file_name().to_string_lossy().starts_with(VERSION))
        });
        assert_eq!(hidden.count(), 1, "the old version is gone");
    }

    #[test]
    fn what_a_pod_wrote_into_an_empty_folder_stays_until_the_pod_goes() {
        // STORAGE-01
        let case = Case::new();
        case.publish(&[]).expect("published");
        fs::write(case.target.join("own"), "x").expect("written");
        case.publish(&[]).expect("published again");
        assert_eq!(case.read("own").as_deref(), Some("x"));
        for _ in 0..2 {
            let gone = case.volumes.unpublish(&"v".into(), &case.target).now_or_never();
            gone.expect("it does not wait").expect("removed");
        }
        assert!(!case.volumes.root.join("uid-1").exists());
        assert!(case.volumes.root.exists());
    }

    #[test]
    fn no_path_leads_out() {
        let mut case = Case::new();
        for path in ["../x", "/etc/x", "a/../../x"] {
            assert!(case.publish(&[(path, "1")]).is_err(), "{path}");
        }
        for target in ["/etc", "", ".", "uid/../../x"] {
            case.target = case.volumes.root.join(target);
            assert!(case.publish(&[]).is_err(), "{target}");
        }
    }
}
