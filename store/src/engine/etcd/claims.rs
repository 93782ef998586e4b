//! Values of unique indices: each has a key of its own, which is written in the transaction that gives the value to an
//! object, and removed in the one that takes it away. So two processes cannot give one value to two objects, whatever they
//! have seen so far of each other's work.
//!
//! A key whose object does not have the value any more, because somebody else changed it who knows nothing of these keys, is
//! taken over. What such a one gives out has no key, and is protected as far as it is seen.

use std::sync::Arc;

use etcd_client::{Compare, CompareOp, DeleteOptions, GetOptions, TxnOp, TxnOpResponse};
use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Object, ObjectRef, Text};

use super::keys::{Layout, Place};
use super::shared::{Shared, number, revision};
use super::unshown::Unshown;
use crate::engine::memory::state::State;
use crate::engine::{CommitError, Expect};
use crate::tables::IndexValue;

/// How many values one change may give to an object. etcd takes so many operations in a transaction, less some for what
/// else is in it.
pub(super) const CLAIMS_MAX: usize = 100;
/// How many values one change gives back: those that are left are taken over by whoever needs them.
const RELEASES_MAX: usize = 20;

/// What one change gives to an object, and takes from it.
#[derive(Default)]
pub(super) struct Claims {
    taken: Vec<Claim>,
    released: Vec<Vec<u8>>,
    owner: Vec<u8>,
}

/// A value that an object is to have.
struct Claim {
    path: Vec<u8>,
    index: Text,
    value: IndexValue,
    /// The revision its key is expected to have: 0 if there is to be none.
    at: i64,
}

/// What is to be done about a value that is somebody's.
pub(super) enum Dispute {
    /// It is, so the change is refused.
    Held(CommitError),
    /// It is nobody's: the next attempt takes it over.
    Settled,
}

impl Claims {
    /// What a change is to take and release.
    pub(super) fn of(
        state: &State,
        layout: &Layout,
        key: &Key,
        new: Option<&Object>,
        old: Option<&Object>,
    ) -> Result<Self, CommitError> {
        let mut claims = Self::default();
        for index in state.unique_indices(key.kind) {
            let path = |value: &IndexValue| layout.claim(key.kind, index.name(), value);
            for value in new.map(|new| index.gained(new, old)).unwrap_or_default() {
                let Some(path) = path(&value) else { continue };
                claims.taken.push(Claim { path, index: index.name().clone(), value, at: 0 });
            }
            let released = old.map(|old| index.gained(old, new));
            claims.released.extend(released.unwrap_or_default().iter().filter_map(path));
        }
        if claims.taken.len() > CLAIMS_MAX {
            let why = format!("{key} would take {} addresses and ports at once", claims.taken.len());
            return Err(CommitError::Unavailable(format!("{why}, of at most {CLAIMS_MAX}")));
        }
        claims.released.truncate(RELEASES_MAX);
        claims.owner = layout.path(key).unwrap_or_default();
        Ok(claims)
    }

    pub(super) fn compares(&self) -> impl Iterator<Item = Compare> {
        self.taken.iter().map(|claim| Compare::mod_revision(claim.path.clone(), CompareOp::Equal, claim.at))
    }

    pub(super) fn writes(&self) -> impl Iterator<Item = TxnOp> {
        let taken = self.taken.iter().map(|claim| TxnOp::put(claim.path.clone(), self.owner.clone(), None));
        let released = self.released.iter().map(|path| TxnOp::delete(path.clone(), None::<DeleteOptions>));
        taken.chain(released)
    }

    pub(super) fn reads(&self) -> impl Iterator<Item = TxnOp> {
        self.taken.iter().map(|claim| TxnOp::get(claim.path.clone(), None::<GetOptions>))
    }

    /// The first claim that did not hold, by the answers to its reads: its place, its revision, and whose it is.
    fn broken(&self, answers: Vec<TxnOpResponse>) -> Option<(usize, i64, Vec<u8>)> {
        let found = answers.into_iter().map(|answer| match answer {
            TxnOpResponse::Get(got) => got
                .kvs()
                .first()
                .map_or((0, Vec::new()), |found| (found.mod_revision(), found.value().to_vec())),
            _ => (0, Vec::new()),
        });
        let broken = self.taken.iter().zip(found).enumerate();
        broken
            .filter(|(_, (claim, (at, _)))| claim.at != *at)
            .map(|(place, (_, (at, owner)))| (place, at, owner))
            .next()
    }
}

impl Shared {
    /// Finds out whether a value that was in the way is still somebody's, from what is shown once everything is.
    pub(super) async fn settle_dispute(
        &self,
        claims: &mut Claims,
        key: &Key,
        answers: Vec<TxnOpResponse>,
        until: Instant,
    ) -> Dispute {
        let Some((place, at, owner)) = claims.broken(answers) else {
            return Dispute::Held(CommitError::Unknown("etcd refused what holds".to_owned()));
        };
        if self.env.now() >= until {
            return Dispute::Held(CommitError::Unavailable(
                "it is not known in time whose a value is".to_owned(),
            ));
        }
        if let Err(error) = self.catch_up().await {
            return Dispute::Held(error);
        }
        let claim = &mut claims.taken[place];
        let inner = self.inner.read();
        let layout = Arc::clone(&inner.layout);
        match holder(&inner.state, &inner.unshown, &layout, &owner, claim) {
            Some(holder) => {
                let found = inner.state.get(&holder).map_or(revision(at), |object| object.revision());
                Dispute::Held(CommitError::Mismatch {
                    key: holder,
                    expected: Expect::Absent,
                    found: Some(found),
                })
            }
            None => {
                tracing::debug!(%key, at, "a value that its object does not have is taken over");
                claim.at = at;
                Dispute::Settled
            }
        }
    }
}

/// The object that has a value, if the one whose it was said to be has, or cannot be read.
fn holder(state: &State, unshown: &Unshown, layout: &Layout, owner: &[u8], claim: &Claim) -> Option<Key> {
    let Place::Object(kind, namespace, name) = layout.place(owner) else { return None };
    let namespace = (!namespace.is_empty()).then(|| namespace.into());
    let key = Key { kind: kind.id, namespace, name: name.into() };
    let index = state.unique_indices(kind.id).find(|index| *index.name() == claim.index)?;
    let has = |object: &ObjectRef| index.gained(object, None).contains(&claim.value);
    let holds = state.get(&key).map_or_else(|| unshown.contains(owner), has);
    holds.then_some(key)
}

/// The revision that a key is expected to have.
pub(super) fn expected(expect: Expect) -> i64 {
    match expect {
        Expect::Absent => 0,
        Expect::At(revision) => number(revision),
    }
}
