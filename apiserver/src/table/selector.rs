use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as Source;
use setpoint_core::selector::LabelSelector;

use super::joined::or_none;

/// A label selector as text; `<none>` if it selects everything or nothing, `<error>` if it is malformed.
pub(super) fn selector_text(source: Option<&Source>) -> String {
    LabelSelector::compile(source)
        .map_or_else(|_| "<error>".to_owned(), |selector| or_none(selector.to_string()))
}
