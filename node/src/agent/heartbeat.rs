//! Keeping the Node and its lease alive (NODE-01, NODE-03, NODE-04).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::NodeStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, OwnerReference};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, ObjectRef, Part};
use setpoint_core::{Error, Result};
use setpoint_reconcile::events::{EventText, Regarding};
use setpoint_store::ObjectStoreExt;
use setpoint_store::request::{ReadAt, Write};

use super::host::Host;
use super::node_status::{Health, NodeFacts, images, is_same, runtime_problems};

/// Where leases of nodes are.
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// How often a write is tried at once (NODE-03, NODE-04).
const TRIES_MAX: usize = 5;
/// A relist that is older than this makes the node not ready (NODE-05).
const RELIST_AGE_MAX: Duration = Duration::from_secs(180);
/// Keeps the Node's status up to date.
pub(super) struct NodeReporter {
    host: Arc<Host>,
    facts: NodeFacts,
    /// When the status was last written.
    reported_at: Option<setpoint_core::env::Instant>,
    was_ready: Option<bool>,
}

impl NodeReporter {
    /// For a node of which these are the facts.
    pub(super) fn new(host: Arc<Host>, facts: NodeFacts) -> Self {
        Self { host, facts, reported_at: None, was_ready: None }
    }

    /// Creates the Node, or brings its labels up to date if it is there.
    ///
    /// # Errors
    ///
    /// What the store answers.
    pub(super) async fn register(&self) -> Result<ObjectRef> {
        let host = &self.host;
        let draft = Draft::from_whole(Arc::clone(&host.kinds.node), self.facts.node(&host.settings))
            .map_err(|error| Error::internal(error.to_string()))?;
        match host.store.create(&host.request, draft).await {
            Ok(node) => Ok(node),
            Err(error) if error.is_already_exists() => self.update_labels().await,
            Err(error) => Err(error),
        }
    }

    /// Reports for good.
    pub(super) async fn run(mut self) {
        loop {
            if let Err(error) = self.report().await {
                tracing::warn!(%error, "the status of the node was not written");
            }
            self.host.env.sleep(self.host.settings.status_interval).await;
        }
    }

    async fn update_labels(&self) -> Result<ObjectRef> {
        let node = self.host.read_node().await?;
        let labels = self.facts.labels.iter().fold(node.meta().labels.clone(), |labels, (key, value)| {
            labels.with(key.as_str(), value.as_str())
        });
        if labels == node.meta().labels {
            return Ok(node);
        }
        let mut draft = Draft::of(&node);
        draft.meta_mut().labels = labels;
        self.host.store.update(&self.host.request, draft, Subresource::Main).await
    }

    /// Writes the status if it has changed or was not written for long; a Node that is gone is made again.
    pub(super) async fn report(&mut self) -> Result<()> {
        let health = self.health().await;
        let mut last = None;
        for _ in 0..TRIES_MAX {
            match self.try_report(&health).await {
                Err(error) if error.is_conflict() => last = Some(error),
                Err(error) if error.is_not_found() => {
                    self.register().await?;
                    self.reported_at = None;
                }
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| Error::internal("the node goes as fast as it is made")))
    }

    async fn try_report(&mut self, health: &Health) -> Result<()> {
        let node = self.host.read_node().await?;
        let before = node.status::<NodeStatus>().cloned().unwrap_or_default();
        let after = self.facts.status(&before, health, self.host.env.wall());
        let now = self.host.env.now();
        let due = self.reported_at.is_none_or(|at| now - at >= self.host.settings.status_report_interval);
        if !due && is_same(&before, &after) {
            return Ok(());
        }
        let mut draft = Draft::of(&node);
        draft.set_status(Some(Part::new(after.clone())));
        self.host.store.write(&self.host.request, Write::Update(draft, Subresource::Status)).await?;
        self.reported_at = Some(now);
        let ready = setpoint_core::conditions::is_true(after.conditions.iter().flatten(), "Ready");
        if self.was_ready != Some(ready) {
            let reason = if ready { "NodeReady" } else { "NodeNotReady" };
            self.host.tell_of_node(
                &node,
                reason,
                format!("Node {} status is now: {reason}", node.meta().name),
            );
            self.was_ready = Some(ready);
        }
        Ok(())
    }

    async fn health(&self) -> Health {
        let runtime = &self.host.runtime;
        let mut problems = match runtime.runtime.status().await {
            Ok(status) => runtime_problems(&status),
            Err(error) => vec![format!("container runtime is down: {error}")],
        };
        let age = self.host.env.now() - *self.host.relisted_at.lock();
        let allowed = RELIST_AGE_MAX.max(self.host.settings.relist_interval_with_events.saturating_mul(2));
        if age > allowed {
            problems.push(format!(
                "PLEG is not healthy: pleg was last seen active {age:?} ago; threshold is {allowed:?}"
            ));
        }
        // A status without images is a status.
        let list = runtime.images.list_images().await.unwrap_or_default();
        Health { problems, images: images(list) }
    }
}

impl Host {
    async fn read_node(&self) -> Result<ObjectRef> {
        let key = Key::cluster(self.kinds.node.id, self.settings.node_name.as_str());
        self.store.get(&self.request, &key, ReadAt::Newest).await
    }

    /// Tells people something about the node.
    pub(super) fn tell_of_node(&self, node: &ObjectRef, reason: &str, message: impl Into<Arc<str>>) {
        let regarding = Regarding::object(node);
        self.events.record(EventText::normal(regarding, reason, message), None);
    }

    /// Renews the lease for good.
    pub(super) async fn renew_lease(self: Arc<Self>) {
        let mut last = None;
        loop {
            for _ in 0..TRIES_MAX {
                match self.renew_once(last.take()).await {
                    Ok(lease) => {
                        last = Some(lease);
                        break;
                    }
                    Err(error) => tracing::debug!(%error, "the lease of the node was not renewed"),
                }
            }
            self.env.sleep(self.settings.lease_duration / 4).await;
        }
    }

    /// Renews from the copy last seen, else from what is there, else anew.
    async fn renew_once(&self, last: Option<ObjectRef>) -> Result<ObjectRef> {
        let key = Key::namespaced(self.kinds.lease.id, LEASE_NAMESPACE, self.settings.node_name.as_str());
        let found = match last {
            Some(lease) => Some(lease),
            None => match self.store.get(&self.request, &key, ReadAt::Newest).await {
                Ok(lease) => Some(lease),
                Err(error) if error.is_not_found() => None,
                Err(error) => return Err(error),
            },
        };
        let renewed = MicroTime(micros(self.env.wall()));
        if let Some(lease) = found {
            let mut draft = Draft::of(&lease);
            if let Some(whole) = draft.spec_mut::<Lease>() {
                let spec = whole.spec.get_or_insert_default();
                *spec = LeaseSpec { renew_time: Some(renewed), ..self.lease_spec(spec.clone()) };
            }
            return self.store.update(&self.request, draft, Subresource::Main).await;
        }
        let owner = self.read_node().await.ok().and_then(|node| {
            Some(OwnerReference {
                api_version: "v1".to_owned(),
                kind: "Node".to_owned(),
                name: node.meta().name.to_string(),
                uid: node.meta().uid.as_ref()?.to_string(),
                ..OwnerReference::default()
            })
        });
        let lease = Lease {
            metadata: ObjectMeta {
                name: Some(self.settings.node_name.clone()),
                namespace: Some(LEASE_NAMESPACE.to_owned()),
                owner_references: owner.map(|owner| vec![owner]),
                ..ObjectMeta::default()
            },
            spec: Some(LeaseSpec { renew_time: Some(renewed), ..self.lease_spec(LeaseSpec::default()) }),
        };
        let draft = Draft::from_whole(Arc::clone(&self.kinds.lease), lease)
            .map_err(|error| Error::internal(error.to_string()))?;
        self.store.create(&self.request, draft).await
    }

    fn lease_spec(&self, before: LeaseSpec) -> LeaseSpec {
        let seconds = i32::try_from(self.settings.lease_duration.as_secs()).unwrap_or(i32::MAX);
        LeaseSpec {
            holder_identity: Some(self.settings.node_name.clone()),
            lease_duration_seconds: Some(seconds),
            ..before
        }
    }
}

/// Times of leases are whole microseconds.
fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}
