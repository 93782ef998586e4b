//! VolumeAttachments.

use k8s_openapi::api::storage::v1::{
    VolumeAttachmentSource, VolumeAttachmentSpec, VolumeAttachmentStatus, VolumeError,
};

use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::persistent_volume::{self, Place};
use super::{absent::text, checks};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

const METADATA_BYTES_MAX: usize = 256 * 1024;
const MESSAGE_BYTES_MAX: usize = 1024;

/// Brings the spec into its normal form.
pub fn default(spec: &mut VolumeAttachmentSpec) {
    spec.normalize(Spelling::Canonical);
}

/// The same for a status.
pub fn default_status(status: &mut VolumeAttachmentStatus) {
    status.normalize(Spelling::Canonical);
}

/// A new attachment is not attached.
pub fn prepare_create(_meta: &Meta) -> VolumeAttachmentStatus {
    VolumeAttachmentStatus::default()
}

/// All that is wrong with a new attachment.
pub fn validate_create(meta: &Meta, spec: &VolumeAttachmentSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(meta, spec, &mut errors);
    let path = Path::new("spec");
    errors.extend(persistent_volume::driver_name(&spec.attacher, &path.child("attacher")));
    if let Some(volume) = spec.source.persistent_volume_name.as_deref().filter(|name| !name.is_empty()) {
        let path = path.child("source");
        checks::dns_subdomain(volume, &path.child("persistentVolumeName"), &mut errors);
    }
    errors
}

/// All that is wrong with a changed attachment: what is attached where stays.
pub fn validate_update(
    new_meta: &Meta,
    new: &VolumeAttachmentSpec,
    _old_meta: &Meta,
    old: &VolumeAttachmentSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    validate(new_meta, new, &mut errors);
    checks::immutable(new, old, &Path::new("spec"), &mut errors);
    errors
}

/// All that is wrong with a written status.
pub fn validate_status_update(
    _new_meta: &Meta,
    status: &VolumeAttachmentStatus,
    _old_meta: &Meta,
    _old: &VolumeAttachmentStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    let path = Path::new("status");
    let metadata = status.attachment_metadata.iter().flatten();
    if metadata.map(|(key, value)| key.len() + value.len()).sum::<usize>() > METADATA_BYTES_MAX {
        errors.push(FieldError::too_long(&path.child("attachmentMetadata"), METADATA_BYTES_MAX));
    }
    validate_error(status.attach_error.as_ref(), &path.child("attachError"), &mut errors);
    validate_error(status.detach_error.as_ref(), &path.child("detachError"), &mut errors);
    errors
}

fn validate(meta: &Meta, spec: &VolumeAttachmentSpec, errors: &mut FieldErrors) {
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, errors);
    let path = Path::new("spec");
    checks::required(&spec.attacher, &path.child("attacher"), errors);
    validate_source(&spec.source, &path.child("source"), errors);
    checks::dns_subdomain(&spec.node_name, &path.child("nodeName"), errors);
}

fn validate_source(source: &VolumeAttachmentSource, path: &Path<'_>, errors: &mut FieldErrors) {
    const ONE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (&source.inline_volume_spec, source.persistent_volume_name.as_deref()) {
        (None, None) => errors.push(FieldError::required(path, ONE)),
        (Some(_), Some(_)) => errors.push(FieldError::forbidden(path, ONE)),
        (None, Some("")) => {
            let why = "must specify non empty persistentVolumeName";
            errors.push(FieldError::required(&path.child("persistentVolumeName"), why));
        }
        (None, Some(_)) => {}
        (Some(spec), None) => {
            let path = path.child("inlineVolumeSpec");
            persistent_volume::validate_spec(spec, Place::Inline, &path, errors);
        }
    }
}

fn validate_error(error: Option<&VolumeError>, path: &Path<'_>, errors: &mut FieldErrors) {
    if error.is_some_and(|error| text(&error.message).len() > MESSAGE_BYTES_MAX) {
        errors.push(FieldError::too_long(&path.child("message"), MESSAGE_BYTES_MAX));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn check(value: Value, expected: &str) {
        let spec: VolumeAttachmentSpec = from_value(value).expect("a spec");
        let errors = validate_create(&Meta::cluster("a"), &spec);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts.join("\n"), expected);
    }

    #[test]
    fn attachments_are_checked() {
        check(json!({"attacher": "d", "nodeName": "n", "source": {"persistentVolumeName": "v"}}), "");
        check(
            json!({"attacher": "", "nodeName": "n", "source": {}}),
            "spec.attacher: Required value\n\
             spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
        );
        check(
            json!({"attacher": "d", "nodeName": "n", "source": {"inlineVolumeSpec": {
                "accessModes": ["ReadWriteOnce"], "csi": {"driver": "d", "volumeHandle": "h"},
                "storageClassName": "c",
            }}}),
            "spec.source.inlineVolumeSpec.storageClassName: Forbidden: may not be specified in the context of \
             inline volumes",
        );
    }

    #[test]
    fn what_is_attached_where_stays() {
        let meta = Meta::cluster("a");
        let spec = |node: &str| {
            let value = json!({"attacher": "d", "nodeName": node, "source": {"persistentVolumeName": "v"}});
            from_value::<VolumeAttachmentSpec>(value).expect("a spec")
        };
        let errors = validate_update(&meta, &spec("b"), &meta, &spec("a"));
        assert_eq!(errors.len(), 1);
        assert!(errors[0].to_string().starts_with("spec: Invalid value: "));
        let long = VolumeError { message: Some("x".repeat(1025)), ..VolumeError::default() };
        let status = VolumeAttachmentStatus { attach_error: Some(long), ..Default::default() };
        let errors = validate_status_update(&meta, &status, &meta, &Default::default());
        assert_eq!(errors[0].field, "status.attachError.message");
    }
}
