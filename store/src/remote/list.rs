//! Get and list (LIST rows).

use std::sync::Arc;

use setpoint_core::kind::{DecodeError, Kind};
use setpoint_core::object::{Key, ObjectRef};
use setpoint_core::{Error, Result};

use super::address::Address;
use super::decode::{self, WireList};
use super::limits::PAGE_MAX;
use super::request::{Answer, Request};
use super::store::Inner;
use crate::request::{ListQuery, ObjectList, ReadAt, RequestContext, Selection};

impl Inner {
    pub(super) async fn get(&self, context: &RequestContext, key: &Key, at: ReadAt) -> Result<ObjectRef> {
        let kind = self.kind(key.kind)?;
        let address = Address::object(&kind, &kind.versions[0], key, "")?;
        let address = match at {
            ReadAt::Newest => address,
            ReadAt::Any => address.with("resourceVersion", "0"),
            ReadAt::NotOlderThan(revision) | ReadAt::Exactly(revision) => {
                address.with("resourceVersion", &revision.to_string())
            }
        };
        let answer = self.exchange.ask(context, &Request::get(address)).await?;
        self.object(&kind, &answer).map_err(unreadable)
    }

    /// A page, or everything: that is read in pages, which are of one revision.
    pub(super) async fn list(&self, context: &RequestContext, query: &ListQuery) -> Result<ObjectList> {
        let kind = self.kind(query.selection.kind)?;
        let is_whole = query.limit.is_none() && query.continue_token.is_none() && query.at == ReadAt::Newest;
        if !is_whole {
            return self.page(context, &kind, query).await;
        }
        let mut next = ListQuery { limit: Some(PAGE_MAX), ..query.clone() };
        let mut items = Vec::new();
        loop {
            let page = match self.page(context, &kind, &next).await {
                // The rest would be of another revision: it is begun anew, in one piece.
                Err(error) if error.is_expired() && next.continue_token.is_some() => {
                    return self.page(context, &kind, query).await;
                }
                page => page?,
            };
            items.extend(page.items);
            next.continue_token = page.continue_token;
            if next.continue_token.is_none() {
                return Ok(ObjectList {
                    items,
                    revision: page.revision,
                    continue_token: None,
                    remaining: None,
                });
            }
        }
    }

    async fn page(
        &self,
        context: &RequestContext,
        kind: &Arc<Kind>,
        query: &ListQuery,
    ) -> Result<ObjectList> {
        let mut address = selected(kind, &query.selection);
        if let Some(limit) = query.limit.filter(|limit| *limit > 0) {
            address = address.with("limit", &limit.to_string());
        }
        address = address.with_some("continue", query.continue_token.as_deref());
        address = match query.at {
            ReadAt::Newest => address,
            ReadAt::Any => address.with("resourceVersion", "0"),
            ReadAt::NotOlderThan(revision) => address
                .with("resourceVersion", &revision.to_string())
                .with("resourceVersionMatch", "NotOlderThan"),
            ReadAt::Exactly(revision) => {
                address.with("resourceVersion", &revision.to_string()).with("resourceVersionMatch", "Exact")
            }
        };
        let answer = self.exchange.ask(context, &Request::get(address)).await?;
        self.objects(kind, &answer.body).map_err(unreadable)
    }

    /// The object that an answer shows.
    pub(super) fn object(&self, kind: &Arc<Kind>, answer: &Answer) -> Result<ObjectRef, DecodeError> {
        self.decoder.object(kind, decode::utf8(&answer.body)?)
    }

    /// The object that a write shows, which may have been only tried.
    pub(super) fn written(
        &self,
        context: &RequestContext,
        kind: &Arc<Kind>,
        answer: &Answer,
    ) -> Result<ObjectRef, DecodeError> {
        if !context.dry_run {
            return self.object(kind, answer);
        }
        self.decoder.tried(kind, decode::utf8(&answer.body)?)
    }

    /// The objects that a list shows.
    pub(super) fn objects(&self, kind: &Arc<Kind>, text: &[u8]) -> Result<ObjectList, DecodeError> {
        let list: WireList<'_> = decode::read(decode::utf8(text)?)?;
        let items = list.items.unwrap_or_default().into_iter();
        Ok(ObjectList {
            items: items.map(|item| self.decoder.object(kind, item.get())).collect::<Result<_, _>>()?,
            revision: decode::revision(list.metadata.resource_version.as_deref())?,
            continue_token: list.metadata.continue_token.filter(|token| !token.is_empty()),
            remaining: list.metadata.remaining_item_count.and_then(|count| usize::try_from(count).ok()),
        })
    }
}

/// A selector of labels that nothing has: the one that matches nothing has no text of its own.
const NOTHING: &str = "setpoint-nothing,!setpoint-nothing";

/// The address of what is selected.
pub(super) fn selected(kind: &Kind, selection: &Selection) -> Address {
    let address = Address::collection(kind, &kind.versions[0], selection.namespace.as_deref());
    let labels = match &selection.labels {
        nothing if nothing.is_nothing() => Some(NOTHING.to_owned()),
        labels => (!labels.is_empty()).then(|| labels.to_string()),
    };
    let fields = (!selection.fields.terms().is_empty()).then(|| selection.fields.to_string());
    address.with_some("labelSelector", labels.as_deref()).with_some("fieldSelector", fields.as_deref())
}

/// The server has shown something that is not what was asked for.
pub(super) fn unreadable(error: DecodeError) -> Error {
    Error::internal(format!("the server's answer cannot be read: {error}"))
}
