use std::collections::{BTreeMap, VecDeque};

use setpoint_core::env::Instant;
use setpoint_core::object::Uid;

use super::LAG_MAX;

/// What a number was lately, for each object.
#[derive(Debug, Default)]
pub(super) struct Recent(BTreeMap<Uid, VecDeque<(Instant, i64)>>);

impl Recent {
    /// It is this from now on.
    pub(super) fn note(&mut self, uid: &Uid, at: Instant, value: i64) {
        let values = self.0.entry(uid.clone()).or_default();
        if values.back().is_none_or(|(_, last)| *last != value) {
            values.push_back((at, value));
        }
        forget(values, at);
    }

    /// Forgets what was before the window that ends now.
    pub(super) fn forget_before(&mut self, uid: &Uid, at: Instant) {
        if let Some(values) = self.0.get_mut(uid) {
            forget(values, at);
        }
    }

    /// The most that it was at some moment of the window.
    pub(super) fn most(&self, uid: &Uid) -> Option<i64> {
        self.0.get(uid)?.iter().map(|(_, value)| *value).max()
    }

    /// The least.
    pub(super) fn least(&self, uid: &Uid) -> Option<i64> {
        self.0.get(uid)?.iter().map(|(_, value)| *value).min()
    }
}

/// The value that still held when the window began stays.
fn forget(values: &mut VecDeque<(Instant, i64)>, at: Instant) {
    while values.get(1).is_some_and(|(since, _)| at - *since > LAG_MAX) {
        values.pop_front();
    }
}
