//! A `kube::runtime::Controller` for a derived kind: each greeting gets a config map, and says goodbye when it goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::channel::oneshot;
use futures::{FutureExt, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::runtime::controller::{self, Action, Controller};
use kube::runtime::finalizer::{Event, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::watcher;
use kube::{Api, Client, CustomResource, Resource, ResourceExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use setpoint::ObjectStore;
use setpoint::env::Task;

use super::*;

const FINALIZER: &str = "example.com/greeter";
/// How often a greeting is looked at though nothing happened.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Whom to greet.
#[derive(CustomResource, Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "example.com",
    version = "v1",
    kind = "Greeting",
    namespaced,
    status = "GreetingStatus",
    derive = "PartialEq"
)]
struct GreetingSpec {
    name: String,
}

/// What was said.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
struct GreetingStatus {
    text: String,
}

/// What the reconciler works with, and how often it has run.
struct Greeter {
    client: Client,
    runs: AtomicUsize,
    goodbyes: AtomicUsize,
}

async fn reconcile(
    greeting: Arc<Greeting>,
    greeter: Arc<Greeter>,
) -> Result<Action, kube::runtime::finalizer::Error<kube::Error>> {
    greeter.runs.fetch_add(1, Ordering::Relaxed);
    let namespace = greeting.namespace().unwrap_or_default();
    let greetings: Api<Greeting> = Api::namespaced(greeter.client.clone(), &namespace);
    finalizer(&greetings, FINALIZER, greeting, async |event| match event {
        Event::Apply(greeting) => greet(&greeting, &greeter.client).await,
        Event::Cleanup(_) => {
            greeter.goodbyes.fetch_add(1, Ordering::Relaxed);
            Ok(Action::await_change())
        }
    })
    .await
}

async fn greet(greeting: &Greeting, client: &Client) -> kube::Result<Action> {
    let (namespace, name) = (greeting.namespace().unwrap_or_default(), greeting.name_any());
    let text = format!("Hello, {}!", greeting.spec.name);
    let owner = greeting.controller_owner_ref(&());
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "ownerReferences": [owner]}, "data": {"text": text},
    });
    let params = PatchParams::apply("greeter").force();
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    maps.patch(&name, &params, &Patch::Apply(map)).await?;
    let status = json!({"apiVersion": "example.com/v1", "kind": "Greeting", "status": {"text": text}});
    let greetings: Api<Greeting> = Api::namespaced(client.clone(), &namespace);
    greetings.patch_status(&name, &params, &Patch::Apply(status)).await?;
    Ok(Action::requeue(INTERVAL))
}

/// The control plane, with the controller at work.
struct World {
    cluster: Cluster,
    greeter: Arc<Greeter>,
    stop: oneshot::Sender<()>,
    controller: Task<()>,
}

impl World {
    async fn start(config: watcher::Config) -> Self {
        let env = Env::tokio();
        let store = Store::memory(&env);
        store.registry().register::<Greeting>().expect("nothing else has its names");
        let cluster = Cluster::working_on(store, env).await;
        let client = cluster.client.clone();
        let greeter = Arc::new(Greeter {
            client: client.clone(),
            runs: AtomicUsize::new(0),
            goodbyes: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let greetings: Api<Greeting> = Api::all(client.clone());
        let controller = Controller::new(greetings, config.clone())
            .owns(Api::<ConfigMap>::all(client), config)
            .graceful_shutdown_on(stopped.map(|_| ()))
            .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(1)), Arc::clone(&greeter))
            .for_each(async |result| match result {
                // A config map that went after its greeting: there is nothing to do for it.
                Ok(_) | Err(controller::Error::ObjectNotFound(_)) => {}
                Err(error) => panic!("{error}"),
            });
        let controller = cluster.env.spawn("greeter", controller);
        Self { cluster, greeter, stop, controller }
    }

    fn greetings(&self) -> Api<Greeting> {
        Api::default_namespaced(self.cluster.client.clone())
    }

    fn maps(&self) -> Api<ConfigMap> {
        self.cluster.config_maps()
    }

    async fn create(&self) -> kube::Result<Greeting> {
        let greeting = Greeting::new("a", GreetingSpec { name: "World".to_owned() });
        self.greetings().create(&PostParams::default(), &greeting).await
    }

    /// Waits until a config map says this.
    async fn said(&self, text: &'static str) -> Option<ConfigMap> {
        let says = move |map: Option<&ConfigMap>| {
            map.and_then(|map| map.data.as_ref()).is_some_and(|data| data["text"] == text)
        };
        self.cluster.within(await_condition(self.maps(), "a", says)).await.expect("no error")
    }

    async fn end(self) {
        self.stop.send(()).expect("it listens");
        self.cluster.within(self.controller.join()).await.expect("it ends by itself");
        self.cluster.end().await;
    }
}

fn strategies() -> [watcher::Config; 2] {
    [watcher::Config::default(), watcher::Config::default().streaming_lists()]
}

#[tokio::test(start_paused = true)]
async fn what_is_there_follows_what_is_asked_for() -> Outcome {
    for config in strategies() {
        let world = World::start(config).await;
        let greeting = world.create().await?;
        let map = world.said("Hello, World!").await.expect("it is there");
        assert_eq!(map.owner_references()[0].uid, greeting.uid().unwrap_or_default());
        let told = |greeting: Option<&Greeting>| {
            greeting.and_then(|it| it.status.as_ref()).is_some_and(|status| status.text == "Hello, World!")
        };
        world.cluster.within(await_condition(world.greetings(), "a", told)).await?;

        let spec = json!({"spec": {"name": "Moon"}});
        world.greetings().patch("a", &PatchParams::default(), &Patch::Merge(spec)).await?;
        world.said("Hello, Moon!").await;

        let vandal = json!({"data": {"text": "Go away"}});
        world.maps().patch("a", &PatchParams::default(), &Patch::Merge(vandal)).await?;
        world.said("Hello, Moon!").await;
        world.maps().delete("a", &DeleteParams::default()).await?;
        world.said("Hello, Moon!").await;
        world.end().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_greeting_stays_until_goodbye_is_said() -> Outcome {
    // STORE-18, STORE-19
    let world = World::start(watcher::Config::default()).await;
    let uid = world.create().await?.uid().expect("it was created");
    let map = world.said("Hello, World!").await.expect("it is there");
    assert_eq!(world.greetings().get("a").await?.finalizers(), [FINALIZER]);
    world.greetings().delete("a", &DeleteParams::default()).await?;
    let gone = await_condition(world.greetings(), "a", conditions::is_deleted(&uid));
    world.cluster.within(gone).await?;
    assert_eq!(world.greeter.goodbyes.load(Ordering::Relaxed), 1);
    // The config map goes by our own garbage collector.
    let uid = map.uid().expect("it was created");
    world.cluster.within(await_condition(world.maps(), "a", conditions::is_deleted(&uid))).await?;
    world.end().await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn it_looks_again_after_the_interval_and_not_before() -> Outcome {
    let world = World::start(watcher::Config::default()).await;
    world.create().await?;
    world.said("Hello, World!").await;
    world.cluster.env.sleep(Duration::from_secs(60)).await;
    let runs = || world.greeter.runs.load(Ordering::Relaxed);
    let before = runs();
    world.cluster.env.sleep(INTERVAL / 2).await;
    assert_eq!(runs(), before, "what comes to rest stays at rest");
    world.cluster.env.sleep(INTERVAL).await;
    assert_eq!(runs(), before + 1);
    world.end().await;
    Ok(())
}
