//! The assignment of a pod to a node (SUB-08).

use serde_json::Value;
use setpoint_core::object::{Text, TextMap, Uid};
use setpoint_core::{Error, Result};
use setpoint_store::request::{Binding, Preconditions, RequestContext, Write};

use crate::answer::{self, Answer};
use crate::call::Call;

pub(crate) async fn create(call: &Call<'_>, context: &RequestContext) -> Result<Answer> {
    let body = call.document()?.value;
    let key = call.key()?;
    let meta = &body["metadata"];
    let name = meta["name"].as_str().unwrap_or_default();
    if !name.is_empty() && *name != *key.name {
        return Err(Error::bad_request("name in URL does not match name in Binding object"));
    }
    let binding = Binding {
        pod: key,
        node: Text::from(body["target"]["name"].as_str().unwrap_or_default()),
        preconditions: preconditions(meta),
        labels: texts(&meta["labels"]),
        annotations: texts(&meta["annotations"]),
    };
    call.server.store.write(context, Write::Bind(binding)).await?;
    Ok(answer::success(201))
}

/// What a body's uid and revision ask for.
pub(crate) fn preconditions(meta: &Value) -> Preconditions {
    let text = |field: &str| meta[field].as_str().filter(|text| !text.is_empty());
    Preconditions {
        uid: text("uid").map(Uid::new),
        revision: text("resourceVersion").and_then(|text| text.parse().ok()),
    }
}

fn texts(value: &Value) -> TextMap {
    let entries = value.as_object().into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect()
}
