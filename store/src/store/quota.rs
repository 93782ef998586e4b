use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ResourceQuotaSpec, ResourceQuotaStatus};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use setpoint_core::kind::KindId;
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Part};
use setpoint_core::quota::{self, Item};
use setpoint_core::{Error, Result};

use super::create::seconds;
use super::{ATTEMPTS_MAX, Inner};
use crate::engine::{Commit, CommitError, Committed, Engine, Expect};
use crate::request::RequestContext;
use crate::tables::Snapshot;

/// What an object adds to the usage of quotas: each quota as it is, and with its new status.
pub(super) type Charges = Vec<(ObjectRef, Draft)>;

impl<E: Engine> Inner<E> {
    /// What the quotas of its namespace say to an object that is to be written (ADM-16).
    ///
    /// # Errors
    ///
    /// `Forbidden`, if one of them has no room.
    pub(super) fn charges(
        &self,
        draft: &Draft,
        old: Option<&Object>,
        snapshot: &Snapshot,
    ) -> Result<Charges> {
        let Some(kind) = self.well_known.resource_quotas else { return Ok(Charges::new()) };
        let Some(namespace) = &draft.meta().namespace else { return Ok(Charges::new()) };
        if snapshot.count(kind) == 0 || !is_charged(draft, old) {
            return Ok(Charges::new());
        }
        let now = self.env.wall();
        let mut charges = Charges::new();
        for quota in snapshot.list_namespace(kind, namespace) {
            if let Some(status) = charged(quota, draft, old, now)? {
                let mut charged = Draft::of(quota);
                charged.set_status(Some(Part::new(status)));
                charges.push((Arc::clone(quota), charged));
            }
        }
        Ok(charges)
    }

    /// Makes a commit together with the charges for it: it happens only if the quotas are as they were seen, and
    /// they are charged right after it, so that nobody can count in between.
    pub(super) async fn commit_charged(
        &self,
        context: &RequestContext,
        mut commit: Commit,
        charges: Charges,
    ) -> Result<Committed, CommitError> {
        if charges.is_empty() {
            return self.commit(context, commit).await;
        }
        let guards = charges.iter().map(|(quota, _)| (quota.key(), Expect::At(quota.revision())));
        commit.compares.extend(guards);
        let mut commits = vec![commit];
        commits.extend(charges.iter().map(|(quota, charged)| Commit {
            key: quota.key(),
            expect: Expect::At(quota.revision()),
            value: Some(charged.clone()),
            compares: Vec::new(),
        }));
        let mut results = self.commit_batch(context, commits).await.into_iter();
        let made = results
            .next()
            .unwrap_or_else(|| Err(CommitError::Unavailable("the engine did not answer".to_owned())));
        if made.is_err() {
            let paid = results.zip(charges).filter(|(result, _)| result.is_ok()).map(|(_, charge)| charge);
            self.refund(context, paid.collect()).await;
        }
        made
    }

    /// Gives back what was charged for an object that did not come. What cannot be given back is found by the
    /// quota's controller when it counts.
    async fn refund(&self, context: &RequestContext, charges: Charges) {
        for (before, charged) in charges {
            let (key, before, charged) = (before.key(), used(before.status()), used(charged.status()));
            for _ in 0..ATTEMPTS_MAX {
                let Some(quota) = self.engine.snapshot().get(&key).cloned() else { break };
                let mut draft = Draft::of(&quota);
                let mut status = quota.status::<ResourceQuotaStatus>().cloned().unwrap_or_default();
                status.used = Some(quota::refund(&used(Some(&status)), &before, &charged));
                draft.set_status(Some(Part::new(status)));
                let expect = Expect::At(quota.revision());
                let commit = Commit { key: key.clone(), expect, value: Some(draft), compares: Vec::new() };
                match self.commit(context, commit).await {
                    Err(CommitError::Mismatch { .. }) => {}
                    // What an engine does not take is counted by the quota's controller.
                    Ok(_) | Err(_) => break,
                }
            }
        }
    }
}

fn used(status: Option<&ResourceQuotaStatus>) -> BTreeMap<String, Quantity> {
    status.and_then(|status| status.used.clone()).unwrap_or_default()
}

/// Whether writes like this one change what is used. A pod's containers stay, and so does the number of objects; a
/// Service's type and a claim's size may change.
fn is_charged(draft: &Draft, old: Option<&Object>) -> bool {
    let resource = &draft.kind().resource;
    if old.is_none() {
        return &*resource.resource != "events";
    }
    resource.group.is_empty() && matches!(&*resource.resource, "services" | "persistentvolumeclaims")
}

fn charged(
    quota: &Object,
    draft: &Draft,
    old: Option<&Object>,
    now: Timestamp,
) -> Result<Option<ResourceQuotaStatus>> {
    let none = ResourceQuotaSpec::default();
    let spec = quota.spec::<ResourceQuotaSpec>().unwrap_or(&none);
    let status = quota.status::<ResourceQuotaStatus>().cloned().unwrap_or_default();
    let name = &*quota.meta().name;
    let used = quota::charge(name, spec, &status, Item::from(draft), old.map(Item::from), seconds(now));
    match used {
        Ok(used) => Ok(used.map(|used| ResourceQuotaStatus { used: Some(used), ..status })),
        Err(refusal) => Err(Error::forbidden(&draft.kind().resource, &draft.meta().name, refusal)),
    }
}

/// Whether a namespace has quotas, so that what comes into it is to be charged for one by one.
pub(super) fn has_quotas(snapshot: &Snapshot, quotas: Option<KindId>, key: &Key) -> bool {
    let (Some(kind), Some(namespace)) = (quotas, &key.namespace) else { return false };
    snapshot.count(kind) > 0 && snapshot.list_namespace(kind, namespace).next().is_some()
}
