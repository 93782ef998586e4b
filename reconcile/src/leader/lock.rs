use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use setpoint_core::Result;
use setpoint_core::kind::{Kind, Subresource};
use setpoint_core::object::{Draft, Key, Meta, ObjectRef, Part, Revision};
use setpoint_store::request::{Guard, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, ObjectStoreExt};

use super::Record;

/// The lease that candidates compete for.
pub(super) struct Lock {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) kind: Arc<Kind>,
    pub(super) key: Key,
    pub(super) context: RequestContext,
    /// As it was last seen: what else it says is kept.
    last: Option<ObjectRef>,
}

impl Lock {
    pub(super) fn new(
        store: Arc<dyn ObjectStore>,
        kind: Arc<Kind>,
        key: Key,
        context: RequestContext,
    ) -> Self {
        Self { store, kind, key, context, last: None }
    }

    pub(super) async fn read(&mut self) -> Result<Option<(Record, Revision)>> {
        match self.store.get(&self.context, &self.key, ReadAt::Newest).await {
            Ok(lease) => {
                let record = record_of(&lease);
                let revision = lease.revision();
                self.last = Some(lease);
                Ok(Some((record, revision)))
            }
            Err(error) if error.is_not_found() => {
                self.last = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes over the version that was last seen, if it is at this revision; or creates the lease.
    pub(super) async fn write(&mut self, record: &Record, over: Option<Revision>) -> Result<Revision> {
        let last = self.last.as_ref().filter(|last| Some(last.revision()) == over);
        let mut draft = match last {
            Some(lease) => Draft::of(lease),
            None => empty(&self.kind, &self.key),
        };
        if let Some(lease) = draft.spec_mut::<Lease>() {
            record.write_to(lease.spec.get_or_insert_default());
        }
        let written = if last.is_some() {
            self.store.update(&self.context, draft, Subresource::Main).await?
        } else {
            self.store.create(&self.context, draft).await?
        };
        let revision = written.revision();
        self.last = Some(written);
        Ok(revision)
    }

    /// The lease as it is last known.
    pub(super) fn last(&self) -> Option<&ObjectRef> {
        self.last.as_ref()
    }

    /// That the lease is still as it was at this revision.
    pub(super) fn guard(&self, revision: Revision) -> Guard {
        Guard { key: self.key.clone(), revision }
    }
}

/// A lease that says nothing.
pub(super) fn empty(kind: &Arc<Kind>, key: &Key) -> Draft {
    let (namespace, name) = key.place();
    Draft::new(Arc::clone(kind), Meta::namespaced(namespace, name), Part::new(Lease::default()))
}

/// What a lease says of who leads.
pub(super) fn record_of(lease: &ObjectRef) -> Record {
    let spec = lease.spec::<Lease>().and_then(|lease| lease.spec.as_ref());
    spec.map(Record::of).unwrap_or_default()
}
