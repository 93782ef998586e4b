use serde_json::{Map, Value, json};
use setpoint_core::kind::Kind;
use std::sync::Arc;

use super::dialect::Dialect;
use super::operations;
use super::schemas::Schemas;

/// The document of one group and version.
pub(super) fn document(kinds: &[Arc<Kind>], group: &str, version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Schemas::new(Dialect::V3);
    for kind in kinds {
        let served = kind.versions.iter().filter(|served| served.group == group && served.version == version);
        for served in served {
            operations::add_kind(&mut paths, &mut schemas, Dialect::V3, kind, served);
        }
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "v1.36.0" },
        "paths": paths,
        "components": { "schemas": schemas.into_value() },
    })
}
