use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::env::Env;
use setpoint_core::object::Draft;
use setpoint_reconcile::manager::Manager;
use setpoint_store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, Store};
use setpoint_watch::faulty::FaultyStore;

use super::*;
use crate::place::{Place, rest};

const PEM: &str = "-----BEGIN CERTIFICATE-----";

struct World {
    env: Env,
    store: Store,
    /// Ends with the world.
    _manager: Manager,
    far: Option<FaultyStore>,
}

impl World {
    /// Plays a scene with one controller, in the store's process and far from it behind a network that fails.
    fn play<F: Future<Output = Result<()>>>(
        make: impl Fn(Context) -> Result<Controller>,
        scene: impl Fn(Self) -> F,
    ) {
        for (seed, place) in Place::all(4) {
            place.play(seed, async |env| {
                let store = Store::memory(&env);
                store.ensure_namespace("early").await?;
                let (mut manager, far) = place.manager(&env, &store);
                manager.start(make(manager.context())?);
                scene(Self { env, store, _manager: manager, far }).await
            });
        }
    }

    async fn rest(&self) {
        rest(&self.env, self.far.as_ref(), Duration::from_secs(1)).await;
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn certificate(&self, namespace: &str) -> Key {
        let maps = self.store.registry().of::<ConfigMap>().expect("a built-in kind");
        Key::namespaced(maps.id, namespace, "kube-root-ca.crt")
    }

    async fn pem(&self, namespace: &str) -> Option<String> {
        let found =
            self.store.get(&Self::context(), &self.certificate(namespace), ReadAt::Newest).await.ok()?;
        found.spec::<ConfigMap>()?.data.as_ref()?.get("ca.crt").cloned()
    }
}

/// NS-06, OTHER-05: every namespace has the certificate; it comes back, and is put right.
#[test]
fn every_namespace_has_the_certificate() {
    let make = |context| Furniture::root_certificate(context, PEM);
    World::play(make, |world| async move {
        world.rest().await;
        world.store.ensure_namespace("late").await?;
        world.rest().await;
        for namespace in ["early", "late"] {
            assert_eq!(world.pem(namespace).await.as_deref(), Some(PEM));
        }
        let key = world.certificate("late");
        world.store.delete(&World::context(), &key, DeleteOptions::default()).await?;
        world.rest().await;
        assert_eq!(world.pem("late").await.as_deref(), Some(PEM));
        let map = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
        let mut draft = Draft::of(&map);
        draft.spec_mut::<ConfigMap>().expect("a map").data = None;
        world.store.update(&World::context(), draft, Subresource::Main).await?;
        world.rest().await;
        assert_eq!(world.pem("late").await.as_deref(), Some(PEM));
        Ok(())
    });
}

/// NS-06, NS-05: a namespace that is going gets nothing any more.
#[test]
fn a_namespace_that_is_going_gets_nothing() {
    let make = |context| Furniture::root_certificate(context, PEM);
    World::play(make, |world| async move {
        world.rest().await;
        let namespaces = world.store.registry().of::<Namespace>().expect("a built-in kind");
        let key = Key::cluster(namespaces.id, "early");
        world.store.delete(&World::context(), &key, DeleteOptions::default()).await?;
        let certificate = world.certificate("early");
        world.store.delete(&World::context(), &certificate, DeleteOptions::default()).await?;
        world.rest().await;
        assert_eq!(world.pem("early").await, None);
        Ok(())
    });
}

/// NS-06: every namespace has the account `default`; whatever is in it stays, and it comes back.
#[test]
fn every_namespace_has_the_default_account() {
    World::play(Furniture::default_account, |world| async move {
        world.rest().await;
        world.store.ensure_namespace("late").await?;
        world.rest().await;
        let accounts = world.store.registry().find("ServiceAccount", "v1").expect("a built-in kind");
        for namespace in ["early", "late"] {
            let key = Key::namespaced(accounts.id, namespace, "default");
            let account = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
            let mut draft = Draft::of(&account);
            draft.meta_mut().labels = draft.meta().labels.with("k", "v");
            world.store.update(&World::context(), draft, Subresource::Main).await?;
            world.rest().await;
            let account = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
            assert_eq!(account.meta().labels.get("k"), Some("v"));
            world.store.delete(&World::context(), &key, DeleteOptions::default()).await?;
            world.rest().await;
            let again = world.store.get(&World::context(), &key, ReadAt::Newest).await?;
            assert_ne!(again.meta().uid, account.meta().uid);
        }
        Ok(())
    });
}
