//! CronJobs (CJ rows, ADM-03, ADM-10).

use k8s_openapi::api::batch::v1::{CronJobSpec, CronJobStatus, JobSpec};

use super::absent::{is_set, text};
use super::normal_form::{self, NormalForm, Spelling};
use super::object_meta::{self, Scope};
use super::{checks, internal_form, job, pod};
use crate::cron::{self, Schedule};
use crate::field::{FieldError, FieldErrors, Path};
use crate::names;
use crate::object::Meta;

/// The longest name; that of a Job gets eleven bytes more and must be a label.
const NAME_BYTES_MAX: usize = 52;

/// The longest part between the slashes of a time zone's name.
const ZONE_PART_BYTES_MAX: usize = 14;

/// Fills in what was not given (ADM-03). Of the Jobs to be made only what their pods are made of: the rest
/// is theirs.
pub fn default(spec: &mut CronJobSpec) {
    spec.normalize(Spelling::Canonical);
    let job = spec.job_template.spec.get_or_insert_default();
    pod::default_template(&mut job.template);
    job::default_conditions(job);
    spec.concurrency_policy.get_or_insert_with(|| "Allow".to_owned());
    spec.suspend.get_or_insert(false);
    spec.successful_jobs_history_limit.get_or_insert(3);
    spec.failed_jobs_history_limit.get_or_insert(1);
}

/// Brings a status into its normal form.
pub fn default_status(status: &mut CronJobStatus) {
    status.normalize(Spelling::Canonical);
}

/// Whether a change counts: of the spec, but not of the annotations.
pub fn is_new_generation(new: &CronJobSpec, old: &CronJobSpec) -> bool {
    !normal_form::same(new, old)
}

/// All that is wrong with a new CronJob.
pub fn validate_create(meta: &Meta, spec: &CronJobSpec) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check(meta, Scope::Namespaced, names::dns1123_subdomain, &mut errors);
    validate_spec(spec, None, &mut errors);
    let metadata = Path::new("metadata");
    let faults = name_fault(&meta.name);
    checks::faults(&*meta.name, faults, &metadata.child("name"), &mut errors);
    errors
}

/// What is wrong with a name (ADM-12).
pub fn validate_name(name: &str) -> Vec<String> {
    let faults = names::dns1123_subdomain(name).into_iter().map(str::to_owned);
    faults.chain(name_fault(name)).collect()
}

fn name_fault(name: &str) -> Option<String> {
    (name.len() > NAME_BYTES_MAX).then(|| format!("must be no more than {NAME_BYTES_MAX} characters"))
}

/// All that is wrong with a changed CronJob. An old name may be too long.
pub fn validate_update(
    new_meta: &Meta,
    new: &CronJobSpec,
    old_meta: &Meta,
    old: &CronJobSpec,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    validate_spec(new, Some(old), &mut errors);
    errors
}

fn validate_spec(spec: &CronJobSpec, old: Option<&CronJobSpec>, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    validate_schedule(spec, old, &path.child("schedule"), errors);
    if let Some(deadline) = spec.starting_deadline_seconds {
        checks::non_negative(deadline, &path.child("startingDeadlineSeconds"), errors);
    }
    if let Some(zone) = &spec.time_zone
        && old.is_none_or(|old| old.time_zone.as_ref() != Some(zone))
    {
        validate_time_zone(zone, &path.child("timeZone"), errors);
    }
    let policies = ["Allow", "Forbid", "Replace"];
    let policy = text(&spec.concurrency_policy);
    checks::required_one_of(policy, &policies, &path.child("concurrencyPolicy"), errors);
    let none = JobSpec::default();
    let old_job = old.and_then(|old| old.job_template.spec.as_ref());
    let template_path = path.child("jobTemplate");
    let job = spec.job_template.spec.as_ref().unwrap_or(&none);
    validate_job(job, old_job, &template_path.child("spec"), errors);
    let limits = [
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
    ];
    for (field, limit) in limits {
        if let Some(limit) = limit {
            checks::non_negative(limit, &path.child(field), errors);
        }
    }
}

/// A Job to be made is selected by what its creation gives it.
fn validate_job(job: &JobSpec, old: Option<&JobSpec>, path: &Path<'_>, errors: &mut FieldErrors) {
    job::validate_any(job, old, path, errors);
    if let Some(selector) = &job.selector {
        let path = path.child("selector");
        let why = "`selector` will be auto-generated";
        errors.push(internal_form::invalid(&path, "LabelSelector", selector, why));
    }
    if is_set(job.manual_selector) {
        let path = path.child("manualSelector");
        errors.push(FieldError::not_supported(&path, &true, &["nil", "false"]));
    }
}

fn validate_schedule(
    spec: &CronJobSpec,
    old: Option<&CronJobSpec>,
    path: &Path<'_>,
    errors: &mut FieldErrors,
) {
    let schedule = spec.schedule.as_str();
    if schedule.is_empty() {
        return errors.push(FieldError::required(path, ""));
    }
    if let Err(error) = schedule.parse::<Schedule>() {
        errors.push(FieldError::invalid(path, schedule, error.to_string()));
    }
    if !names_zone(schedule) {
        return;
    }
    let keeps_zone = old.is_some_and(|old| names_zone(&old.schedule));
    let why = match (keeps_zone, &spec.time_zone) {
        (false, _) => "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
        (true, Some(_)) => "cannot use both timeZone field and TZ or CRON_TZ in schedule",
        (true, None) => return,
    };
    errors.push(FieldError::invalid(path, schedule, why));
}

fn names_zone(schedule: &str) -> bool {
    schedule.contains("TZ")
}

fn validate_time_zone(zone: &str, path: &Path<'_>, errors: &mut FieldErrors) {
    if zone.is_empty() {
        let why = "timeZone must be nil or non-empty string";
        return errors.push(FieldError::invalid(path, zone, why));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte);
    let is_part = |part: &str| {
        !matches!(part, "" | "." | "..")
            && !part.starts_with('-')
            && part.len() <= ZONE_PART_BYTES_MAX
            && part.bytes().all(is_allowed)
    };
    if !zone.split('/').all(is_part) {
        return errors.push(FieldError::invalid(path, zone, format!("unknown time zone {zone}")));
    }
    if zone.eq_ignore_ascii_case("Local") {
        let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.push(FieldError::invalid(path, zone, why));
    }
    if let Err(error) = cron::time_zone(zone) {
        errors.push(FieldError::invalid(path, zone, error.to_string()));
    }
}

/// Warnings about a new CronJob.
pub fn create_warnings(meta: &Meta, spec: &CronJobSpec) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(object_meta::host_name_warning(&meta.name, "Pod names and hostnames"));
    warnings.extend(job_warnings(spec));
    warnings
}

/// Warnings about a changed CronJob.
pub fn update_warnings(spec: &CronJobSpec, is_new_generation: bool) -> Vec<String> {
    let mut warnings = if is_new_generation { job_warnings(spec) } else { Vec::new() };
    if names_zone(&spec.schedule) {
        warnings.push(
            "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                .to_owned(),
        );
    }
    warnings
}

fn job_warnings(spec: &CronJobSpec) -> Vec<String> {
    let path = Path::new("spec");
    let path = path.child("jobTemplate");
    let job = spec.job_template.spec.as_ref();
    job.map(|job| job::spec_warnings(job, &path.child("spec"))).unwrap_or_default()
}

#[cfg(test)]
mod tests;
