use std::any::Any;

use crate::field::FieldErrors;
use crate::kind::{KindRules, Subresource, Traits};
use crate::object::{Draft, Meta, Object};
use crate::rules::object_meta::NameRule;

/// The rules of a kind whose objects are one part, made of functions on its type.
#[derive(Debug, Clone, Copy)]
pub(in crate::builtin) struct Whole<K> {
    pub(in crate::builtin) default: fn(&mut K),
    pub(in crate::builtin) create: fn(&Meta, &K) -> FieldErrors,
    /// Given the new metadata and object, and the old ones.
    pub(in crate::builtin) update: fn(&Meta, &K, &Meta, &K) -> FieldErrors,
    pub(in crate::builtin) warnings: fn(&Meta, &K) -> Vec<String>,
    pub(in crate::builtin) name: NameRule,
    pub(in crate::builtin) traits: Traits,
}

/// Nothing to warn of.
pub(in crate::builtin) fn silent<T>(_meta: &Meta, _value: &T) -> Vec<String> {
    Vec::new()
}

impl<K: Any + Clone + Send + Sync> KindRules for Whole<K> {
    fn default(&self, draft: &mut Draft) {
        if let Some(value) = draft.spec_mut() {
            (self.default)(value);
        }
    }

    fn validate_create(&self, draft: &Draft) -> FieldErrors {
        draft.spec().map(|value| (self.create)(draft.meta(), value)).unwrap_or_default()
    }

    fn validate_update(&self, draft: &Draft, old: &Object, _side: Subresource) -> FieldErrors {
        let (Some(new), Some(before)) = (draft.spec(), old.spec()) else { return FieldErrors::new() };
        (self.update)(draft.meta(), new, old.meta(), before)
    }

    fn validate_name(&self, name: &str) -> Vec<String> {
        (self.name)(name).into_iter().map(str::to_owned).collect()
    }

    fn warnings(&self, draft: &Draft, _old: Option<&Object>) -> Vec<String> {
        draft.spec().map(|value| (self.warnings)(draft.meta(), value)).unwrap_or_default()
    }

    fn traits(&self) -> Traits {
        self.traits
    }
}
