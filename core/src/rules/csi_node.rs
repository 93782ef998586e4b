//! CSINodes.

use std::collections::BTreeSet;

use k8s_openapi::api::storage::v1::{CSINode, CSINodeDriver};

use super::absent::items;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, persistent_volume};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The longest name that a driver has for a node.
const NODE_ID_BYTES_MAX: usize = 256;

/// Brings a node's drivers into their normal form.
pub fn default(node: &mut CSINode) {
    node.normalize(Spelling::Canonical);
}

/// All that is wrong with a new CSINode.
pub fn validate_create(meta: &Meta, node: &CSINode) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Cluster, names::dns1123_subdomain, &mut errors);
    let (path, mut seen) = (Path::new("spec"), BTreeSet::new());
    let path = path.child("drivers");
    for (index, driver) in node.spec.drivers.iter().enumerate() {
        let path = path.index(index);
        validate_driver(driver, &path, &mut errors);
        if !seen.insert(&driver.name) {
            errors.push(FieldError::duplicate(&path.child("name"), &driver.name));
        }
        validate_topology(items(&driver.topology_keys), &path, &mut errors);
    }
    errors
}

/// All that is wrong with a changed CSINode: drivers come and go, and do not change but in how much they carry.
pub fn validate_update(new_meta: &Meta, new: &CSINode, _old_meta: &Meta, old: &CSINode) -> FieldErrors {
    let mut errors = validate_create(new_meta, new);
    for old in &old.spec.drivers {
        for new in new.spec.drivers.iter().filter(|new| new.name == old.name) {
            let fixed = CSINodeDriver { allocatable: old.allocatable.clone(), ..new.clone() };
            if fixed != *old {
                errors.push(FieldError::invalid(&Path::new("CSINodeDriver"), new, checks::IMMUTABLE));
            }
        }
    }
    errors
}

fn validate_driver(driver: &CSINodeDriver, path: &Path<'_>, errors: &mut FieldErrors) {
    let name_path = path.child("name");
    checks::required(&driver.name, &name_path, errors);
    errors.extend(persistent_volume::driver_name(&driver.name, &name_path));
    let id_path = path.child("nodeID");
    checks::required(&driver.node_id, &id_path, errors);
    if driver.node_id.len() > NODE_ID_BYTES_MAX {
        let why = format!("must be {NODE_ID_BYTES_MAX} characters or less");
        errors.push(FieldError::invalid(&id_path, &driver.node_id, why));
    }
    if let Some(count) = driver.allocatable.as_ref().and_then(|allocatable| allocatable.count) {
        let path = path.child("allocatable");
        checks::non_negative(count, &path.child("count"), errors);
    }
}

fn validate_topology(keys: &[String], path: &Path<'_>, errors: &mut FieldErrors) {
    let mut seen = BTreeSet::new();
    for key in keys {
        checks::required(key, path, errors);
        if !seen.insert(key) {
            errors.push(FieldError::duplicate(path, key));
        }
        checks::qualified_name(key, path, errors);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn node(drivers: Value) -> CSINode {
        from_value(json!({"metadata": {}, "spec": {"drivers": drivers}})).expect("a CSINode")
    }

    #[test]
    fn drivers_are_checked_and_fixed() {
        let meta = Meta::cluster("n");
        let good = node(json!([{"name": "d", "nodeID": "1", "topologyKeys": ["zone"]}]));
        assert_eq!(validate_create(&meta, &good), []);
        let bad = node(json!([{"name": "d", "nodeID": ""}, {"name": "d", "nodeID": "1"}]));
        let texts: Vec<String> = validate_create(&meta, &bad).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            ["spec.drivers[0].nodeID: Required value", "spec.drivers[1].name: Duplicate value: \"d\""]
        );
        let renumbered = node(json!([{"name": "d", "nodeID": "2", "topologyKeys": ["zone"]}]));
        assert_eq!(validate_update(&meta, &renumbered, &meta, &good)[0].field, "CSINodeDriver");
        let fuller = node(
            json!([{"name": "d", "nodeID": "1", "topologyKeys": ["zone"], "allocatable": {"count": 3}}]),
        );
        assert_eq!(validate_update(&meta, &fuller, &meta, &good), []);
    }
}
