use std::sync::Arc;

use jiff::Timestamp;
use setpoint_core::kind::Subresource;
use setpoint_core::names;
use setpoint_core::object::{Draft, Key, Object, OwnerReferences, Part, Revision, TextMap, Texts, Uid};
use setpoint_core::{Error, Result};

use super::quota::{Charges, has_quotas};
use super::record::Ownership;
use super::{ATTEMPTS_MAX, Inner, engine_error, metadata, service};
use crate::admission::{Operation, Request, Target};
use crate::engine::{Commit, CommitError, Committed, Engine, Expect};
use crate::memo::Memo;
use crate::request::{Outcome, RequestContext, Write, Written};
use crate::service_network::Hold;
use crate::tables::Snapshot;

/// How often a name is generated until one is free (STORE-10).
const NAMES_MAX: usize = 8;

/// What was made of new objects that have everything in common but their name.
#[derive(Debug, Default)]
pub(super) struct CreateMemo {
    defaults: Memo<usize, (Part, Part)>,
    valid: Memo<Common, (Shared, Option<Part>)>,
    /// The first statuses of objects that share their spec.
    statuses: Memo<usize, (Part, Part)>,
}

/// The addresses of what new objects have in common, and when they are created.
type Common = ([usize; 5], Option<Timestamp>);

/// A creation that is ready to be committed.
pub(super) struct Prepared {
    pub(super) commit: Commit,
    warnings: Vec<String>,
    /// What it has chosen for a service.
    hold: Option<Hold>,
}

/// What keeps those addresses alive.
pub(super) type Shared = (Part, TextMap, TextMap, OwnerReferences, Texts);

impl<E: Engine> Inner<E> {
    pub(super) async fn create(
        &self,
        context: &RequestContext,
        draft: Draft,
        ownership: &Ownership,
    ) -> Result<Written> {
        let generate = draft.meta().name.is_empty() && draft.meta().generate_name.is_some();
        let (mut names, mut attempts) = (0, 0);
        let mut is_current = self.reads_are_current(context).await?;
        loop {
            let snapshot = self.engine.snapshot();
            let prepared =
                self.prepare_create(context, draft.clone(), &snapshot, ownership).and_then(|prepared| {
                    let charges = match &prepared.commit.value {
                        Some(made) => self.charges(made, None, &snapshot)?,
                        None => Charges::new(),
                    };
                    Ok((prepared, charges))
                });
            drop(snapshot);
            let (Prepared { commit, warnings, hold }, charges) = match prepared {
                Ok(prepared) => prepared,
                // What stands in the way may be what is no longer so.
                Err(_) if !is_current => {
                    self.catch_up().await?;
                    is_current = true;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let key = commit.key.clone();
            let result = self.commit_create(context, commit, charges).await;
            service::release(hold, &result);
            let refused = match result {
                Ok(object) => return Ok(Written { object, outcome: Outcome::Created, warnings }),
                Err(refused) => refused,
            };
            if let CommitError::Mismatch { key: at, .. } = &refused
                && let Some(fenced) = self.broken_guard(context, at)
            {
                return Err(fenced);
            }
            match refused {
                CommitError::Mismatch { key: at, found: Some(_), .. } if at == key => {
                    names += 1;
                    if !generate || names >= NAMES_MAX {
                        return Err(self.already_exists(&draft, &key, generate));
                    }
                }
                CommitError::Mismatch { .. } if attempts < ATTEMPTS_MAX => attempts += 1,
                error => return Err(engine_error(&error)),
            }
        }
    }

    /// Everything up to the commit. With a `generateName` the name is another one each time.
    pub(super) fn prepare_create(
        &self,
        context: &RequestContext,
        mut draft: Draft,
        snapshot: &Snapshot,
        ownership: &Ownership,
    ) -> Result<Prepared> {
        self.of_kind_now(&mut draft)?;
        let kind = Arc::clone(draft.kind());
        if kind.custom.as_ref().is_some_and(|custom| custom.is_terminating) {
            let why = "create not allowed while custom resource definition is terminating";
            return Err(Error::forbidden(&kind.resource, &draft.meta().name, why));
        }
        if draft.revision.take().is_some() {
            return Err(Error::new(
                setpoint_core::Reason::InternalError,
                "resourceVersion should not be set on objects to be created",
            ));
        }
        if !kind.is_namespaced() && draft.meta().namespace.is_some() {
            draft.meta_mut().namespace = None;
        }
        let now = seconds(self.env.wall());
        self.default(&mut draft);
        draft.set_managed_fields(match ownership {
            Ownership::OfWriter => Some(self.records.created(&draft, context, now)),
            Ownership::Known(managed) => managed.clone(),
        });

        let key = draft.key();
        let target = Target { operation: Operation::Create, kind: &kind, side: Subresource::Main };
        let request = Request::new(target, &key, context, None, None, snapshot, self.well_known);
        self.admission.mutate(&self.env, &request, &mut draft)?;
        let hold = self.allocate(&mut draft, None)?;

        self.fill_system_metadata(&mut draft, now);
        self.share_namespace(&mut draft, snapshot);
        if kind.has_status && !kind.rules.traits().creates_with_status {
            draft.set_status(None);
        }
        let mut warnings = self.check_create(&mut draft)?;
        self.admission.validate(&self.env, &request, Some(&draft))?;
        let (compares, told) = request.into_parts();
        warnings.extend(told);
        let key = draft.key();
        let commit = Commit { key, expect: Expect::Absent, value: Some(draft), compares };
        Ok(Prepared { commit, warnings, hold })
    }

    /// Fills in defaults; those of a spec that was seen before are taken from there.
    fn default(&self, draft: &mut Draft) {
        let kind = Arc::clone(draft.kind());
        if !(is_one_of_many(draft) || draft.shares_spec) || draft.status_part().is_some() {
            kind.rules.default(draft);
            if draft.status_part().is_some() {
                kind.rules.default_status(draft);
            }
            return;
        }
        let address = draft.spec_part().address();
        if let Some((_, defaulted)) = self.creates.defaults.get(&address) {
            draft.set_spec(defaulted);
            return;
        }
        let (spec, meta) = (draft.spec_part().clone(), Arc::clone(draft.shared_meta()));
        kind.rules.default(draft);
        if Arc::ptr_eq(&meta, draft.shared_meta()) {
            self.creates.defaults.put(address, (spec, draft.spec_part().clone()));
        }
    }

    /// Uid, times, generation and a generated name are the store's (STORE-08, STORE-10, STORE-13).
    fn fill_system_metadata(&self, draft: &mut Draft, now: Timestamp) {
        let has_generation = draft.kind().rules.traits().has_generation;
        let meta = draft.meta_mut();
        meta.uid = Some(Uid::from(self.env.uuid()));
        meta.creation_timestamp = Some(now);
        meta.deletion_timestamp = None;
        meta.deletion_grace_period_seconds = None;
        meta.generation = i64::from(has_generation);
        if meta.name.is_empty()
            && let Some(base) = &meta.generate_name
        {
            meta.name = names::generate_name(base, || self.env.random_u64()).into();
        }
    }

    /// All objects of a namespace share its name, which makes them smaller and faster to compare. Those with a
    /// generated name have it from the object they are made for.
    fn share_namespace(&self, draft: &mut Draft, snapshot: &Snapshot) {
        if is_one_of_many(draft) {
            return;
        }
        let Some((kind, name)) = self.well_known.namespaces.zip(draft.meta().namespace.clone()) else {
            return;
        };
        if let Some(namespace) = snapshot.get(&Key::cluster(kind, name)) {
            draft.meta_mut().namespace = Some(namespace.meta().name.clone());
        }
    }

    /// The kind's preparation and all validation; what was found valid before is so again.
    fn check_create(&self, draft: &mut Draft) -> Result<Vec<String>> {
        let kind = Arc::clone(draft.kind());
        let is_one_of_many = is_one_of_many(draft);
        let common: Common = (addresses(draft), draft.meta().creation_timestamp);
        if is_one_of_many && let Some((_, status)) = self.creates.valid.get(&common) {
            draft.set_status(status);
            let faults = metadata::name_faults(draft);
            return if faults.is_empty() { Ok(Vec::new()) } else { Err(metadata::invalid(draft, &faults)) };
        }
        // What is held on to would have to be copied before it is changed.
        let before = is_one_of_many.then(|| (Arc::clone(draft.shared_meta()), shared(draft)));
        kind.rules.prepare_create(draft);
        self.share_status(draft);
        // What the kind finds is answered alone; what holds for every kind comes after it.
        for faults in [kind.rules.validate_create(draft), metadata::validate(draft)] {
            if !faults.is_empty() {
                return Err(metadata::invalid(draft, &faults));
            }
        }
        let mut warnings = metadata::drop_duplicate_owners(draft);
        warnings.extend(kind.rules.warnings(draft, None));
        if let Some((meta, shared)) = before
            && warnings.is_empty()
            && Arc::ptr_eq(&meta, draft.shared_meta())
            && shared.0.ptr_eq(draft.spec_part())
        {
            self.creates.valid.put(common, (shared, draft.status_part().cloned()));
        }
        Ok(warnings)
    }

    /// Objects of one spec have one first status, as far as it is the same.
    fn share_status(&self, draft: &mut Draft) {
        if !draft.shares_spec {
            return;
        }
        let (address, Some(status)) = (draft.spec_part().address(), draft.status_part()) else { return };
        match self.creates.statuses.get(&address) {
            Some((_, known)) if draft.kind().representation.status_eq(&known, status) => {
                draft.set_status(Some(known));
            }
            _ => self.creates.statuses.put(address, (draft.spec_part().clone(), status.clone())),
        }
    }

    /// Several writes, one after the other. Creations next to each other are decided on one snapshot and
    /// committed together; one that turns out to be in the way of another is decided anew.
    pub(super) async fn write_batch(
        &self,
        context: &RequestContext,
        writes: Vec<Write>,
    ) -> Vec<Result<Written>>
    where
        E: Engine,
    {
        let mut results = Vec::with_capacity(writes.len());
        let mut writes = writes.into_iter().peekable();
        while let Some(write) = writes.next() {
            let first = match write {
                Write::Create(draft) if !context.dry_run => draft,
                other => {
                    results.push(self.write(context, other).await);
                    continue;
                }
            };
            let mut drafts = vec![first];
            while let Some(Write::Create(_)) = writes.peek()
                && let Some(Write::Create(draft)) = writes.next()
            {
                drafts.push(draft);
            }
            self.create_batch(context, drafts, &mut results).await;
        }
        results
    }

    async fn create_batch(
        &self,
        context: &RequestContext,
        drafts: Vec<Draft>,
        results: &mut Vec<Result<Written>>,
    ) {
        let snapshot = self.engine.snapshot();
        let mut commits = Vec::with_capacity(drafts.len());
        let mut prepared = Vec::with_capacity(drafts.len());
        let quotas = self.well_known.resource_quotas;
        for draft in &drafts {
            match self.prepare_create(context, draft.clone(), &snapshot, &Ownership::OfWriter) {
                // Each is charged on what the one before has left.
                Ok(ready) if has_quotas(&snapshot, quotas, &ready.commit.key) => prepared.push(None),
                Ok(Prepared { commit, warnings, hold }) => {
                    commits.push(commit);
                    prepared.push(Some(Ok((warnings, hold))));
                }
                Err(_) if self.engine.reads_may_lag() => prepared.push(None),
                Err(error) => prepared.push(Some(Err(error))),
            }
        }
        drop(snapshot);
        let mut committed = self.commit_batch(context, commits).await.into_iter();
        for (draft, prepared) in drafts.into_iter().zip(prepared) {
            let result = match prepared {
                None => self.create(context, draft, &Ownership::OfWriter).await,
                Some(Err(error)) => Err(error),
                Some(Ok((warnings, hold))) => {
                    let result = committed.next();
                    if let Some(result) = &result {
                        service::release(hold, result);
                    }
                    match result {
                        Some(Ok(Committed { object, .. })) => {
                            Ok(Written { object, outcome: Outcome::Created, warnings })
                        }
                        Some(Err(CommitError::Mismatch { .. })) | None => {
                            self.create(context, draft, &Ownership::OfWriter).await
                        }
                        Some(Err(error)) => Err(engine_error(&error)),
                    }
                }
            };
            results.push(result);
        }
    }

    async fn commit_create(
        &self,
        context: &RequestContext,
        commit: Commit,
        charges: Charges,
    ) -> Result<Arc<Object>, CommitError> {
        if context.dry_run {
            return self.try_commit(commit);
        }
        self.commit_charged(context, commit, charges).await.map(|committed: Committed| committed.object)
    }

    /// What a commit would leave, without making it (STORE-29).
    pub(super) fn try_commit(&self, commit: Commit) -> Result<Arc<Object>, CommitError> {
        let snapshot = self.engine.snapshot();
        let found = snapshot.get(&commit.key);
        let revision = found.map(|object| object.revision());
        if !commit.expect.holds(revision) {
            let Commit { key, expect, .. } = commit;
            return Err(CommitError::Mismatch { key, expected: expect, found: revision });
        }
        match (commit.value, found) {
            (Some(draft), _) => Ok(Arc::new(Object::from_draft(draft, revision.unwrap_or(Revision::ZERO)))),
            (None, Some(object)) => Ok(Arc::clone(object)),
            (None, None) => {
                let Commit { key, expect, .. } = commit;
                Err(CommitError::Mismatch { key, expected: expect, found: None })
            }
        }
    }

    fn already_exists(&self, draft: &Draft, key: &Key, generated: bool) -> Error {
        let error = Error::already_exists(&draft.kind().resource, &key.name);
        if generated {
            return error.with_retry_after(1);
        }
        let snapshot = self.engine.snapshot();
        match snapshot.get(key) {
            Some(object) if object.meta().is_terminating() => {
                let message = format!("object is being deleted: {}", error.message());
                error.with_message(message)
            }
            _ => error,
        }
    }
}

/// Whether there may be more of its kind that share all their parts with it: then what was found out of one is
/// worth keeping for the others. That is so if the name is generated, as for the pods of one template.
pub(super) fn is_one_of_many(draft: &Draft) -> bool {
    draft.meta().generate_name.is_some()
}

/// Identifies the parts of a draft that others may share, while they live.
pub(super) fn addresses(draft: &Draft) -> [usize; 5] {
    let meta = draft.meta();
    [
        draft.spec_part().address(),
        meta.labels.address(),
        meta.annotations.address(),
        meta.owner_references.as_ptr() as usize,
        meta.finalizers.address(),
    ]
}

/// Those parts, to keep them alive.
pub(super) fn shared(draft: &Draft) -> Shared {
    let meta = draft.meta();
    (
        draft.spec_part().clone(),
        meta.labels.clone(),
        meta.annotations.clone(),
        Arc::clone(&meta.owner_references),
        meta.finalizers.clone(),
    )
}

/// Whole seconds, as on the wire.
pub(super) fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
