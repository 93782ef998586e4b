use std::sync::Arc;

use serde_json::Value;

use super::limits::FAULTS_MAX;
use super::structural::Structural;
use super::validations::Validations;
use super::{embedded, fill, list_types, prune, scale, validate};
use crate::field::{FieldError, FieldErrorKind, FieldErrors, Path};
use crate::kind::{JsonSpec, KindRules, ScalePaths, Subresource};
use crate::names;
use crate::object::{Draft, Object, Part};
use crate::rules::object_meta::{self, Scope};

/// What holds for the objects of a custom kind: pruning, defaults and validation by the schema of the version that
/// they are written in.
#[derive(Debug)]
pub struct CustomRules {
    pub(super) versions: Vec<VersionRules>,
    pub(super) has_status: bool,
}

/// What holds in one version.
#[derive(Debug)]
pub(super) struct VersionRules {
    pub(super) name: String,
    pub(super) api_version: String,
    pub(super) structural: Arc<Structural>,
    pub(super) validations: Option<Arc<Validations>>,
    pub(super) scale: Option<ScalePaths>,
}

/// Brings an object without its metadata into the form that is kept: unknown fields go, defaults come (CRD-03).
pub(super) fn normalize(object: &mut Value, schema: &Structural) {
    prune::prune(object, schema, true);
    embedded::tidy(object, schema);
    fill::drop_nulls(object, schema);
    fill::fill(object, schema);
}

impl CustomRules {
    fn version(&self, draft: &Draft) -> &VersionRules {
        let named = draft.version.as_deref();
        let found = self.versions.iter().find(|version| Some(version.name.as_str()) == named);
        // A kind is served in one version at least.
        found.unwrap_or(&self.versions[0])
    }

    /// Spec and status in the form that is kept.
    fn normal(&self, draft: &Draft) -> Option<(JsonSpec, Option<Value>)> {
        let mut fields = draft.spec::<JsonSpec>()?.clone();
        if let Some(status) = draft.status::<Value>() {
            fields.insert("status".to_owned(), status.clone());
        }
        let mut object = Value::Object(fields);
        normalize(&mut object, &self.version(draft).structural);
        let Value::Object(mut fields) = object else { return None };
        let status = fields.remove("status").filter(|status| !status.is_null());
        for name in prune::ENVELOPE {
            fields.remove(name);
        }
        Some((fields, status))
    }

    /// A draft as the object it is in its version.
    fn whole(&self, draft: &Draft) -> Value {
        let mut value = draft.to_value();
        value["apiVersion"] = self.version(draft).api_version.clone().into();
        value
    }

    fn whole_before(&self, draft: &Draft, old: &Object) -> Value {
        let mut value = old.to_value_without_ownership();
        value["apiVersion"] = self.version(draft).api_version.clone().into();
        value
    }

    fn check(&self, draft: &Draft, old: Option<&Object>, side: Subresource) -> FieldErrors {
        let version = self.version(draft);
        let schema = &version.structural;
        let value = self.whole(draft);
        let before = old.map(|old| self.whole_before(draft, old));
        let mut faults = match (side, before.as_ref()) {
            (Subresource::Status, before) => status(&value, before, schema),
            (_, before) => validate::object(&value, before, schema),
        };
        if let Some(paths) = &version.scale {
            scale::check(paths, &value, side != Subresource::Status, &mut faults);
        }
        for (name, field) in &schema.properties {
            if let Some(value) = value.get(name)
                && !prune::ENVELOPE.contains(&name.as_str())
            {
                embedded::check(value, field, &Path::new(name), &mut faults);
            }
        }
        let lists = |value: &Value| {
            let mut faults = FieldErrors::new();
            list_types::check(value, schema, &Path::ROOT, &mut faults);
            faults
        };
        // What was wrong before is not made right by somebody who does something else.
        if before.as_ref().is_none_or(|before| lists(before).is_empty()) {
            faults.extend(lists(&value));
        }
        if let Some(validations) = &version.validations {
            if faults.iter().any(blocks_rules) {
                faults.push(unchecked());
            } else {
                faults.extend(validations.check(&value, before.as_ref(), schema));
            }
        }
        faults.truncate(FAULTS_MAX);
        faults
    }
}

/// Whether expressions would meet with values that they do not know.
fn blocks_rules(fault: &FieldError) -> bool {
    use FieldErrorKind as Kind;
    matches!(
        fault.kind,
        Kind::NotSupported | Kind::Required | Kind::TooLong | Kind::TooMany | Kind::TypeInvalid
    )
}

fn unchecked() -> FieldError {
    FieldError {
        kind: FieldErrorKind::Invalid,
        field: "<nil>".to_owned(),
        value: Some("null".to_owned()),
        detail: "some validation rules were not checked because the object was invalid; correct the existing errors \
                 to complete validation"
            .to_owned(),
    }
}

/// What is wrong with a status, looked at alone.
fn status(value: &Value, before: Option<&Value>, schema: &Structural) -> FieldErrors {
    let (Some(status), Some(schema)) = (value.get("status"), schema.properties.get("status")) else {
        return FieldErrors::new();
    };
    if before.and_then(|before| before.get("status")) == Some(status) {
        return FieldErrors::new();
    }
    let wrapped = |value: &Value| serde_json::json!({ "status": value["status"] });
    let mut whole = Structural::default();
    whole.properties.insert("status".to_owned(), schema.clone());
    validate::object(&wrapped(value), before.map(wrapped).as_ref(), &whole)
}

impl KindRules for CustomRules {
    fn default(&self, draft: &mut Draft) {
        let Some((fields, status)) = self.normal(draft) else { return };
        draft.set_spec(Part::new(fields));
        draft.set_status(status.map(Part::new));
    }

    fn default_status(&self, draft: &mut Draft) {
        let Some((_, status)) = self.normal(draft) else { return };
        draft.set_status(status.map(Part::new));
    }

    fn prepare_create(&self, draft: &mut Draft) {
        // A status that a client may not set has its defaults all the same.
        if self.has_status && draft.status_part().is_none() {
            self.default_status(draft);
        }
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        // Of the metadata only the record of ownership changes with a status (SUB-02).
        if side == Subresource::Status {
            draft.set_meta(Arc::clone(old.shared_meta()));
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let scope = if draft.kind().is_namespaced() { Scope::Namespaced } else { Scope::Cluster };
        let mut faults = object_meta::validate(draft.meta(), scope, names::dns1123_subdomain);
        faults.extend(self.check(draft, None, Subresource::Main));
        faults
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let mut faults = FieldErrors::new();
        object_meta::check_update(draft.meta(), old.meta(), &mut faults);
        faults.extend(self.check(draft, Some(old), side));
        faults
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let is_new = |name: &str| old.is_none_or(|old| !old.meta().finalizers.contains(name));
        draft.meta().finalizers.iter().filter(|name| is_new(name)).filter_map(finalizer).collect()
    }

    fn bumps_generation(&self, draft: &Draft, old: &Object) -> bool {
        let representation = &draft.kind().representation;
        let same_status = self.has_status
            || match (draft.status_part(), old.status_part()) {
                (Some(new), Some(before)) => representation.status_eq(new, before),
                (None, None) => true,
                _ => false,
            };
        !same_status || !representation.spec_eq(draft.spec_part(), old.spec_part())
    }
}

/// What is said of a finalizer that others might use too.
fn finalizer(name: &str) -> Option<String> {
    if name.contains('/') || matches!(name, "orphan" | "foregroundDeletion" | "kubernetes") {
        return None;
    }
    let path = if name.contains('.') { " including a path (/)" } else { "" };
    Some(format!(
        "metadata.finalizers: {name:?}: prefer a domain-qualified finalizer name{path} to avoid accidental conflicts \
         with other finalizer writers"
    ))
}
