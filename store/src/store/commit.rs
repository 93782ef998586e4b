use setpoint_core::Error;
use setpoint_core::object::{Key, ObjectRef};

use super::Inner;
use crate::engine::{Commit, CommitError, Committed, Engine, Expect};
use crate::request::RequestContext;

/// The way of all changes to the engine: each carries what the request says must hold of other objects.
impl<E: Engine> Inner<E> {
    pub(super) async fn commit(
        &self,
        context: &RequestContext,
        commit: Commit,
    ) -> Result<Committed, CommitError> {
        self.engine.commit(guarded(context, commit)).await
    }

    pub(super) async fn commit_batch(
        &self,
        context: &RequestContext,
        commits: Vec<Commit>,
    ) -> Vec<Result<Committed, CommitError>> {
        let commits = commits.into_iter().map(|commit| guarded(context, commit)).collect();
        self.engine.commit_batch(commits).await
    }

    /// The same, or what it would leave if nothing is to be stored (STORE-29).
    pub(super) async fn commit_or_try(
        &self,
        context: &RequestContext,
        commit: Commit,
    ) -> Result<ObjectRef, CommitError> {
        if context.dry_run {
            return self.try_commit(commit);
        }
        self.commit(context, commit).await.map(|committed| committed.object)
    }

    /// What a request is answered whose commit found another version of this object, if that is one of its guards.
    pub(super) fn broken_guard(&self, context: &RequestContext, at: &Key) -> Option<Error> {
        let guard = context.guards.iter().find(|guard| guard.key == *at)?;
        let resource = self.kind(at.kind).map(|kind| kind.resource.to_string()).unwrap_or_default();
        let (name, revision) = (&at.name, guard.revision);
        Some(Error::fenced(format!("the writer is deposed: {resource} {name:?} is no longer at {revision}")))
    }
}

fn guarded(context: &RequestContext, mut commit: Commit) -> Commit {
    let guards = context.guards.iter().map(|guard| (guard.key.clone(), Expect::At(guard.revision)));
    commit.compares.extend(guards);
    commit
}
