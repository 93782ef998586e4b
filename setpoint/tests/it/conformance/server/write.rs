use std::sync::Arc;

use serde_json::Value;
use setpoint::model::kind::{DecodeError, Subresource};
use setpoint::model::object::{Draft, Text, TextMap};
use setpoint::model::patch::{Patch, PatchType, validate_options};
use setpoint::store::ObjectStoreExt;
use setpoint::store::request::{Binding, ObjectList, Outcome, Preconditions, Write};
use setpoint::{Error, Result};

use super::read::no_subresource;
use super::{Answer, Place, Request, Server, scale};

impl Server {
    pub(super) async fn create(&self, request: &Request<'_>) -> Result<Answer> {
        let context = request.query.context("CreateOptions")?;
        if request.place.sub == "binding" {
            let binding = binding(&request.place, request.body.unwrap_or(&Value::Null));
            self.store.write(&context, Write::Bind(binding)).await?;
            return Ok(Answer::success(201));
        }
        let draft = self.decode(request)?;
        let written = self.store.write(&context, Write::Create(draft)).await?;
        Ok(Answer::object(201, &written.object))
    }

    pub(super) async fn replace(&self, request: &Request<'_>) -> Result<Answer> {
        let context = request.query.context("UpdateOptions")?;
        if request.place.sub == "scale" {
            return scale::replace(self, request, &context).await;
        }
        let side = side(&request.place.sub)?;
        let draft = self.decode(request)?;
        if *draft.meta().name != *request.place.name {
            return Err(Error::bad_request(format!(
                "the name of the object ({}) does not match the name on the URL ({})",
                draft.meta().name,
                request.place.name
            )));
        }
        let written = self.store.write(&context, Write::Update(draft, side)).await?;
        let code = if written.outcome == Outcome::Created { 201 } else { 200 };
        Ok(Answer::object(code, &written.object))
    }

    pub(super) async fn change(&self, request: &Request<'_>) -> Result<Answer> {
        let mut context = request.query.context("PatchOptions")?;
        let patch_type = PatchType::of_media_type(request.content_type)?;
        let patch = Patch::decode(patch_type, request.body.cloned().unwrap_or_default())?;
        if patch_type == PatchType::Apply {
            context.field_manager = request.query.get("fieldManager").unwrap_or_default().into();
        }
        let force = request.query.get("force").map(|text| text == "true");
        let patch = if force == Some(true) { patch.forced() } else { patch };
        let faults = validate_options(patch_type, &context.field_manager, force);
        if !faults.is_empty() {
            return Err(Error::invalid("PatchOptions", "meta.k8s.io", "", &faults));
        }
        if request.place.sub == "scale" {
            return scale::change(self, request, &context, &patch).await;
        }
        let write = Write::Patch(request.place.key(), patch, side(&request.place.sub)?);
        let written = self.store.write(&context, write).await?;
        let code = if written.outcome == Outcome::Created { 201 } else { 200 };
        Ok(Answer::object(code, &written.object))
    }

    pub(super) async fn delete(&self, request: &Request<'_>) -> Result<Answer> {
        let context = request.query.context("DeleteOptions")?;
        let options = request.query.delete_options(request.body)?;
        let written = self.store.delete(&context, &request.place.key(), options).await?;
        let is_gone = written.outcome == Outcome::Deleted;
        if !is_gone || request.place.kind.rules.traits().answers_deleted_object {
            return Ok(Answer::object(200, &written.object));
        }
        Ok(Answer::deleted(&written.object))
    }

    pub(super) async fn delete_all(&self, request: &Request<'_>) -> Result<Answer> {
        let context = request.query.context("DeleteOptions")?;
        let options = request.query.delete_options(request.body)?;
        let selection = request.query.selection(&request.place)?;
        let items = self.store.delete_collection(&context, &selection, &options).await?;
        let revision = items.last().map(|object| object.revision()).unwrap_or_default();
        let list = ObjectList { items, revision, continue_token: None, remaining: None };
        Ok(Answer::list(&request.place, &list))
    }

    /// The object that a body shows.
    fn decode(&self, request: &Request<'_>) -> Result<Draft> {
        let place = &request.place;
        let kind = &place.kind;
        let none = Value::Null;
        let body = request.body.unwrap_or(&none);
        let Value::Object(fields) = body else {
            let message = format!(
                "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse \
                 error: it is no object",
                kind.names.kind
            );
            return Err(Error::bad_request(message));
        };
        let word = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
        let unfit = |why: &dyn std::fmt::Display| {
            Error::bad_request(format!(
                "{} in version {:?} cannot be handled as a {}: {why}",
                word("kind"),
                place.version,
                kind.names.kind
            ))
        };
        if word("kind") != kind.names.kind || word("apiVersion") != place.api_version {
            return Err(unfit(&format!("converting (v1.{}) to (v1.{})", word("kind"), kind.names.kind)));
        }
        let mut draft = Draft::from_value(Arc::clone(kind), body.clone())
            .map_err(|DecodeError { field, reason }| unfit(&format!("json: {reason} at {field}")))?;
        if draft.meta().namespace.is_none() {
            draft.meta_mut().namespace = place.namespace.clone();
        }
        if draft.meta().namespace != place.namespace {
            return Err(Error::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(draft)
    }
}

fn side(sub: &str) -> Result<Subresource> {
    match sub {
        "" => Ok(Subresource::Main),
        "status" => Ok(Subresource::Status),
        "finalize" => Ok(Subresource::Finalize),
        other => Err(no_subresource(other)),
    }
}

fn binding(place: &Place, body: &Value) -> Binding {
    Binding {
        pod: place.key(),
        node: Text::from(body["target"]["name"].as_str().unwrap_or_default()),
        preconditions: Preconditions::default(),
        labels: TextMap::default(),
        annotations: TextMap::default(),
    }
}
