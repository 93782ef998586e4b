use k8s_openapi::api::core::v1::PersistentVolumeSpec;
use serde_json::{Value, from_value, json};

use super::*;
use crate::field::FieldErrors;
use crate::object::Meta;

fn spec(changes: Value) -> PersistentVolumeSpec {
    let mut value = json!({
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/data"},
    });
    for (field, change) in changes.as_object().into_iter().flatten() {
        value[field] = change.clone();
    }
    let mut spec = from_value(value).expect("a spec");
    default(&mut spec);
    spec
}

fn texts(errors: &FieldErrors) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn volumes_are_filled_in() {
    let spec = spec(json!({}));
    assert_eq!(spec.persistent_volume_reclaim_policy.as_deref(), Some("Retain"));
    assert_eq!(spec.volume_mode.as_deref(), Some("Filesystem"));
    assert_eq!(spec.host_path.and_then(|path| path.type_).as_deref(), Some(""));
    assert_eq!(prepare_create(&Meta::cluster("a")).phase.as_deref(), Some("Pending"));
}

#[test]
fn volumes_have_a_size_and_one_place() {
    let rows = [
        (json!({}), ""),
        (json!({"hostPath": null}), "spec: Required value: must specify a volume type"),
        (
            json!({"nfs": {"server": "a", "path": "/"}}),
            "spec.nfs: Forbidden: may not specify more than 1 volume type",
        ),
        (
            json!({"capacity": {}}),
            "spec.capacity: Required value\n\
             spec.capacity: Unsupported value: {}: supported values: \"storage\"",
        ),
        (
            json!({"capacity": {"storage": "0"}}),
            "spec.capacity[storage]: Invalid value: \"0\": must be greater than zero",
        ),
        (json!({"accessModes": []}), "spec.accessModes: Required value"),
        (
            json!({"hostPath": null, "local": {"path": "/a/../b"}}),
            "spec.local.path: Invalid value: \"/a/../b\": must not contain '..'\n\
             spec.nodeAffinity: Required value: Local volume requires node affinity",
        ),
        (
            json!({"hostPath": null, "csi": {"driver": "", "volumeHandle": ""}}),
            "spec.csi.driver: Required value\nspec.csi.volumeHandle: Required value",
        ),
        (
            json!({"hostPath": {"path": "/"}, "persistentVolumeReclaimPolicy": "Recycle"}),
            "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
        ),
        (
            json!({"nodeAffinity": {}}),
            "spec.nodeAffinity.required: Required value: must specify required node constraints",
        ),
    ];
    for (changes, expected) in rows {
        assert_eq!(
            texts(&validate_create(&Meta::cluster("a"), &spec(changes.clone()))),
            expected,
            "{changes}"
        );
    }
}

#[test]
fn data_stay_where_they_are() {
    let meta = Meta::cluster("a");
    let (old, moved) = (spec(json!({})), spec(json!({"hostPath": {"path": "/other"}})));
    let grown = spec(json!({"capacity": {"storage": "2Gi"}, "claimRef": {"name": "a", "namespace": "b"}}));
    assert_eq!(texts(&validate_update(&meta, &grown, &meta, &old)), "");
    let errors = validate_update(&meta, &moved, &meta, &old);
    assert_eq!(errors[0].field, "spec.persistentvolumesource");
    assert!(errors[0].detail.starts_with("spec.persistentvolumesource is immutable after creation\n"));
    let block = spec(json!({"volumeMode": "Block"}));
    assert_eq!(
        texts(&validate_update(&meta, &block, &meta, &old)),
        "volumeMode: Invalid value: \"Block\": field is immutable"
    );
    let csi = |more: Value| {
        let mut source = json!({"driver": "d", "volumeHandle": "h"});
        source.as_object_mut().expect("a source").extend(more.as_object().cloned().unwrap_or_default());
        spec(json!({"hostPath": null, "csi": source}))
    };
    let secret = csi(json!({"controllerExpandSecretRef": {"name": "s", "namespace": "n"}}));
    assert_eq!(texts(&validate_update(&meta, &secret, &meta, &csi(json!({})))), "");
}
