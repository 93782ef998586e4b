use setpoint::model::Reason;
use setpoint::store::request::{ListQuery, ReadAt};
use setpoint::{Error, Result};

use super::{Answer, Request, Server, scale};

impl Server {
    pub(super) async fn get(&self, request: &Request<'_>) -> Result<Answer> {
        let context = request.query.context("GetOptions")?;
        let at = match request.query.revision()? {
            None => ReadAt::Newest,
            Some(revision) if revision.is_zero() => ReadAt::Any,
            Some(revision) => ReadAt::NotOlderThan(revision),
        };
        let object = self.store.get(&context, &request.place.key(), at).await?;
        match &*request.place.sub {
            "" | "status" => Ok(Answer::object(200, &object)),
            "scale" => Ok(scale::answer(&object)),
            other => Err(no_subresource(other)),
        }
    }

    pub(super) async fn list(&self, request: &Request<'_>) -> Result<Answer> {
        let query = &request.query;
        let context = query.context("ListOptions")?;
        let revision = query.revision()?;
        let at = match (revision, query.get("resourceVersionMatch")) {
            (None, _) => ReadAt::Newest,
            (Some(revision), Some("Exact")) => ReadAt::Exactly(revision),
            (Some(revision), _) if revision.is_zero() => ReadAt::Any,
            (Some(revision), _) => ReadAt::NotOlderThan(revision),
        };
        let list = ListQuery {
            selection: query.selection(&request.place)?,
            limit: query.get("limit").and_then(|text| text.parse().ok()),
            continue_token: query.get("continue").map(str::to_owned),
            at,
        };
        let list = self.store.list(&context, &list).await?;
        Ok(Answer::list(&request.place, &list))
    }
}

/// The server has no such subresource.
pub(super) fn no_subresource(name: &str) -> Error {
    Error::new(Reason::NotFound, format!("the server could not find the requested resource ({name})"))
}
