use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, NO_PAD};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use setpoint_core::object::Revision;
use setpoint_core::{Error, Result};

use crate::tables::Snapshot;

/// Where a list goes on: a revision and a place. Opaque to clients (LIST-07).
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    v: String,
    /// -1 is the newest state.
    rv: i64,
    /// Namespace and name, separated by a slash.
    start: String,
}

/// As lenient as upstream's, whose clients see what the JSON parser says of a token that is none.
const BASE64: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD_LENIENT);
const NO_PAD_LENIENT: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

/// The form of tokens.
const VERSION: &str = "meta.k8s.io/v1";

impl Token {
    pub(super) fn new(revision: Option<Revision>, namespace: &str, name: &str) -> Self {
        let rv = revision.and_then(|revision| i64::try_from(revision.0).ok()).unwrap_or(-1);
        Self { v: VERSION.to_owned(), rv, start: format!("{namespace}/{name}") }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |why: &dyn fmt::Display| {
            let message = format!("invalid continue token: continue key is not valid: {why}");
            Error::bad_request(message)
        };
        let bytes = BASE64.decode(text).map_err(|error| wrong(&error))?;
        let token: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(&format!("json: {error}")))?;
        if token.v != VERSION {
            return Err(wrong(&format!("json: server does not recognize its version {:?}", token.v)));
        }
        if token.rv == 0 || token.rv < -1 || !token.start.contains('/') {
            return Err(wrong(&"json: it names no revision or no place"));
        }
        Ok(token)
    }

    /// The revision of the list; `None` is the newest state.
    pub(super) fn revision(&self) -> Option<Revision> {
        u64::try_from(self.rv).ok().map(Revision)
    }

    /// The first place of the next page.
    pub(super) fn place(&self) -> (&str, &str) {
        self.start.split_once('/').unwrap_or(("", &self.start))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&BASE64.encode(json))
    }
}

/// Snapshots of lists that are being paged through, so that all pages show one revision (LIST-06).
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<BTreeMap<Revision, Snapshot>>);

/// Snapshots kept at the most. For an older one the history is asked.
const SNAPSHOTS_MAX: usize = 16;

impl Pages {
    pub(super) fn keep(&self, snapshot: &Snapshot) {
        let kept = &mut *self.0.lock();
        kept.insert(snapshot.revision(), snapshot.clone());
        if kept.len() > SNAPSHOTS_MAX {
            kept.pop_first();
        }
    }

    pub(super) fn get(&self, revision: Revision) -> Option<Snapshot> {
        self.0.lock().get(&revision).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_and_others_are_refused() {
        let token = Token::new(Some(Revision(7)), "a", "b.c");
        assert_eq!(Token::parse(&token.to_string()).ok(), Some(token));
        for wrong in ["", "x", "e30", "eyJ2IjoiIn0"] {
            let error = Token::parse(wrong).expect_err(wrong);
            assert!(error.message().starts_with("invalid continue token: "), "{error}");
        }
    }
}
