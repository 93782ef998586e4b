use std::sync::Arc;

use setpoint_core::field::{FieldError, Path};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Uid};
use setpoint_core::{Error, GroupResource, Result};

use super::create::seconds;
use super::quota::Charges;
use super::record::Ownership;
use super::{ATTEMPTS_MAX, Inner, engine_error, metadata, service};
use crate::admission::{Operation, Request, Target};
use crate::engine::{Commit, CommitError, Engine, Expect};
use crate::request::{Outcome, Preconditions, RequestContext, Written};
use crate::service_network::Hold;
use crate::tables::Snapshot;

/// What upstream says when a version is not the newest (STORE-04).
pub(super) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// An update that is ready to be committed.
pub(super) struct Ready {
    pub(super) commit: Commit,
    pub(super) outcome: Outcome,
    pub(super) warnings: Vec<String>,
    /// What to answer with, if it is not what the commit leaves.
    pub(super) answer: Option<Draft>,
    /// What it has chosen for a service.
    pub(super) hold: Option<Hold>,
}

/// What became of an attempt to update.
pub(super) enum Attempt {
    /// There is nothing to write.
    Unchanged(ObjectRef),
    /// There is.
    Ready(Box<Ready>),
}

impl<E: Engine> Inner<E> {
    pub(super) async fn update(
        &self,
        context: &RequestContext,
        mut draft: Draft,
        side: Subresource,
    ) -> Result<Written> {
        self.of_kind_now(&mut draft)?;
        let key = draft.key();
        let traits = draft.kind().rules.traits();
        if draft.revision.is_none() && !traits.updates_unconditionally {
            let path = Path::new("metadata");
            let why = "must be specified for an update";
            let fault = FieldError::invalid(&path.child("resourceVersion"), &0, why);
            return Err(metadata::invalid(&draft, &vec![fault]));
        }
        if traits.creates_on_update
            && side == Subresource::Main
            && self.engine.snapshot().get(&key).is_none()
            && draft.revision.is_none()
        {
            if let Some(refused) = &context.refused_creation {
                return Err(refused.clone());
            }
            return self.create(context, draft, &Ownership::OfWriter).await;
        }
        self.guaranteed_update(context, &key, |snapshot, old| {
            check_preconditions(&draft, old)?;
            self.attempt_update(context, draft.clone(), old, side, snapshot, Ownership::OfWriter)
        })
        .await
    }

    /// Decides on the newest version, and anew when it has changed before the commit (STORE-03).
    pub(super) async fn guaranteed_update(
        &self,
        context: &RequestContext,
        key: &Key,
        decide: impl Fn(&Snapshot, &ObjectRef) -> Result<Attempt> + Send + Sync,
    ) -> Result<Written> {
        let mut is_current = self.reads_are_current(context).await?;
        for _ in 0..ATTEMPTS_MAX {
            let snapshot = self.engine.snapshot();
            let old = snapshot.get(key).map(|old| self.shown_now(old)).ok_or_else(|| self.not_found(key));
            let decided = old.and_then(|old| Ok((decide(&snapshot, &old)?, old)));
            let (attempt, old) = match decided {
                Ok(decided) => decided,
                // What stands in the way may be what is no longer so.
                Err(_) if !is_current => {
                    drop(snapshot);
                    self.catch_up().await?;
                    is_current = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let charges = match &attempt {
                Attempt::Ready(ready) => match &ready.commit.value {
                    Some(changed) => self.charges(changed, Some(&old), &snapshot)?,
                    None => Charges::new(),
                },
                Attempt::Unchanged(_) => Charges::new(),
            };
            drop(snapshot);
            let ready = match attempt {
                // No commit is refused that is not made, so only the newest version may say that there is nothing to do.
                Attempt::Unchanged(_) if !is_current => {
                    self.catch_up().await?;
                    is_current = true;
                    continue;
                }
                Attempt::Unchanged(object) => {
                    let outcome = Outcome::Unchanged;
                    return Ok(Written { object, outcome, warnings: Vec::new() });
                }
                Attempt::Ready(ready) => *ready,
            };
            let Ready { commit, outcome, warnings, answer, hold } = ready;
            let committed = if context.dry_run {
                self.try_commit(commit)
            } else {
                self.commit_charged(context, commit, charges).await.map(|committed| committed.object)
            };
            service::release(hold, &committed);
            match committed {
                Ok(object) => {
                    let revision = object.revision();
                    let object = answer.map_or(object, |draft| Arc::new(Object::from_draft(draft, revision)));
                    return Ok(Written { object, outcome, warnings });
                }
                Err(CommitError::Mismatch { key: at, .. }) => {
                    if let Some(fenced) = self.broken_guard(context, &at) {
                        return Err(fenced);
                    }
                }
                Err(error) => return Err(engine_error(&error)),
            }
        }
        let kind = self.kind(key.kind)?;
        Err(Error::conflict(&kind.resource, &key.name, MODIFIED).with_retry_after(1))
    }

    /// One pass through the pipeline, from a wanted version to a commit.
    pub(super) fn attempt_update(
        &self,
        context: &RequestContext,
        mut draft: Draft,
        old: &ObjectRef,
        side: Subresource,
        snapshot: &Snapshot,
        ownership: Ownership,
    ) -> Result<Attempt> {
        let kind = Arc::clone(draft.kind());
        let key = old.key();
        metadata::check_namespace(&draft, old)?;
        metadata::keep_system_fields(&mut draft, old);
        keep_other_side(&mut draft, old, side);
        self.default_update(&mut draft, old);
        share_unchanged(&mut draft, old);
        draft.set_managed_fields(match ownership {
            Ownership::OfWriter => self.records.updated(&draft, old, context, side, seconds(self.env.wall())),
            Ownership::Known(managed) => managed,
        });

        let target = Target { operation: Operation::Update, kind: &kind, side };
        let request = Request::new(target, &key, context, Some(old), None, snapshot, self.well_known);
        kind.rules.prepare_update(&mut draft, old, side);
        self.admission.mutate(&self.env, &request, &mut draft)?;
        share_unchanged(&mut draft, old);
        let hold = if side == Subresource::Main { self.allocate(&mut draft, Some(old))? } else { None };

        let writes_spec = !matches!(side, Subresource::Status | Subresource::Binding | Subresource::Finalize);
        if writes_spec && kind.rules.traits().has_generation && kind.rules.bumps_generation(&draft, old) {
            draft.meta_mut().generation = old.meta().generation + 1;
        }
        let mut faults = Vec::new();
        if !Arc::ptr_eq(draft.shared_meta(), old.shared_meta()) {
            faults.extend(metadata::validate_update(&draft, old.meta()));
        }
        let same_status = same_part(draft.status_part(), old.status_part());
        if !(draft.spec_part().ptr_eq(old.spec_part())
            && same_status
            && Arc::ptr_eq(draft.shared_meta(), old.shared_meta()))
        {
            faults.extend(kind.rules.validate_update(&draft, old, side));
        }
        if !faults.is_empty() {
            return Err(metadata::invalid(&draft, &faults));
        }
        let mut warnings = metadata::drop_duplicate_owners(&mut draft);
        warnings.extend(kind.rules.warnings(&draft, Some(old)));
        self.admission.validate(&self.env, &request, Some(&draft))?;
        if is_same(&draft, old) {
            return Ok(Attempt::Unchanged(Arc::clone(old)));
        }
        let (compares, told) = request.into_parts();
        warnings.extend(told);
        Ok(Attempt::Ready(Box::new(Ready { hold, ..finish(draft, old, compares, warnings) })))
    }

    /// Defaults of an update; what is shared with the old version has them.
    fn default_update(&self, draft: &mut Draft, old: &Object) {
        let kind = Arc::clone(draft.kind());
        if !draft.spec_part().ptr_eq(old.spec_part()) {
            kind.rules.default(draft);
        }
        if draft.status_part().is_some() && !same_part(draft.status_part(), old.status_part()) {
            kind.rules.default_status(draft);
        }
    }
}

/// A draft may say which version and which object it replaces (STORE-04, STORE-07).
pub(super) fn check_preconditions(draft: &Draft, old: &Object) -> Result<()> {
    let resource = &old.kind().resource;
    if draft.revision.is_some_and(|revision| revision != old.revision()) {
        return Err(Error::conflict(resource, &old.meta().name, MODIFIED));
    }
    match (&draft.meta().uid, &old.meta().uid) {
        (Some(wanted), Some(found)) if wanted != found => {
            Err(uid_conflict(resource, &old.meta().name, wanted, found))
        }
        _ => Ok(()),
    }
}

/// Preconditions of deletions, bindings and patches (STORE-21, PATCH-03). The words name the kind.
pub(super) fn check(preconditions: &Preconditions, old: &Object) -> Result<()> {
    let meta = old.meta();
    let resource = GroupResource { group: "".into(), resource: old.kind().names.kind.clone().into() };
    if let (Some(wanted), Some(found)) = (&preconditions.uid, &meta.uid)
        && wanted != found
    {
        return Err(uid_conflict(&resource, &meta.name, wanted, found));
    }
    match preconditions.revision {
        Some(wanted) if wanted != old.revision() => {
            let why = format!(
                "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion in \
                 record ({}). The object might have been modified",
                old.revision(),
            );
            Err(Error::conflict(&resource, &meta.name, why))
        }
        _ => Ok(()),
    }
}

fn uid_conflict(resource: &GroupResource, name: &str, wanted: &Uid, found: &Uid) -> Error {
    let why = format!(
        "the UID in the precondition ({wanted}) does not match the UID in record ({found}). The object might \
         have been deleted and then recreated"
    );
    Error::conflict(resource, name, why)
}

/// Each side of an object leaves the other as it is (SUB-01, SUB-02).
fn keep_other_side(draft: &mut Draft, old: &Object, side: Subresource) {
    if !old.kind().has_status {
        return;
    }
    match side {
        Subresource::Status => draft.set_spec(old.spec_part().clone()),
        _ => draft.set_status(old.status_part().cloned()),
    }
    old.kind().rules.keep_rest(draft, old, side);
}

/// Parts that mean the same as before are the same as before.
fn share_unchanged(draft: &mut Draft, old: &Object) {
    let representation = &old.kind().representation;
    if representation.spec_eq(draft.spec_part(), old.spec_part()) {
        draft.set_spec(old.spec_part().clone());
    }
    if let (Some(new), Some(before)) = (draft.status_part(), old.status_part())
        && representation.status_eq(new, before)
    {
        draft.set_status(Some(before.clone()));
    }
    if !Arc::ptr_eq(draft.shared_meta(), old.shared_meta()) && draft.meta() == old.meta() {
        draft.set_meta(Arc::clone(old.shared_meta()));
    }
}

fn same_part(one: Option<&setpoint_core::object::Part>, other: Option<&setpoint_core::object::Part>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.ptr_eq(other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether a draft, with everything shared that can be, is the version it came from (STORE-02).
fn is_same(draft: &Draft, old: &Object) -> bool {
    let managed = match (draft.managed_fields(), old.managed_fields()) {
        (Some(new), Some(before)) => Arc::ptr_eq(new, before) || new.is_same_but_for_times(before),
        (None, None) => true,
        _ => false,
    };
    managed
        && Arc::ptr_eq(draft.shared_meta(), old.shared_meta())
        && draft.spec_part().ptr_eq(old.spec_part())
        && same_part(draft.status_part(), old.status_part())
}

/// The commit of a new version. Without its last finalizer a terminating object goes (STORE-19).
fn finish(draft: Draft, old: &Object, compares: Vec<(Key, Expect)>, warnings: Vec<String>) -> Ready {
    let expect = Expect::At(old.revision());
    let key = old.key();
    if is_released(&draft) {
        let commit = Commit { key, expect, value: None, compares };
        return Ready { commit, outcome: Outcome::Deleted, warnings, answer: Some(draft), hold: None };
    }
    let commit = Commit { key, expect, value: Some(draft), compares };
    Ready { commit, outcome: Outcome::Updated, warnings, answer: None, hold: None }
}

/// Whether nothing keeps a terminating object any more.
fn is_released(draft: &Draft) -> bool {
    let meta = draft.meta();
    meta.is_terminating()
        && meta.finalizers.is_empty()
        && meta.deletion_grace_period_seconds.unwrap_or_default() == 0
        && !draft.kind().rules.is_held(draft)
}
