//! A pod's volumes: what is to be published for it, and publishing it (STORAGE-01).

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, SecretVolumeSource,
    Volume,
};
use setpoint_core::quantity::Quantity;
use setpoint_runtime_traits::{AccessMode, PublishRequest, VolumeFile, VolumeId};

use super::config::VolumePaths;
use super::environment::ConfigError;
use super::field_value::{Fields, field_value, resource_value};
use super::observed::init_containers;
use super::pod_work::PodWork;
use super::sources::{References, Sources};

/// The drivers under which an agent looks for its node's own volumes, by the names of upstream's plugins:
/// emptyDir, configMap, secret, downwardAPI, projected.
pub const LOCAL_VOLUME_DRIVERS: [&str; 5] = [
    "kubernetes.io/empty-dir",
    "kubernetes.io/configmap",
    "kubernetes.io/secret",
    "kubernetes.io/downward-api",
    "kubernetes.io/projected",
];
/// The mode of files that nobody gives one.
const MODE_DEFAULT: i32 = 0o644;

type Files = BTreeMap<PathBuf, VolumeFile>;

/// How a volume comes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Placement {
    /// It is there, at this path.
    Present(PathBuf),
    /// A driver publishes it.
    Publish {
        /// The driver's name.
        driver: &'static str,
        /// What is asked of it.
        request: PublishRequest,
    },
}

impl PodWork {
    /// Publishes the pod's volumes, once.
    ///
    /// # Errors
    ///
    /// Why one of them cannot be, as an event says it.
    pub(super) async fn mount_volumes(&self) -> Result<(), String> {
        let spec = self.pod.spec().common();
        let volumes = spec.volumes.as_deref().unwrap_or_default();
        if volumes.is_empty() || self.memory.lock().volumes.is_some() {
            return Ok(());
        }
        let failed =
            |name: &str, why: String| format!("MountVolume.SetUp failed for volume \"{name}\" : {why}");
        let sources = self.sources(References::of_volumes(spec)).await.map_err(|error| error.to_string())?;
        let mut paths = VolumePaths::new();
        for volume in volumes {
            let placement = self.placement(volume, &sources);
            let path = match placement.map_err(|error| failed(&volume.name, error.to_string()))? {
                Placement::Present(path) => path,
                Placement::Publish { driver, request } => {
                    let found = self.host.runtime.volumes.get(driver);
                    let Some(found) = found else {
                        return Err(failed(&volume.name, format!("this node has no driver {driver}")));
                    };
                    let published = found.publish(&request).await;
                    published.map_err(|error| failed(&volume.name, error.to_string()))?;
                    request.target_path
                }
            };
            paths.insert(volume.name.clone(), path);
        }
        self.memory.lock().volumes = Some(paths);
        Ok(())
    }

    /// Takes the pod's volumes away, its data with them.
    ///
    /// # Errors
    ///
    /// If a driver fails.
    pub(super) async fn unmount_volumes(&self) -> Result<(), setpoint_runtime_traits::RuntimeError> {
        let volumes = self.pod.spec().common().volumes.as_deref().unwrap_or_default();
        for volume in volumes {
            let Some(driver) = driver_of(volume) else { continue };
            if let Some(found) = self.host.runtime.volumes.get(driver) {
                found.unpublish(&self.volume_id(volume), &self.target(driver, volume)).await?;
            }
        }
        self.memory.lock().volumes = None;
        Ok(())
    }

    fn volume_id(&self, volume: &Volume) -> VolumeId {
        VolumeId::new(format!("{}/{}", self.uid(), volume.name))
    }

    /// Upstream's place for it: `<uid>/volumes/<driver with a tilde>/<name>`.
    fn target(&self, driver: &str, volume: &Volume) -> PathBuf {
        let base = self.host.settings.volume_directory.join(self.uid().to_string());
        base.join("volumes").join(driver.replace('/', "~")).join(&volume.name)
    }

    fn placement(&self, volume: &Volume, sources: &Sources) -> Result<Placement, ConfigError> {
        if let Some(host) = &volume.host_path {
            return Ok(Placement::Present(PathBuf::from(&host.path)));
        }
        let Some(driver) = driver_of(volume) else {
            return Err(ConfigError("volumes of this type are not supported by this agent".to_owned()));
        };
        let target = self.target(driver, volume);
        let mut request = PublishRequest::new(self.volume_id(volume), target, AccessMode::ReadWriteOncePod);
        if let Some(empty) = &volume.empty_dir {
            request.attributes.extend(empty.medium.iter().map(|it| ("medium".to_owned(), it.clone())));
            request
                .attributes
                .extend(empty.size_limit.iter().map(|it| ("sizeLimit".to_owned(), it.0.clone())));
        } else {
            request.files = self.files(volume, sources)?;
        }
        Ok(Placement::Publish { driver, request })
    }

    fn files(&self, volume: &Volume, sources: &Sources) -> Result<Files, ConfigError> {
        let mut files = Files::new();
        if let Some(source) = &volume.config_map {
            add_config_map(source, sources, &mut files)?;
        } else if let Some(source) = &volume.secret {
            add_secret(source, sources, &mut files)?;
        } else if let Some(source) = &volume.downward_api {
            let items = source.items.as_deref().unwrap_or_default();
            self.add_downward(items, source.default_mode, &mut files)?;
        } else if let Some(source) = &volume.projected {
            self.add_projected(source, sources, &mut files)?;
        }
        Ok(files)
    }

    fn add_projected(
        &self,
        source: &ProjectedVolumeSource,
        sources: &Sources,
        files: &mut Files,
    ) -> Result<(), ConfigError> {
        for part in source.sources.as_deref().unwrap_or_default() {
            if let Some(map) = &part.config_map {
                let whole = ConfigMapVolumeSource {
                    name: map.name.clone(),
                    items: map.items.clone(),
                    optional: map.optional,
                    default_mode: source.default_mode,
                    ..ConfigMapVolumeSource::default()
                };
                add_config_map(&whole, sources, files)?;
            } else if let Some(secret) = &part.secret {
                let whole = SecretVolumeSource {
                    secret_name: Some(secret.name.clone()),
                    items: secret.items.clone(),
                    optional: secret.optional,
                    default_mode: source.default_mode,
                    ..SecretVolumeSource::default()
                };
                add_secret(&whole, sources, files)?;
            } else if let Some(downward) = &part.downward_api {
                let items = downward.items.as_deref().unwrap_or_default();
                self.add_downward(items, source.default_mode, files)?;
            } else {
                let what = "a source of the projected volume is not supported by this agent";
                return Err(ConfigError(what.to_owned()));
            }
        }
        Ok(())
    }

    fn add_downward(
        &self,
        items: &[DownwardAPIVolumeFile],
        default_mode: Option<i32>,
        files: &mut Files,
    ) -> Result<(), ConfigError> {
        let spec = self.pod.spec().common();
        let amount = |name: &str| self.host.allocatable.get(name).copied().unwrap_or(Quantity::ZERO);
        let fields = Fields {
            meta: self.pod.object().meta(),
            spec,
            node_name: &self.host.settings.node_name,
            host_ips: &self.host.host_ips,
            pod_ips: &[],
            allocatable_cpu: amount("cpu"),
            allocatable_memory: amount("memory"),
        };
        for item in items {
            let value = if let Some(field) = &item.field_ref {
                field_value(fields, &field.field_path)
            } else {
                item.resource_field_ref.as_ref().and_then(|reference| {
                    let name = reference.container_name.as_deref()?;
                    let mut containers = spec.containers.iter().chain(init_containers(spec));
                    resource_value(fields, containers.find(|it| it.name == name)?, reference)
                })
            };
            let value =
                value.ok_or_else(|| ConfigError(format!("{} refers to no known field", item.path)))?;
            add_file(files, &item.path, value.into_bytes(), item.mode.or(default_mode))?;
        }
        Ok(())
    }
}

/// The driver of a volume of the node's own.
fn driver_of(volume: &Volume) -> Option<&'static str> {
    let given = [
        volume.empty_dir.is_some(),
        volume.config_map.is_some(),
        volume.secret.is_some(),
        volume.downward_api.is_some(),
        volume.projected.is_some(),
    ];
    given.into_iter().zip(LOCAL_VOLUME_DRIVERS).find(|(given, _)| *given).map(|(_, driver)| driver)
}

fn add_config_map(
    source: &ConfigMapVolumeSource,
    sources: &Sources,
    files: &mut Files,
) -> Result<(), ConfigError> {
    let name = &source.name;
    let Some(map) = sources.config_map(name) else {
        return missing(source.optional, "configmap", name);
    };
    let texts = map.data.iter().flatten().map(|(key, text)| (key, text.as_bytes()));
    let bytes = map.binary_data.iter().flatten().map(|(key, bytes)| (key, bytes.0.as_slice()));
    let data: BTreeMap<&String, &[u8]> = texts.chain(bytes).collect();
    let optional = source.optional == Some(true);
    add_data(&data, source.items.as_deref(), source.default_mode, optional, name, files)
}

fn add_secret(source: &SecretVolumeSource, sources: &Sources, files: &mut Files) -> Result<(), ConfigError> {
    let name = source.secret_name.as_deref().unwrap_or_default();
    let Some(secret) = sources.secret(name) else {
        return missing(source.optional, "secret", name);
    };
    let data = secret.data.iter().flatten().map(|(key, bytes)| (key, bytes.0.as_slice())).collect();
    let optional = source.optional == Some(true);
    add_data(&data, source.items.as_deref(), source.default_mode, optional, name, files)
}

fn missing(optional: Option<bool>, resource: &str, name: &str) -> Result<(), ConfigError> {
    if optional == Some(true) { Ok(()) } else { Err(ConfigError(format!("{resource} \"{name}\" not found"))) }
}

fn add_data(
    data: &BTreeMap<&String, &[u8]>,
    items: Option<&[KeyToPath]>,
    default_mode: Option<i32>,
    optional: bool,
    name: &str,
    files: &mut Files,
) -> Result<(), ConfigError> {
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        for (key, content) in data {
            add_file(files, key, content.to_vec(), default_mode)?;
        }
        return Ok(());
    };
    for item in items {
        match data.get(&item.key) {
            Some(content) => add_file(files, &item.path, content.to_vec(), item.mode.or(default_mode))?,
            None if optional => {}
            None => return Err(ConfigError(format!("{name} references non-existent key: {}", item.key))),
        }
    }
    Ok(())
}

/// Adds a file; no path leads out of the volume.
fn add_file(files: &mut Files, path: &str, content: Vec<u8>, mode: Option<i32>) -> Result<(), ConfigError> {
    let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
    if path.is_empty() || !inside {
        return Err(ConfigError(format!("path \"{path}\" must stay inside the volume")));
    }
    let mode = u32::try_from(mode.unwrap_or(MODE_DEFAULT)).unwrap_or_default() & 0o777;
    files.insert(PathBuf::from(path), VolumeFile { content, mode });
    Ok(())
}
