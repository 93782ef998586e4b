//! Delete and deletecollection (STORE-21 to STORE-29).

use serde::Deserialize;
use serde_json::Value;
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::{Error, Result};
use setpoint_store::request::{
    DeleteOptions, ListQuery, ObjectList, Outcome, Propagation, RequestContext, Write,
};

use crate::answer::{self, Answer};
use crate::binding::preconditions;
use crate::call::Call;
use crate::document::{Document, Language};
use crate::protobuf::{self, Unread};

/// The options as clients send them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Sent {
    api_version: String,
    kind: String,
    grace_period_seconds: Option<i64>,
    propagation_policy: Option<String>,
    orphan_dependents: Option<bool>,
    dry_run: Vec<String>,
    preconditions: Value,
}

impl Call<'_> {
    pub(crate) async fn delete(&self) -> Result<Answer> {
        let (context, options, sent) = self.delete_options()?;
        let written = self.server.store.write(&context, Write::Delete(self.key()?, options)).await?;
        let is_gone = written.outcome == Outcome::Deleted;
        if is_gone && !self.place.kind.rules.traits().answers_deleted_object {
            return Ok(answer::deleted(&written.object));
        }
        // The one case in which a client is told that it is not done yet (STORE-26).
        let code = if !is_gone && sent.orphan_dependents == Some(false) { 202 } else { 200 };
        self.show(code, &written.object)
    }

    pub(crate) async fn delete_collection(&self) -> Result<Answer> {
        let (context, options, _) = self.delete_options()?;
        let selection = self.selection()?;
        let items = self.server.store.delete_collection(&context, &selection, &options).await?;
        let query = ListQuery { limit: Some(1), ..ListQuery::new(selection) };
        let revision = self.server.store.list(&context, &query).await?.revision;
        self.show_list(ObjectList { items, revision, continue_token: None, remaining: None })
    }

    /// As the body says, or else the query (STORE-27).
    fn delete_options(&self) -> Result<(RequestContext, DeleteOptions, Sent)> {
        let sent =
            if self.body.trim_ascii().is_empty() { self.sent_in_query()? } else { self.sent_in_body()? };
        let context = self.context("DeleteOptions", &sent.dry_run)?;
        let options = sent.options()?;
        Ok((context, options, sent))
    }

    fn sent_in_query(&self) -> Result<Sent> {
        Ok(Sent {
            grace_period_seconds: self.query.number("gracePeriodSeconds")?,
            propagation_policy: self.query.get("propagationPolicy").map(str::to_owned),
            orphan_dependents: self.query.switch("orphanDependents"),
            ..Sent::default()
        })
    }

    fn sent_in_body(&self) -> Result<Sent> {
        let unrecognized = |why: String| {
            Error::bad_request(format!(
                "the object provided is unrecognized (must be of type DeleteOptions): {why}"
            ))
        };
        let unread = |reason| unrecognized(format!("couldn't get version/kind; json parse error: {reason}"));
        let value = if protobuf::is_protobuf(self.content_type()) {
            protobuf::parse(&self.body).map_err(|Unread { why, .. }| unrecognized(why))?
        } else {
            let language = Language::of_media_type(self.content_type())?;
            Document::parse(language, &self.body).map_err(unread)?.value
        };
        let sent: Sent = serde_json::from_value(value).map_err(|error| unread(error.to_string()))?;
        if !sent.kind.is_empty() && sent.kind != "DeleteOptions" {
            let (kind, version) = (&sent.kind, &sent.api_version);
            return Err(Error::bad_request(format!(
                "{kind} in version {version:?} cannot be handled as a DeleteOptions: unknown conversion"
            )));
        }
        Ok(sent)
    }
}

impl Sent {
    /// Those of an object, as an eviction has them.
    pub(crate) fn of(value: &Value) -> Result<Self> {
        if value.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(value).map_err(|error| Error::bad_request(format!("deleteOptions: {error}")))
    }

    /// The words of `dryRun`.
    pub(crate) fn dry_run(&self) -> &[String] {
        &self.dry_run
    }

    /// What they mean.
    ///
    /// # Errors
    ///
    /// `Invalid`, if they mean nothing (STORE-24).
    pub(crate) fn options(&self) -> Result<DeleteOptions> {
        let mut faults = FieldErrors::new();
        let field = Path::new("propagationPolicy");
        let policy = self.propagation_policy.as_deref();
        if self.orphan_dependents.is_some()
            && let Some(policy) = policy
        {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            faults.push(FieldError::invalid(&field, policy, why));
        }
        let propagation = match (policy, self.orphan_dependents) {
            (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
            (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
            (Some("Foreground"), _) => Some(Propagation::Foreground),
            (None, None) => None,
            (Some(other), _) => {
                let supported = ["Foreground", "Background", "Orphan", "nil"];
                faults.push(FieldError::not_supported(&field, other, &supported));
                None
            }
        };
        if !faults.is_empty() {
            return Err(Error::invalid("DeleteOptions", "meta.k8s.io", "", &faults));
        }
        Ok(DeleteOptions {
            grace_period_seconds: self.grace_period_seconds,
            propagation,
            preconditions: preconditions(&self.preconditions),
        })
    }
}
