use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::request::Parts;
use setpoint_core::field::{FieldError, FieldErrors, Path};
use setpoint_core::object::{Key, Text};
use setpoint_core::patch::{FIELD_MANAGER_BYTES_MAX, PatchType, validate_options};
use setpoint_core::{Error, Result};
use setpoint_store::request::{RequestContext, Selection};

use crate::answer::wrong_method;
use crate::authorization::Attributes;
use crate::limits::REQUEST_TIME_MAX;
use crate::path::Place;
use crate::query::Query;
use crate::service::Inner;

/// A request about objects, taken apart.
pub(crate) struct Call<'a> {
    pub(crate) server: &'a Inner,
    pub(crate) parts: &'a Parts,
    pub(crate) place: &'a Place,
    pub(crate) query: &'a Query,
    /// Who asks for what.
    pub(crate) attributes: Attributes,
    pub(crate) body: Bytes,
    /// What is answered if the object would have to be created; `None` if it may.
    pub(crate) refused_creation: Option<Error>,
}

/// Who is recorded as the owner of fields if the client does not tell its name.
const UNKNOWN_MANAGER: &str = "unknown";

/// What becomes of fields that a kind does not have (PATCH-16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FieldValidation {
    /// They are passed over.
    Ignore,
    /// They are passed over, and named.
    Warn,
    /// The request is refused.
    Strict,
}

impl Call<'_> {
    /// Who asks, and how. `options` is the kind of the parameters, as errors name it; `sent` are `dryRun` words that
    /// came in the body.
    pub(crate) fn context(&self, options: &str, sent: &[String]) -> Result<RequestContext> {
        let mut faults = FieldErrors::new();
        let words: Vec<&str> = if sent.is_empty() {
            self.query.all("dryRun").filter(|word| !word.is_empty()).collect()
        } else {
            sent.iter().map(String::as_str).collect()
        };
        if words.iter().any(|word| *word != "All") {
            let fault = FieldError::not_supported(&Path::new("dryRun"), "", &["All"]);
            faults.push(FieldError { value: Some(format!("{words:?}")), ..fault });
        }
        let field_manager = self.query.get("fieldManager").unwrap_or_default();
        if options != "PatchOptions" {
            faults.extend(validate_options(PatchType::Merge, field_manager, None));
        }
        if !faults.is_empty() {
            return Err(Error::invalid(options, "meta.k8s.io", "", &faults));
        }
        let manager = if field_manager.is_empty() { self.agent() } else { field_manager };
        Ok(RequestContext {
            user: Arc::clone(&self.attributes.user),
            field_manager: Text::from(manager),
            dry_run: !words.is_empty(),
            deadline: Some(self.server.env.now() + REQUEST_TIME_MAX),
            grants: self.server.authorizer.grants(),
            refused_creation: self.refused_creation.clone(),
            guards: Arc::default(),
        })
    }

    /// The client's name, as its header tells (PATCH-12).
    fn agent(&self) -> &str {
        let header = self.parts.headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
        let name = header.unwrap_or_default().split('/').next().unwrap_or_default();
        let end = name.len().min(FIELD_MANAGER_BYTES_MAX);
        // A header value is ASCII here, so every place is one between characters.
        name.get(..end).filter(|name| !name.is_empty()).unwrap_or(UNKNOWN_MANAGER)
    }

    /// What becomes of unknown fields.
    pub(crate) fn field_validation(&self, options: &str) -> Result<FieldValidation> {
        match self.query.get("fieldValidation") {
            None | Some("Warn") => Ok(FieldValidation::Warn),
            Some("Ignore") => Ok(FieldValidation::Ignore),
            Some("Strict") => Ok(FieldValidation::Strict),
            Some(other) => {
                let path = Path::new("fieldValidation");
                let fault = FieldError::not_supported(&path, other, &["", "Ignore", "Strict", "Warn"]);
                Err(Error::invalid(options, "meta.k8s.io", "", &vec![fault]))
            }
        }
    }

    /// What is selected of a collection, or of the single object that the path names.
    pub(crate) fn selection(&self) -> Result<Selection> {
        let wrong = |error: &dyn std::fmt::Display| Error::bad_request(error.to_string());
        let labels = self.query.get("labelSelector").unwrap_or_default();
        let labels = labels.parse().map_err(|error| wrong(&error))?;
        let fields = self.query.get("fieldSelector").unwrap_or_default();
        let mut fields: setpoint_core::selector::FieldSelector =
            fields.parse().map_err(|error| wrong(&error))?;
        if let Some(name) = &self.place.name {
            let is_other = |found: &str| found != &**name;
            if fields.equality("metadata.name").is_some_and(is_other) {
                return Err(Error::bad_request("fieldSelector metadata.name doesn't match requested name"));
            }
            let own = format!("metadata.name={name}");
            let both = if fields.terms().is_empty() { own } else { format!("{own},{fields}") };
            fields = both.parse().map_err(|error| wrong(&error))?;
        }
        Ok(Selection { kind: self.place.kind.id, namespace: self.place.namespace.clone(), labels, fields })
    }

    /// The place of the object.
    pub(crate) fn key(&self) -> Result<Key> {
        self.place.key().ok_or_else(wrong_method)
    }

    /// The media type of the body.
    pub(crate) fn content_type(&self) -> &str {
        self.parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
