//! The spec as a whole: names, scope, conversion, and the versions together.

use serde_json::{Map, Value, json};

use super::super::lifecycle::is_established;
use super::super::limits::VERSIONS_MAX;
use super::{names, versions};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names::dns1123_subdomain;

const SPEC: Path<'static> = Path::new("spec");

/// Fills in what a definition leaves to the server.
pub(super) fn fill(spec: &mut Map<String, Value>) {
    if let Some(Value::Object(names)) = spec.get_mut("names") {
        let kind = names.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut fill = |field: &str, value: String| {
            if names.get(field).and_then(Value::as_str).is_none_or(str::is_empty) && !kind.is_empty() {
                names.insert(field.to_owned(), value.into());
            }
        };
        fill("singular", kind.to_lowercase());
        fill("listKind", format!("{kind}List"));
    }
    let conversion = spec.entry("conversion").or_insert_with(|| json!({"strategy": "None"}));
    if conversion.is_null() {
        *conversion = json!({"strategy": "None"});
    }
    if let Some(Value::Object(service)) = conversion.pointer_mut("/webhook/clientConfig/service") {
        service.entry("port").or_insert_with(|| 443.into());
    }
}

/// All that is wrong with a definition's spec, new or changed.
pub(super) fn check(whole: &Value, before: Option<&Value>) -> FieldErrors {
    let spec = &whole["spec"];
    let mut faults = FieldErrors::new();
    check_group(spec, &mut faults);
    check_scope(spec, &mut faults);
    if spec["preserveUnknownFields"] == true
        && before.is_none_or(|before| before["spec"]["preserveUnknownFields"] != true)
    {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in \
                   spec.versions[*].schema instead";
        faults.push(FieldError::invalid(&SPEC.child("preserveUnknownFields"), &true, why));
    }
    let list = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if list.len() > VERSIONS_MAX {
        faults.push(FieldError::too_many(&SPEC.child("versions"), list.len(), VERSIONS_MAX));
        return faults;
    }
    versions::check(spec, before.map(|before| &before["spec"]), &mut faults);
    let path = SPEC.child("names");
    names::require(&spec["names"], &path, &mut faults);
    names::check(&spec["names"], &path, &mut faults);
    check_conversion(&spec["conversion"], &mut faults);
    check_approval(whole, before, &mut faults);
    if let Some(before) = before {
        check_unchanged(whole, before, &mut faults);
    }
    faults
}

fn check_group(spec: &Value, faults: &mut FieldErrors) {
    let group = spec["group"].as_str().unwrap_or_default();
    let path = SPEC.child("group");
    let found = dns1123_subdomain(group);
    if group.is_empty() {
        faults.push(FieldError::required(&path, ""));
    } else if !found.is_empty() {
        let texts: Vec<String> = found.into_iter().map(str::to_owned).collect();
        faults.push(FieldError::invalid(&path, group, texts.join(",")));
    } else if !group.contains('.') {
        faults.push(FieldError::invalid(&path, group, "should be a domain with at least one dot"));
    }
}

fn check_scope(spec: &Value, faults: &mut FieldErrors) {
    let path = SPEC.child("scope");
    match spec["scope"].as_str().unwrap_or_default() {
        "" => faults.push(FieldError::required(&path, "")),
        "Cluster" | "Namespaced" => {}
        other => faults.push(FieldError::not_supported(&path, other, &["Cluster", "Namespaced"])),
    }
}

fn check_conversion(conversion: &Value, faults: &mut FieldErrors) {
    let path = SPEC.child("conversion");
    let webhook = conversion.get("webhook").filter(|webhook| !webhook.is_null());
    match conversion["strategy"].as_str().unwrap_or_default() {
        "" => faults.push(FieldError::required(&path.child("strategy"), "")),
        "None" => {
            if webhook.is_some() {
                let why = "should not be set when strategy is not set to Webhook";
                faults.push(FieldError::forbidden(&path.child("webhookClientConfig"), why));
            }
        }
        "Webhook" => check_webhook(webhook, &path, faults),
        other => {
            faults.push(FieldError::not_supported(&path.child("strategy"), other, &["None", "Webhook"]));
        }
    }
}

fn check_webhook(webhook: Option<&Value>, path: &Path<'_>, faults: &mut FieldErrors) {
    let client = webhook.map(|webhook| &webhook["clientConfig"]).filter(|client| client.is_object());
    let field = path.child("webhookClientConfig");
    match client {
        None => faults.push(FieldError::required(&field, "required when strategy is set to Webhook")),
        Some(client) => match (client["url"].as_str(), client["service"].is_object()) {
            (Some(url), false) if !url.starts_with("https://") => {
                let why = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
                faults.push(FieldError::invalid(&field.child("url"), url, why));
            }
            (Some(_), false) | (None, true) => {}
            _ => faults.push(FieldError::required(&field, "exactly one of url or service is required")),
        },
    }
    let versions = webhook.and_then(|webhook| webhook["conversionReviewVersions"].as_array());
    let versions: Vec<&str> =
        versions.map(Vec::as_slice).unwrap_or_default().iter().filter_map(Value::as_str).collect();
    let field = path.child("conversionReviewVersions");
    if versions.is_empty() {
        faults.push(FieldError::required(&field, ""));
    } else if !versions.iter().any(|version| matches!(*version, "v1" | "v1beta1")) {
        faults.push(FieldError::invalid(&field, &versions, "must include at least one of v1, v1beta1"));
    }
}

/// Groups of the community need its approval.
fn check_approval(whole: &Value, before: Option<&Value>, faults: &mut FieldErrors) {
    const APPROVED: &str = "api-approved.kubernetes.io";
    let group = whole["spec"]["group"].as_str().unwrap_or_default();
    let is_protected = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    let of = |whole: &Value| whole["metadata"]["annotations"][APPROVED].as_str().map(str::to_owned);
    let approval = of(whole);
    if !is_protected || before.is_some_and(|before| of(before) == approval) {
        return;
    }
    let metadata = Path::new("metadata");
    let annotations = metadata.child("annotations");
    let path = annotations.key(APPROVED);
    match approval.as_deref() {
        None | Some("") => faults.push(FieldError::required(
            &path,
            "protected groups must have approval annotation \"api-approved.kubernetes.io\", see \
             https://github.com/kubernetes/enhancements/pull/1111",
        )),
        Some(text) if text.starts_with("unapproved") || text.starts_with("https://") => {}
        Some(text) => faults.push(FieldError::invalid(
            &path,
            text,
            "protected groups must have approval annotation \"api-approved.kubernetes.io\" with either a URL or a \
             reason starting with \"unapproved\", see https://github.com/kubernetes/enhancements/pull/1111",
        )),
    }
}

/// What may not change: where objects are stored.
fn check_unchanged(whole: &Value, before: &Value, faults: &mut FieldErrors) {
    let (spec, old) = (&whole["spec"], &before["spec"]);
    let names = SPEC.child("names");
    let mut same = |path: &Path<'_>, new: &Value, old: &Value| {
        if new != old {
            faults.push(FieldError::invalid(path, new, "field is immutable"));
        }
    };
    if is_established(before) {
        same(&SPEC.child("scope"), &spec["scope"], &old["scope"]);
        same(&names.child("kind"), &spec["names"]["kind"], &old["names"]["kind"]);
    }
    same(&SPEC.child("group"), &spec["group"], &old["group"]);
    same(&names.child("plural"), &spec["names"]["plural"], &old["names"]["plural"]);
}
