//! Create, update and patch (STORE, PATCH and SUB rows).

use std::sync::Arc;

use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};
use setpoint_core::field::{FieldError, Path};
use setpoint_core::kind::{Kind, ServedVersion, Subresource};
use setpoint_core::object::{Draft, Key, NoTexts, Revision};
use setpoint_core::patch::Patch;
use setpoint_core::{Error, Result};

use super::address::Address;
use super::request::{self, Answer, Request};
use super::retry::Repeat;
use super::store::Inner;
use crate::request::{Outcome, ReadAt, RequestContext, Write, Written};

impl Inner {
    pub(super) async fn write(&self, context: &RequestContext, write: Write) -> Result<Written> {
        check_guards(context)?;
        match write {
            Write::Create(draft) => self.create(context, &draft).await,
            Write::Update(draft, Subresource::Scale) => self.scale(context, &draft).await,
            Write::Update(draft, side) => self.update(context, &draft, side).await,
            Write::Patch(key, patch, side) => self.patch(context, &key, &patch, side).await,
            Write::Delete(key, options) => self.delete(context, &key, &options).await,
            Write::Bind(binding) => self.bind(context, &binding).await,
            Write::Evict(eviction) => self.evict(context, &eviction).await,
        }
    }

    async fn create(&self, context: &RequestContext, draft: &Draft) -> Result<Written> {
        let kind = self.kind(draft.kind().id)?;
        let served = version_of(&kind, draft);
        let namespace = draft.meta().namespace.as_deref();
        if kind.is_namespaced() && namespace.is_none() {
            let fault = FieldError::required(&Path::new("metadata").child("namespace"), "");
            let (names, name) = (&kind.names.kind, &draft.meta().name);
            return Err(Error::invalid(names, &kind.resource.group, name, &vec![fault]));
        }
        let address = Address::collection(&kind, served, namespace);
        let request = Request::write(Method::POST, managed(address, context), body(&kind, served, draft));
        self.send(context, &kind, request, None).await
    }

    async fn update(&self, context: &RequestContext, draft: &Draft, side: Subresource) -> Result<Written> {
        let kind = self.kind(draft.kind().id)?;
        let served = version_of(&kind, draft);
        let address = Address::object(&kind, served, &draft.key(), writable(side)?)?;
        let request = Request::write(Method::PUT, managed(address, context), body(&kind, served, draft));
        self.send(context, &kind, request, draft.revision).await
    }

    /// The number of replicas alone, of which an object of another kind is made on the way (SUB-04).
    async fn scale(&self, context: &RequestContext, draft: &Draft) -> Result<Written> {
        let kind = self.kind(draft.kind().id)?;
        let key = draft.key();
        let address = Address::object(&kind, &kind.versions[0], &key, Subresource::Scale.as_str())?;
        let replicas = draft.to_value()["spec"]["replicas"].clone();
        let meta = ObjectMeta {
            name: Some(key.name.to_string()),
            namespace: key.namespace.as_deref().map(str::to_owned),
            uid: draft.meta().uid.as_ref().map(ToString::to_string),
            resource_version: draft.revision.map(|revision| revision.to_string()),
            ..ObjectMeta::default()
        };
        let scale = json!({"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": meta, "spec": {"replicas": replicas}});
        let request = Request::write(Method::PUT, managed(address, context), request::text(&scale));
        let answer = self.exchange.ask(context, &repeatable(request, context)).await?;
        self.shown_after(context, &key, "scaled", Outcome::Updated, answer.warnings()).await
    }

    async fn patch(
        &self,
        context: &RequestContext,
        key: &Key,
        patch: &Patch,
        side: Subresource,
    ) -> Result<Written> {
        let kind = self.kind(key.kind)?;
        let address = managed(Address::object(&kind, &kind.versions[0], key, writable(side)?)?, context);
        let (address, text) = match patch {
            Patch::Json(operations) => {
                (address, request::text(&serde_json::to_value(operations).unwrap_or_default()))
            }
            Patch::Merge(body) | Patch::Strategic(body) => {
                (address, request::text(&Value::Object(body.clone())))
            }
            Patch::Apply { config, force } => {
                let address = if *force { address.with("force", "true") } else { address };
                (address, request::text(&Value::Object(config.clone())))
            }
        };
        let mut request = Request::write(Method::PATCH, address, text);
        request.content_type = patch.patch_type().media_type();
        self.send(context, &kind, request, None).await
    }

    /// Sends a write that is answered with the object. `replaced` is the version that was to be replaced.
    async fn send(
        &self,
        context: &RequestContext,
        kind: &Arc<Kind>,
        request: Request,
        replaced: Option<Revision>,
    ) -> Result<Written> {
        let answer = self.exchange.ask(context, &repeatable(request, context)).await?;
        let object = self.written(context, kind, &answer).map_err(|error| unread(&error))?;
        let outcome = match replaced {
            _ if answer.code == 201 => Outcome::Created,
            Some(revision) if revision == object.revision() && !context.dry_run => Outcome::Unchanged,
            _ => Outcome::Updated,
        };
        Ok(Written { object, outcome, warnings: answer.warnings() })
    }

    /// What has become of an object whose write was answered without showing it.
    pub(super) async fn shown_after(
        &self,
        context: &RequestContext,
        key: &Key,
        done: &str,
        outcome: Outcome,
        warnings: Vec<String>,
    ) -> Result<Written> {
        match self.get(context, key, ReadAt::Newest).await {
            Ok(object) => Ok(Written { object, outcome, warnings }),
            Err(error) if error.is_not_found() => Err(error),
            Err(error) => Err(Error::outcome_unknown(format!("it was {done}, and then: {error}"))),
        }
    }
}

/// What a server cannot compare in the very moment of a write would be no guard: the write is refused.
pub(super) fn check_guards(context: &RequestContext) -> Result<()> {
    if context.guards.is_empty() {
        return Ok(());
    }
    Err(Error::bad_request(
        "a Kubernetes API server cannot guard a write by other objects, so it is not sent",
    ))
}

/// The version of its kind in which a draft is written.
fn version_of<'k>(kind: &'k Kind, draft: &Draft) -> &'k ServedVersion {
    let own = draft.version.as_deref().filter(|_| kind.conversion.is_none());
    let own = own.and_then(|version| kind.versions.iter().find(|served| served.version == version));
    own.unwrap_or(&kind.versions[0])
}

/// The sides of an object that are written as the object is.
fn writable(side: Subresource) -> Result<&'static str> {
    match side {
        Subresource::Main
        | Subresource::Status
        | Subresource::Finalize
        | Subresource::EphemeralContainers
        | Subresource::Resize => Ok(side.as_str()),
        _ => Err(Error::bad_request(format!("the subresource {} cannot be written so", side.as_str()))),
    }
}

/// With who writes, and whether really.
pub(super) fn managed(address: Address, context: &RequestContext) -> Address {
    let address = address.with_some("fieldManager", Some(&*context.field_manager));
    if context.dry_run { address.with("dryRun", "All") } else { address }
}

/// What is only tried can be tried again.
pub(super) fn repeatable(mut request: Request, context: &RequestContext) -> Request {
    if context.dry_run {
        request.repeat = Repeat::Always;
    }
    request
}

/// A draft as text, in a version of its kind.
fn body(kind: &Kind, served: &ServedVersion, draft: &Draft) -> Vec<u8> {
    const TEXT: &str = "API types serialize to JSON";
    let meta = ObjectMeta {
        resource_version: draft.revision.map(|revision| revision.to_string()),
        managed_fields: draft.sent_managed.clone(),
        ..draft.meta().to_wire()
    };
    if *served != kind.versions[0] {
        let mut value = draft.to_value();
        value["apiVersion"] = served.api_version().into();
        value["metadata"] = serde_json::to_value(meta).expect(TEXT);
        setpoint_core::custom::shown(&mut value, kind, &served.version);
        return serde_json::to_vec(&value).expect(TEXT);
    }
    let head = json!({"apiVersion": served.api_version(), "kind": kind.names.kind, "metadata": meta});
    let mut text = serde_json::to_vec(&head).expect(TEXT);
    // The other fields follow, each after a comma.
    text.pop();
    kind.representation.write(draft.spec_part(), draft.status_part(), &NoTexts, &mut text);
    text.push(b'}');
    text
}

/// A write was applied, and what was answered cannot be read.
pub(super) fn unread(error: &dyn std::fmt::Display) -> Error {
    Error::outcome_unknown(format!("the write was answered, but the answer cannot be read: {error}"))
}

/// Whether an answer is a status in the place of an object.
pub(super) fn is_status(answer: &Answer) -> bool {
    #[derive(serde::Deserialize)]
    struct Head {
        kind: Option<String>,
    }
    serde_json::from_slice::<Head>(&answer.body).is_ok_and(|head| head.kind.as_deref() == Some("Status"))
}
