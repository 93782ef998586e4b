//! The config maps and secrets that a pod refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ConfigMap, Container, PodSpec, Secret, Volume};

/// The config maps and secrets that a pod refers to, as far as they are there.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources {
    config_maps: BTreeMap<String, Arc<ConfigMap>>,
    secrets: BTreeMap<String, Arc<Secret>>,
}

/// Their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct References {
    /// Of config maps.
    pub(super) config_maps: BTreeSet<String>,
    /// Of secrets.
    pub(super) secrets: BTreeSet<String>,
}

impl Sources {
    /// A config map, if it is there.
    pub(super) fn config_map(&self, name: &str) -> Option<&ConfigMap> {
        self.config_maps.get(name).map(|map| &**map)
    }

    /// A secret, if it is there.
    pub(super) fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name).map(|secret| &**secret)
    }

    /// Adds a config map that was found.
    pub(super) fn add_config_map(&mut self, name: &str, map: Arc<ConfigMap>) {
        self.config_maps.insert(name.to_owned(), map);
    }

    /// Adds a secret that was found.
    pub(super) fn add_secret(&mut self, name: &str, secret: Arc<Secret>) {
        self.secrets.insert(name.to_owned(), secret);
    }
}

impl References {
    /// What a container's environment refers to.
    pub(super) fn of_container(container: &Container) -> Self {
        let mut found = Self::default();
        for source in container.env_from.as_deref().unwrap_or_default() {
            found.config_maps.extend(source.config_map_ref.as_ref().map(|it| it.name.clone()));
            found.secrets.extend(source.secret_ref.as_ref().map(|it| it.name.clone()));
        }
        for from in container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref()) {
            found.config_maps.extend(from.config_map_key_ref.as_ref().map(|it| it.name.clone()));
            found.secrets.extend(from.secret_key_ref.as_ref().map(|it| it.name.clone()));
        }
        found
    }

    /// What a pod's volumes refer to.
    pub(super) fn of_volumes(spec: &PodSpec) -> Self {
        let mut found = Self::default();
        for volume in spec.volumes.as_deref().unwrap_or_default() {
            found.add_volume(volume);
        }
        found
    }

    fn add_volume(&mut self, volume: &Volume) {
        self.config_maps.extend(volume.config_map.as_ref().map(|it| it.name.clone()));
        self.secrets.extend(volume.secret.as_ref().and_then(|it| it.secret_name.clone()));
        let projected = volume.projected.as_ref().and_then(|it| it.sources.as_deref()).unwrap_or_default();
        for source in projected {
            self.config_maps.extend(source.config_map.as_ref().map(|it| it.name.clone()));
            self.secrets.extend(source.secret.as_ref().map(|it| it.name.clone()));
        }
    }
}
