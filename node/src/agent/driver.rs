//! The one task that drives all pods of a node.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{AbortHandle, Abortable, BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use k8s_openapi::api::core::v1::{Node, Pod};
use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Obj, ObjectRef, Uid};
use setpoint_reconcile::events::EventType;
use setpoint_runtime_traits::{ContainerEvent, EventStream};
use tokio::sync::Notify;

use super::Shutdown;
use super::admission::{NodeRoom, Taken, refusal};
use super::host::Host;
use super::memory::PodMemory;
use super::pod_source::{PodNotice, PodSource};
use super::pod_status::Failure;
use super::pod_work::{ERROR_RETRY, PodWork};
use super::pods::{Job, Pods};
use super::relist::Inventory;
use super::sync::Synced;

/// How long a broken stream of events rests.
const EVENTS_RETRY: Duration = Duration::from_secs(1);

/// How it is told to end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    how: parking_lot::Mutex<Option<Shutdown>>,
    told: Notify,
}

impl Ending {
    /// Tells it to end.
    pub(super) fn tell(&self, how: Shutdown) {
        *self.how.lock() = Some(how);
        self.told.notify_one();
    }

    async fn told(&self) -> Shutdown {
        loop {
            if let Some(how) = *self.how.lock() {
                return how;
            }
            self.told.notified().await;
        }
    }
}

/// Something that was begun is done.
enum Done {
    Synced(Uid, Option<Synced>),
    Stopped(Uid, Option<bool>),
    Removed(Uid, Option<bool>),
    Published(Uid, bool),
    Probed(Uid, bool),
    Orphan(Uid),
    Relisted(Option<BTreeMap<Uid, Inventory>>),
}

/// The driver's own state.
pub(super) struct Driver {
    host: Arc<Host>,
    pods: Pods,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    /// What the runtime had when the agent began, until the store has told which pods there are.
    found: BTreeMap<Uid, Inventory>,
    /// Pods that seemed to be gone, and whose remains are being removed, with what has come of them meanwhile.
    orphans: BTreeMap<Uid, Option<ObjectRef>>,
    /// Those of which that was tried: nobody knows what is left of them until it is listed.
    doubtful: BTreeSet<Uid>,
    synced: bool,
    stopping: bool,
    relisting: bool,
    relist_at: Instant,
}

impl Driver {
    /// With what the runtime had when the agent began.
    pub(super) fn new(host: Arc<Host>, found: BTreeMap<Uid, Inventory>) -> Self {
        let relist_at = host.env.now() + host.relist_interval();
        Self {
            host,
            pods: Pods::default(),
            running: FuturesUnordered::new(),
            found,
            orphans: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            synced: false,
            stopping: false,
            relisting: false,
            relist_at,
        }
    }

    /// Runs until it is told to end.
    pub(super) async fn run(mut self, mut source: PodSource, ending: Arc<Ending>) {
        let host = Arc::clone(&self.host);
        let env = host.env.clone();
        let told = async { ending.told().await }.fuse();
        futures::pin_mut!(told);
        let events = runtime_events(Arc::clone(&host)).fuse();
        futures::pin_mut!(events);
        loop {
            for (uid, job) in self.pods.jobs(env.now()) {
                self.begin(uid, job);
            }
            if self.stopping && self.pods.is_stopped() {
                return;
            }
            let due =
                self.pods.next_deadline().min(if self.relisting { Instant::NEVER } else { self.relist_at });
            let mut due = env.sleep_until(due).fuse();
            let attention = host.attention.asked().fuse();
            futures::pin_mut!(attention);
            futures::select_biased! {
                how = told => match how {
                    Shutdown::LeavePods => return,
                    Shutdown::StopPods => self.stop_pods(),
                },
                event = events.select_next_some() => match event {
                    Some(event) => self.pods.wake(&Uid::new(&event.pod.uid)),
                    None => self.relist_at = env.now(),
                },
                done = self.running.select_next_some() => self.done(done),
                notice = source.next().fuse() => match notice {
                    Some(notice) => self.notice(notice),
                    // The store has ended, and with it all there is to do.
                    None => return,
                },
                uids = attention => uids.iter().for_each(|uid| self.pods.report(uid)),
                () = due => {}
            }
            if !self.relisting && self.relist_at <= env.now() {
                self.relisting = true;
                let host = Arc::clone(&self.host);
                self.running.push(async move { Done::Relisted(host.relist().await.ok()) }.boxed());
            }
        }
    }

    fn stop_pods(&mut self) {
        self.stopping = true;
        let message = "Pod was terminated in response to imminent node shutdown.".to_owned();
        self.pods.stop_all(&Failure { reason: "Terminated".into(), message });
    }

    fn notice(&mut self, notice: PodNotice) {
        match notice {
            PodNotice::All(all) => {
                let there: BTreeSet<Uid> = all.iter().filter_map(|pod| pod.meta().uid.clone()).collect();
                for uid in self.pods.present().difference(&there) {
                    self.pods.remove(uid);
                }
                self.orphans.values_mut().for_each(|waiting| *waiting = None);
                let mut all = all;
                // Those that came first are admitted first.
                all.sort_by_key(|pod| (pod.meta().creation_timestamp, pod.revision()));
                all.into_iter().for_each(|pod| self.present(pod));
                self.synced = true;
                let found = std::mem::take(&mut self.found);
                self.remove_orphans(found);
            }
            PodNotice::Present(pod) => self.present(pod),
            PodNotice::Gone(pod) => {
                if let Some(uid) = &pod.meta().uid {
                    self.pods.remove(uid);
                    if let Some(waiting) = self.orphans.get_mut(uid) {
                        *waiting = None;
                    }
                }
            }
        }
    }

    fn present(&mut self, object: ObjectRef) {
        let Some(uid) = object.meta().uid.clone() else { return };
        let Some(pod) = Obj::<Pod>::of_parts(object) else { return };
        if self.pods.contains(&uid) {
            return self.pods.update(&uid, pod);
        }
        if let Some(waiting) = self.orphans.get_mut(&uid) {
            // It is there after all. What was begun comes to its end first: one pod has one worker.
            *waiting = Some(Arc::clone(pod.object()));
            return;
        }
        let mut memory: PodMemory = self.found.remove(&uid).map(|it| it.to_memory()).unwrap_or_default();
        memory.uncertain = self.doubtful.remove(&uid);
        let over = matches!(pod.status().and_then(|it| it.phase.as_deref()), Some("Succeeded" | "Failed"));
        if !over && !pod.object().meta().is_terminating() {
            memory.failure = self.refusal(&pod);
        }
        if let Some(failure) = &memory.failure {
            let work = self.work(pod.clone(), PodMemory::default());
            work.tell(EventType::Warning, &failure.reason, failure.message.clone());
        }
        self.pods.insert(uid, pod, memory);
    }

    fn refusal(&self, pod: &Obj<Pod>) -> Option<Failure> {
        let key = Key::cluster(self.host.kinds.node.id, self.host.settings.node_name.as_str());
        let node = self.host.store.snapshot().and_then(|snapshot| snapshot.get(&key).cloned());
        let taints = node.as_ref().and_then(|node| node.to_whole::<Node>().ok());
        let room = NodeRoom {
            name: self.host.settings.node_name.clone(),
            labels: node.as_ref().map(|node| node.meta().labels.clone()).unwrap_or_default(),
            taints: taints.and_then(|node| node.spec.as_ref()?.taints.clone()).unwrap_or_default(),
            allocatable: self.host.allocatable.clone(),
        };
        let mut taken = Taken::default();
        self.pods.active().for_each(|pod| taken.add(pod.spec().common()));
        refusal(pod.spec().common(), &room, &taken)
    }

    fn work(&self, pod: Obj<Pod>, memory: PodMemory) -> PodWork {
        let memory = Arc::new(parking_lot::Mutex::new(memory));
        PodWork { host: Arc::clone(&self.host), pod, memory }
    }

    fn begin(&mut self, uid: Uid, job: Job) {
        let Some((pod, memory)) = self.pods.get(&uid) else { return };
        let (host, pod, memory) = (Arc::clone(&self.host), pod.clone(), Arc::clone(memory));
        let work = PodWork { host, pod, memory };
        let (abort, registration) = AbortHandle::new_pair();
        let id = uid.clone();
        let future = match job.clone() {
            Job::Sync => {
                let run = Abortable::new(async move { work.sync().await }, registration);
                run.map(|done| Done::Synced(id, done.ok())).boxed()
            }
            Job::Stop(grace) => {
                let stop = async move {
                    let grace = grace.unwrap_or_else(|| work.grace_of_spec());
                    let stopped =
                        work.stop_pod(grace).await.is_ok() && !work.memory.lock().observed.may_run();
                    stopped && work.unmount_volumes().await.is_ok()
                };
                Abortable::new(stop, registration).map(|done| Done::Stopped(id, done.ok())).boxed()
            }
            Job::Remove => {
                let remove = async move { work.remove_all().await.is_ok() };
                Abortable::new(remove, registration).map(|done| Done::Removed(id, done.ok())).boxed()
            }
            Job::Publish => {
                let publish = async move {
                    let published = work.publish().await;
                    if let Err(error) = &published {
                        tracing::debug!(pod = %work.full_name(), %error, "a status was not written");
                    }
                    Done::Published(id, published.is_ok())
                };
                return self.running.push(publish.boxed());
            }
            Job::Probe(key, container) => {
                let probe = async move { Done::Probed(id, work.probe(&key, &container).await) };
                return self.running.push(probe.boxed());
            }
        };
        self.pods.began(&uid, job, abort);
        self.running.push(future);
    }

    fn done(&mut self, done: Done) {
        let now = self.host.env.now();
        let retry_at = now + ERROR_RETRY;
        match done {
            Done::Synced(uid, synced) => self.pods.synced(&uid, synced, now),
            Done::Stopped(uid, stopped) => self.pods.stopped(&uid, stopped, retry_at),
            Done::Removed(uid, removed) => self.pods.removed(&uid, removed, retry_at),
            Done::Published(uid, published) => self.pods.published(&uid, published, retry_at),
            Done::Probed(uid, changed) => {
                // Also without a change the next is due some time.
                if changed {
                    self.pods.wake(&uid);
                }
                self.pods.touch(&uid);
            }
            Done::Orphan(uid) => {
                if let Some(Some(pod)) = self.orphans.remove(&uid) {
                    self.present(pod);
                }
            }
            Done::Relisted(all) => {
                self.relisting = false;
                self.relist_at = now + self.host.relist_interval();
                if let Some(all) = all {
                    self.relisted(all);
                }
            }
        }
    }

    fn relisted(&mut self, all: BTreeMap<Uid, Inventory>) {
        let none = Inventory::default();
        for uid in self.pods.present() {
            let Some((_, memory)) = self.pods.get(&uid) else { continue };
            let memory = &mut *memory.lock();
            memory.uncertain |= !all.get(&uid).unwrap_or(&none).is(&memory.observed);
        }
        for uid in self.pods.present() {
            if self.pods.get(&uid).is_some_and(|(_, memory)| memory.lock().uncertain) {
                self.pods.wake(&uid);
            }
        }
        if self.synced {
            self.doubtful.retain(|uid| all.contains_key(uid) || self.orphans.contains_key(uid));
            self.remove_orphans(all);
        }
    }

    fn remove_orphans(&mut self, all: BTreeMap<Uid, Inventory>) {
        for (uid, inventory) in all {
            if self.pods.contains(&uid) || self.orphans.contains_key(&uid) {
                continue;
            }
            self.orphans.insert(uid.clone(), None);
            self.doubtful.insert(uid.clone());
            let host = Arc::clone(&self.host);
            let remove = async move {
                // What fails is tried again after the next look at the runtime.
                match host.is_orphan(&uid, &inventory).await {
                    Ok(true) => {
                        if let Err(error) = host.remove_orphan(&inventory).await {
                            tracing::debug!(%uid, %error, "what is left of a pod was not removed");
                        }
                    }
                    Ok(false) => tracing::debug!(%uid, "a pod is there that was not seen yet"),
                    Err(error) => tracing::debug!(%uid, %error, "whether a pod is gone is not known"),
                }
                Done::Orphan(uid)
            };
            self.running.push(remove.boxed());
        }
    }
}

impl Host {
    fn relist_interval(&self) -> Duration {
        if self.runtime.runtime.capabilities().events {
            self.settings.relist_interval_with_events
        } else {
            self.settings.relist_interval
        }
    }
}

/// What happens to containers; `None` when some of it was missed.
fn runtime_events(host: Arc<Host>) -> futures::stream::BoxStream<'static, Option<ContainerEvent>> {
    if !host.runtime.runtime.capabilities().events {
        return futures::stream::pending().boxed();
    }
    let begin: (Arc<Host>, Option<EventStream<ContainerEvent>>) = (host, None);
    futures::stream::unfold(begin, |(host, stream)| async move {
        let Some(mut stream) = stream else {
            loop {
                if let Ok(stream) = host.runtime.runtime.container_events().await {
                    // What happened before was missed.
                    return Some((None, (host, Some(stream))));
                }
                host.env.sleep(EVENTS_RETRY).await;
            }
        };
        match stream.next().await {
            Some(Ok(event)) => Some((Some(event), (host, Some(stream)))),
            Some(Err(_)) | None => {
                host.env.sleep(EVENTS_RETRY).await;
                Some((None, (host, None)))
            }
        }
    })
    .boxed()
}
