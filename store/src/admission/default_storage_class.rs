use k8s_openapi::api::core::v1::PersistentVolumeClaimSpec;
use setpoint_core::Result;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Object};

use super::{Admission, Operation, Request, Target};

/// Claims that name no class get the default one, if there is one (ADM-17).
#[derive(Debug, Clone, Copy)]
pub struct DefaultStorageClass;

/// What marks the default class.
const MARKS: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
/// Where the class was named before there was a field for it.
const CLASS_ANNOTATION: &str = "volume.beta.kubernetes.io/storage-class";

impl Admission for DefaultStorageClass {
    fn name(&self) -> &'static str {
        "DefaultStorageClass"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create
            && target.side == Subresource::Main
            && target.kind.resource == super::CLAIMS
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let has_class = draft.meta().annotations.get(CLASS_ANNOTATION).is_some()
            || draft.spec::<PersistentVolumeClaimSpec>().is_none_or(|spec| spec.storage_class_name.is_some());
        let Some(classes) = request.storage_classes().filter(|_| !has_class) else { return Ok(()) };
        let is_default = |class: &&_| {
            let class: &Object = class;
            MARKS.iter().any(|mark| class.meta().annotations.get(mark) == Some("true"))
        };
        // Of several the newest; of those made in the same second the first by name.
        let default =
            request.snapshot.list(classes).map(|class| &**class).filter(is_default).min_by_key(|class| {
                let meta = class.meta();
                (std::cmp::Reverse(meta.creation_timestamp), meta.name.clone())
            });
        let Some(name) = default.map(|class| class.meta().name.to_string()) else { return Ok(()) };
        if let Some(spec) = draft.spec_mut::<PersistentVolumeClaimSpec>() {
            spec.storage_class_name = Some(name);
        }
        Ok(())
    }
}
