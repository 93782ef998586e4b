use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use futures::StreamExt;
use setpoint_core::Result;
use setpoint_core::kind::KindId;
use setpoint_core::object::Key;

use super::limits::BATCH_REQUESTS_MAX;
use super::store::Inner;
use crate::request::{RequestContext, Write, Written};

impl Inner {
    pub(super) async fn write_batch(
        &self,
        context: &RequestContext,
        writes: Vec<Write>,
    ) -> Vec<Result<Written>> {
        let mut results = Vec::with_capacity(writes.len());
        let runs = runs(&writes);
        let mut writes = writes.into_iter();
        for length in runs {
            let run =
                writes.by_ref().take(length).map(|write| self.write(context, write)).collect::<Vec<_>>();
            let mut run = futures::stream::iter(run).buffered(BATCH_REQUESTS_MAX);
            while let Some(result) = run.next().await {
                results.push(result);
            }
        }
        results
    }
}

/// How many writes at a time need not wait for each other: those that follow each other, are of one sort and kind,
/// and are about different objects.
pub(super) fn runs(writes: &[Write]) -> Vec<usize> {
    let mut runs = Vec::new();
    let mut sort: Option<(Discriminant<Write>, KindId)> = None;
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for write in writes {
        let key = key(write);
        let own = (discriminant(write), key.kind);
        // An object whose name the server chooses is no other one.
        let is_new = key.name.is_empty() || !keys.contains(&key);
        match runs.last_mut() {
            Some(length) if sort == Some(own) && is_new => *length += 1,
            _ => {
                runs.push(1);
                keys.clear();
                sort = Some(own);
            }
        }
        keys.insert(key);
    }
    runs
}

/// The object that a write is about.
fn key(write: &Write) -> Key {
    match write {
        Write::Create(draft) | Write::Update(draft, _) => draft.key(),
        Write::Patch(key, ..) | Write::Delete(key, _) => key.clone(),
        Write::Bind(binding) => binding.pod.clone(),
        Write::Evict(eviction) => eviction.pod.clone(),
    }
}
