//! Bindings and evictions, whose answers do not show the pod (SUB-05, SUB-08).

use std::sync::Arc;

use http::Method;
use serde_json::{Map, Value, json};
use setpoint_core::kind::Kind;
use setpoint_core::object::{Key, TextMap};
use setpoint_core::{Error, Result};

use super::address::Address;
use super::deletion::{delete_options, no_pod, removed};
use super::request::{self, Request};
use super::retry::Repeat;
use super::store::Inner;
use super::write::{managed, repeatable};
use crate::request::{Binding, Eviction, Outcome, ReadAt, RequestContext, Written};

impl Inner {
    pub(super) async fn bind(&self, context: &RequestContext, binding: &Binding) -> Result<Written> {
        let key = &binding.pod;
        let address = self.side_of_pod(key, "binding")?;
        let mut meta = place(key);
        if let Some(uid) = &binding.preconditions.uid {
            meta.insert("uid".to_owned(), uid.to_string().into());
        }
        if let Some(revision) = binding.preconditions.revision {
            meta.insert("resourceVersion".to_owned(), revision.to_string().into());
        }
        for (name, texts) in [("labels", &binding.labels), ("annotations", &binding.annotations)] {
            if !texts.is_empty() {
                meta.insert(name.to_owned(), object(texts));
            }
        }
        let body = json!({
            "apiVersion": "v1", "kind": "Binding", "metadata": meta,
            "target": {"apiVersion": "v1", "kind": "Node", "name": &*binding.node},
        });
        let request = Request::write(Method::POST, managed(address, context), request::text(&body));
        let answer = self.exchange.ask(context, &repeatable(request, context)).await?;
        self.shown_after(context, key, "bound", Outcome::Updated, answer.warnings()).await
    }

    pub(super) async fn evict(&self, context: &RequestContext, eviction: &Eviction) -> Result<Written> {
        let key = &eviction.pod;
        let address = self.side_of_pod(key, "eviction")?;
        let before = self.get(context, key, ReadAt::Newest).await?;
        let body = json!({
            "apiVersion": "policy/v1", "kind": "Eviction", "metadata": place(key),
            "deleteOptions": delete_options(&eviction.options, context.dry_run),
        });
        let mut request = Request::write(Method::POST, managed(address, context), request::text(&body));
        request.repeat = Repeat::IfNotSent;
        let warnings = self.exchange.ask(context, &request).await?.warnings();
        if context.dry_run {
            return Ok(Written { object: before, outcome: Outcome::Terminating, warnings });
        }
        let gone = |warnings| Written { object: removed(&before), outcome: Outcome::Deleted, warnings };
        match self.get(context, key, ReadAt::Newest).await {
            Ok(pod) if pod.meta().uid == before.meta().uid => {
                Ok(Written { object: pod, outcome: Outcome::Terminating, warnings })
            }
            Ok(_) => Ok(gone(warnings)),
            Err(error) if error.is_not_found() => Ok(gone(warnings)),
            Err(error) => Err(Error::outcome_unknown(format!("it was evicted, and then: {error}"))),
        }
    }

    fn side_of_pod(&self, key: &Key, side: &str) -> Result<Address> {
        let kind: Arc<Kind> = self.kind(key.kind)?;
        if (&*kind.resource.group, &*kind.resource.resource) != ("", "pods") {
            return Err(no_pod(&kind));
        }
        Address::object(&kind, &kind.versions[0], key, side)
    }
}

fn place(key: &Key) -> Map<String, Value> {
    let namespace = key.namespace.as_deref().unwrap_or_default();
    Map::from_iter(
        [("name", &*key.name), ("namespace", namespace)].map(|(name, text)| (name.to_owned(), text.into())),
    )
}

fn object(texts: &TextMap) -> Value {
    texts.iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}
