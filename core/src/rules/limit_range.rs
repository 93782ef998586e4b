//! LimitRanges: what single pods, containers and claims of a namespace may ask for (ADM-16, OTHER-07).

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{LimitRange, LimitRangeItem};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::checks;
use super::normal_form::{NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::pod::{is_overcommit_allowed, validate_container_resource_name, validate_resource_name};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;
use crate::quantity::{Format, Quantity};

type Texts = Option<BTreeMap<String, Text>>;

/// Fills in defaults of containers: the limit is the most, the request the limit or else the least.
pub fn default(range: &mut LimitRange) {
    range.spec.get_or_insert_default().normalize(Spelling::Canonical);
    for item in range.spec.iter_mut().flat_map(|spec| &mut spec.limits) {
        if item.type_ == "Container" {
            complete(&mut item.default, &item.max);
            complete(&mut item.default_request, &item.default);
            complete(&mut item.default_request, &item.min);
        }
    }
}

fn complete(texts: &mut Texts, from: &Texts) {
    for (name, text) in from.iter().flatten() {
        texts.get_or_insert_default().entry(name.clone()).or_insert_with(|| text.clone());
    }
}

/// All that is wrong with a limit range, new or changed.
pub fn validate(meta: &Meta, range: &LimitRange) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    let path = Path::new("spec");
    let path = path.child("limits");
    let limits = range.spec.as_ref().map(|spec| &*spec.limits).unwrap_or_default();
    for (index, item) in limits.iter().enumerate() {
        let path = path.index(index);
        checks::qualified_name(&item.type_, &path.child("type"), &mut errors);
        if limits[..index].iter().any(|other| other.type_ == item.type_) {
            errors.push(FieldError::duplicate(&path.child("type"), &item.type_));
        }
        validate_item(item, &path, &mut errors);
    }
    errors
}

fn validate_item(item: &LimitRangeItem, path: &Path<'_>, errors: &mut FieldErrors) {
    validate_names(item, "max", &item.max, path, errors);
    validate_names(item, "min", &item.min, path, errors);
    for (field, texts) in [("default", &item.default), ("defaultRequest", &item.default_request)] {
        if item.type_ != "Pod" {
            validate_names(item, field, texts, path, errors);
        } else if texts.as_ref().is_some_and(|texts| !texts.is_empty()) {
            let why = "may not be specified when `type` is 'Pod'";
            errors.push(FieldError::forbidden(&path.child(field), why));
        }
    }
    let has_storage = |texts: &Texts| texts.as_ref().is_some_and(|texts| texts.contains_key("storage"));
    if item.type_ == "PersistentVolumeClaim" && !has_storage(&item.min) && !has_storage(&item.max) {
        let why = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(FieldError::required(&path.child("limits"), why));
    }
    validate_names(item, "maxLimitRequestRatio", &item.max_limit_request_ratio, path, errors);
    let lists = [&item.max, &item.min, &item.default, &item.default_request, &item.max_limit_request_ratio];
    let names: BTreeSet<&String> = lists.into_iter().flatten().flat_map(BTreeMap::keys).collect();
    for name in names {
        validate_order(item, name, path, errors);
    }
}

fn validate_names(
    item: &LimitRangeItem,
    field: &str,
    texts: &Texts,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let path = path.child(field);
    for (name, text) in texts.iter().flatten() {
        let path = path.key(name);
        match item.type_.as_str() {
            "Pod" | "Container" => validate_container_resource_name(name, &path, errors),
            _ => validate_resource_name(name, &path, errors),
        }
        if Quantity::try_from(text).is_err() {
            errors.push(FieldError::invalid(&path, &text.0, "must be a quantity"));
        }
    }
}

/// The least is not above the defaults, and those not above the most.
fn validate_order(item: &LimitRangeItem, name: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    let of = |texts: &Texts| texts.as_ref()?.get(name).and_then(|text| Quantity::try_from(text).ok());
    let (min, max) = (of(&item.min), of(&item.max));
    let has_defaults = item.type_ != "Pod";
    let default = of(&item.default).filter(|_| has_defaults);
    let request = of(&item.default_request).filter(|_| has_defaults);
    let mut above =
        |low: Option<Quantity>, high: Option<Quantity>, field: &str, shown: Option<Quantity>, why: &str| {
            if let (Some(low), Some(high), Some(shown)) = (low, high, shown)
                && low > high
            {
                let (low, high) = (low.to_string(), high.to_string());
                let why = why.replace("{low}", &low).replace("{high}", &high);
                errors.push(FieldError::invalid(&path.child(field).key(name), &shown.to_string(), why));
            }
        };
    above(min, max, "min", min, "min value {low} is greater than max value {high}");
    above(
        min,
        request,
        "defaultRequest",
        request,
        "min value {low} is greater than default request value {high}",
    );
    above(
        request,
        max,
        "defaultRequest",
        request,
        "default request value {low} is greater than max value {high}",
    );
    above(
        request,
        default,
        "defaultRequest",
        request,
        "default request value {low} is greater than default limit value {high}",
    );
    above(min, default, "default", min, "min value {low} is greater than default value {high}");
    above(default, max, "default", max, "default value {low} is greater than max value {high}");
    if let Some(ratio) = of(&item.max_limit_request_ratio) {
        validate_ratio(ratio, min, max, &path.child("maxLimitRequestRatio").key(name), errors);
    }
    if let (Some(default), Some(request)) = (default, request)
        && !is_overcommit_allowed(name)
        && default != request
    {
        let why = format!("default value {default} must equal to defaultRequest value {request} in {name}");
        errors.push(FieldError::invalid(&path.child("defaultRequest").key(name), &request.to_string(), why));
    }
}

fn validate_ratio(
    ratio: Quantity,
    min: Option<Quantity>,
    max: Option<Quantity>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let shown = ratio.to_string();
    if ratio < Quantity::new(1, Format::DecimalSi) {
        errors.push(FieldError::invalid(path, &shown, format!("ratio {shown} is less than 1")));
    }
    if let (Some(min), Some(max)) = (min, max) {
        let most = max.milli_value() as f64 / min.milli_value() as f64;
        if ratio.value() as f64 > most {
            let why = format!("ratio {shown} is greater than max/min = {most:.6}");
            errors.push(FieldError::invalid(path, &shown, why));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn range(item: Value) -> LimitRange {
        let mut range: LimitRange =
            serde_json::from_value(json!({"metadata": {}, "spec": {"limits": [item]}})).expect("a range");
        default(&mut range);
        range
    }

    fn faults(item: Value) -> Vec<String> {
        let errors = validate(&Meta::namespaced("ns", "l"), &range(item));
        errors.iter().map(ToString::to_string).collect()
    }

    /// OTHER-07: what a container gets that says nothing.
    #[test]
    fn defaults_of_containers_follow_from_each_other() {
        let of = |item: Value| {
            let range = range(item);
            let item = range.spec.expect("filled in").limits.remove(0);
            let cpu = |texts: Texts| texts.and_then(|texts| texts.get("cpu").map(|text| text.0.clone()));
            (cpu(item.default), cpu(item.default_request))
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(of(json!({"type": "Container", "max": {"cpu": "2"}})), (text("2"), text("2")));
        assert_eq!(of(json!({"type": "Container", "min": {"cpu": "1"}})), (None, text("1")));
        assert_eq!(of(json!({"type": "Pod", "max": {"cpu": "2"}})), (None, None));
    }

    #[test]
    fn amounts_are_in_order() {
        let none: [&str; 0] = [];
        assert_eq!(faults(json!({"type": "Container", "min": {"cpu": "1"}, "max": {"cpu": "2"}})), none);
        assert_eq!(
            faults(json!({"type": "Pod", "min": {"cpu": "3"}, "max": {"cpu": "2"}})),
            [r#"spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2"#]
        );
        assert_eq!(
            faults(json!({"type": "Pod", "default": {"cpu": "1"}})),
            ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"]
        );
        assert_eq!(
            faults(json!({"type": "PersistentVolumeClaim", "max": {"memory": "1"}})).len(),
            1,
            "a claim asks for storage"
        );
        let ratio = json!({"type": "Pod", "maxLimitRequestRatio": {"cpu": "500m"}});
        assert_eq!(
            faults(ratio),
            [r#"spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1"#]
        );
    }
}
