//! Delete and deletecollection (STORE-21 to STORE-29).

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use setpoint_core::kind::Kind;
use setpoint_core::object::{Draft, Key, Meta, Object, ObjectRef, Revision};
use setpoint_core::{Error, Reason, Result};

use super::address::Address;
use super::limits::DELETIONS_MAX;
use super::list::selected;
use super::request::{self, Request};
use super::store::Inner;
use super::write::{check_guards, is_status, repeatable, unread};
use crate::request::{
    DeleteOptions, ListQuery, Outcome, Propagation, ReadAt, RequestContext, Selection, Written,
};

impl Inner {
    pub(super) async fn delete(
        &self,
        context: &RequestContext,
        key: &Key,
        options: &DeleteOptions,
    ) -> Result<Written> {
        let kind = self.kind(key.kind)?;
        let address = Address::object(&kind, &kind.versions[0], key, "")?;
        let mut attempt = 1;
        loop {
            let mut bound = options.clone();
            let before = match kind.rules.traits().answers_deleted_object {
                true => None,
                false => Some(self.get(context, key, ReadAt::Newest).await?),
            };
            let is_bound_here = bound.preconditions.uid.is_none() && before.is_some();
            if is_bound_here {
                bound.preconditions.uid = before.as_ref().and_then(|object| object.meta().uid.clone());
            }
            let body = request::text(&delete_options(&bound, context.dry_run));
            let request = Request::write(Method::DELETE, address.clone(), body);
            match self.exchange.ask(context, &repeatable(request, context)).await {
                // Another object has taken the name: that one is meant now.
                Err(error)
                    if error.is_conflict()
                        && is_bound_here
                        && options.preconditions.revision.is_none()
                        && attempt < DELETIONS_MAX =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
                Ok(answer) if is_status(&answer) => {
                    let object = match before {
                        Some(before) => removed(&before),
                        None => bare(&kind, key)?,
                    };
                    return Ok(Written { object, outcome: Outcome::Deleted, warnings: answer.warnings() });
                }
                Ok(answer) => {
                    let object = self.written(context, &kind, &answer).map_err(|error| unread(&error))?;
                    let outcome = if is_kept(&object) { Outcome::Terminating } else { Outcome::Deleted };
                    return Ok(Written { object, outcome, warnings: answer.warnings() });
                }
            }
        }
    }

    pub(super) async fn delete_collection(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        check_guards(context)?;
        let kind = self.kind(selection.kind)?;
        let body = request::text(&delete_options(options, context.dry_run));
        let request = Request::write(Method::DELETE, selected(&kind, selection), body);
        match self.exchange.ask(context, &repeatable(request, context)).await {
            Ok(answer) if is_status(&answer) => Ok(Vec::new()),
            Ok(answer) => Ok(self.objects(&kind, &answer.body).map_err(|error| unread(&error))?.items),
            // Some kinds go one by one.
            Err(error) if error.reason() == Reason::MethodNotAllowed => {
                self.delete_each(context, selection, options).await
            }
            Err(error) => Err(error),
        }
    }

    async fn delete_each(
        &self,
        context: &RequestContext,
        selection: &Selection,
        options: &DeleteOptions,
    ) -> Result<Vec<ObjectRef>> {
        let mut deleted = Vec::new();
        for object in self.list(context, &ListQuery::new(selection.clone())).await?.items {
            match self.delete(context, &object.key(), options).await {
                Ok(written) => deleted.push(written.object),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(deleted)
    }
}

/// An object under the first revision that its removal can have.
pub(super) fn removed(before: &Object) -> ObjectRef {
    Arc::new(before.at_revision(before.revision().next()))
}

/// All that is known of an object that is gone and was never seen.
fn bare(kind: &Arc<Kind>, key: &Key) -> Result<ObjectRef> {
    let spec = kind.representation.read_spec(b"{}").map_err(|error| unread(&error))?;
    let meta = Meta { name: key.name.clone(), namespace: key.namespace.clone(), ..Meta::default() };
    Ok(Arc::new(Object::from_draft(Draft::new(Arc::clone(kind), meta, spec), Revision::ZERO)))
}

/// Whether something keeps an object whose deletion was asked for.
pub(super) fn is_kept(object: &Object) -> bool {
    let meta = object.meta();
    let runs = meta.deletion_grace_period_seconds.is_some_and(|seconds| seconds > 0);
    meta.is_terminating()
        && (runs || !meta.finalizers.is_empty() || object.kind().rules.is_held(&Draft::of(object)))
}

/// The options as they are sent.
pub(super) fn delete_options(options: &DeleteOptions, dry_run: bool) -> Value {
    let mut sent = Map::new();
    sent.insert("apiVersion".to_owned(), "v1".into());
    sent.insert("kind".to_owned(), "DeleteOptions".into());
    if let Some(seconds) = options.grace_period_seconds {
        sent.insert("gracePeriodSeconds".to_owned(), seconds.into());
    }
    if let Some(propagation) = options.propagation {
        let word = match propagation {
            Propagation::Orphan => "Orphan",
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
        };
        sent.insert("propagationPolicy".to_owned(), word.into());
    }
    let mut preconditions = Map::new();
    if let Some(uid) = &options.preconditions.uid {
        preconditions.insert("uid".to_owned(), uid.to_string().into());
    }
    if let Some(revision) = options.preconditions.revision {
        preconditions.insert("resourceVersion".to_owned(), revision.to_string().into());
    }
    if !preconditions.is_empty() {
        sent.insert("preconditions".to_owned(), Value::Object(preconditions));
    }
    if dry_run {
        sent.insert("dryRun".to_owned(), json!(["All"]));
    }
    Value::Object(sent)
}

/// The error of a write that cannot be sent.
pub(super) fn no_pod(kind: &Kind) -> Error {
    Error::bad_request(format!("{} is not a pod", kind.names.kind))
}
