use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};

use crate::rules::normal_form::{NormalForm, Spelling};
use crate::rules::pod;

/// Fills in what was not given (ADM-03, JOB-01, JOB-02).
pub fn default(spec: &mut JobSpec) {
    spec.normalize(Spelling::Canonical);
    pod::default_template(&mut spec.template);
    default_conditions(spec);
    if spec.completions.is_none() && spec.parallelism.is_none() {
        spec.completions = Some(1);
    }
    spec.parallelism.get_or_insert(1);
    let has_own_limits = spec.backoff_limit_per_index.is_some();
    spec.backoff_limit.get_or_insert(if has_own_limits { i32::MAX } else { 6 });
    spec.completion_mode.get_or_insert_with(|| super::NON_INDEXED.to_owned());
    spec.suspend.get_or_insert(false);
    spec.manual_selector.get_or_insert(false);
    let replaced = if spec.pod_failure_policy.is_some() { "Failed" } else { "TerminatingOrFailed" };
    spec.pod_replacement_policy.get_or_insert_with(|| replaced.to_owned());
}

/// Pod conditions in a failure policy are those that hold, if not said otherwise.
pub fn default_conditions(spec: &mut JobSpec) {
    let rules = spec.pod_failure_policy.iter_mut().flat_map(|policy| &mut policy.rules);
    for pattern in rules.flat_map(|rule| rule.on_pod_conditions.iter_mut().flatten()) {
        pattern.status.get_or_insert_with(|| "True".to_owned());
    }
}

/// The labels of the pods, which a Job without labels has too (JOB-02).
pub fn template_labels(spec: &JobSpec) -> Option<&BTreeMap<String, String>> {
    spec.template.metadata.as_ref()?.labels.as_ref()
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut JobStatus) {
    status.normalize(Spelling::Canonical);
}
