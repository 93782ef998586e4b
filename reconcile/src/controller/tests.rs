use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use parking_lot::Mutex;
use setpoint_core::Error;
use setpoint_core::env::{Env, Instant, Simulation};
use setpoint_core::object::{Key, Obj};
use setpoint_store::{ObjectStoreExt, Objects, Store};
use setpoint_watch::DirectView;

use super::*;
use crate::manager::Manager;
use crate::reconciler::{Next, Retry};

/// What a run of the fake does.
type Behaviour = dyn Fn(&str, u32) -> Result<Next, Fault> + Send + Sync;

/// Notes when it ran for which object, and does as it is told.
struct Fake {
    env: Env,
    runs: Arc<Mutex<Vec<(Instant, String)>>>,
    behaviour: Arc<Behaviour>,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it failed")]
    Plain,
    #[error("the store refused")]
    Store(#[source] Error),
    #[error("it makes no sense")]
    Terminal,
}

impl Reconciler for Fake {
    type Root = ConfigMap;
    type Error = Fault;

    fn name(&self) -> &'static str {
        "fake"
    }

    async fn reconcile(&self, root: Obj<ConfigMap>, _: &Context) -> Result<Next, Fault> {
        let name = root.metadata.name.clone().unwrap_or_default();
        let before = {
            let mut runs = self.runs.lock();
            let before = runs.iter().filter(|run| run.1 == name).count();
            runs.push((self.env.now(), name.clone()));
            u32::try_from(before).expect("few runs")
        };
        if name == "slow" {
            self.env.sleep(Duration::from_secs(3600)).await;
        }
        (self.behaviour)(&name, before)
    }

    fn removed(&self, key: &Key, _: &Context) {
        self.runs.lock().push((self.env.now(), format!("-{}", key.name)));
    }

    fn classify(&self, error: &Fault, _: u32) -> Retry {
        match error {
            Fault::Plain => Retry::Backoff,
            Fault::Store(error) if error.is_conflict() => Retry::Conflict,
            Fault::Store(_) => Retry::After(Duration::from_secs(7)),
            Fault::Terminal => Retry::UntilChanged,
        }
    }
}

/// Runs the fake over the named objects for two virtual minutes, and tells when it ran, in milliseconds.
fn runs_of(
    names: &[&str],
    behaviour: impl Fn(&str, u32) -> Result<Next, Fault> + Send + Sync + 'static,
) -> Vec<(u128, String)> {
    runs_with(Settings { timeout: Duration::from_secs(30), ..Settings::default() }, names, behaviour)
}

fn runs_with(
    settings: Settings,
    names: &[&str],
    behaviour: impl Fn(&str, u32) -> Result<Next, Fault> + Send + Sync + 'static,
) -> Vec<(u128, String)> {
    let sim = Simulation::new(3);
    let env = sim.env();
    let runs = Arc::new(Mutex::new(Vec::new()));
    let fake = Fake { env: env.clone(), runs: Arc::clone(&runs), behaviour: Arc::new(behaviour) };
    let done = sim.block_on(async {
        let store = Store::memory(&env);
        store.ensure_namespace("ns").await?;
        let maps = Objects::<ConfigMap>::namespaced(&store, "ns")?;
        let shared: Arc<dyn ObjectStore> = Arc::new(store);
        let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
        let mut manager = Manager::new(&env, shared, Arc::new(view));
        manager.start(Controller::of(fake, manager.context())?.with_settings(settings));
        for name in names {
            let mut map = ConfigMap::default();
            map.metadata.name = Some((*name).to_owned());
            maps.create(map).await?;
        }
        env.sleep(Duration::from_secs(120)).await;
        manager.shut_down(Duration::from_secs(1)).await;
        Ok::<_, Error>(())
    });
    done.expect("nothing waits for ever").expect("all is valid");
    assert!(sim.is_empty(), "nothing outlives the manager");
    let runs = runs.lock();
    runs.iter().map(|(at, name)| (at.since_start().as_millis(), name.clone())).collect()
}

#[test]
fn a_settled_object_runs_once() {
    assert_eq!(runs_of(&["a", "b"], |_, _| Ok(Next::AwaitChange)).len(), 2);
}

#[test]
fn a_timer_runs_again() {
    let runs = runs_of(&["a"], |_, _| Ok(Next::After(Duration::from_secs(50))));
    let times: Vec<u128> = runs.iter().map(|run| run.0 / 1000).collect();
    assert_eq!(times, [0, 50, 100]);
}

#[test]
fn failures_back_off_and_a_success_ends_that() {
    let runs =
        runs_of(&["a"], |_, before| if before < 4 { Err(Fault::Plain) } else { Ok(Next::AwaitChange) });
    assert_eq!(runs.len(), 5);
    let waits: Vec<u128> = runs.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    for (wait, base) in waits.into_iter().zip([5, 10, 20, 40]) {
        assert!(
            (base..=base + base / 10 + 1).contains(&wait),
            "waited {wait} ms after {base} ms of back-off"
        );
    }
}

#[test]
fn conflicts_run_again_at_once_but_not_for_ever() {
    let conflict = || Error::new(Reason::Conflict, "somebody was faster");
    let runs =
        runs_of(
            &["a"],
            move |_, before| {
                if before < 6 { Err(Fault::Store(conflict())) } else { Ok(Next::AwaitChange) }
            },
        );
    let waits: Vec<u128> = runs.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert_eq!(waits[..5], [0; 5]);
    assert!(waits[5] >= 5, "the sixth in a row backs off");
}

#[test]
fn an_error_may_say_when_and_another_that_only_a_change_helps() {
    let runs = runs_of(&["later", "never"], |name, before| match (name, before) {
        ("later", 0) => Err(Fault::Store(Error::new(Reason::Timeout, "not now"))),
        ("later", _) => Ok(Next::AwaitChange),
        _ => Err(Fault::Terminal),
    });
    let mut times: Vec<_> = runs.iter().map(|(at, name)| (name.as_str(), at / 1000)).collect();
    times.sort_unstable();
    assert_eq!(times, [("later", 0), ("later", 7), ("never", 0)]);
}

#[test]
fn a_panic_and_a_time_out_are_one_keys_failure() {
    let runs = runs_of(&["bad", "good", "slow"], |name, before| match (name, before) {
        ("bad", 0) => panic!("boom"),
        _ => Ok(Next::AwaitChange),
    });
    let count = |wanted: &str| runs.iter().filter(|run| run.1 == wanted).count();
    assert_eq!((count("bad"), count("good")), (2, 1));
    // Cut off after 30 s each, with a little back-off in between.
    assert_eq!(count("slow"), 4);
}

#[test]
fn keys_without_room_wait_for_it() {
    // INV-IN-05: no wake-up is lost.
    let queue = QueueConfig { keys_max: 2, ..QueueConfig::default() };
    let settings = Settings { queue, workers: 1, ..Settings::default() };
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let runs = runs_with(settings, &names, |_, _| Ok(Next::AwaitChange));
    for name in names {
        assert!(runs.iter().any(|run| run.1 == name), "{name} was forgotten: {runs:?}");
    }
}

/// Notes of each ConfigMap whether the Secret of its name is there.
struct Looks(Arc<Mutex<Option<bool>>>);

impl Reconciler for Looks {
    type Root = ConfigMap;
    type Error = Error;

    fn name(&self) -> &'static str {
        "looks"
    }

    async fn reconcile(&self, root: Obj<ConfigMap>, context: &Context) -> Result<Next, Error> {
        let secrets = context.store.kind_of::<Secret>()?;
        let meta = root.object().meta();
        let key = Key { kind: secrets.id, namespace: meta.namespace.clone(), name: meta.name.clone() };
        let found = context.view.snapshot().get(&key).is_some();
        *self.0.lock() = Some(found);
        Ok(Next::AwaitChange)
    }
}

#[test]
fn what_changes_while_a_controller_starts_is_told() {
    // INV-IN-10: found by simulation. A kind that was followed after the first run was not told of in between.
    for seed in 0..200 {
        let sim = Simulation::new(seed);
        let env = sim.env();
        let last = Arc::new(Mutex::new(None));
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            let (maps, secrets) = (
                Objects::<ConfigMap>::namespaced(&store, "ns")?,
                Objects::<Secret>::namespaced(&store, "ns")?,
            );
            let (mut map, mut secret) = (ConfigMap::default(), Secret::default());
            map.metadata.name = Some("a".to_owned());
            secret.metadata.name = Some("a".to_owned());
            maps.create(map).await?;
            secrets.create(secret).await?;
            let (map_kind, secret_kind) = (store.kind_of::<ConfigMap>()?.id, store.kind_of::<Secret>()?.id);
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let mut manager = Manager::new(&env, shared, Arc::new(view));
            let relation = Relation::mapped(secret_kind, move |change, _, wake| {
                if let (Some(old), None) = (&change.old, &change.new) {
                    let meta = old.meta();
                    let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
                    wake(Wake::now(Key { kind: map_kind, namespace, name }));
                }
            });
            let looks = Looks(Arc::clone(&last));
            manager.start(Controller::of(looks, manager.context())?.related(relation));
            // As soon as the first run is over, whatever else has not begun.
            let first_run = std::future::poll_fn(|cx| match *last.lock() {
                Some(_) => std::task::Poll::Ready(()),
                None => {
                    cx.waker().wake_by_ref();
                    std::task::Poll::Pending
                }
            });
            first_run.await;
            secrets.delete("a", setpoint_store::request::DeleteOptions::default()).await?;
            env.sleep(Duration::from_secs(60)).await;
            manager.shut_down(Duration::from_secs(1)).await;
            Ok::<_, Error>(())
        });
        done.expect("nothing waits for ever").expect("all is valid");
        assert_eq!(*last.lock(), Some(false), "seed {seed}");
    }
}
