use serde_json::json;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Uid};
use setpoint_reconcile::events::{EventText, Regarding};
use setpoint_reconcile::plan::Step;
use setpoint_store::request::{DeleteOptions, Preconditions, Propagation, Write};

use super::observed::Observed;
use super::plan::Action;

/// An action in terms of the store.
pub(super) fn steps(observed: &Observed, action: &Action) -> Vec<Step> {
    let object = &observed.object;
    match action {
        Action::ConfirmAbsent { owner, .. } => vec![Step::ReadLive(owner.clone())],
        Action::Delete(propagation) => vec![delete(object, *propagation)],
        Action::DropReferences(owners) => vec![drop_references(object, owners)],
        Action::Orphan(dependent) => {
            let uid = object.meta().uid.clone().into_iter().collect::<Vec<_>>();
            let found = find(observed, dependent);
            found.map(|dependent| drop_references(dependent, &uid)).into_iter().collect()
        }
        Action::Unblock(_) => vec![unblock(object)],
        Action::RemoveFinalizer(finalizer) => {
            let mut draft = Draft::of(object);
            let meta = draft.meta_mut();
            meta.finalizers = meta.finalizers.without(finalizer);
            vec![Step::write(Write::Update(draft, Subresource::Main))]
        }
        Action::TellInvalidOwner => vec![Step::Event(invalid_owner(object))],
    }
}

fn find<'a>(observed: &'a Observed, key: &Key) -> Option<&'a ObjectRef> {
    observed.dependents.iter().find(|dependent| dependent.key() == *key)
}

/// Deletes exactly the version that was decided on (GC-04).
fn delete(object: &Object, propagation: Propagation) -> Step {
    let preconditions = Preconditions { uid: object.meta().uid.clone(), revision: Some(object.revision()) };
    let options = DeleteOptions { propagation: Some(propagation), preconditions, ..DeleteOptions::default() };
    Step::write(Write::Delete(object.key(), options))
}

/// The same object with fewer owners; refused if it has changed (GC-08).
fn drop_references(object: &Object, owners: &[Uid]) -> Step {
    let mut draft = Draft::of(object);
    let meta = draft.meta_mut();
    let kept = meta.owner_references.iter().filter(|reference| !owners.contains(&reference.uid));
    meta.owner_references = kept.cloned().collect();
    Step::write(Write::Update(draft, Subresource::Main))
}

fn unblock(object: &Object) -> Step {
    let mut draft = Draft::of(object);
    let meta = draft.meta_mut();
    let mut references = meta.owner_references.to_vec();
    for reference in &mut references {
        if reference.block_owner_deletion == Some(true) {
            reference.block_owner_deletion = Some(false);
        }
    }
    meta.owner_references = references.into();
    Step::write(Write::Update(draft, Subresource::Main))
}

fn invalid_owner(object: &Object) -> EventText {
    let owners: Vec<_> = object.meta().owner_references.iter().map(|owner| json!(owner.to_wire())).collect();
    let names: Vec<String> = owners.iter().map(ToString::to_string).collect();
    let message = format!("ownerRef {} does not exist in namespace \"\"", names.join(", "));
    EventText::warning(Regarding::object(object), "OwnerRefInvalidNamespace", message)
}
