use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Uid};
use setpoint_reconcile::events::{EventText, Regarding};
use setpoint_reconcile::plan::Step;
use setpoint_store::request::{DeleteOptions, Preconditions, Propagation, Write};

use super::observed::Observed;
use super::plan::{Action, Guard};

/// An action in terms of the store.
pub(super) fn steps(observed: &Observed, action: &Action) -> Vec<Step> {
    let object = &observed.object;
    match action {
        Action::ConfirmAbsent { owner, .. } => vec![Step::ReadLive(owner.clone())],
        Action::LookAgain => vec![Step::ReadLive(object.key())],
        Action::Delete(propagation, guard) => vec![delete(object, *propagation, *guard)],
        Action::DropReferences(owners) => vec![drop_references(object, owners)],
        Action::Orphan(dependent) => {
            let uid = object.meta().uid.clone().into_iter().collect::<Vec<_>>();
            let found = find(observed, dependent);
            found.map(|dependent| drop_references(dependent, &uid)).into_iter().collect()
        }
        Action::Unblock => vec![unblock(object)],
        Action::RemoveFinalizer(finalizer) => {
            let mut draft = Draft::of(object);
            let meta = draft.meta_mut();
            meta.finalizers = meta.finalizers.without(finalizer);
            vec![Step::write(Write::Update(draft, Subresource::Main))]
        }
        Action::TellInvalidOwner(uid) => invalid_owner(object, uid).map(Step::Event).into_iter().collect(),
    }
}

fn find<'a>(observed: &'a Observed, key: &Key) -> Option<&'a ObjectRef> {
    observed.dependents.orphans.iter().find(|dependent| dependent.key() == *key)
}

/// Deletes what was decided on (GC-04).
fn delete(object: &Object, propagation: Propagation, guard: Guard) -> Step {
    let revision = (guard == Guard::Version).then(|| object.revision());
    let preconditions = Preconditions { uid: object.meta().uid.clone(), revision };
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

/// The owner as it is named, in the words of upstream's event (GC-03).
fn invalid_owner(object: &Object, uid: &Uid) -> Option<EventText> {
    let meta = object.meta();
    let owner = meta.owner_references.iter().find(|reference| reference.uid == *uid)?;
    let namespace = meta.namespace.as_deref().unwrap_or_default();
    let (api_version, kind, name) = (&owner.api_version, &owner.kind, &owner.name);
    let named = format!("[{api_version}/{kind}, namespace: {namespace}, name: {name}, uid: {uid}]");
    let message = format!("ownerRef {named} does not exist in namespace {namespace:?}");
    Some(EventText::warning(Regarding::object(object), "OwnerRefInvalidNamespace", message))
}
