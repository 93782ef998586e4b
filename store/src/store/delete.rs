use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use setpoint_core::Result;
use setpoint_core::kind::{DefaultPropagation, Kind, Subresource};
use setpoint_core::object::{Draft, Key, Meta, Object, ObjectRef, Texts};

use super::create::seconds;
use super::{ATTEMPTS_MAX, Inner, engine_error, update};
use crate::admission::{Operation, Request, Target};
use crate::engine::{Commit, CommitError, Engine, Expect};
use crate::request::{DeleteOptions, Outcome, Propagation, RequestContext, Selection, Written};
use crate::tables::Snapshot;

/// Keeps an owner until its dependents have lost their reference.
const ORPHAN: &str = "orphan";
/// Keeps an owner until the dependents that block it are gone.
const FOREGROUND: &str = "foregroundDeletion";

/// What a deletion does to an object.
enum Step {
    /// Nothing: it is on its way already.
    Nothing,
    /// It is marked, and stays until its grace period is over and its finalizers are gone.
    Mark(Draft),
    /// It is marked, so that watchers see that, and goes (STORE-23).
    MarkAndRemove(Draft),
    /// It goes.
    Remove,
}

/// An object that may be deleted.
struct Allowed {
    old: ObjectRef,
    /// What that depends on.
    compares: Vec<(Key, Expect)>,
    /// What the client should be told.
    warnings: Vec<String>,
}

impl<E: Engine> Inner<E> {
    pub(super) async fn delete(
        &self,
        context: &RequestContext,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Written> {
        let mut is_current = self.reads_are_current(context).await?;
        for _ in 0..ATTEMPTS_MAX {
            let snapshot = self.engine.snapshot();
            let Allowed { old, compares, warnings } =
                match self.allow_delete(context, key, options, &snapshot) {
                    Ok(allowed) => allowed,
                    // What stands in the way may be what is no longer so.
                    Err(_) if !is_current => {
                        drop(snapshot);
                        self.catch_up().await?;
                        is_current = true;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
            drop(snapshot);
            let put = |draft, at: &Object, compares| Commit {
                key: key.clone(),
                expect: Expect::At(at.revision()),
                value: draft,
                compares,
            };
            let result = match step(&old, options, seconds(self.env.wall())) {
                // Nothing is refused that is not committed, so only the newest version may say that.
                Step::Nothing if !is_current => {
                    self.catch_up().await?;
                    is_current = true;
                    continue;
                }
                Step::Nothing => {
                    let outcome = Outcome::Unchanged;
                    return Ok(Written { object: old, outcome, warnings });
                }
                Step::Mark(draft) => {
                    let commit = put(Some(draft), &old, compares);
                    self.commit_or_try(context, commit).await.map(|object| (object, Outcome::Terminating))
                }
                Step::Remove => {
                    let commit = put(None, &old, compares);
                    self.commit_or_try(context, commit).await.map(|object| (object, Outcome::Deleted))
                }
                Step::MarkAndRemove(draft) => {
                    match self.commit_or_try(context, put(Some(draft), &old, compares)).await {
                        Ok(marked) if context.dry_run => Ok((marked, Outcome::Deleted)),
                        Ok(marked) => {
                            let commit = put(None, &marked, Vec::new());
                            let removed = self.commit(context, commit).await;
                            removed.map(|committed| (committed.object, Outcome::Deleted))
                        }
                        Err(error) => Err(error),
                    }
                }
            };
            match result {
                Ok((object, outcome)) => return Ok(Written { object, outcome, warnings }),
                Err(CommitError::Mismatch { key: at, .. }) => {
                    if let Some(fenced) = self.broken_guard(context, &at) {
                        return Err(fenced);
                    }
                }
                Err(error) => return Err(engine_error(&error)),
            }
        }
        let kind = self.kind(key.kind)?;
        Err(setpoint_core::Error::conflict(&kind.resource, &key.name, update::MODIFIED).with_retry_after(1))
    }

    /// Whether an object may be deleted, as it is now.
    fn allow_delete(
        &self,
        context: &RequestContext,
        key: &Key,
        options: &DeleteOptions,
        snapshot: &Snapshot,
    ) -> Result<Allowed> {
        let old = snapshot.get(key).cloned().ok_or_else(|| self.not_found(key))?;
        let kind = Arc::clone(old.kind());
        update::check(&options.preconditions, &old)?;
        let target = Target { operation: Operation::Delete, kind: &kind, side: Subresource::Main };
        let request =
            Request::new(target, key, context, Some(&old), Some(options), snapshot, self.well_known);
        self.admission.validate(&self.env, &request, None)?;
        let (compares, warnings) = request.into_parts();
        Ok(Allowed { old, compares, warnings })
    }

    pub(super) async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        let selected = self.select(&self.engine.snapshot(), selection)?;
        let mut handled = Vec::with_capacity(selected.len());
        for object in selected {
            match self.delete(context, &object.key(), options).await {
                Ok(written) => handled.push(written.object),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(handled)
    }
}

/// Decides what a deletion does (STORE-17, STORE-18, STORE-22, STORE-23).
fn step(old: &ObjectRef, options: &DeleteOptions, now: Timestamp) -> Step {
    let kind = old.kind();
    let mut draft = Draft::of(old);
    let grace = match graceful(old, options, now) {
        Grace::Pending => return Step::Nothing,
        Grace::None => None,
        Grace::Begins(period) => {
            begin(&mut draft, later(now, period), period);
            Some(period)
        }
        Grace::Shortened(at, period) => {
            let meta = draft.meta_mut();
            meta.deletion_timestamp = Some(at);
            meta.deletion_grace_period_seconds = Some(period);
            Some(period)
        }
    };
    if !old.meta().is_terminating() {
        let finalizers = finalizers(kind, old.meta(), options.propagation);
        if finalizers != old.meta().finalizers {
            draft.meta_mut().finalizers = finalizers;
        }
    }
    let held = !draft.meta().finalizers.is_empty() || kind.rules.is_held(&draft);
    if grace.is_none() && held {
        if old.meta().is_terminating() {
            return Step::Nothing;
        }
        begin(&mut draft, now, 0);
    }
    match grace {
        _ if held => Step::Mark(draft),
        None => Step::Remove,
        Some(0) => Step::MarkAndRemove(draft),
        Some(_) => Step::Mark(draft),
    }
}

/// What a deletion means for an object's grace period.
enum Grace {
    /// The kind knows none, or it is over.
    None,
    /// It begins.
    Begins(i64),
    /// It runs, and becomes this much shorter: when it ends, and its length.
    Shortened(Timestamp, i64),
    /// It runs, and goes on.
    Pending,
}

fn graceful(old: &Object, options: &DeleteOptions, now: Timestamp) -> Grace {
    let meta = old.meta();
    // Asked for less than nothing, it is one second.
    let requested = options.grace_period_seconds.map(|period| if period < 0 { 1 } else { period });
    let Some(period) = old.kind().rules.deletion_grace_seconds(old, requested) else { return Grace::None };
    let Some(ends) = meta.deletion_timestamp else { return Grace::Begins(period) };
    match (meta.deletion_grace_period_seconds, requested) {
        (None | Some(0), _) => Grace::None,
        (Some(running), Some(wanted)) if wanted < running => {
            let shortened = later(later(ends, -running), wanted);
            Grace::Shortened(shortened.max(now), wanted)
        }
        _ => Grace::Pending,
    }
}

/// Marks an object as terminating.
fn begin(draft: &mut Draft, ends: Timestamp, period: i64) {
    let meta = draft.meta_mut();
    meta.deletion_timestamp = Some(ends);
    meta.deletion_grace_period_seconds = Some(period);
    if meta.generation > 0 {
        meta.generation += 1;
    }
    let kind = Arc::clone(draft.kind());
    kind.rules.begin_deletion(draft);
}

fn later(time: Timestamp, period: i64) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(period)).unwrap_or(time)
}

/// The finalizers that stand for what becomes of the dependents (STORE-24, STORE-25).
fn finalizers(kind: &Kind, meta: &Meta, policy: Option<Propagation>) -> Texts {
    let default = kind.rules.traits().default_propagation;
    if default == DefaultPropagation::Unsupported {
        return meta.finalizers.without(ORPHAN).without(FOREGROUND);
    }
    let policy = policy.unwrap_or_else(|| {
        if meta.finalizers.contains(ORPHAN) {
            Propagation::Orphan
        } else if meta.finalizers.contains(FOREGROUND) {
            Propagation::Foreground
        } else if default == DefaultPropagation::Orphan {
            Propagation::Orphan
        } else {
            Propagation::Background
        }
    });
    let without = meta.finalizers.without(ORPHAN).without(FOREGROUND);
    match policy {
        Propagation::Orphan => without.with(ORPHAN),
        Propagation::Foreground => without.with(FOREGROUND),
        Propagation::Background => without,
    }
}
