use std::sync::Arc;

use serde_json::Value;
use setpoint::model::Reason;
use setpoint::model::field::{FieldError, Path};
use setpoint::model::object::{Revision, Uid};
use setpoint::store::request::{DeleteOptions, Preconditions, Propagation, RequestContext, Selection, User};
use setpoint::{Error, Result};

use super::Place;

/// The client's name, as its requests tell.
const USER_AGENT: &str = "conformance";

/// The parameters of a request.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    (decoded(name), decoded(value))
                })
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    pub(super) fn is_set(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }

    /// The revision that is asked for; 0 is none in particular.
    pub(super) fn revision(&self) -> Result<Option<Revision>> {
        let Some(text) = self.get("resourceVersion") else { return Ok(None) };
        match text.parse() {
            Ok(revision) => Ok(Some(revision)),
            Err(_) => {
                let message = format!(
                    "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
                );
                Err(Error::new(Reason::Unknown, message))
            }
        }
    }

    /// Who asks, and how.
    pub(super) fn context(&self, options: &str) -> Result<RequestContext> {
        let dry_run = match self.get("dryRun") {
            None => false,
            Some("All") => true,
            Some(other) => {
                let fault = FieldError::not_supported(&Path::new("dryRun"), "", &["All"]);
                let fault = FieldError { value: Some(format!("[{other:?}]")), ..fault };
                return Err(Error::invalid(options, "meta.k8s.io", "", &vec![fault]));
            }
        };
        let user = User { name: USER_AGENT.to_owned(), groups: vec!["system:masters".to_owned()] };
        let field_manager = self.get("fieldManager").unwrap_or(USER_AGENT).into();
        Ok(RequestContext { user: Arc::new(user), field_manager, dry_run, deadline: None })
    }

    /// What is selected at a place.
    pub(super) fn selection(&self, place: &Place) -> Result<Selection> {
        let wrong = |error: &dyn std::fmt::Display| Error::bad_request(error.to_string());
        let labels = self.get("labelSelector").unwrap_or_default().parse().map_err(|error| wrong(&error))?;
        let fields = self.get("fieldSelector").unwrap_or_default().parse().map_err(|error| wrong(&error))?;
        Ok(Selection { kind: place.kind.id, namespace: place.namespace.clone(), labels, fields })
    }

    /// How to delete: as the body says, or else the query.
    pub(super) fn delete_options(&self, body: Option<&Value>) -> Result<DeleteOptions> {
        let none = Value::Null;
        let body = body.unwrap_or(&none);
        let grace = body["gracePeriodSeconds"]
            .as_i64()
            .or_else(|| self.get("gracePeriodSeconds").and_then(|text| text.parse().ok()));
        let policy = body["propagationPolicy"].as_str().or_else(|| self.get("propagationPolicy"));
        let propagation = match policy {
            None => None,
            Some("Orphan") => Some(Propagation::Orphan),
            Some("Background") => Some(Propagation::Background),
            Some("Foreground") => Some(Propagation::Foreground),
            Some(other) => return Err(Error::bad_request(format!("{other:?} is no propagation policy"))),
        };
        let preconditions = Preconditions {
            uid: body["preconditions"]["uid"].as_str().map(Uid::new),
            revision: body["preconditions"]["resourceVersion"].as_str().and_then(|text| text.parse().ok()),
        };
        Ok(DeleteOptions { grace_period_seconds: grace, propagation, preconditions })
    }
}

/// Percent signs and plus signs resolved.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|it| u8::try_from(it).ok());
                match (digit(high), digit(low)) {
                    (Some(high), Some(low)) => {
                        bytes.push(high * 16 + low);
                        rest = after;
                    }
                    _ => bytes.push(b'%'),
                }
            }
            (other, _) => bytes.push(*other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
