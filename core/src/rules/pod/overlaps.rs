//! Files of a volume that get in each other's way.

use std::fmt;

use k8s_openapi::api::core::v1::{DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection};

use crate::rules::absent::{items, text};

/// A file and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
struct File {
    path: String,
    source: String,
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.path)?;
        if self.source.is_empty() { Ok(()) } else { write!(f, " ({})", self.source) }
    }
}

/// Warns of files with the same path, or one where another has its directory.
pub(super) fn collect(volumes: &[Volume], warnings: &mut Vec<String>) {
    for volume in volumes {
        if let Some(source) = &volume.config_map {
            let sort = format!("ConfigMap {:?}", source.name);
            warn(&volume.name, &sort, keys(items(&source.items), ""), warnings);
        }
        if let Some(source) = &volume.secret {
            let sort = format!("Secret {:?}", text(&source.secret_name));
            warn(&volume.name, &sort, keys(items(&source.items), ""), warnings);
        }
        if let Some(source) = &volume.downward_api {
            warn(&volume.name, "DownwardAPI", fields(items(&source.items), ""), warnings);
        }
        if let Some(source) = &volume.projected {
            let mut files = Vec::new();
            for source in items(&source.sources) {
                if *source == VolumeProjection::default() {
                    let name = &volume.name;
                    warnings.push(format!("volume {name:?} (Projected) has no sources provided"));
                }
                files.extend(projected(source));
            }
            warn(&volume.name, "Projected", files, warnings);
        }
    }
}

fn keys(files: &[KeyToPath], source: &str) -> Vec<File> {
    files.iter().map(|file| File { path: file.path.clone(), source: source.to_owned() }).collect()
}

fn fields(files: &[DownwardAPIVolumeFile], source: &str) -> Vec<File> {
    files.iter().map(|file| File { path: file.path.clone(), source: source.to_owned() }).collect()
}

fn projected(source: &VolumeProjection) -> Vec<File> {
    if let Some(config_map) = &source.config_map {
        keys(items(&config_map.items), &format!("ConfigMap {:?}", config_map.name))
    } else if let Some(secret) = &source.secret {
        keys(items(&secret.items), &format!("Secret {:?}", secret.name))
    } else if let Some(downward) = &source.downward_api {
        fields(items(&downward.items), "DownwardAPI")
    } else if let Some(token) = &source.service_account_token {
        vec![File { path: token.path.clone(), source: "ServiceAccountToken".to_owned() }]
    } else {
        Vec::new()
    }
}

fn warn(volume: &str, sort: &str, files: Vec<File>, warnings: &mut Vec<String>) {
    let mut seen: Vec<File> = Vec::new();
    for file in files {
        let file = File { path: file.path.trim_end_matches('/').to_owned(), ..file };
        for other in seen.iter().filter(|other| is_in_the_way(other, &file)) {
            warnings.push(format!("volume {volume:?} ({sort}): overlapping paths: {file} with {other}"));
        }
        seen.push(file);
    }
}

fn is_in_the_way(one: &File, other: &File) -> bool {
    let (one, other) = (format!("{}/", one.path), format!("{}/", other.path));
    one != "/" && other != "/" && (one.starts_with(&other) || other.starts_with(&one))
}
