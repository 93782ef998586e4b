use std::any::Any;

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Meta, Object, Part};
use crate::rules::object_meta::NameRule;

/// The rules of a kind with a spec and a status that is there from the start, made of functions on their types.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct Divided<S, T> {
    pub(in crate::builtin) default: fn(&mut S),
    pub(in crate::builtin) default_status: fn(&mut T),
    /// The status of a new object, given its metadata.
    pub(in crate::builtin) first_status: fn(&Meta) -> T,
    pub(in crate::builtin) create: fn(&Meta, &S) -> FieldErrors,
    /// Given the new metadata and spec, and the old ones.
    pub(in crate::builtin) update: fn(&Meta, &S, &Meta, &S) -> FieldErrors,
    /// Given the new metadata and status, and the old ones.
    pub(in crate::builtin) update_status: fn(&Meta, &T, &Meta, &T) -> FieldErrors,
    /// What a creation is warned of.
    pub(in crate::builtin) warnings: fn(&Meta, &S) -> Vec<String>,
    pub(in crate::builtin) name: NameRule,
    pub(in crate::builtin) traits: Traits,
}

impl<S, T> KindRules for Divided<S, T>
where
    S: Any + Clone + Send + Sync,
    T: Any + Clone + Default + Send + Sync + PartialEq + std::fmt::Debug,
{
    fn default(&self, draft: &mut Draft) {
        if let Some(spec) = draft.spec_mut() {
            (self.default)(spec);
        }
    }

    fn default_status(&self, draft: &mut Draft) {
        if let Some(status) = draft.status_mut() {
            (self.default_status)(status);
        }
    }

    fn prepare_create(&self, draft: &mut Draft) {
        let status = (self.first_status)(draft.meta());
        draft.set_status(Some(Part::new(status)));
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|spec| (self.create)(draft.meta(), spec)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, side: Subresource) -> FieldErrors {
        if side == Subresource::Status {
            let none = T::default();
            let (new, before) = (draft.status().unwrap_or(&none), old.status().unwrap_or(&none));
            return (self.update_status)(draft.meta(), new, old.meta(), before);
        }
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        (self.update)(draft.meta(), new, old.meta(), before)
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        (self.name)(name).into_iter().map(str::to_owned).collect()
    }

    fn warnings(&self, draft: &Draft, old: Option<&Object>) -> Vec<String> {
        if old.is_some() {
            return Vec::new();
        }
        draft.spec().map(|spec| (self.warnings)(draft.meta(), spec)).unwrap_or_default()
    }

    fn traits(&self) -> Traits {
        self.traits
    }
}
