//! A few candidates, what befalls them, and what they wrote.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use parking_lot::Mutex;
use setpoint_core::env::Env;
use setpoint_core::object::Revision;
use setpoint_store::request::DeleteOptions;
use setpoint_store::{ObjectStore, Objects, Store};

use super::super::{Candidate, Election, ElectionSettings, Leadership, Record};
use super::machine::{Fate, Machine};
use super::road::{Journal, Road};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    Honoured,
    Absent,
}

pub(super) struct World {
    env: Env,
    store: Store,
    fence: Fence,
    journal: Arc<Journal>,
    running: Arc<Mutex<Vec<&'static str>>>,
    terms: Arc<Mutex<u64>>,
    machines: BTreeMap<&'static str, (Arc<Fate>, Candidate)>,
}

/// A write of led work that landed: its revision, the number of the term, and the term's epoch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Landed {
    revision: Revision,
    term: u64,
    epoch: Option<Revision>,
}

pub(super) struct Outcome {
    landed: Vec<Landed>,
    epochs: Vec<Revision>,
    pub(super) refused: usize,
}

/// What led work does.
#[derive(Clone, Copy)]
enum Work {
    /// It writes until it is cancelled, whatever it is told.
    Stubborn,
    /// It writes, and ends when it is told to.
    Obedient,
    /// It returns after some time.
    Returning(Duration),
    /// It panics after some time.
    Panicking(Duration),
}

impl World {
    pub(super) async fn new(env: &Env, fence: Fence) -> Self {
        let store = Store::memory(env);
        store.ensure_namespace("kube-system").await.expect("it is new");
        Self {
            env: env.clone(),
            store,
            fence,
            journal: Arc::default(),
            running: Arc::default(),
            terms: Arc::default(),
            machines: BTreeMap::new(),
        }
    }

    pub(super) fn start(&mut self, name: &'static str) {
        self.begin(name, 0, 1.0, Work::Stubborn);
    }

    pub(super) fn start_with_clock(&mut self, name: &'static str, offset: i64, rate: f64) {
        let work = if self.env.random_below(2) == 0 { Work::Stubborn } else { Work::Obedient };
        self.begin(name, offset, rate, work);
    }

    pub(super) fn start_returning(&mut self, name: &'static str, after: Duration) {
        self.begin(name, 0, 1.0, Work::Returning(after));
    }

    pub(super) fn start_panicking(&mut self, name: &'static str, after: Duration) {
        self.begin(name, 0, 1.0, Work::Panicking(after));
    }

    fn begin(&mut self, name: &'static str, offset: i64, rate: f64, work: Work) {
        let fate = Arc::new(Fate::default());
        let machine = Machine { world: self.env.clone(), fate: Arc::clone(&fate), offset, rate };
        let env = Env::new(machine);
        let store: Arc<dyn ObjectStore> = Arc::new(Road {
            world: self.env.clone(),
            fate: Arc::clone(&fate),
            store: Arc::new(self.store.clone()),
            honours_guards: self.fence == Fence::Honoured,
            journal: Arc::clone(&self.journal),
        });
        let settings = ElectionSettings::new("kube-system", "test", name);
        let election = Election::new(&env, store, settings).expect("sound settings");
        let (running, terms) = (Arc::clone(&self.running), Arc::clone(&self.terms));
        let candidate = election.start(move |leadership| {
            *terms.lock() += 1;
            let (term, env) = (*terms.lock(), env.clone());
            let seat = Seat::take(name, &running);
            async move {
                let _seat = seat;
                let writing = write_on(&env, name, term, &leadership);
                match work {
                    Work::Stubborn => writing.await,
                    Work::Obedient => {
                        futures::future::select(std::pin::pin!(writing), std::pin::pin!(leadership.ended()))
                            .await;
                    }
                    Work::Returning(after) => writing_for(&env, after, writing).await,
                    Work::Panicking(after) => {
                        writing_for(&env, after, writing).await;
                        panic!("as it is told");
                    }
                }
            }
        });
        self.machines.insert(name, (fate, candidate));
    }

    pub(super) async fn pass(&self, duration: Duration) {
        self.env.sleep(duration).await;
    }

    pub(super) async fn shut_down(&mut self, name: &str) {
        let (_, candidate) = self.machines.remove(name).expect("it runs");
        candidate.shut_down().await;
    }

    fn fate(&self, name: &str, change: impl FnOnce(&mut super::machine::State)) {
        if let Some((fate, _)) = self.machines.get(name) {
            fate.change(change);
        }
    }

    pub(super) fn crash(&mut self, name: &str) {
        // What it has sent arrives all the same.
        self.fate(name, |state| (state.dead, state.held, state.cut) = (true, false, false));
        self.machines.remove(name);
    }

    pub(super) fn pause(&self, name: &str) {
        self.fate(name, |state| state.paused = true);
    }

    pub(super) fn wake(&self, name: &str) {
        self.fate(name, |state| state.paused = false);
    }

    pub(super) fn cut(&self, name: &str) {
        self.fate(name, |state| state.cut = true);
    }

    pub(super) fn mend(&self, name: &str) {
        self.fate(name, |state| state.cut = false);
    }

    pub(super) fn hold(&self, name: &str) {
        self.fate(name, |state| state.held = true);
    }

    pub(super) fn release_held(&self, name: &str) {
        self.fate(name, |state| state.held = false);
    }

    pub(super) fn heal(&self) {
        for (fate, _) in self.machines.values() {
            fate.change(|state| (state.paused, state.cut, state.held) = (false, false, false));
        }
    }

    /// One thing, of all that can happen, and some time.
    pub(super) async fn something_happens(&mut self) {
        let kinds = 10;
        let what = self.env.random_below(kinds);
        self.happen(what).await;
    }

    /// The same, but no request comes late.
    pub(super) async fn something_happens_in_time(&mut self) {
        let what = self.env.random_below(8);
        self.happen(what).await;
    }

    async fn happen(&mut self, what: u64) {
        let names: Vec<&'static str> = self.machines.keys().copied().collect();
        let pick = usize::try_from(self.env.random_below(names.len() as u64)).expect("a small number");
        let name = names[pick];
        match what {
            0 => self.pause(name),
            1 | 2 => self.wake(name),
            3 => self.cut(name),
            4 | 5 => self.mend(name),
            6 => {
                self.crash(name);
                self.start(name);
            }
            7 => self.heal(),
            8 => self.hold(name),
            _ => self.release_held(name),
        }
        let millis = self.env.random_below(25_000);
        self.pass(Duration::from_millis(millis)).await;
    }

    /// Whose work is running, whether it should or not.
    pub(super) fn leaders(&self) -> Vec<&'static str> {
        let mut running = self.running.lock().clone();
        running.sort_unstable();
        running
    }

    pub(super) async fn lease(&self) -> Record {
        let leases = Objects::<Lease>::namespaced(&self.store, "kube-system").expect("a built-in kind");
        let lease = leases.get("test").await.expect("it is there");
        Record::of(lease.spec.as_ref().expect("it says something"))
    }

    pub(super) async fn remove_epoch(&self) {
        let leases = Objects::<Lease>::namespaced(&self.store, "kube-system").expect("a built-in kind");
        leases.delete("test-epoch", DeleteOptions::default()).await.expect("it is there");
    }

    pub(super) fn landed(&self) -> Vec<Landed> {
        let written = self.journal.written.lock();
        let landed = written.iter().filter_map(|object| {
            let map = object.spec::<ConfigMap>()?.data.clone()?;
            let epoch = map["epoch"].parse().ok().map(Revision);
            Some(Landed { revision: object.revision(), term: map["term"].parse().ok()?, epoch })
        });
        landed.collect()
    }

    pub(super) async fn end(mut self) -> Outcome {
        self.heal();
        for (_, candidate) in std::mem::take(&mut self.machines).into_values() {
            candidate.shut_down().await;
        }
        let on_the_way = std::mem::take(&mut *self.journal.on_the_way.lock());
        for request in on_the_way {
            request.join().await.expect("no request panics");
        }
        let written = self.journal.written.lock();
        let mut epochs: Vec<Revision> = written
            .iter()
            .filter(|object| &*object.meta().name == "test-epoch")
            .map(|object| object.revision())
            .collect();
        epochs.sort_unstable();
        drop(written);
        let mut landed = self.landed();
        landed.sort_unstable_by_key(|write| write.revision);
        Outcome { landed, epochs, refused: *self.journal.refused.lock() }
    }
}

/// Writes something every half second.
async fn write_on(env: &Env, name: &str, term: u64, leadership: &Leadership) {
    let maps = Objects::<ConfigMap>::over(leadership.store(), Some("kube-system".into()));
    let maps = maps.expect("a built-in kind");
    for number in 0.. {
        let mut map = ConfigMap::default();
        map.metadata.name = Some(format!("{name}-{term}-{number}"));
        let epoch = leadership.epoch().map(|epoch| epoch.to_string()).unwrap_or_default();
        map.data = Some([("term".to_owned(), term.to_string()), ("epoch".to_owned(), epoch)].into());
        // What is refused is the point of some of these tests.
        drop(maps.create(map).await);
        env.sleep(Duration::from_millis(500)).await;
    }
}

async fn writing_for(env: &Env, time: Duration, writing: impl Future<Output = ()>) {
    let ended = env.timeout(time, writing).await;
    assert!(ended.is_err(), "it writes for ever");
}

/// Notes that work is running, as long as it is.
struct Seat(&'static str, Arc<Mutex<Vec<&'static str>>>);

impl Seat {
    fn take(name: &'static str, running: &Arc<Mutex<Vec<&'static str>>>) -> Self {
        running.lock().push(name);
        Self(name, Arc::clone(running))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut running = self.1.lock();
        if let Some(at) = running.iter().position(|name| *name == self.0) {
            running.remove(at);
        }
    }
}

impl Outcome {
    pub(super) fn epochs(&self) -> usize {
        self.epochs.len()
    }

    /// Whether a term wrote after a later one had.
    pub(super) fn has_overlap(&self) -> bool {
        let mut newest = 0;
        self.landed.iter().any(|write| {
            newest = newest.max(write.term);
            write.term < newest
        })
    }
}

/// INV-C-09: every write that landed is of the epoch that was the newest at its revision.
pub(super) fn check_epochs(outcome: &Outcome) {
    for write in &outcome.landed {
        let Some(epoch) = write.epoch else { continue };
        let begun = outcome.epochs.partition_point(|begun| *begun < write.revision);
        let newest = begun.checked_sub(1).map(|at| outcome.epochs[at]);
        assert_eq!(newest, Some(epoch), "{write:?} landed in another's epoch");
    }
}

/// INV-IN-11: no term writes after a later one has.
pub(super) fn check_no_overlap(outcome: &Outcome) {
    assert!(!outcome.has_overlap(), "{:?}", outcome.landed);
    assert!(!outcome.landed.is_empty(), "something was written");
}
