//! References from children to the controller that manages them.

use setpoint_core::object::{Object, OwnerReference, Uid};

/// The reference by which `owner` manages its children: it is their controller, and a foreground deletion
/// of it waits for them.
pub fn controller_ref(owner: &Object) -> OwnerReference {
    OwnerReference {
        api_version: owner.kind().api_version().into(),
        kind: owner.kind().names.kind.as_str().into(),
        name: owner.meta().name.clone(),
        // Stored objects have a uid; the reference of one without is refused by the store.
        uid: owner.meta().uid.clone().unwrap_or_else(|| Uid::new("")),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Whether `child` is managed by the object with this uid: another object of the owner's name is not it.
pub fn is_controlled_by(child: &Object, owner: &Uid) -> bool {
    child.meta().controller().is_some_and(|reference| reference.uid == *owner)
}
