//! Validation of volumes whose files are made of API objects.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, DownwardAPIVolumeFile, DownwardAPIVolumeSource, KeyToPath, PodSpec,
    ProjectedVolumeSource, SecretVolumeSource, ServiceAccountTokenProjection, VolumeProjection,
};

use super::field_ref::{self, Place};
use super::options::Options;
use super::paths;
use crate::field::{FieldError, FieldErrors, Path};
use crate::rules::absent::{items, number, text};
use crate::rules::checks;

/// The shortest life of a projected token.
const TOKEN_SECONDS_MIN: i64 = 600;

/// The longest life of a projected token.
const TOKEN_SECONDS_MAX: i64 = 1 << 32;

pub(super) fn validate_secret(source: &SecretVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(text(&source.secret_name), &path.child("secretName"), errors);
    paths::validate_mode(source.default_mode, &path.child("defaultMode"), errors);
    validate_items(items(&source.items), &path.child("items"), errors);
}

pub(super) fn validate_config_map(source: &ConfigMapVolumeSource, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&source.name, &path.child("name"), errors);
    paths::validate_mode(source.default_mode, &path.child("defaultMode"), errors);
    validate_items(items(&source.items), &path.child("items"), errors);
}

fn validate_items(files: &[KeyToPath], path: &Path<'_>, errors: &mut FieldErrors) {
    for (index, file) in files.iter().enumerate() {
        validate_item(file, &path.index(index), errors);
    }
}

fn validate_item(file: &KeyToPath, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&file.key, &path.child("key"), errors);
    checks::required(&file.path, &path.child("path"), errors);
    paths::validate_local(&file.path, &path.child("path"), errors);
    paths::validate_mode(file.mode, &path.child("mode"), errors);
}

pub(super) fn validate_downward_api(
    source: &DownwardAPIVolumeSource,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    paths::validate_mode(source.default_mode, &path.child("defaultMode"), errors);
    for file in items(&source.items) {
        validate_file(file, path, errors);
    }
}

/// A file with a field of the pod; upstream's paths lack the index.
fn validate_file(file: &DownwardAPIVolumeFile, path: &Path<'_>, errors: &mut FieldErrors) {
    checks::required(&file.path, &path.child("path"), errors);
    paths::validate_local(&file.path, &path.child("path"), errors);
    match (&file.field_ref, &file.resource_field_ref) {
        (Some(field), resource) => {
            field_ref::validate(field, Place::File, &path.child("fieldRef"), errors);
            if resource.is_some() {
                let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errors.push(FieldError::invalid(path, "resource", why));
            }
        }
        (None, Some(field)) => {
            field_ref::validate_resource(field, Place::File, &path.child("resourceFieldRef"), errors);
        }
        (None, None) => {
            errors.push(FieldError::required(path, "one of fieldRef and resourceFieldRef is required"));
        }
    }
    paths::validate_mode(file.mode, &path.child("mode"), errors);
}

/// Checks a volume with files of several sources.
pub(super) fn validate(
    source: &ProjectedVolumeSource,
    options: &Options,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    paths::validate_mode(source.default_mode, &path.child("defaultMode"), errors);
    let mut files = Files { taken: BTreeSet::new(), path };
    let sources_path = path.child("sources");
    for (index, source) in items(&source.sources).iter().enumerate() {
        let source_path = sources_path.index(index);
        validate_projection(source, options, &mut files, &source_path, errors);
        let given = [
            source.secret.is_some(),
            source.config_map.is_some(),
            source.downward_api.is_some(),
            source.service_account_token.is_some(),
        ];
        if given.into_iter().filter(|is_given| *is_given).count() > 1 {
            let why = "may not specify more than 1 volume type per source";
            errors.push(FieldError::forbidden(&source_path, why));
        }
    }
}

/// The paths that files of the volume have taken.
struct Files<'a> {
    taken: BTreeSet<&'a str>,
    /// The volume's, where upstream reports what is taken twice.
    path: &'a Path<'a>,
}

impl<'a> Files<'a> {
    fn take(&mut self, file: &'a str, shown: &str, errors: &mut FieldErrors) {
        if !file.is_empty() && !self.taken.insert(file) {
            errors.push(FieldError::invalid(self.path, shown, "conflicting duplicate paths"));
        }
    }
}

fn validate_projection<'a>(
    source: &'a VolumeProjection,
    options: &Options,
    files: &mut Files<'a>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let named = [
        ("secret", source.secret.as_ref().map(|secret| (&secret.name, &secret.items))),
        ("configMap", source.config_map.as_ref().map(|config_map| (&config_map.name, &config_map.items))),
    ];
    for (field, (name, listed)) in named.into_iter().filter_map(|(field, source)| Some((field, source?))) {
        let path = path.child(field);
        checks::required(name, &path.child("name"), errors);
        let path = path.child("items");
        for (index, file) in items(listed).iter().enumerate() {
            validate_item(file, &path.index(index), errors);
            files.take(&file.path, name, errors);
        }
    }
    for file in source.downward_api.iter().flat_map(|downward| items(&downward.items)) {
        validate_file(file, &path.child("downwardAPI"), errors);
        files.take(&file.path, &file.path, errors);
    }
    if let Some(token) = &source.service_account_token {
        validate_token(token, options, files.path, &path.child("serviceAccountToken"), errors);
    }
}

fn validate_token(
    token: &ServiceAccountTokenProjection,
    options: &Options,
    volume_path: &Path<'_>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let seconds_path = path.child("expirationSeconds");
    let seconds = number(token.expiration_seconds);
    if seconds < TOKEN_SECONDS_MIN {
        let why = "may not specify a duration less than 10 minutes";
        errors.push(FieldError::invalid(&seconds_path, &seconds, why));
    }
    if seconds > TOKEN_SECONDS_MAX {
        let why = "may not specify a duration larger than 2^32 seconds";
        errors.push(FieldError::invalid(&seconds_path, &seconds, why));
    }
    let path = volume_path.child("path");
    if token.path.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else if !options.keeps_token_path {
        paths::validate_local(&token.path, &path, errors);
    }
}

/// Whether the path of a token leads out of its volume.
pub(super) fn has_outside_token_path(spec: &PodSpec) -> bool {
    tokens(spec).any(|(_, _, token)| !paths::is_local(&token.path))
}

/// Every projected token with the indices of its volume and source.
pub(super) fn tokens(spec: &PodSpec) -> impl Iterator<Item = (usize, usize, &ServiceAccountTokenProjection)> {
    items(&spec.volumes).iter().enumerate().flat_map(|(volume_index, volume)| {
        let sources = volume.projected.iter().flat_map(|projected| items(&projected.sources));
        sources.enumerate().filter_map(move |(source_index, source)| {
            Some((volume_index, source_index, source.service_account_token.as_ref()?))
        })
    })
}
