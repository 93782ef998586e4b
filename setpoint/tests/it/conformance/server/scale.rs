//! The number of replicas as an object of its own (SUB-06).

use serde_json::{Value, json};
use setpoint::model::Reason;
use setpoint::model::field::{FieldError, Path};
use setpoint::model::kind::Subresource;
use setpoint::model::object::Object;
use setpoint::model::patch::Patch;
use setpoint::model::schema::Schema;
use setpoint::store::request::{ReadAt, RequestContext, Write};
use setpoint::{Error, Result};

use super::{Answer, Request, Server};

const API_VERSION: &str = "autoscaling/v1";

pub(super) fn answer(object: &Object) -> Answer {
    Answer { code: 200, body: of(object) }
}

/// The scale of an object.
fn of(object: &Object) -> Value {
    let whole = object.to_value();
    let meta = &whole["metadata"];
    let mut spec = json!({});
    if let Some(replicas) = whole["spec"]["replicas"].as_i64().filter(|replicas| *replicas != 0) {
        spec["replicas"] = json!(replicas);
    }
    let labels = whole["spec"]["selector"]["matchLabels"].as_object().cloned().unwrap_or_default();
    let terms: Vec<String> =
        labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    json!({
        "apiVersion": API_VERSION,
        "kind": "Scale",
        "metadata": {
            "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"], "creationTimestamp": meta["creationTimestamp"],
        },
        "spec": spec,
        "status": {
            "replicas": whole["status"]["replicas"].as_i64().unwrap_or(0),
            "selector": terms.join(","),
        },
    })
}

/// Changes the number by a patch of the scale.
pub(super) async fn change(
    server: &Server,
    request: &Request<'_>,
    context: &RequestContext,
    patch: &Patch,
) -> Result<Answer> {
    let object = server.store.get(context, &request.place.key(), ReadAt::Newest).await?;
    let mut scale = of(&object);
    patch.apply(&mut scale, Schema::of_object(API_VERSION, "Scale"))?;
    set(server, request, context, &scale).await
}

/// Changes the number to that of a scale.
pub(super) async fn replace(
    server: &Server,
    request: &Request<'_>,
    context: &RequestContext,
) -> Result<Answer> {
    let none = Value::Null;
    let body = request.body.unwrap_or(&none);
    if body["kind"] != "Scale" {
        return Err(Error::new(Reason::BadRequest, "the body is no Scale"));
    }
    set(server, request, context, body).await
}

async fn set(
    server: &Server,
    request: &Request<'_>,
    context: &RequestContext,
    scale: &Value,
) -> Result<Answer> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let path = Path::new("spec");
        let fault =
            FieldError::invalid(&path.child("replicas"), &replicas, "must be greater than or equal to 0");
        return Err(Error::invalid("Scale", "autoscaling", &request.place.name, &vec![fault]));
    }
    let body = json!({"spec": {"replicas": replicas}});
    let fields = body.as_object().cloned().unwrap_or_default();
    let write = Write::Patch(request.place.key(), Patch::Merge(fields), Subresource::Scale);
    Ok(answer(&server.store.write(context, write).await?.object))
}
