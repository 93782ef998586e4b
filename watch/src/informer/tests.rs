use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use proptest::prelude::*;
use setpoint_core::Result;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{Kind, KindId};
use setpoint_core::object::{Draft, Key, Meta, ObjectRef, Part, Revision};
use setpoint_store::engine::{Change, Engine};
use setpoint_store::request::{DeleteOptions, RequestContext, Selection};
use setpoint_store::tables::Snapshot;
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};

use super::{Informer, InformerConfig};
use crate::faulty::{Faults, FaultyStore};
use crate::reflector::{Failure, Fill};
use crate::view::{Changes, Notice, View};
use crate::{DirectView, InformerView};

/// A store with config maps, and the same as seen from afar.
struct World {
    env: Env,
    store: Store,
    far: FaultyStore,
    maps: Arc<Kind>,
}

impl World {
    fn play<F: Future<Output = Result<()>>>(seed: u64, scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            let far = FaultyStore::new(&env, Arc::new(store.clone()), Faults::NONE);
            let maps = store.kind_of::<ConfigMap>()?;
            scene(Self { env, store, far, maps }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    fn informer(&self, pending_max: usize) -> Informer {
        let config = InformerConfig { pending_max, ..InformerConfig::default() };
        self.informer_with(config)
    }

    fn informer_with(&self, config: InformerConfig) -> Informer {
        let far = Arc::new(self.far.clone());
        Informer::start(&self.env, far, Selection::all(self.maps.id), config).expect("a known kind")
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn key(&self, name: &str) -> Key {
        Key::namespaced(self.maps.id, "ns", name)
    }

    async fn create(&self, name: &str) -> Result<ObjectRef> {
        let meta = Meta::namespaced("ns", name);
        let draft = Draft::new(Arc::clone(&self.maps), meta, Part::new(ConfigMap::default()));
        self.store.create(&Self::context(), draft).await
    }

    async fn touch(&self, name: &str, text: &str) -> Result<ObjectRef> {
        let snapshot = self.store.snapshot().expect("in memory");
        let Some(object) = snapshot.get(&self.key(name)) else { return self.create(name).await };
        let mut draft = Draft::of(object);
        let labels = draft.meta_mut().labels.with("text", text);
        draft.meta_mut().labels = labels;
        self.store.update(&Self::context(), draft, setpoint_core::kind::Subresource::Main).await
    }

    async fn delete(&self, name: &str) -> Result<()> {
        match self.store.delete(&Self::context(), &self.key(name), DeleteOptions::default()).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }

    fn there(&self) -> Versions {
        versions_in(&self.store.snapshot().expect("in memory"), self.maps.id)
    }
}

/// What is at each name.
type Versions = BTreeMap<String, (String, Revision)>;

fn version(object: &ObjectRef) -> (String, Revision) {
    (object.meta().uid.as_ref().expect("stored objects have one").to_string(), object.revision())
}

fn versions_in(snapshot: &Snapshot, kind: KindId) -> Versions {
    snapshot.list(kind).map(|object| (object.meta().name.to_string(), version(object))).collect()
}

/// What a reader knows from notices alone.
#[derive(Default)]
struct Replica {
    known: Versions,
    rereads: usize,
    changes: usize,
    /// The highest revision of each object ever shown.
    newest: BTreeMap<String, Revision>,
}

impl Replica {
    fn take(&mut self, notice: &Notice) {
        match notice {
            Notice::Reread => {
                self.rereads += 1;
                self.known.clear();
            }
            Notice::Change(change) => self.change(change),
        }
    }

    fn change(&mut self, change: &Change) {
        self.changes += 1;
        let name = change.object().meta().name.to_string();
        let old = change.old.as_ref().map(version);
        assert_eq!(self.known.get(&name).cloned(), old, "none is missed or repeated (INV-IN-02)");
        match &change.new {
            None => drop(self.known.remove(&name)),
            Some(new) => {
                let (uid, revision) = version(new);
                let newest = self.newest.entry(uid.clone()).or_default();
                assert!(*newest <= revision, "an object never goes back (INV-IN-01)");
                *newest = revision;
                assert!(old.is_none_or(|old| old.0 == uid), "another uid is another object");
                self.known.insert(name, (uid, revision));
            }
        }
    }

    /// Takes all that is there to be read.
    fn drain(&mut self, changes: &mut Changes) {
        while let Some(Some(notice)) = changes.next().now_or_never() {
            self.take(&notice);
        }
    }
}

#[test]
fn a_reader_is_told_what_is_there_then_what_changes() {
    World::play(1, |world| async move {
        world.create("a").await?;
        world.create("b").await?;
        let informer = world.informer(100);
        assert!(!informer.has_synced());
        assert!(informer.synced().await);
        assert_eq!(versions_in(&informer.snapshot(), world.maps.id), world.there());
        let (mut early, mut replica) = (informer.changes(world.maps.id), Replica::default());
        replica.drain(&mut early);
        assert_eq!(replica.changes, 2);
        let touched = world.touch("a", "x").await?;
        world.delete("b").await?;
        let written = world.create("c").await?;
        assert!(touched.revision() < written.revision());
        assert!(View::reached(&informer, world.maps.id, written.revision()).await);
        replica.drain(&mut early);
        assert_eq!((replica.changes, replica.rereads), (5, 0));
        assert_eq!(replica.known, world.there());
        let (mut late, mut replica) = (informer.changes(world.maps.id), Replica::default());
        replica.drain(&mut late);
        assert_eq!((replica.known, replica.changes), (world.there(), 2));
        Ok(())
    });
}

#[test]
fn what_is_gone_after_a_gap_is_told_as_gone() {
    // INV-IN-02
    World::play(1, |world| async move {
        for name in ["gone", "made-anew", "stays"] {
            world.create(name).await?;
        }
        let informer = world.informer(100);
        informer.synced().await;
        let (mut changes, mut replica) = (informer.changes(world.maps.id), Replica::default());
        replica.drain(&mut changes);
        // The watch is cut at the next event, and when it comes back the history is gone.
        world.far.set_faults(Faults { read_refused: 1000, watch_cut: 1000, ..Faults::NONE });
        world.delete("gone").await?;
        world.delete("made-anew").await?;
        let last = world.create("made-anew").await?;
        world.env.sleep(Duration::from_secs(1)).await;
        replica.drain(&mut changes);
        assert_eq!(replica.changes, 3, "nothing is known of it yet");
        world.store.engine().compact(last.revision());
        world.far.set_faults(Faults::NONE);
        world.env.sleep(Duration::from_secs(60)).await;
        replica.drain(&mut changes);
        assert_eq!((replica.changes, replica.rereads), (6, 0));
        assert_eq!(replica.known, world.there());
        Ok(())
    });
}

#[test]
fn a_reader_that_lags_rereads_and_holds_back_nobody() {
    World::play(1, |world| async move {
        let informer = world.informer(4);
        informer.synced().await;
        let (mut slow, mut slow_replica) = (informer.changes(world.maps.id), Replica::default());
        let (mut fast, mut fast_replica) = (informer.changes(world.maps.id), Replica::default());
        for at in 0..5 {
            let written = world.create(&format!("o{at}")).await?;
            assert!(View::reached(&informer, world.maps.id, written.revision()).await);
            fast_replica.drain(&mut fast);
            if at == 3 {
                assert_eq!(fast_replica.known.len(), 4);
            }
        }
        slow_replica.drain(&mut slow);
        assert_eq!((fast_replica.rereads, slow_replica.rereads), (0, 1), "four fit, the fifth does not");
        assert_eq!(slow_replica.known, world.there());
        assert_eq!(fast_replica.known, world.there());
        // From here on it is told like anybody.
        world.delete("o0").await?;
        world.env.sleep(Duration::from_secs(1)).await;
        slow_replica.drain(&mut slow);
        assert_eq!((slow_replica.rereads, slow_replica.known), (1, world.there()));
        Ok(())
    });
}

#[test]
fn what_the_store_refuses_is_told_as_health() {
    World::play(1, |world| async move {
        world.far.set_faults(Faults { read_refused: 1000, ..Faults::NONE });
        let informer = world.informer(4);
        world.env.sleep(Duration::from_secs(60)).await;
        let health = informer.health();
        assert!(!health.has_synced);
        let trouble = health.trouble.expect("it is refused");
        assert_eq!(trouble.failure, Failure::Transient);
        assert!((3..10).contains(&trouble.failures), "{trouble:?}");
        world.far.set_faults(Faults::NONE);
        assert!(informer.synced().await);
        assert_eq!(informer.health().trouble, None);
        Ok(())
    });
}

#[test]
fn pages_where_the_store_has_no_streams() {
    // LIST-06, WATCH-07
    World::play(1, |world| async move {
        for at in 0..7 {
            world.create(&format!("o{at}")).await?;
        }
        world.far.set_faults(Faults { streams_refused: true, ..Faults::NONE });
        let fill = Fill::Streamed { page_max: 3 };
        let informer = world.informer_with(InformerConfig { fill, pending_max: 100 });
        assert!(informer.synced().await);
        assert_eq!(versions_in(&informer.snapshot(), world.maps.id), world.there());
        Ok(())
    });
}

#[test]
fn a_watch_gone_silent_is_opened_again() {
    World::play(1, |world| async move {
        let informer = world.informer(100);
        informer.synced().await;
        world.far.set_faults(Faults { watch_stalled: 1000, ..Faults::NONE });
        world.create("a").await?;
        world.env.sleep(Duration::from_secs(1)).await;
        world.far.set_faults(Faults::NONE);
        world.create("b").await?;
        world.env.sleep(Duration::from_secs(1)).await;
        assert_eq!(informer.snapshot().count(world.maps.id), 0);
        world.env.sleep(Duration::from_secs(300)).await;
        assert_eq!(informer.snapshot().count(world.maps.id), 2);
        Ok(())
    });
}

#[test]
fn its_end_ends_streams_and_waits() {
    World::play(1, |world| async move {
        let informer = world.informer(100);
        informer.synced().await;
        let mut changes = informer.changes(world.maps.id);
        let waiting = informer.clone();
        let kind = world.maps.id;
        let waiter =
            world.env.spawn("waiter", async move { View::reached(&waiting, kind, Revision(u64::MAX)).await });
        world.env.sleep(Duration::from_secs(1)).await;
        informer.shut_down().await;
        assert!(changes.next().await.is_none());
        assert!(!waiter.join().await.expect("it is told"));
        assert!(informer.changes(kind).next().await.is_none());
        let other = world.informer(100);
        let mut changes = other.changes(kind);
        drop(other);
        assert!(changes.next().await.is_none(), "nobody holds it any more");
        Ok(())
    });
}

#[test]
fn a_view_watches_each_kind_from_the_first_question_on() {
    World::play(1, |world| async move {
        world.create("a").await?;
        let view = InformerView::new(&world.env, Arc::new(world.far.clone()));
        assert_eq!(view.snapshot().count(world.maps.id), 0);
        assert!(view.health().is_empty());
        assert!(view.synced(world.maps.id).await);
        assert_eq!(versions_in(&view.snapshot(), world.maps.id), world.there());
        let written = world.touch("a", "x").await?;
        assert!(view.reached(world.maps.id, written.revision()).await);
        assert_eq!(versions_in(&view.snapshot(), world.maps.id), world.there());
        let before = world.env.now();
        assert!(!view.reached(world.maps.id, Revision(u64::MAX)).await, "the wait is bounded");
        assert_eq!(world.env.now() - before, Duration::from_secs(10));
        assert!(!view.synced(KindId(9999)).await, "nobody knows it");
        view.shut_down().await;
        assert!(!view.synced(world.maps.id).await);
        assert!(view.changes(world.maps.id).next().await.is_none());
        Ok(())
    });
}

/// Readers of views of both sorts are told the same way.
#[test]
fn every_view_tells_what_is_there_then_what_changes() {
    World::play(1, |world| async move {
        world.create("a").await?;
        let direct = DirectView::new(Arc::new(world.store.clone())).expect("in memory");
        let far = InformerView::new(&world.env, Arc::new(world.far.clone()));
        let views: [Arc<dyn View>; 2] = [Arc::new(direct), Arc::new(far)];
        for view in views {
            assert!(view.synced(world.maps.id).await);
            let (mut changes, mut replica) = (view.changes(world.maps.id), Replica::default());
            replica.drain(&mut changes);
            assert_eq!(replica.known, world.there());
            world.touch("a", &replica.changes.to_string()).await?;
            world.delete("b").await?;
            let written = world.create("b").await?;
            assert!(view.reached(world.maps.id, written.revision()).await);
            replica.drain(&mut changes);
            assert_eq!(replica.known, world.there());
        }
        Ok(())
    });
}

#[derive(Debug, Clone)]
enum Step {
    Touch(u8, u8),
    Delete(u8),
    Compact,
    Sleep(u16),
    Faults(bool),
    /// One of the readers reads a few notices.
    Read(usize, u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0u8..6, any::<u8>()).prop_map(|(name, text)| Step::Touch(name, text)),
        3 => (0u8..6).prop_map(Step::Delete),
        1 => Just(Step::Compact),
        4 => (0u16..5000).prop_map(Step::Sleep),
        1 => any::<bool>().prop_map(Step::Faults),
        4 => (0usize..3, 0u8..12).prop_map(|(reader, count)| Step::Read(reader, count)),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// INV-IN-01 to INV-IN-04: whatever goes wrong, when it has stopped the cache is the store, and what each
    /// reader was told leads there without a gap.
    #[test]
    fn converges_after_faults_and_tells_every_reader_all(
        steps in steps(),
        seed: u64,
        streamed: bool,
        pending_max in 1usize..20,
    ) {
        World::play(seed, |world| async move {
            let faults = Faults { list_stale: 100, ..Faults::ROUGH };
            world.far.set_faults(faults);
            let fill = if streamed { Fill::Streamed { page_max: 2 } } else { Fill::Paged { page_max: 2 } };
            let informer = world.informer_with(InformerConfig { fill, pending_max });
            let kind = world.maps.id;
            let mut readers: Vec<(Changes, Replica)> =
                (0..3).map(|_| (informer.changes(kind), Replica::default())).collect();
            for step in steps {
                match step {
                    Step::Touch(name, text) => drop(world.touch(&format!("o{name}"), &text.to_string()).await?),
                    Step::Delete(name) => world.delete(&format!("o{name}")).await?,
                    Step::Compact => {
                        let revision = world.store.snapshot().expect("in memory").revision();
                        world.store.engine().compact(revision);
                    }
                    Step::Sleep(ms) => world.env.sleep(Duration::from_millis(ms.into())).await,
                    Step::Faults(rough) => {
                        world.far.set_faults(if rough { faults } else { Faults::NONE });
                    }
                    Step::Read(reader, count) => {
                        let (changes, replica) = &mut readers[reader];
                        for _ in 0..count {
                            let Some(Some(notice)) = changes.next().now_or_never() else { break };
                            replica.take(&notice);
                        }
                    }
                }
            }
            world.far.set_faults(Faults::NONE);
            world.env.sleep(Duration::from_secs(900)).await;
            assert!(informer.has_synced());
            let there = world.there();
            assert_eq!(versions_in(&informer.snapshot(), kind), there, "the cache is the store");
            readers.push((informer.changes(kind), Replica::default()));
            for (changes, replica) in &mut readers {
                replica.drain(changes);
                assert_eq!(replica.known, there, "what was told leads there");
            }
            informer.shut_down().await;
            Ok(())
        });
    }
}
