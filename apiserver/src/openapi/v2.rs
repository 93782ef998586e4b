use std::sync::Arc;

use serde_json::{Map, Value, json};
use setpoint_core::kind::Kind;

use super::dialect::Dialect;
use super::operations;
use super::schemas::Schemas;

/// The document of all groups and versions.
pub(super) fn document(kinds: &[Arc<Kind>]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Schemas::new(Dialect::V2);
    for kind in kinds {
        for served in &kind.versions {
            operations::add_kind(&mut paths, &mut schemas, Dialect::V2, kind, served);
        }
    }
    json!({
        "swagger": "2.0",
        "info": { "title": "Kubernetes", "version": "v1.36.0" },
        "paths": paths,
        "definitions": schemas.into_value(),
    })
}
