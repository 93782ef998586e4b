//! PodTemplates.

use k8s_openapi::api::core::v1::{PodTemplate, PodTemplateSpec};

use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::pod;
use crate::field::{FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// Fills in the defaults of the template.
pub fn default(template: &mut PodTemplate) {
    pod::default_template(template.template.get_or_insert_default());
    template.normalize(Spelling::Canonical);
}

/// All that is wrong with a new template.
pub fn validate_create(meta: &Meta, template: &PodTemplate) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate(template, None, &mut errors);
    errors
}

/// All that is wrong with a changed template.
pub fn validate_update(
    new_meta: &Meta,
    new: &PodTemplate,
    old_meta: &Meta,
    old: &PodTemplate,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate(new, old.template.as_ref(), &mut errors);
    errors
}

/// What the client should know of a template.
pub fn warnings(_meta: &Meta, template: &PodTemplate) -> Vec<String> {
    let path = Path::new("template");
    template.template.as_ref().map(|template| pod::template_warnings(template, &path)).unwrap_or_default()
}

fn validate(template: &PodTemplate, old: Option<&PodTemplateSpec>, errors: &mut FieldErrors) {
    let none = PodTemplateSpec::default();
    let template = template.template.as_ref().unwrap_or(&none);
    pod::validate_template(template, old, &Path::new("template"), errors);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::*;

    fn template(value: Value) -> PodTemplate {
        let mut template = from_value(json!({"metadata": {}, "template": value})).expect("a template");
        default(&mut template);
        template
    }

    #[test]
    fn templates_are_filled_in_and_checked() {
        let meta = Meta::namespaced("ns", "a");
        let good = template(json!({"spec": {"containers": [{"name": "a", "image": "b"}]}}));
        assert_eq!(validate_create(&meta, &good), []);
        let spec = good.template.as_ref().and_then(|template| template.spec.as_ref()).expect("a spec");
        assert_eq!(spec.dns_policy.as_deref(), Some("ClusterFirst"));
        let errors = validate_update(&meta, &template(json!({"spec": {"containers": []}})), &meta, &good);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["template.spec.containers: Required value"]);
    }
}
