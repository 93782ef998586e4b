use std::time::Duration;

use k8s_openapi::api::core::v1::{Event, Pod, PodStatus};
use serde_json::{Value, json};
use setpoint_core::Error;
use setpoint_core::env::{Env, Simulation};
use setpoint_core::kind::{Registry, Subresource};
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_reconcile::manager::Manager;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};
use setpoint_store::engine::memory::Memory as Engine;
use setpoint_store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::DirectView;

use super::*;

/// A namespace with the controller at work.
struct World {
    env: Env,
    store: Store,
    manager: Manager,
}

/// Refuses all pods but one of a ReplicationController that is called `refused`.
struct Refuses;

impl Admission for Refuses {
    fn name(&self) -> &'static str {
        "Refuses"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create && target.kind.names.kind == "Pod"
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<(), Error> {
        let owner = draft.and_then(|draft| draft.meta().owner_references.first().cloned());
        match owner {
            Some(owner) if &*owner.name == "refused" => {
                Err(Error::forbidden(&request.target.kind.resource, "", "exceeded quota"))
            }
            _ => Ok(()),
        }
    }
}

fn context() -> RequestContext {
    RequestContext::system("test")
}

impl World {
    fn play<F: Future<Output = Result<(), Error>>>(scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(1);
        let env = sim.env();
        let done = sim.block_on(async {
            let store =
                Store::new(&env, Engine::new(&env), Registry::builtin(), Chain::upstream().with(Refuses));
            store.ensure_namespace("ns").await?;
            let shared: Arc<dyn ObjectStore> = Arc::new(store.clone());
            let view = DirectView::new(Arc::clone(&shared)).expect("the store is in this process");
            let mut manager = Manager::new(&env, shared, Arc::new(view));
            manager.start(controller(manager.context())?);
            scene(Self { env, store, manager }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    async fn rest(&self) {
        self.env.sleep(Duration::from_secs(1)).await;
    }

    async fn create<K: 'static>(&self, value: Value) -> Result<ObjectRef, Error> {
        let kind = self.store.kind_of::<K>()?;
        self.store.create(&context(), Draft::from_value(kind, value).expect("of its kind")).await
    }

    /// One without a selector, which then selects its template's labels.
    async fn create_controller(&self, name: &str, replicas: i32) -> Result<ObjectRef, Error> {
        self.create::<ReplicationController>(json!({
            "metadata": {"name": name, "namespace": "ns"},
            "spec": {
                "replicas": replicas,
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "c", "image": "i"}]},
                },
            },
        }))
        .await
    }

    fn all<K: 'static>(&self) -> Vec<ObjectRef> {
        let kind = self.store.kind_of::<K>().expect("a built-in kind");
        self.store.snapshot().expect("in memory").list(kind.id).cloned().collect()
    }

    async fn live(&self, object: &Object) -> Result<Value, Error> {
        let live = self.store.get(&context(), &object.key(), ReadAt::Newest).await?;
        Ok(live.to_value_without_ownership())
    }

    async fn update(
        &self,
        object: &Object,
        side: Subresource,
        change: impl Fn(&mut Draft),
    ) -> Result<(), Error> {
        let live = self.store.get(&context(), &object.key(), ReadAt::Newest).await?;
        let mut draft = Draft::of(&live);
        change(&mut draft);
        self.store.update(&context(), draft, side).await.map(drop)
    }

    async fn scale(&self, object: &Object, replicas: i32) -> Result<(), Error> {
        self.update(object, Subresource::Main, |draft| {
            draft.spec_mut::<ReplicationControllerSpec>().expect("of its kind").replicas = Some(replicas);
        })
        .await
    }

    fn told(&self) -> Vec<(String, String)> {
        let text = |event: ObjectRef| {
            let event: &Event = event.spec().expect("an event");
            let of = |text: &Option<String>| text.clone().unwrap_or_default();
            let source = event.source.as_ref().and_then(|source| source.component.clone());
            (
                source.unwrap_or_default(),
                format!("{} {}: {}", of(&event.type_), of(&event.reason), of(&event.message)),
            )
        };
        self.all::<Event>().into_iter().map(text).collect()
    }
}

#[test]
fn pods_are_made_counted_and_told_as_those_of_a_replica_set() {
    // RS-17, RS-18, RS-25, RS-26
    World::play(|world| async move {
        let owner = world.create_controller("rc", 2).await?;
        world.rest().await;
        let pods = world.all::<Pod>();
        assert_eq!(pods.len(), 2);
        for pod in &pods {
            let reference = pod.meta().controller().expect("it is controlled");
            assert_eq!(
                (&*reference.api_version, &*reference.kind, &*reference.name),
                ("v1", "ReplicationController", "rc")
            );
            assert!(pod.meta().name.starts_with("rc-"), "{}", pod.meta().name);
        }
        world
            .update(&pods[0], Subresource::Status, |draft| {
                *draft.status_mut::<PodStatus>().expect("a pod") = serde_json::from_value(json!({
                    "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
                }))
                .expect("a status");
            })
            .await?;
        world.rest().await;
        let status = world.live(&owner).await?["status"].take();
        let expected = json!({
            "replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 1, "availableReplicas": 1, "observedGeneration": 1,
        });
        assert_eq!(status, expected, "nothing is said of pods on their way out");
        let mut told = world.told();
        told.sort_unstable();
        let created = |pod: &ObjectRef| {
            let message = format!("Normal SuccessfulCreate: Created pod: {}", pod.meta().name);
            ("replication-controller".to_owned(), message)
        };
        assert_eq!(told, pods.iter().map(created).collect::<Vec<_>>());
        Ok(())
    });
}

#[test]
fn it_scales_and_replaces_and_comes_to_rest() {
    // RS-07, RS-20, RS-29
    World::play(|world| async move {
        let owner = world.create_controller("rc", 3).await?;
        world.rest().await;
        world.scale(&owner, 5).await?;
        world.rest().await;
        assert_eq!(world.all::<Pod>().len(), 5);
        world.store.delete(&context(), &world.all::<Pod>()[0].key(), DeleteOptions::default()).await?;
        world.rest().await;
        assert_eq!(world.all::<Pod>().len(), 5);
        world.scale(&owner, 1).await?;
        world.rest().await;
        assert_eq!(world.all::<Pod>().len(), 1);
        assert_eq!(world.live(&owner).await?["status"]["observedGeneration"], json!(3));
        let revision = world.store.snapshot().expect("in memory").revision();
        world.env.sleep(Duration::from_secs(600)).await;
        assert_eq!(
            world.store.snapshot().expect("in memory").revision(),
            revision,
            "nothing is written at rest"
        );
        assert_eq!(world.manager.health()[0].failures, 0);
        Ok(())
    });
}

#[test]
fn pods_are_adopted_and_released_by_their_labels() {
    // RS-06, RS-12, RS-13
    World::play(|world| async move {
        let orphan = world
            .create::<Pod>(json!({
                "metadata": {"name": "orphan", "namespace": "ns", "labels": {"app": "rc"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            }))
            .await?;
        let owner = world.create_controller("rc", 1).await?;
        world.rest().await;
        let uid = owner.meta().uid.clone().expect("it has one");
        let is_own = |pod: &ObjectRef| crate::controller_ref::is_controlled_by(pod, &uid);
        let pods = world.all::<Pod>();
        assert_eq!(pods.len(), 1, "one was there");
        assert!(is_own(&pods[0]));
        world
            .update(&orphan, Subresource::Main, |draft| {
                let meta = draft.meta_mut();
                meta.labels = meta.labels.with("app", "other");
            })
            .await?;
        world.rest().await;
        let pods = world.all::<Pod>();
        assert_eq!((pods.len(), pods.iter().filter(|pod| is_own(pod)).count()), (2, 1));
        Ok(())
    });
}

#[test]
fn a_refusal_makes_the_condition_that_its_kind_has() {
    // RS-28
    World::play(|world| async move {
        let owner = world.create_controller("refused", 2).await?;
        world.rest().await;
        let status = world.live(&owner).await?["status"].take();
        let condition = &status["conditions"][0];
        assert_eq!(condition["type"], json!("ReplicaFailure"));
        assert_eq!((&condition["status"], &condition["reason"]), (&json!("True"), &json!("FailedCreate")));
        assert_eq!(condition["message"], json!("pods is forbidden: exceeded quota"));
        world.scale(&owner, 0).await?;
        world.rest().await;
        assert_eq!(world.live(&owner).await?["status"]["conditions"], Value::Null);
        Ok(())
    });
}
