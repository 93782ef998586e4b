//! A stand-in for scheduler and nodes: pods are bound, become ready and end, without agents and runtimes.

use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::{Pod, PodCondition, PodStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use setpoint_core::Result;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::Environment;
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, Key, Object, ObjectRef, Part, Uid};
use setpoint_store::engine::Route;
use setpoint_store::request::{Binding, DeleteOptions, Preconditions, RequestContext, Write};
use setpoint_store::{ObjectStore, ObjectStoreExt};

use crate::choices::Site;
use crate::world::{PlainStore, World};

/// What it calls itself.
const NAME: &str = "kubelet";
/// How long it may take over each step.
const DELAYS: [Duration; 4] =
    [Duration::from_millis(10), Duration::from_millis(300), Duration::from_secs(2), Duration::from_secs(15)];
/// How long a pod runs before it fails, if it is to.
const FAILS_AFTER: Duration = Duration::from_secs(5);
/// How many pods in a thousand fail once, while faults happen.
const FAILURES: u32 = 30;

struct Kubelet {
    world: Arc<World>,
    store: PlainStore,
    context: RequestContext,
    delay: Site,
    fate: Site,
}

/// Makes the pods of all nodes real from now on.
pub(crate) fn start(world: &Arc<World>) {
    let kubelet = Arc::new(Kubelet {
        world: Arc::clone(world),
        store: PlainStore { world: Arc::clone(world), who: NAME },
        context: RequestContext::system(NAME),
        delay: world.choices.site("kubelet/delay"),
        fate: world.choices.site("kubelet/fate"),
    });
    Environment::spawn(&world.env, NAME, async move { kubelet.run().await }.boxed());
}

impl Kubelet {
    async fn run(self: Arc<Self>) {
        let Ok(pods) = self.store.kind_of::<Pod>() else { return };
        loop {
            self.world.up().await;
            let recovered = std::pin::pin!(self.world.recovered.notified());
            let snapshot = self.world.snapshot();
            snapshot.list(pods.id).for_each(|pod| self.take(pod, true));
            let Some(Ok(feed)) = self.store.feed(pods.id, Route::Kind, snapshot.revision()) else {
                self.world.env.sleep(DELAYS[0]).await;
                continue;
            };
            // A store that has crashed tells nothing more.
            let mut feed = feed.take_until(recovered);
            while let Some(Ok(change)) = feed.next().await {
                let is_new = change.old.is_none();
                let was_ending = change.old.as_ref().is_some_and(|old| old.meta().is_terminating());
                if let Some(pod) = change.new.as_ref().filter(|_| !was_ending) {
                    self.take(pod, is_new);
                }
            }
        }
    }

    /// Begins what is to be done for a pod, if anything is.
    fn take(self: &Arc<Self>, pod: &ObjectRef, is_new: bool) {
        let is_ending = pod.meta().is_terminating();
        if !is_new && !is_ending {
            return;
        }
        let (kubelet, pod) = (Arc::clone(self), Arc::clone(pod));
        let work = async move {
            // Whatever does not succeed was overtaken: the pod is gone, or is somebody else's.
            let _overtaken = if is_ending { kubelet.end(&pod).await } else { kubelet.begin(&pod).await };
        };
        Environment::spawn(&self.world.env, NAME, work.boxed());
    }

    async fn wait(&self) {
        let delay =
            if self.world.is_faulty() { self.world.choices.below(self.delay, DELAYS.len()) } else { 0 };
        self.world.env.sleep(DELAYS[delay]).await;
    }

    async fn begin(&self, pod: &Object) -> Result<()> {
        self.wait().await;
        if pod.spec::<SharedPodSpec>().is_some_and(|spec| spec.node_name().is_none()) {
            let binding = Binding {
                pod: pod.key(),
                node: "node".into(),
                preconditions: Preconditions::uid(pod.meta().uid.as_ref()),
                labels: Default::default(),
                annotations: Default::default(),
            };
            self.store.write(&self.context, Write::Bind(binding)).await?;
        }
        self.wait().await;
        self.tell(&pod.key(), pod.meta().uid.as_ref(), "Running").await?;
        if self.world.is_faulty() && self.world.choices.weighted(self.fate, &[FAILURES]) > 0 {
            self.world.env.sleep(FAILS_AFTER).await;
            self.world.note_fault(NAME, format!("pod {} fails", pod.key()));
            self.tell(&pod.key(), pod.meta().uid.as_ref(), "Failed").await?;
        }
        Ok(())
    }

    async fn end(&self, pod: &Object) -> Result<()> {
        self.wait().await;
        let options = DeleteOptions {
            grace_period_seconds: Some(0),
            propagation: None,
            preconditions: Preconditions::uid(pod.meta().uid.as_ref()),
        };
        self.store.write(&self.context, Write::Delete(pod.key(), options)).await.map(drop)
    }

    async fn tell(&self, key: &Key, uid: Option<&Uid>, phase: &str) -> Result<()> {
        let found: Option<ObjectRef> = self.world.snapshot().get(key).cloned();
        let Some(pod) = found.filter(|pod| pod.meta().uid.as_ref() == uid) else { return Ok(()) };
        // What has ended stays so.
        let told = pod.status::<PodStatus>().and_then(|status| status.phase.as_deref());
        if told.is_some_and(|told| told == phase || matches!(told, "Failed" | "Succeeded")) {
            return Ok(());
        }
        let mut draft = Draft::of(&pod);
        let mut status = pod.status::<PodStatus>().cloned().unwrap_or_default();
        let now = Time(self.world.env.wall());
        let is_ready = if phase == "Running" { "True" } else { "False" };
        status.phase = Some(phase.to_owned());
        status.start_time.get_or_insert_with(|| now.clone());
        status.conditions = Some(vec![PodCondition {
            type_: "Ready".to_owned(),
            status: is_ready.to_owned(),
            last_transition_time: Some(now),
            ..PodCondition::default()
        }]);
        draft.set_status(Some(Part::new(status)));
        self.store.write(&self.context, Write::Update(draft, Subresource::Status)).await.map(drop)
    }
}
