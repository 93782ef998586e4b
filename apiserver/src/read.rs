//! Get and list (LIST rows).

use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::object::Revision;
use setpoint_core::{Error, Result};
use setpoint_store::request::{ListQuery, ReadAt};

use crate::answer::Answer;
use crate::call::Call;
use crate::scale;

impl Call<'_> {
    pub(crate) async fn get(&self) -> Result<Answer> {
        if self.query.is_set("export") {
            let why = "the export parameter, deprecated since v1.14, is no longer supported";
            return Err(Error::bad_request(why));
        }
        let context = self.context("GetOptions", &[])?;
        let at = match self.query.revision()? {
            None => ReadAt::Newest,
            Some(revision) if revision.is_zero() => ReadAt::Any,
            Some(revision) => ReadAt::NotOlderThan(revision),
        };
        let object = self.server.store.get(&context, &self.key()?, at).await?;
        match self.place.sub.as_str() {
            "scale" => scale::answer(&object),
            _ => self.show(200, &object),
        }
    }

    pub(crate) async fn list_objects(&self) -> Result<Answer> {
        let context = self.context("ListOptions", &[])?;
        let revision = self.query.revision()?;
        self.check_list(revision)?;
        let at = match (revision, self.query.get("resourceVersionMatch")) {
            (None, _) => ReadAt::Newest,
            (Some(revision), Some("Exact")) => ReadAt::Exactly(revision),
            (Some(revision), _) if revision.is_zero() => ReadAt::Any,
            (Some(revision), _) => ReadAt::NotOlderThan(revision),
        };
        let continue_token = self.query.get("continue").map(str::to_owned);
        // With a token, "0" is as good as nothing (LIST-06).
        let at = if continue_token.is_some() && at == ReadAt::Any { ReadAt::Newest } else { at };
        let limit = self.query.number("limit")?.and_then(|limit| usize::try_from(limit).ok());
        let query = ListQuery { selection: self.selection()?, limit, continue_token, at };
        let list = self.server.store.list(&context, &query).await?;
        self.show_list(list)
    }

    /// Which options do not go together (LIST-04).
    fn check_list(&self, revision: Option<Revision>) -> Result<()> {
        let mut faults = FieldErrors::new();
        let field = Path::new("resourceVersionMatch");
        if let Some(word) = self.query.get("resourceVersionMatch") {
            let mut forbid = |why: &str| faults.push(FieldError::forbidden(&field, why));
            if revision.is_none() {
                forbid("resourceVersionMatch is forbidden unless resourceVersion is provided");
            }
            if self.query.get("continue").is_some() {
                forbid("resourceVersionMatch is forbidden when continue is provided");
            }
            if word == "Exact" && revision.is_some_and(|revision| revision.is_zero()) {
                forbid("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
            }
            if !matches!(word, "Exact" | "NotOlderThan") {
                faults.push(FieldError::not_supported(&field, word, &["Exact", "NotOlderThan", ""]));
            }
        }
        if self.query.switch("sendInitialEvents").is_some() {
            let field = Path::new("sendInitialEvents");
            faults.push(FieldError::forbidden(&field, "sendInitialEvents is forbidden for list"));
        }
        refused(faults)
    }
}

/// Options that do not go together.
pub(crate) fn refused(faults: FieldErrors) -> Result<()> {
    if faults.is_empty() { Ok(()) } else { Err(Error::invalid("ListOptions", "meta.k8s.io", "", &faults)) }
}
