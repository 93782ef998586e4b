use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod, Secret};
use parking_lot::Mutex;
use setpoint_core::Result;
use setpoint_core::env::{Env, Instant};
use setpoint_core::kind::Kind;
use setpoint_core::object::Uid;
use setpoint_core::rules::pod::Amounts;
use setpoint_reconcile::events::EventRecorder;
use setpoint_reconcile::reconciler::Context;
use setpoint_runtime_traits::NodeRuntime;
use setpoint_store::request::{RequestContext, User};
use setpoint_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::{Notify, Semaphore};

use super::AgentSettings;

/// What all parts of one agent share.
pub(super) struct Host {
    /// How it works.
    pub(super) settings: AgentSettings,
    /// Time, entropy, tasks.
    pub(super) env: Env,
    /// Where objects are.
    pub(super) store: Arc<dyn ObjectStore>,
    /// Where it tells people.
    pub(super) events: EventRecorder,
    /// Under which name it writes.
    pub(super) request: RequestContext,
    /// What the node can do.
    pub(super) runtime: NodeRuntime,
    /// The runtime's name, which begins the ids of containers.
    pub(super) runtime_name: String,
    /// The kinds it works with.
    pub(super) kinds: Kinds,
    /// The node's addresses, the primary one first.
    pub(super) host_ips: Vec<String>,
    /// What pods can have.
    pub(super) allocatable: Amounts,
    /// One permit for each pull at once.
    pub(super) pulls: Semaphore,
    /// Pods whose status is to be reported.
    pub(super) attention: Attention,
    /// When the runtime was last looked at in whole.
    pub(super) relisted_at: Mutex<Instant>,
}

/// The kinds an agent works with.
pub(super) struct Kinds {
    /// Pods.
    pub(super) pod: Arc<Kind>,
    /// Nodes.
    pub(super) node: Arc<Kind>,
    /// Leases.
    pub(super) lease: Arc<Kind>,
    /// Config maps.
    pub(super) config_map: Arc<Kind>,
    /// Secrets.
    pub(super) secret: Arc<Kind>,
}

impl Kinds {
    /// Finds them.
    ///
    /// # Errors
    ///
    /// `NotFound` if one is not registered.
    pub(super) fn of(store: &dyn ObjectStore) -> Result<Self> {
        Ok(Self {
            pod: store.kind_of::<Pod>()?,
            node: store.kind_of::<Node>()?,
            lease: store.kind_of::<Lease>()?,
            config_map: store.kind_of::<ConfigMap>()?,
            secret: store.kind_of::<Secret>()?,
        })
    }
}

/// The name under which an agent writes.
pub(super) fn request_context(context: &Context, node_name: &str) -> RequestContext {
    let (name, groups) = (format!("system:node:{node_name}"), vec!["system:nodes".to_owned()]);
    let user = User { name, groups, ..User::default() };
    RequestContext { user: Arc::new(user), field_manager: "kubelet".into(), ..context.request.clone() }
}

/// Pods that somebody asks to look at again. As many as there are pods at the most.
#[derive(Debug, Default)]
pub(super) struct Attention {
    uids: Mutex<BTreeSet<Uid>>,
    asked: Notify,
}

impl Attention {
    /// Asks to look at a pod.
    pub(super) fn ask(&self, uid: &Uid) {
        self.uids.lock().insert(uid.clone());
        self.asked.notify_one();
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&self) -> BTreeSet<Uid> {
        loop {
            let uids = std::mem::take(&mut *self.uids.lock());
            if !uids.is_empty() {
                return uids;
            }
            self.asked.notified().await;
        }
    }
}
