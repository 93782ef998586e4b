//! The number of replicas as an object of its own (SUB-04).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as Source;
use serde::Deserialize;
use serde_json::{Value, json};
use setpoint_core::field::{FieldError, Path};
use setpoint_core::kind::{Kind, ScalePaths, Subresource};
use setpoint_core::object::Object;
use setpoint_core::patch::Patch;
use setpoint_core::schema::Schema;
use setpoint_core::selector::LabelSelector;
use setpoint_core::{Error, Result};
use setpoint_store::request::{ReadAt, RequestContext, Write};

use crate::answer::{self, Answer};
use crate::call::Call;

const API_VERSION: &str = "autoscaling/v1";
const KIND: &str = "Scale";

/// The scale of an object, as an answer.
///
/// # Errors
///
/// If an object of a custom kind has no number where its definition says.
pub(crate) fn answer(object: &Object) -> Result<Answer> {
    let (scale, has_number) = of(object)?;
    match paths(object.kind()) {
        Some(paths) if !has_number => Err(Error::internal(format!(
            "the spec replicas field \".{}\" does not exist",
            paths.spec_replicas.join(".")
        ))),
        _ => Ok(answer::json(200, &scale)),
    }
}

/// Where a custom kind keeps its numbers (CRD-07).
fn paths(kind: &Kind) -> Option<&ScalePaths> {
    kind.custom.as_ref()?.version(None)?.scale.as_ref()
}

/// The scale of an object, and whether it has a number of replicas.
fn of(object: &Object) -> Result<(Value, bool)> {
    let whole = object.to_value_without_ownership();
    let meta = &whole["metadata"];
    let (replicas, observed, selector) = match paths(object.kind()) {
        Some(paths) => {
            let wrong = Error::bad_request;
            (
                paths.replicas(&whole).map_err(wrong)?,
                paths.observed(&whole).map_err(wrong)?,
                paths.selector(&whole).map_err(wrong)?,
            )
        }
        None => (
            whole["spec"]["replicas"].as_i64(),
            whole["status"]["replicas"].as_i64().unwrap_or(0),
            selector(&whole["spec"]["selector"]),
        ),
    };
    let mut spec = json!({});
    if let Some(replicas) = replicas.filter(|replicas| *replicas != 0) {
        spec["replicas"] = json!(replicas);
    }
    let mut status = json!({ "replicas": observed });
    if !selector.is_empty() || paths(object.kind()).is_none() {
        status["selector"] = json!(selector);
    }
    let scale = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"], "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": spec,
        "status": status,
    });
    Ok((scale, replicas.is_some()))
}

/// A selector as text; that of a replication controller is a map of labels alone.
fn selector(value: &Value) -> String {
    let is_map = value.get("matchLabels").is_none() && value.get("matchExpressions").is_none();
    let value = if is_map { &json!({"matchLabels": value}) } else { value };
    let source = Source::deserialize(value).unwrap_or_default();
    LabelSelector::compile(Some(&source)).map(|selector| selector.to_string()).unwrap_or_default()
}

/// Changes the number by a patch of the scale.
pub(crate) async fn patch(call: &Call<'_>, context: &RequestContext, patch: &Patch) -> Result<Answer> {
    if matches!(patch, Patch::Apply { .. }) {
        let write = Write::Patch(call.key()?, patch.clone(), Subresource::Scale);
        return answer(&call.server.store.write(context, write).await?.object);
    }
    let object = call.server.store.get(context, &call.key()?, ReadAt::Newest).await?;
    let (mut scale, _) = of(&object)?;
    // Only a revision that the patch itself names is a condition.
    if let Some(meta) = scale["metadata"].as_object_mut() {
        meta.remove("resourceVersion");
    }
    patch.apply(&mut scale, Schema::of_object(API_VERSION, KIND))?;
    set(call, context, &scale).await
}

/// Changes the number to that of a scale.
pub(crate) async fn update(call: &Call<'_>, context: &RequestContext) -> Result<Answer> {
    let body = call.document()?.value;
    let kind = body["kind"].as_str().unwrap_or_default();
    if !kind.is_empty() && kind != KIND {
        return Err(Error::bad_request(format!("{kind} cannot be handled as a {KIND}")));
    }
    let (found, name) = (body["metadata"]["name"].as_str(), call.place.name.as_deref());
    if found != name {
        let (found, name) = (found.unwrap_or_default(), name.unwrap_or_default());
        return Err(Error::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({name})"
        )));
    }
    set(call, context, &body).await
}

async fn set(call: &Call<'_>, context: &RequestContext, scale: &Value) -> Result<Answer> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let path = Path::new("spec");
        let fault =
            FieldError::invalid(&path.child("replicas"), &replicas, "must be greater than or equal to 0");
        let name = call.place.name.as_deref().unwrap_or_default();
        return Err(Error::invalid(KIND, "autoscaling", name, &vec![fault]));
    }
    let mut body = match paths(&call.place.kind) {
        Some(paths) => paths.patch(replicas),
        None => json!({"spec": {"replicas": replicas}}),
    };
    for condition in ["uid", "resourceVersion"] {
        if let Some(text) = scale["metadata"][condition].as_str().filter(|text| !text.is_empty()) {
            body["metadata"][condition] = json!(text);
        }
    }
    let fields = body.as_object().cloned().unwrap_or_default();
    let write = Write::Patch(call.key()?, Patch::Merge(fields), Subresource::Scale);
    answer(&call.server.store.write(context, write).await?.object)
}
