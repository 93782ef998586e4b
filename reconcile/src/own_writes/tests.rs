use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::env::{Env, Instant, Simulation};
use setpoint_core::object::Obj;
use setpoint_store::tables::{Index, Snapshot};
use setpoint_store::{ObjectStoreExt, Objects, Store};
use setpoint_watch::faulty::{Faults, FaultyStore};
use setpoint_watch::{Changes, DirectView, InformerView};

use super::*;
use crate::controller::{Controller, Settings};
use crate::manager::Manager;
use crate::reconciler::{Context, Next, Reconciler};

/// How many children a root is to have.
const CHILDREN: usize = 5;

/// Creates children, one in a run, until it sees enough. It trusts what it sees.
struct Parent {
    creations: Arc<AtomicUsize>,
}

impl Reconciler for Parent {
    type Root = ConfigMap;
    type Error = Error;

    fn name(&self) -> &'static str {
        "parent"
    }

    async fn reconcile(&self, root: Obj<ConfigMap>, context: &Context) -> Result<Next> {
        let name = root.metadata.name.clone().unwrap_or_default();
        if name != "root" {
            return Ok(Next::AwaitChange);
        }
        let kind = context.store.kind_of::<ConfigMap>()?;
        let snapshot = context.view.snapshot();
        let is_child = |object: &Key| object.name.starts_with("child-");
        let seen = snapshot.list(kind.id).filter(|object| is_child(&object.key())).count();
        if seen >= CHILDREN {
            return Ok(Next::AwaitChange);
        }
        let mut child = ConfigMap::default();
        child.metadata.generate_name = Some("child-".to_owned());
        self.creations.fetch_add(1, Ordering::Relaxed);
        context.objects::<ConfigMap>(Some("ns"))?.create(child).await?;
        Ok(Next::After(Duration::from_millis(1)))
    }
}

/// How many children there are when all has come to rest, under these faults.
async fn children(env: &Env, faults: Faults) -> Result<usize> {
    let store = Store::memory(env);
    store.ensure_namespace("ns").await?;
    let maps = Objects::<ConfigMap>::namespaced(&store, "ns")?;
    let mut root = ConfigMap::default();
    root.metadata.name = Some("root".to_owned());
    maps.create(root).await?;
    let far = FaultyStore::new(env, Arc::new(store), faults);
    let shared: Arc<dyn ObjectStore> = Arc::new(far.clone());
    let view = InformerView::new(env, Arc::clone(&shared));
    let mut manager = Manager::new(env, shared, Arc::new(view.clone()));
    let parent = Parent { creations: Arc::default() };
    let controller = Controller::of(parent, manager.context())?;
    manager.start(controller.with_settings(Settings { workers: 3, ..Settings::default() }));
    env.sleep(Duration::from_secs(300)).await;
    far.set_faults(Faults::NONE);
    env.sleep(Duration::from_secs(1200)).await;
    manager.shut_down(Duration::from_secs(10)).await;
    view.shut_down().await;
    Ok(maps.list().await?.len() - 1)
}

#[test]
fn a_run_sees_what_the_run_before_has_written() {
    // INV-IN-06: whatever becomes of writes and however late the watch is, none is made twice.
    let rows = [
        ("nothing", Faults::NONE),
        ("late", Faults { watch_late: 1000, late_ms_max: 3_000, ..Faults::NONE }),
        ("unanswered", Faults { write_unanswered: 500, ..Faults::NONE }),
        ("refused", Faults { write_refused: 500, read_refused: 300, ..Faults::NONE }),
        ("everything", Faults { watch_late: 500, write_unanswered: 200, ..Faults::ROUGH }),
    ];
    for (name, faults) in rows {
        for seed in 0..20 {
            let sim = Simulation::new(seed);
            let env = sim.env();
            let made = sim.block_on(children(&env, faults)).expect("nothing waits for ever");
            assert_eq!(made.expect("all is valid"), CHILDREN, "{name}, SEED={seed}");
        }
    }
}

/// A view that is complete after a minute.
struct Incomplete {
    env: Env,
    view: DirectView,
}

#[async_trait]
impl View for Incomplete {
    fn snapshot(&self) -> Snapshot {
        self.view.snapshot()
    }

    fn changes(&self, kind: KindId) -> Changes {
        self.view.changes(kind)
    }

    async fn synced(&self, _kind: KindId) -> bool {
        self.env.sleep_until(Instant::after_start(Duration::from_secs(60))).await;
        true
    }

    async fn reached(&self, kind: KindId, revision: Revision) -> bool {
        self.view.reached(kind, revision).await
    }

    fn add_index(&self, kind: KindId, index: Index) {
        self.view.add_index(kind, index);
    }
}

#[test]
fn no_key_runs_before_the_view_is_complete() {
    // INV-IN-07, INV-IN-10: what is not known yet is not absent.
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = Store::memory(&env);
        store.ensure_namespace("ns").await?;
        let mut root = ConfigMap::default();
        root.metadata.name = Some("root".to_owned());
        Objects::<ConfigMap>::namespaced(&store, "ns")?.create(root).await?;
        let store: Arc<dyn ObjectStore> = Arc::new(store);
        let view = DirectView::new(Arc::clone(&store)).expect("in memory");
        let mut manager = Manager::new(&env, store, Arc::new(Incomplete { env: env.clone(), view }));
        let creations = Arc::new(AtomicUsize::new(0));
        let parent = Parent { creations: Arc::clone(&creations) };
        manager.start(Controller::of(parent, manager.context())?);
        env.sleep(Duration::from_secs(59)).await;
        assert_eq!(manager.health()[0].runs, 0);
        env.sleep(Duration::from_secs(10)).await;
        assert_eq!(creations.load(Ordering::Relaxed), CHILDREN);
        manager.shut_down(Duration::from_secs(1)).await;
        Result::<()>::Ok(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
}

#[test]
fn over_a_view_that_is_never_behind_nothing_is_kept() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(Store::memory(&env));
        let kind = store.kind_of::<ConfigMap>()?;
        let view = DirectView::new(Arc::clone(&store)).expect("in memory");
        let own = OwnWrites::new(store, Arc::new(view), RequestContext::system("test"));
        let key = Key::namespaced(kind.id, "ns", "a");
        own.begin(&key, kind.id);
        own.shown(&key).await?;
        assert!(own.behind.lock().is_empty());
        Result::<()>::Ok(())
    });
    done.expect("nothing waits").expect("nothing is asked");
}

#[test]
fn a_view_that_does_not_come_as_far_fails_the_run_and_not_the_next() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store = Store::memory(&env);
        store.ensure_namespace("ns").await?;
        let kind = store.kind_of::<ConfigMap>()?;
        let late = Faults { watch_late: 1000, late_ms_max: 60_000, ..Faults::NONE };
        let far = FaultyStore::new(&env, Arc::new(store.clone()), Faults::NONE);
        let shared: Arc<dyn ObjectStore> = Arc::new(far.clone());
        let view = InformerView::new(&env, Arc::clone(&shared));
        view.synced(kind.id).await;
        far.set_faults(late);
        let own = OwnWrites::new(shared, Arc::new(view), RequestContext::system("test"));
        let key = Key::namespaced(kind.id, "ns", "a");
        let mut map = ConfigMap::default();
        map.metadata.name = Some("a".to_owned());
        let written = Objects::<ConfigMap>::namespaced(&store, "ns")?.create(map).await?;
        own.begin(&key, kind.id);
        own.end(&key, kind.id, Ok(written.object().revision()));
        let mut failures = 0;
        while let Err(error) = own.shown(&key).await {
            assert_eq!(error.reason(), Reason::Timeout);
            failures += 1;
        }
        assert!((1..=6).contains(&failures), "{failures}");
        assert!(own.behind.lock().is_empty());
        Result::<()>::Ok(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
}
