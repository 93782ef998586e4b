use super::PatchType;
use crate::field::{FieldError, FieldErrors, Path};

/// How many bytes the name of a field manager may have (PATCH-12).
pub const FIELD_MANAGER_BYTES_MAX: usize = 128;

/// What is wrong with the options of a patch request (PATCH-09): an apply needs a manager, and only it may force.
///
/// The faults are of a `PatchOptions` of group `meta.k8s.io` without a name.
pub fn validate_options(patch_type: PatchType, manager: &str, force: Option<bool>) -> FieldErrors {
    let mut faults = FieldErrors::new();
    let field = Path::new("fieldManager");
    if patch_type == PatchType::Apply {
        if manager.is_empty() {
            faults.push(FieldError::required(&field, "is required for apply patch"));
        }
    } else if force.is_some() {
        faults.push(FieldError::forbidden(&Path::new("force"), "may not be specified for non-apply patch"));
    }
    if manager.len() > FIELD_MANAGER_BYTES_MAX {
        faults.push(FieldError::too_long(&field, FIELD_MANAGER_BYTES_MAX));
    }
    if manager.chars().any(char::is_control) {
        faults.push(FieldError::invalid(&field, manager, "should only contain printable characters"));
    }
    faults
}
