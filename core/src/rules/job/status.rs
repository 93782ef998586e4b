//! Validation of a Job's status, whoever wrote it (JOB-11, ADM-13).
//!
//! Most rules are asked only of what a write changed, so that a status that has become wrong by a change of
//! the spec can be put right step by step.

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::{JobSpec, JobStatus};

use super::{INDEXED, indexes};
use crate::field::{FieldError, FieldErrors, Path};
use crate::object::Meta;
use crate::rules::absent::{is_set, items, number, text};
use crate::rules::{checks, internal_form, object_meta};

/// All that is wrong with a written status (JOB-11).
pub fn validate_status_update(
    new_meta: &Meta,
    spec: &JobSpec,
    new: &JobStatus,
    old_meta: &Meta,
    old: &JobStatus,
) -> FieldErrors {
    let mut errors = FieldErrors::new();
    object_meta::check_update(new_meta, old_meta, &mut errors);
    let change = Change { spec, new, old, is: Verdicts::of(new), was: Verdicts::of(old) };
    let path = Path::new("status");
    change.check_counts(&path, &mut errors);
    change.check_verdicts(&path, &mut errors);
    change.check_finished(&path, &mut errors);
    change.check_indexes(&path, &mut errors);
    change.check_pods(&path, &mut errors);
    change.check_success(&path, &mut errors);
    change.check_transition(&path, &mut errors);
    errors
}

/// The conditions that decide about a Job.
#[derive(Debug, Clone, Copy)]
struct Verdicts {
    is_complete: bool,
    is_failed: bool,
    is_failing: bool,
    is_succeeding: bool,
}

impl Verdicts {
    fn of(status: &JobStatus) -> Self {
        let holds = |name: &str| {
            items(&status.conditions)
                .iter()
                .any(|condition| condition.type_ == name && condition.status == "True")
        };
        Self {
            is_complete: holds("Complete"),
            is_failed: holds("Failed"),
            is_failing: holds("FailureTarget"),
            is_succeeding: holds("SuccessCriteriaMet"),
        }
    }

    fn is_finished(self) -> bool {
        self.is_complete || self.is_failed
    }
}

struct Change<'a> {
    spec: &'a JobSpec,
    new: &'a JobStatus,
    old: &'a JobStatus,
    is: Verdicts,
    was: Verdicts,
}

impl Change<'_> {
    fn check_counts(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let counts = [
            ("active", self.new.active),
            ("succeeded", self.new.succeeded),
            ("failed", self.new.failed),
            ("ready", self.new.ready),
            ("terminating", self.new.terminating),
        ];
        for (field, count) in counts {
            checks::non_negative(number(count), &path.child(field), errors);
        }
        let Some(uncounted) = &self.new.uncounted_terminated_pods else { return };
        let path = path.child("uncountedTerminatedPods");
        let mut seen = BTreeSet::new();
        for (field, uids) in [("succeeded", &uncounted.succeeded), ("failed", &uncounted.failed)] {
            let path = path.child(field);
            for (index, uid) in items(uids).iter().enumerate() {
                let path = path.index(index);
                if uid.is_empty() {
                    errors.push(FieldError::invalid(&path, uid, "must not be empty"));
                } else if !seen.insert(uid) {
                    errors.push(FieldError::duplicate(&path, uid));
                }
            }
        }
    }

    /// Conditions and the times that go with them.
    fn check_verdicts(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { new, old, is, was, .. } = *self;
        let conditions = path.child("conditions");
        let changed_complete = is.is_complete != was.is_complete;
        let changed_start = new.start_time != old.start_time;
        let changed_end = new.completion_time != old.completion_time;
        let end_path = path.child("completionTime");
        if (changed_complete || is.is_failed != was.is_failed) && is.is_complete && is.is_failed {
            let why = "cannot set Complete=True and Failed=true conditions";
            errors.push(checks::contradiction(&conditions, why));
        }
        if (changed_complete || is.is_failing != was.is_failing) && is.is_complete && is.is_failing {
            let why = "cannot set Complete=True and FailureTarget=true conditions";
            errors.push(checks::contradiction(&conditions, why));
        }
        if changed_complete || changed_end {
            if new.completion_time.is_some() && !is.is_complete {
                let why = "cannot set completionTime when there is no Complete=True condition";
                errors.push(FieldError::invalid(&end_path, &new.completion_time, why));
            }
            if new.completion_time.is_none() && is.is_complete {
                let why = "completionTime is required for Complete jobs";
                errors.push(FieldError::required(&end_path, why));
            }
        }
        if let (Some(start), Some(end)) = (&new.start_time, &new.completion_time)
            && (changed_start || changed_end)
            && end.0 < start.0
        {
            errors.push(FieldError::invalid(&end_path, end, "must be equal to or after `startTime`"));
        }
        let changed_failed = is.is_failed != was.is_failed || new.failed_indexes != old.failed_indexes;
        if changed_failed && is.is_failed && !is.is_failing {
            let why = "cannot set Failed=True condition without the FailureTarget=true condition";
            errors.push(checks::contradiction(&conditions, why));
        }
        let changed_success = changed_complete || is.is_succeeding != was.is_succeeding;
        if changed_success && is.is_complete && !is.is_succeeding {
            let why = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
            errors.push(checks::contradiction(&conditions, why));
        }
    }

    /// What a finished Job cannot have, or must have.
    fn check_finished(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { spec, new, old, is, was } = *self;
        if !is.is_finished() {
            return;
        }
        let has_just = is.is_finished() != was.is_finished();
        let active = number(new.active);
        if (has_just || active != number(old.active)) && active > 0 {
            let why = "active>0 is invalid for finished job";
            errors.push(FieldError::invalid(&path.child("active"), &active, why));
        }
        // A suspended Job with nothing to do completes without ever having started.
        let needs_no_start = is_set(spec.suspend) && spec.completions == Some(0);
        let is_without = new.start_time.is_none() && !needs_no_start;
        if (has_just || new.start_time != old.start_time) && is_without {
            let why = "startTime is required for finished job";
            errors.push(FieldError::required(&path.child("startTime"), why));
        }
        let changed = has_just || new.uncounted_terminated_pods != old.uncounted_terminated_pods;
        if let Some(uncounted) = &new.uncounted_terminated_pods
            && changed
            && !(items(&uncounted.failed).is_empty() && items(&uncounted.succeeded).is_empty())
        {
            let path = path.child("uncountedTerminatedPods");
            let why = "must be empty for finished job";
            errors.push(internal_form::invalid(&path, "UncountedTerminatedPods", uncounted, why));
        }
    }

    fn check_indexes(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { spec, new, old, .. } = *self;
        let (completed_path, failed_path) = (path.child("completedIndexes"), path.child("failedIndexes"));
        let completed = text(&new.completed_indexes);
        let changed_completed = completed != text(&old.completed_indexes);
        let changed_failed = new.failed_indexes != old.failed_indexes;
        let has_limit = spec.backoff_limit_per_index.is_some();
        let failed = new.failed_indexes.as_deref();
        if let Some(completions) = spec.completions {
            if changed_completed && let Err(why) = indexes::count(completed, completions) {
                let why = format!("error parsing completedIndexes: {why}");
                errors.push(FieldError::invalid(&completed_path, completed, why));
            }
            if let Some(failed) = failed.filter(|_| changed_failed && has_limit)
                && let Err(why) = indexes::count(failed, completions)
            {
                let why = format!("error parsing failedIndexes: {why}");
                errors.push(FieldError::invalid(&failed_path, failed, why));
            }
        }
        if changed_completed && !completed.is_empty() && text(&spec.completion_mode) != INDEXED {
            let why = "cannot set non-empty completedIndexes when non-indexed completion mode";
            errors.push(FieldError::invalid(&completed_path, completed, why));
        }
        let Some(failed) = failed else { return };
        if changed_failed && !has_limit {
            let why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
            errors.push(FieldError::invalid(&failed_path, failed, why));
        }
        if let Some(completions) = spec.completions.filter(|_| changed_failed || changed_completed)
            && let Some(index) = indexes::overlap(completed, failed, completions)
        {
            let why = format!("failedIndexes and completedIndexes overlap at index: {index}");
            errors.push(FieldError::invalid(&failed_path, failed, why));
        }
    }

    fn check_pods(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { new, old, is, was, .. } = *self;
        let terminating = number(new.terminating);
        let changed = is.is_finished() != was.is_finished() || new.terminating != old.terminating;
        if changed && terminating > 0 && is.is_finished() {
            let why = "terminating>0 is invalid for finished job";
            errors.push(FieldError::invalid(&path.child("terminating"), &terminating, why));
        }
        let ready = number(new.ready);
        let changed = new.ready != old.ready || number(new.active) != number(old.active);
        if changed && new.ready.is_some() && ready > number(new.active) {
            let why = "cannot set more ready pods than active";
            errors.push(FieldError::invalid(&path.child("ready"), &ready, why));
        }
    }

    /// Asked of every write, changed or not.
    fn check_success(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { spec, is, .. } = *self;
        let conditions = path.child("conditions");
        let rules = [
            (is.is_failed, "cannot set SuccessCriteriaMet=True and Failed=true conditions"),
            (is.is_failing, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions"),
        ];
        for (excluded, why) in rules {
            if is.is_succeeding && excluded {
                errors.push(checks::contradiction(&conditions, why));
            }
        }
        if spec.success_policy.is_some() && !is.is_succeeding && is.is_complete {
            let why = "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
            errors.push(checks::contradiction(&conditions, why));
        }
    }

    /// What cannot be taken back.
    fn check_transition(&self, path: &Path<'_>, errors: &mut FieldErrors) {
        let Self { spec, new, old, is, was } = *self;
        let conditions = path.child("conditions");
        let terminal = [
            ("Failed", was.is_failed, is.is_failed),
            ("Complete", was.is_complete, is.is_complete),
            ("FailureTarget", was.is_failing, is.is_failing),
        ];
        for (name, _, _) in terminal.into_iter().filter(|(_, was, is)| *was && !is) {
            let why = format!("cannot disable the terminal {name}=True condition");
            errors.push(checks::contradiction(&conditions, why));
        }
        let lowered = |new: Option<i32>, old: Option<i32>| number(new) < number(old);
        if lowered(new.failed, old.failed) {
            let why = "cannot decrease the failed counter";
            errors.push(FieldError::invalid(&path.child("failed"), &number(new.failed), why));
        }
        // An indexed Job can be scaled down below what it has done.
        let is_elastic = text(&spec.completion_mode) == INDEXED && spec.completions == spec.parallelism;
        if !is_elastic && lowered(new.succeeded, old.succeeded) {
            let why = "cannot decrease the succeeded counter";
            errors.push(FieldError::invalid(&path.child("succeeded"), &number(new.succeeded), why));
        }
        let has_both_ends = new.completion_time.is_some() && old.completion_time.is_some();
        if has_both_ends && new.completion_time != old.completion_time {
            let path = path.child("completionTime");
            errors.push(FieldError::invalid(&path, &new.completion_time, checks::IMMUTABLE));
        }
        if old.start_time.is_some() && new.start_time != old.start_time && !self.may_restart() {
            let why = "startTime cannot be removed for unsuspended job";
            errors.push(FieldError::required(&path.child("startTime"), why));
        }
        if was.is_succeeding && !is.is_succeeding {
            let why = "cannot disable the SuccessCriteriaMet=True condition";
            errors.push(checks::contradiction(&conditions, why));
        }
        if was.is_complete && !was.is_succeeding && is.is_succeeding {
            let why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
            errors.push(checks::contradiction(&conditions, why));
        }
    }

    /// A Job starts anew when it is resumed.
    fn may_restart(&self) -> bool {
        let is_suspended = |status: &JobStatus| {
            items(&status.conditions)
                .iter()
                .any(|condition| condition.type_ == "Suspended" && condition.status == "True")
        };
        is_set(self.spec.suspend)
            || (self.new.start_time.is_some() && is_suspended(self.old) && !is_suspended(self.new))
    }
}
