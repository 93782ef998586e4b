use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::lifecycle::{self, FINALIZER};
use super::{spec, versions};
use crate::field::{FieldError, FieldErrors, Path};
use crate::kind::{DefaultPropagation, JsonSpec, KindRules, Subresource, Traits};
use crate::names;
use crate::object::{Draft, Object, Part};
use crate::rules::object_meta::{self, Scope};

/// What holds for definitions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DefinitionRules;

impl KindRules for DefinitionRules {
    fn default(&self, draft: &mut Draft) {
        let Some(fields) = draft.spec::<JsonSpec>() else { return };
        let mut fields = fields.clone();
        if let Some(Value::Object(spec)) = fields.get_mut("spec") {
            spec::fill(spec);
        }
        draft.set_spec(Part::new(fields));
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let stored: Vec<String> = storage_version(draft).into_iter().collect();
        let status = json!({
            "acceptedNames": {"kind": "", "plural": ""}, "conditions": null, "storedVersions": stored,
        });
        draft.set_status(Some(Part::new(status)));
    }

    fn prepare_update(&self, draft: &mut Draft, old: &Object, side: Subresource) {
        if side == Subresource::Status {
            return;
        }
        let Some(version) = storage_version(draft) else { return };
        let mut status = old.status::<Value>().cloned().unwrap_or_else(|| json!({}));
        let mut stored = status["storedVersions"].as_array().cloned().unwrap_or_default();
        if stored.iter().all(|known| *known != *version) {
            stored.push(version.into());
            status["storedVersions"] = stored.into();
            draft.set_status(Some(Part::new(status)));
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        let mut faults = object_meta::validate(draft.meta(), Scope::Cluster, names::dns1123_subdomain);
        let whole = draft.to_value();
        if whole["metadata"]["name"] != *required_name(&whole) {
            let path = Path::new("metadata");
            let name = path.child("name");
            let why = "must be spec.names.plural+\".\"+spec.group";
            faults.push(FieldError::invalid(&name, &whole["metadata"]["name"], why));
        }
        faults.extend(spec::check(&whole, None));
        faults
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        let mut faults = FieldErrors::new();
        object_meta::check_update(draft.meta(), old.meta(), &mut faults);
        let whole = draft.to_value();
        let status = Path::new("status");
        super::names::check(&whole["status"]["acceptedNames"], &status.child("acceptedNames"), &mut faults);
        if side != Subresource::Status {
            let before = old.to_value_without_ownership();
            // What is going needs to be right no more.
            if !old.meta().is_terminating() || before["spec"] != whole["spec"] {
                faults.extend(spec::check(&whole, Some(&before)));
            }
            versions::check_stored(&whole, &mut faults);
        }
        faults
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        let mut warnings = Vec::new();
        let before = old.map(|old| versions::unknown_formats(&old.to_value_without_ownership()));
        let found = versions::unknown_formats(&draft.to_value());
        let is_new = |format: &String| before.as_ref().is_none_or(|before| !before.contains(format));
        let formats = found.into_iter().filter(is_new);
        warnings.extend(formats.map(|format| format!("unrecognized format {format:?}")));
        warnings
    }

    fn is_held(&self, draft: &Draft) -> bool {
        // A definition of which nobody has taken notice goes at once.
        let is_noticed = draft.status::<Value>().is_some_and(|status| status["conditions"].is_array());
        is_noticed && !draft.meta().is_terminating()
    }

    fn begin_deletion(&self, draft: &mut Draft) {
        let now = draft.meta().deletion_timestamp;
        if !draft.meta().finalizers.contains(FINALIZER) {
            let finalizers = draft.meta().finalizers.with(FINALIZER);
            draft.meta_mut().finalizers = finalizers;
        }
        let mut status = draft.status::<Value>().cloned().unwrap_or_else(|| json!({}));
        lifecycle::begin_deletion(&mut status, now.unwrap_or(Timestamp::UNIX_EPOCH));
        draft.set_status(Some(Part::new(status)));
    }

    fn traits(&self) -> Traits {
        Traits {
            updates_unconditionally: false,
            has_generation: true,
            default_propagation: DefaultPropagation::Background,
            ..Traits::CUSTOM
        }
    }
}

fn required_name(whole: &Value) -> Arc<str> {
    let spec = &whole["spec"];
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}.{}", word(&spec["names"]["plural"]), word(&spec["group"])).into()
}

fn storage_version(draft: &Draft) -> Option<String> {
    let versions = draft.spec::<JsonSpec>()?.get("spec")?.get("versions")?.as_array()?;
    let stored = versions.iter().find(|version| version["storage"] == true)?;
    stored["name"].as_str().map(str::to_owned)
}
