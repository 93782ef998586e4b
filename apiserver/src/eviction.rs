//! Evictions: deletions of pods that heed disruption budgets (SUB-05). What they do is the store's.

use setpoint_core::{Error, Result};
use setpoint_store::request::{Eviction, RequestContext, Write};

use crate::answer::{self, Answer};
use crate::call::Call;
use crate::delete::Sent;

pub(crate) async fn create(call: &Call<'_>, context: &RequestContext) -> Result<Answer> {
    let body = call.document()?.value;
    let pod = call.key()?;
    let name = body["metadata"]["name"].as_str().unwrap_or_default();
    if !name.is_empty() && *name != *pod.name {
        return Err(Error::bad_request("name in URL does not match name in Eviction object"));
    }
    let sent = Sent::of(&body["deleteOptions"])?;
    let mut context = context.clone();
    context.dry_run |= call.context("CreateOptions", sent.dry_run())?.dry_run;
    let options = sent.options()?;
    call.server.store.write(&context, Write::Evict(Eviction { pod, options })).await?;
    Ok(answer::success(201))
}
