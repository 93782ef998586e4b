//! Server-side apply (PATCH-09 to PATCH-11, PATCH-13, PATCH-15).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::element::path_text;
use super::granular::{self, Misfit};
use super::update::{owned, with_fields};
use super::{Comparison, Element, Entry, FieldSet, ManagedFields, Manager, Operation, Tape, last_applied};
use crate::schema::Node as Place;
use crate::{Error, Reason};

/// The owner of what was there before anybody applied to an object without history.
pub const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// An apply request, beside the object it is about.
#[derive(Debug)]
pub struct Apply<'a> {
    /// What the manager wants, which need not be a whole object.
    pub config: &'a Value,
    /// The place of objects of the kind in the schema.
    pub place: &'static Place,
    /// Who applies, in the version of `config`.
    pub manager: &'a Manager,
    /// Whether fields of others are taken from them.
    pub force: bool,
    /// Fields that are not for this side of the object to set.
    pub ignored: &'a FieldSet,
    /// The time of the request, in whole seconds.
    pub now: Timestamp,
}

/// The result of an apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object, not yet defaulted.
    pub object: Value,
    /// Who owns its fields.
    pub managed: ManagedFields,
}

/// A field that another manager owns with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The owner.
    pub manager: Manager,
    /// The field.
    pub path: Vec<Element>,
}

/// Why a configuration is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// It does not fit the schema.
    #[error("{}", misfit_text(.0))]
    Misfit(Vec<Misfit>),
    /// Others own fields that it changes.
    #[error("{}", conflict_text(.0))]
    Conflicts(Vec<Conflict>),
}

impl Apply<'_> {
    /// Merges the configuration into an object; `live` is an empty object if there is none yet.
    ///
    /// # Errors
    ///
    /// [`ApplyError`] if the configuration does not fit the schema or, without force, conflicts.
    pub fn to(
        &self,
        live: &Value,
        managed: &ManagedFields,
        is_served: impl Fn(&str) -> bool,
    ) -> Result<Applied, ApplyError> {
        let misfits = granular::misfits(self.config, self.place);
        if !misfits.is_empty() {
            return Err(ApplyError::Misfit(misfits));
        }
        let history = if managed.is_empty() { self.before_first(live) } else { managed.clone() };
        let managed = ManagedFields::new(
            history.entries().iter().filter(|entry| is_served(&entry.manager.api_version)).cloned(),
        );
        match self.merge(live, &managed, self.force) {
            Err(conflicts) if &*self.manager.name == last_applied::MANAGER => {
                let allowed = last_applied::unchanged(live, self.place, &self.manager.api_version);
                let rest: Vec<_> =
                    conflicts.into_iter().filter(|conflict| !allowed.contains(&conflict.path)).collect();
                if !rest.is_empty() {
                    return Err(ApplyError::Conflicts(rest));
                }
                self.merge(live, &managed, true).map_err(ApplyError::Conflicts)
            }
            result => result.map_err(ApplyError::Conflicts),
        }
        .map(|mut applied| {
            if &*self.manager.name == last_applied::MANAGER {
                last_applied::refresh(&mut applied.object, self.config);
            }
            applied
        })
    }

    /// The owner of all that is there while nobody is known to own anything.
    fn before_first(&self, live: &Value) -> ManagedFields {
        let changed = self.filtered(&Tape::empty(self.place).compare(&Tape::of(live, self.place)));
        let manager =
            Manager { name: BEFORE_FIRST_APPLY.into(), operation: Operation::Update, ..self.manager.clone() };
        ManagedFields::default().updated(&changed, &manager, self.now, |_| true)
    }

    fn filtered(&self, changed: &Comparison) -> Comparison {
        let filter = |fields: &FieldSet| fields.recursive_difference(self.ignored);
        Comparison {
            added: filter(&changed.added),
            modified: filter(&changed.modified),
            removed: filter(&changed.removed),
        }
    }

    fn merge(&self, live: &Value, managed: &ManagedFields, force: bool) -> Result<Applied, Vec<Conflict>> {
        let applied = granular::fields_of(self.config, self.place).recursive_difference(self.ignored);
        let previous = managed.of(self.manager);
        let others: Vec<&Arc<Entry>> =
            managed.entries().iter().filter(|entry| !entry.manager.is_same(self.manager)).collect();
        let mut object = granular::merged(live, self.config, self.place);
        if let Some(previous) = previous {
            let elsewhere = others.iter().fold(applied.clone(), |all, entry| all.union(&entry.fields));
            object = self.pruned(object, &previous.fields, &elsewhere);
        }
        let changed = self.filtered(&Tape::of(live, self.place).compare(&Tape::of(&object, self.place)));
        let set = changed.set();
        if !force {
            let conflicts = conflicts(&others, &set);
            if !conflicts.is_empty() {
                return Err(conflicts);
            }
        }
        let mut entries: Vec<Arc<Entry>> = others
            .iter()
            .filter_map(|entry| {
                with_fields(entry, entry.fields.difference(&set).difference(&changed.removed))
            })
            .collect();
        let fields = owned(&applied);
        if !fields.is_empty() {
            // Upstream leaves the time as it was, or out, if no value changed.
            let time = if *live == object { previous.and_then(|entry| entry.time) } else { Some(self.now) };
            let own = Entry { manager: self.manager.clone(), time, fields };
            entries.push(match previous {
                Some(previous) if **previous == own => Arc::clone(previous),
                _ => Arc::new(own),
            });
        }
        Ok(Applied { object, managed: ManagedFields::new(entries) })
    }

    /// Without what this manager applied last time and nobody, itself included, wants any more.
    fn pruned(&self, merged: Value, last: &FieldSet, wanted: &FieldSet) -> Value {
        let named = |fields: &FieldSet| granular::with_named(fields, Some(self.place));
        let fields_of = |value: &Value| named(&granular::fields_of(value, self.place));
        let last = named(last);
        let all = fields_of(&merged);
        // First without everything it had; of what went with that, what somebody wants comes back.
        let bare = granular::without(&merged, &last, self.place);
        let left = fields_of(&bare).union(&named(wanted));
        let pruned = granular::without(&merged, &all.difference(&left), self.place);
        // What is left of it may lose only what was this manager's.
        let gone = all.difference(&fields_of(&pruned)).intersection(&last);
        granular::without(&merged, &gone, self.place)
    }
}

/// What the others own of `set`, by name of the owner.
fn conflicts(others: &[&Arc<Entry>], set: &FieldSet) -> Vec<Conflict> {
    let mut owners: Vec<&Entry> = others.iter().map(|entry| &***entry).collect();
    let name = |entry: &Entry| {
        let manager = &entry.manager;
        (manager.name.clone(), manager.operation, manager.api_version.clone(), manager.subresource.clone())
    };
    owners.sort_by_key(|entry| name(entry));
    let conflict = |entry: &Entry| {
        let manager = entry.manager.clone();
        let paths = entry.fields.intersection(set).paths();
        paths.into_iter().map(move |path| Conflict { manager: manager.clone(), path })
    };
    owners.into_iter().flat_map(conflict).collect()
}

fn misfit_text(misfits: &[Misfit]) -> String {
    match misfits {
        [only] => only.to_string(),
        all => all.iter().fold("errors:".to_owned(), |text, misfit| format!("{text}\n  {misfit}")),
    }
}

fn conflict_text(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        return format!(
            "Apply failed with 1 conflict: conflict with {}: {}",
            only.manager,
            path_text(&only.path)
        );
    }
    let mut lines = Vec::new();
    let mut last = None;
    for conflict in conflicts {
        if last != Some(&conflict.manager) {
            lines.push(format!("conflicts with {}:", conflict.manager));
            last = Some(&conflict.manager);
        }
        lines.push(format!("- {}", path_text(&conflict.path)));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

impl From<ApplyError> for Error {
    /// Conflicts are told one by one (PATCH-11).
    fn from(error: ApplyError) -> Self {
        let text = error.to_string();
        match error {
            ApplyError::Misfit(_) => Self::new(Reason::InternalError, text),
            ApplyError::Conflicts(conflicts) => {
                conflicts.iter().fold(Self::new(Reason::Conflict, text), |error, conflict| {
                    let message = format!("conflict with {}", conflict.manager);
                    error.with_cause("FieldManagerConflict", &message, &path_text(&conflict.path))
                })
            }
        }
    }
}
