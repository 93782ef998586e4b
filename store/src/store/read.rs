use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use setpoint_core::kind::Kind;
use setpoint_core::object::{Object, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};

use super::page::Token;
use super::{Inner, engine_error, shown_as};
use crate::engine::{Engine, Expired, Route};
use crate::request::{ListQuery, ObjectList, ReadAt, RequestContext, Selection};
use crate::tables::Snapshot;

/// How long a read waits for a revision in the future (LIST-05).
const FUTURE_WAIT: Duration = Duration::from_secs(3);

impl<E: Engine> Inner<E> {
    /// Everything at a revision for a read of single objects.
    pub(super) async fn snapshot_for(&self, at: ReadAt) -> Result<Snapshot> {
        match at {
            ReadAt::Newest => self.catch_up().await?,
            ReadAt::Any => {}
            ReadAt::NotOlderThan(revision) | ReadAt::Exactly(revision) => self.wait_for(revision).await?,
        }
        Ok(self.engine.snapshot())
    }

    pub(super) async fn catch_up(&self) -> Result<()> {
        self.engine.catch_up().await.map_err(|error| engine_error(&error))
    }

    /// Whether what a writer reads now is the newest. Where it may not be, a commit on something old is refused; a dry run
    /// commits nothing, so it waits until its reads are.
    pub(super) async fn reads_are_current(&self, context: &RequestContext) -> Result<bool> {
        let may_lag = self.engine.reads_may_lag();
        if may_lag && context.dry_run {
            self.catch_up().await?;
        }
        Ok(!may_lag || context.dry_run)
    }

    /// Waits until a revision is there, at most [`FUTURE_WAIT`].
    async fn wait_for(&self, revision: Revision) -> Result<()> {
        const STEP: Duration = Duration::from_millis(50);
        let until = self.env.now() + FUTURE_WAIT;
        loop {
            let current = self.engine.snapshot().revision();
            if current >= revision {
                return Ok(());
            }
            if self.env.now() >= until {
                return Err(too_large(revision, current));
            }
            self.env.sleep(STEP).await;
        }
    }

    pub(super) async fn list(&self, query: &ListQuery) -> Result<ObjectList> {
        let kind = self.kind(query.selection.kind)?;
        check_fields(&kind, &query.selection)?;
        let start = match &query.continue_token {
            Some(token) if query.at == ReadAt::Newest => Some(Token::parse(token)?),
            Some(_) => {
                let message = "specifying resource version is not allowed when using continue";
                return Err(Error::bad_request(message));
            }
            None => None,
        };
        // What is at hand is complete (LIST-02).
        let limit = query.limit.filter(|&limit| limit > 0 && query.at != ReadAt::Any);
        let snapshot = match &start {
            Some(token) => self.continue_from(query, token)?,
            None => self.snapshot_for_list(query, limit.is_some()).await?,
        };
        let from = start.as_ref().map(Token::place);
        Ok(self.page(&kind, &snapshot, &query.selection, from, limit))
    }

    async fn snapshot_for_list(&self, query: &ListQuery, limited: bool) -> Result<Snapshot> {
        let exact = match query.at {
            ReadAt::Newest | ReadAt::Any => return self.snapshot_for(query.at).await,
            ReadAt::NotOlderThan(revision) if !limited => {
                self.wait_for(revision).await?;
                return Ok(self.engine.snapshot());
            }
            ReadAt::NotOlderThan(revision) | ReadAt::Exactly(revision) => revision,
        };
        self.wait_for(exact).await?;
        self.engine.snapshot_at(query.selection.kind, exact).map_err(|expired| expired_error(&expired))
    }

    fn continue_from(&self, query: &ListQuery, token: &Token) -> Result<Snapshot> {
        let Some(revision) = token.revision() else { return Ok(self.engine.snapshot()) };
        if let Some(snapshot) = self.pages.get(revision) {
            return Ok(snapshot);
        }
        self.engine.snapshot_at(query.selection.kind, revision).map_err(|_| {
            // The way on is given along: from the same place, at the newest state (LIST-07).
            let (namespace, name) = token.place();
            let fresh = Token::new(None, namespace, name).to_string();
            Error::expired(
                "The provided continue parameter is too old to display a consistent list result. You can start \
                 a new list without the continue parameter, or use the continue token in this response to \
                 retrieve the remainder of the results. Continuing with the provided token results in an \
                 inconsistent list - objects that were created, modified, or deleted between the time the \
                 first chunk was returned and now may show up in the list.",
            )
            .with_continue(fresh)
        })
    }

    /// The objects of one page, and where the next begins.
    fn page(
        &self,
        kind: &Arc<Kind>,
        snapshot: &Snapshot,
        selection: &Selection,
        from: Option<(&str, &str)>,
        limit: Option<usize>,
    ) -> ObjectList {
        let (namespace, name) = from.unwrap_or((selection.namespace.as_deref().unwrap_or_default(), ""));
        let within = |object: &&ObjectRef| {
            selection.namespace.as_deref().is_none_or(|namespace| object.place().0 == namespace)
        };
        let mut matching = snapshot
            .list_from(kind.id, namespace, name)
            .take_while(within)
            .map(|object| shown_as(object, kind))
            .filter(|object| matches(kind, selection, object));
        let items: Vec<ObjectRef> = match limit {
            Some(limit) => matching.by_ref().take(limit).collect(),
            None => matching.by_ref().collect(),
        };
        let next = matching.next();
        let (mut continue_token, mut remaining) = (None, None);
        if let Some(next) = next {
            let (namespace, name) = next.place();
            continue_token = Some(Token::new(Some(snapshot.revision()), namespace, name).to_string());
            self.pages.keep(snapshot);
            let unselected = selection.labels.is_empty() && selection.fields.terms().is_empty();
            remaining = unselected.then(|| 1 + matching.count());
        }
        ObjectList { items, revision: snapshot.revision(), continue_token, remaining }
    }

    /// All that is selected.
    pub(super) fn select(&self, snapshot: &Snapshot, selection: &Selection) -> Result<Vec<ObjectRef>> {
        let kind = self.kind(selection.kind)?;
        check_fields(&kind, selection)?;
        Ok(self.page(&kind, snapshot, selection, None, None).items)
    }
}

/// Whether an object is selected by its labels and fields.
pub(super) fn matches(kind: &Kind, selection: &Selection, object: &Object) -> bool {
    selection.labels.matches(|key| object.meta().labels.get(key))
        && selection.fields.matches(|path| kind.field(object, path).map(Cow::Owned))
}

/// Fields that cannot be selected by are refused (LIST-11).
pub(super) fn check_fields(kind: &Kind, selection: &Selection) -> Result<()> {
    if selection.fields.terms().is_empty() {
        return Ok(());
    }
    let own: Vec<&str> = kind.fields.iter().map(|field| &*field.path).collect();
    selection.fields.require_known(&own).map_err(|error| Error::bad_request(error.to_string()))
}

/// The narrowest route that has all that is selected.
pub(super) fn route(kind: &Kind, selection: &Selection) -> Route {
    let equal = |path| selection.fields.equality(path);
    match (&selection.namespace, equal("metadata.name"), equal("spec.nodeName")) {
        (namespace, Some(name), _) if namespace.is_some() == kind.is_namespaced() => {
            Route::Place(namespace.clone().unwrap_or_default(), name.into())
        }
        (_, _, Some(node)) => Route::Index("node".into(), crate::tables::IndexValue::Text(node.into())),
        (Some(namespace), _, _) => Route::Namespace(namespace.clone()),
        (None, _, _) => Route::Kind,
    }
}

pub(super) fn expired_error(expired: &Expired) -> Error {
    Error::expired(expired.to_string())
}

fn too_large(wanted: Revision, current: Revision) -> Error {
    let message = format!("Too large resource version: {wanted}, current: {current}");
    Error::new(Reason::Timeout, message)
        .with_cause("ResourceVersionTooLarge", "Too large resource version", "")
        .with_retry_after(1)
}
