use k8s_openapi::api::batch::v1::JobSpec;

use super::INDEXED;
use crate::field::Path;
use crate::object::Meta;
use crate::rules::absent::{number, text};
use crate::rules::{object_meta, pod};

/// Above so many completions and pods at a time the set of failed indexes may not fit into a status.
const COMPLETIONS_TRACKED: i32 = 100_000;
const PARALLELISM_TRACKED: i32 = 10_000;

/// Warnings about a new Job (JOB-05).
pub fn create_warnings(meta: &Meta, spec: &JobSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "Pod names and hostnames"));
    warnings.extend(update_warnings(spec));
    warnings
}

/// Warnings about a Job that has a new generation.
pub fn update_warnings(spec: &JobSpec) -> Vec<String> {
    spec_warnings(spec, &Path::new("spec"))
}

/// Warnings about the spec of a Job, wherever it is.
pub(crate) fn spec_warnings(spec: &JobSpec, path: &Path<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    let is_wide =
        number(spec.completions) > COMPLETIONS_TRACKED && number(spec.parallelism) > PARALLELISM_TRACKED;
    if text(&spec.completion_mode) == INDEXED && is_wide {
        warnings.push(format!(
            "{path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher \
             than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes \
             fail"
        ));
    }
    warnings.extend(pod::template_warnings(&spec.template, &path.child("template")));
    warnings
}
