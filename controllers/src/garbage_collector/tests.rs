use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Event, Node};
use proptest::prelude::*;
use setpoint_core::Error;
use setpoint_core::env::Env;
use setpoint_core::kind::{Kind, Scope, Subresource};
use setpoint_core::object::{Draft, Key, Meta, Object, ObjectRef, OwnerReference, Part};
use setpoint_reconcile::manager::Manager;
use setpoint_reconcile::plan::Next;
use setpoint_store::request::{DeleteOptions, Preconditions, Propagation, ReadAt, RequestContext, Write};
use setpoint_store::{Definitions, ObjectStore, ObjectStoreExt, Store};
use setpoint_watch::faulty::FaultyStore;

use super::*;
use crate::place::{Place, rest};

/// A store with a collector at work, and config maps that own each other.
struct World {
    env: Env,
    store: Store,
    maps: Arc<Kind>,
    manager: Manager,
    /// The store as the collector sees it, if that is from afar.
    far: Option<FaultyStore>,
}

impl World {
    /// Plays a scene to its end, wherever the collector is.
    fn play<F: Future<Output = Result<(), Error>>>(scene: impl Fn(Self) -> F) {
        for (seed, place) in Place::all(8) {
            Self::play_seed(seed, place, &scene);
        }
    }

    fn play_seed<F: Future<Output = Result<(), Error>>>(seed: u64, place: Place, scene: impl Fn(Self) -> F) {
        place.play(seed, |env| async move {
            let store = Store::memory(&env);
            for namespace in ["default", "ns", "other"] {
                store.ensure_namespace(namespace).await?;
            }
            let (mut manager, far) = place.manager(&env, &store);
            manager.start(GarbageCollector::controller(manager.context()));
            let maps = store.registry().of::<ConfigMap>().expect("a built-in kind");
            scene(Self { env, store, maps, manager, far }).await
        });
    }

    fn context() -> RequestContext {
        RequestContext::system("test")
    }

    fn key(&self, name: &str) -> Key {
        let (namespace, name) = name.split_once('/').unwrap_or(("ns", name));
        Key::namespaced(self.maps.id, namespace, name)
    }

    async fn create(&self, name: &str, owners: Vec<OwnerReference>) -> Result<ObjectRef, Error> {
        let key = self.key(name);
        let mut meta = Meta::namespaced(key.namespace.clone().expect("namespaced"), key.name);
        meta.owner_references = owners.into();
        let draft = Draft::new(Arc::clone(&self.maps), meta, Part::new(ConfigMap::default()));
        self.store.create(&Self::context(), draft).await
    }

    async fn delete(&self, name: &str, propagation: Propagation) -> Result<(), Error> {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.store.delete(&Self::context(), &self.key(name), options).await.map(drop)
    }

    async fn get(&self, name: &str) -> Option<ObjectRef> {
        self.store.get(&Self::context(), &self.key(name), ReadAt::Newest).await.ok()
    }

    /// Names of all maps, after everything has come to rest.
    async fn rest(&self) -> Vec<String> {
        rest(&self.env, self.far.as_ref(), Duration::from_secs(5)).await;
        let snapshot = self.store.snapshot().expect("in memory");
        snapshot.list(self.maps.id).map(|object| object.meta().name.to_string()).collect()
    }

    /// Reason and message of all events, as they were told first.
    fn told(&self) -> Vec<(String, String)> {
        let snapshot = self.store.snapshot().expect("in memory");
        let kind = self.store.registry().of::<Event>().expect("a built-in kind");
        let events = snapshot.list(kind.id).filter_map(|object| object.spec::<Event>().cloned());
        events.map(|it| (it.reason.unwrap_or_default(), it.message.unwrap_or_default())).collect()
    }

    async fn set_finalizers(&self, name: &str, finalizers: &[&str]) -> Result<(), Error> {
        let object = self.get(name).await.expect("it is there");
        let mut draft = Draft::of(&object);
        draft.meta_mut().finalizers = finalizers.iter().copied().collect();
        self.store.update(&Self::context(), draft, Subresource::Main).await.map(drop)
    }
}

fn owned_by(owner: &ObjectRef) -> OwnerReference {
    OwnerReference {
        api_version: "v1".into(),
        kind: owner.kind().names.kind.as_str().into(),
        name: owner.meta().name.clone(),
        uid: owner.meta().uid.clone().expect("stored objects have one"),
        controller: None,
        block_owner_deletion: None,
    }
}

fn blocking(owner: &ObjectRef) -> OwnerReference {
    OwnerReference { block_owner_deletion: Some(true), ..owned_by(owner) }
}

#[test]
fn background_dependents_go_after_their_owner() {
    // GC-04, GC-05, OTHER-01: through three generations, and others stay.
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![owned_by(&a)]).await?;
        world.create("c", vec![owned_by(&b)]).await?;
        world.create("free", vec![]).await?;
        assert_eq!(world.rest().await, ["a", "b", "c", "free"]);
        world.delete("a", Propagation::Background).await?;
        assert_eq!(world.rest().await, ["free"]);
        Ok(())
    });
}

#[test]
fn a_dependent_with_another_owner_stays_and_loses_the_reference() {
    // GC-04
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![]).await?;
        world.create("c", vec![owned_by(&a), owned_by(&b)]).await?;
        world.delete("a", Propagation::Background).await?;
        assert_eq!(world.rest().await, ["b", "c"]);
        let c = world.get("c").await.expect("it stays");
        assert_eq!(&*c.meta().owner_references, [owned_by(&b)]);
        Ok(())
    });
}

#[test]
fn an_owner_of_another_uid_is_absent() {
    // GC-02: the same name is not the same object.
    World::play(|world| async move {
        let first = world.create("a", vec![]).await?;
        world.delete("a", Propagation::Background).await?;
        world.create("a", vec![]).await?;
        world.create("b", vec![owned_by(&first)]).await?;
        assert_eq!(world.rest().await, ["a"]);
        Ok(())
    });
}

#[test]
fn an_owner_in_another_namespace_is_absent() {
    // GC-03
    World::play(|world| async move {
        let there = world.create("other/a", vec![]).await?;
        world.rest().await;
        world.create("b", vec![owned_by(&there)]).await?;
        assert_eq!(world.rest().await, ["a"]);
        let uid = there.meta().uid.clone().expect("stored objects have one");
        let message = format!(
            "ownerRef [v1/ConfigMap, namespace: ns, name: a, uid: {uid}] does not exist in namespace \"ns\""
        );
        // Far away, what is told may be lost, or be told again.
        if world.far.is_none() {
            assert_eq!(world.told(), [("OwnerRefInvalidNamespace".to_owned(), message)]);
        }
        Ok(())
    });
}

#[test]
fn a_cluster_scoped_dependent_of_a_namespaced_owner_is_never_collected() {
    // GC-03
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        world.delete("a", Propagation::Background).await?;
        let nodes = world.store.registry().of::<Node>().expect("a built-in kind");
        let mut meta = Meta::cluster("node");
        meta.owner_references = vec![owned_by(&a)].into();
        let spec = Part::new(k8s_openapi::api::core::v1::NodeSpec::default());
        let node = world.store.create(&World::context(), Draft::new(nodes, meta, spec)).await?;
        world.rest().await;
        assert!(world.told().iter().all(|(reason, _)| reason == "OwnerRefInvalidNamespace"));
        assert!(world.far.is_some() || !world.told().is_empty(), "somebody is told, unless that is lost");
        assert!(world.store.get(&World::context(), &node.key(), ReadAt::Newest).await.is_ok());
        Ok(())
    });
}

#[test]
fn a_dependent_of_an_unknown_kind_stays() {
    // GC-02: what cannot be looked up is not absent.
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let unknown =
            OwnerReference { kind: "Mystery".into(), api_version: "x.io/v1".into(), ..owned_by(&a) };
        world.create("b", vec![unknown]).await?;
        assert_eq!(world.rest().await, ["a", "b"]);
        assert!(world.manager.health()[0].failures > 0, "it is tried again");
        Ok(())
    });
}

#[test]
fn a_foreground_owner_goes_after_the_dependents_that_block_it() {
    // GC-06
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        world.create("blocks", vec![blocking(&a)]).await?;
        world.create("free", vec![owned_by(&a)]).await?;
        world.set_finalizers("blocks", &["example.com/hold"]).await?;
        world.set_finalizers("free", &["example.com/hold"]).await?;
        world.delete("a", Propagation::Foreground).await?;
        assert_eq!(world.rest().await, ["a", "blocks", "free"]);
        assert!(world.get("blocks").await.expect("held").meta().is_terminating());
        world.set_finalizers("blocks", &[]).await?;
        assert_eq!(world.rest().await, ["free"], "who does not block is not waited for");
        Ok(())
    });
}

#[test]
fn foreground_is_handed_down_to_dependents_with_dependents() {
    // GC-05
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![blocking(&a)]).await?;
        world.create("c", vec![blocking(&b)]).await?;
        world.set_finalizers("c", &["example.com/hold"]).await?;
        world.delete("a", Propagation::Foreground).await?;
        assert_eq!(world.rest().await, ["a", "b", "c"]);
        assert!(world.get("b").await.expect("waits").meta().finalizers.contains("foregroundDeletion"));
        world.set_finalizers("c", &[]).await?;
        assert!(world.rest().await.is_empty());
        Ok(())
    });
}

/// GC-05: a dependent that says itself what is to become of its own dependents is heard.
#[test]
fn a_dependent_keeps_the_policy_it_carries() {
    for (finalizer, left) in [("orphan", vec!["c"]), ("foregroundDeletion", vec![])] {
        World::play(|world| {
            let left = left.clone();
            async move {
                let a = world.create("a", vec![]).await?;
                let b = world.create("b", vec![owned_by(&a)]).await?;
                world.create("c", vec![blocking(&b)]).await?;
                world.set_finalizers("b", &[finalizer]).await?;
                world.delete("a", Propagation::Background).await?;
                assert_eq!(world.rest().await, left);
                Ok(())
            }
        });
    }
}

/// GC-05: an owner that waits for its dependents is not kept by one that has another owner.
#[test]
fn a_shared_dependent_lets_go_of_an_owner_that_waits() {
    World::play(|world| async move {
        let waiting = world.create("waiting", vec![]).await?;
        let living = world.create("living", vec![]).await?;
        world.create("shared", vec![blocking(&waiting), owned_by(&living)]).await?;
        world.delete("waiting", Propagation::Foreground).await?;
        assert_eq!(world.rest().await, ["living", "shared"]);
        let shared = world.get("shared").await.expect("it stays");
        assert_eq!(&*shared.meta().owner_references, [owned_by(&living)]);
        Ok(())
    });
}

#[test]
fn a_circle_of_blocking_references_is_broken() {
    // GC-06, OTHER-02
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![blocking(&a)]).await?;
        let mut draft = Draft::of(&a);
        draft.meta_mut().owner_references = vec![blocking(&b)].into();
        world.store.update(&World::context(), draft, Subresource::Main).await?;
        world.delete("a", Propagation::Foreground).await?;
        assert!(world.rest().await.is_empty());
        Ok(())
    });
}

#[test]
fn orphans_lose_their_reference_before_the_owner_goes() {
    // GC-07
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let other = world.create("other-owner", vec![]).await?;
        world.create("b", vec![owned_by(&a), owned_by(&other)]).await?;
        world.create("c", vec![owned_by(&a)]).await?;
        world.delete("a", Propagation::Orphan).await?;
        assert_eq!(world.rest().await, ["b", "c", "other-owner"]);
        let owners = |object: ObjectRef| object.meta().owner_references.len();
        assert_eq!(world.get("b").await.map(owners), Some(1));
        assert_eq!(world.get("c").await.map(owners), Some(0));
        Ok(())
    });
}

#[test]
fn a_dependent_made_after_its_owner_went_goes_too() {
    // GC-09: whoever is first to be noticed.
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        world.create("b", vec![owned_by(&a)]).await?;
        world.rest().await;
        world.delete("a", Propagation::Background).await?;
        world.create("late", vec![owned_by(&a)]).await?;
        assert!(world.rest().await.is_empty());
        Ok(())
    });
}

/// GC-06: two owners that were both deleted in the foreground and wait for each other are let go.
#[test]
fn a_circle_that_waits_for_itself_is_broken() {
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![blocking(&a)]).await?;
        let c = world.create("c", vec![blocking(&b)]).await?;
        world.set_finalizers("c", &["example.com/hold"]).await?;
        for name in ["a", "b", "c"] {
            world.delete(name, Propagation::Foreground).await?;
        }
        // The circle closes when all of them are waiting already.
        let mut draft = Draft::of(&world.get("a").await.expect("it waits"));
        draft.meta_mut().owner_references = vec![blocking(&c)].into();
        world.store.update(&World::context(), draft, Subresource::Main).await?;
        world.set_finalizers("c", &["foregroundDeletion"]).await?;
        assert!(world.rest().await.is_empty());
        Ok(())
    });
}

/// GC-06: a chain of owners that wait is no circle, and keeps its order.
#[test]
fn a_chain_of_waiting_owners_is_no_circle() {
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![blocking(&a)]).await?;
        let c = world.create("c", vec![blocking(&b)]).await?;
        world.create("d", vec![blocking(&c)]).await?;
        world.set_finalizers("d", &["example.com/hold"]).await?;
        // From the inside to the outside, so that each has dependents that wait when it is looked at.
        for name in ["c", "b", "a"] {
            world.delete(name, Propagation::Foreground).await?;
        }
        assert_eq!(world.rest().await, ["a", "b", "c", "d"]);
        let b = world.get("b").await.expect("it waits");
        assert_eq!(b.meta().owner_references[0].block_owner_deletion, Some(true));
        world.set_finalizers("d", &[]).await?;
        assert!(world.rest().await.is_empty());
        Ok(())
    });
}

/// GC-02: an owner of this uid under another name is not the one that is named.
#[test]
fn an_owner_that_is_named_wrongly_is_absent() {
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        world.create("right", vec![owned_by(&a)]).await?;
        world.rest().await;
        let wrong = OwnerReference { name: "b".into(), ..owned_by(&a) };
        world.create("wrong", vec![wrong]).await?;
        let other_kind = OwnerReference { kind: "Secret".into(), ..owned_by(&a) };
        world.create("wrong-kind", vec![other_kind]).await?;
        assert_eq!(world.rest().await, ["a", "right"]);
        Ok(())
    });
}

fn widget() -> Kind {
    Kind::untyped("example.com", "v1", "Widget", "widgets", Scope::Namespaced)
}

/// GC-01: kinds that were registered while the collector ran own and are owned.
#[test]
fn custom_kinds_take_part() {
    World::play(|world| async move {
        world.rest().await;
        // Its owner's kind is not known yet: nobody can tell whether it is absent (GC-02).
        let early = OwnerReference {
            kind: "Widget".into(),
            api_version: "example.com/v1".into(),
            ..owned_by(&world.create("none", vec![]).await?)
        };
        world.create("early", vec![early]).await?;
        assert_eq!(world.rest().await, ["early", "none"]);
        let widgets = world.store.registry().register_kind(widget()).expect("it is new");
        assert_eq!(world.rest().await, ["none"], "now it can be looked up, and is not there");
        let json = serde_json::json!({"metadata": {"name": "w", "namespace": "ns"}});
        let draft = Draft::from_value(Arc::clone(&widgets), json).expect("it fits");
        let widget = world.store.create(&World::context(), draft).await?;
        let owner = OwnerReference { api_version: "example.com/v1".into(), ..owned_by(&widget) };
        let map = world.create("owned", vec![owner]).await?;
        let json = serde_json::json!({"metadata": {"name": "v", "namespace": "ns"}});
        let mut draft = Draft::from_value(widgets, json).expect("it fits");
        draft.meta_mut().owner_references = vec![owned_by(&map)].into();
        let dependent = world.store.create(&World::context(), draft).await?;
        assert_eq!(world.rest().await, ["none", "owned"]);
        let options = DeleteOptions::default();
        world.store.delete(&World::context(), &widget.key(), options).await?;
        assert_eq!(world.rest().await, ["none"]);
        let gone = world.store.get(&World::context(), &dependent.key(), ReadAt::Newest).await;
        assert!(gone.is_err_and(|error| error.is_not_found()));
        Ok(())
    });
}

/// A definition of widgets.
fn widgets() -> serde_json::Value {
    serde_json::json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            }}}],
        },
    })
}

impl World {
    /// Makes an object of a kind that is told by its names.
    async fn make(
        &self,
        kind: &str,
        api_version: &str,
        value: serde_json::Value,
    ) -> Result<ObjectRef, Error> {
        let kind = self.store.registry().find(kind, api_version).expect("it is served");
        self.store.create(&Self::context(), Draft::from_value(kind, value).expect("it fits")).await
    }

    /// Makes a widget.
    async fn widget(&self, name: &str, owners: &[&ObjectRef]) -> Result<ObjectRef, Error> {
        let owners: Vec<_> = owners
            .iter()
            .map(|owner| {
                let meta = owner.meta();
                let kind = &owner.kind().names.kind;
                serde_json::json!({"apiVersion": "v1", "kind": kind, "name": &*meta.name, "uid": meta.uid.as_ref().map(ToString::to_string)})
            })
            .collect();
        let meta = serde_json::json!({"name": name, "namespace": "ns", "ownerReferences": owners});
        self.make("Widget", "example.com/v1", serde_json::json!({"metadata": meta})).await
    }

    async fn is_there(&self, object: &ObjectRef) -> bool {
        self.store.get(&Self::context(), &object.key(), ReadAt::Newest).await.is_ok()
    }

    async fn remove(&self, object: &ObjectRef, propagation: Propagation) -> Result<(), Error> {
        let options = DeleteOptions { propagation: Some(propagation), ..DeleteOptions::default() };
        self.store.delete(&Self::context(), &object.key(), options).await.map(drop)
    }
}

fn owned_by_widget(owner: &ObjectRef) -> OwnerReference {
    OwnerReference { api_version: "example.com/v1".into(), ..blocking(owner) }
}

/// GC-01, CRD-11: kinds that a definition makes while the collector runs own and are owned, until the definition goes.
#[test]
fn kinds_of_definitions_come_own_and_go() {
    World::play(|world| async move {
        let definitions = Definitions::start(&world.env, Arc::new(world.store.clone()));
        world.rest().await;
        let definition = world.make("CustomResourceDefinition", "apiextensions.k8s.io/v1", widgets()).await?;
        world.rest().await;
        // An owner of a custom kind, a dependent of one.
        let owner = world.widget("owner", &[]).await?;
        world.create("owned", vec![owned_by_widget(&owner)]).await?;
        let map = world.create("map", vec![]).await?;
        let dependent = world.widget("dependent", &[&map]).await?;
        assert_eq!(world.rest().await, ["map", "owned"]);
        world.remove(&owner, Propagation::Background).await?;
        assert_eq!(world.rest().await, ["map"]);
        world.delete("map", Propagation::Background).await?;
        assert_eq!(world.rest().await, Vec::<String>::new());
        assert!(!world.is_there(&dependent).await);

        // The definition goes while one of its objects waits for what it owns.
        let waiting = world.widget("waiting", &[]).await?;
        world.create("held", vec![owned_by_widget(&waiting)]).await?;
        world.set_finalizers("held", &["example.com/hold"]).await?;
        // Who is deleted before the collector has seen what it owns does not wait for that, here as upstream.
        world.rest().await;
        world.remove(&waiting, Propagation::Foreground).await?;
        let other = world.widget("other", &[]).await?;
        world.create("of-other", vec![owned_by_widget(&other)]).await?;
        world.remove(&definition, Propagation::Background).await?;
        assert_eq!(world.rest().await, ["held"], "what the other owned went with it");
        assert!(world.is_there(&waiting).await, "it is the collector who lets it go");
        assert!(world.store.registry().find("Widget", "example.com/v1").is_some());
        world.set_finalizers("held", &[]).await?;
        assert_eq!(world.rest().await, Vec::<String>::new());
        assert!(!world.is_there(&waiting).await);
        assert!(world.store.registry().find("Widget", "example.com/v1").is_none());

        // Nobody can tell whether an owner of that kind is absent (GC-02), and the others go on.
        world.create("late", vec![owned_by_widget(&waiting)]).await?;
        let map = world.create("again", vec![]).await?;
        world.create("of-again", vec![owned_by(&map)]).await?;
        world.delete("again", Propagation::Background).await?;
        assert_eq!(world.rest().await, ["late"]);
        // It comes back: now it can be looked up, and the owner is not there.
        world.make("CustomResourceDefinition", "apiextensions.k8s.io/v1", widgets()).await?;
        assert_eq!(world.rest().await, Vec::<String>::new());
        definitions.shut_down().await;
        Ok(())
    });
}

/// GC-01: a dependent that is seen before its owner waits for a live look, so no owner has to be made up for it.
#[test]
fn a_dependent_that_is_seen_before_its_owner_stays() {
    for seed in 0..16 {
        World::play_seed(seed, Place::Far, |world| async move {
            let a = world.create("a", vec![]).await?;
            let nodes = world.store.registry().of::<Node>().expect("a built-in kind");
            let spec = Part::new(k8s_openapi::api::core::v1::NodeSpec::default());
            let node = Draft::new(nodes, Meta::cluster("node"), spec);
            let node = world.store.create(&World::context(), node).await?;
            // Kinds are read one by one, so that owners come before or after their dependents.
            world.create("b", vec![owned_by(&node)]).await?;
            world.create("c", vec![owned_by(&a)]).await?;
            assert_eq!(world.rest().await, ["a", "b", "c"]);
            Ok(())
        });
    }
}

/// GC-04, GC-09: a dependent that has changed is deleted all the same if its owners are the same; if they are
/// others, the decision is made anew.
#[test]
fn a_change_of_owners_makes_the_decision_anew() {
    World::play_seed(1, Place::Near, |world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![owned_by(&a)]).await?;
        let snapshot = world.store.snapshot().expect("in memory");
        let known = Owners::default();
        let observed =
            Observed::of(&snapshot, &b.key(), world.store.registry(), &known).expect("it is there");
        let mut beaten = Memory::default();
        let conflict = Error::conflict(&b.kind().resource, "b", "changed");
        beaten.learn(&Action::Delete(Propagation::Background, Guard::Version), Err(&conflict));
        assert_eq!(plan(&observed, &beaten).actions, [Action::LookAgain]);
        let after = |change: fn(&mut Meta)| {
            let mut draft = Draft::of(&b);
            change(draft.meta_mut());
            let newer = Arc::new(Object::from_draft(draft, b.revision().next()));
            let mut memory = beaten.clone();
            memory.learn(&Action::LookAgain, Ok(Some(&newer)));
            let plan = plan(&observed, &memory);
            (plan.actions, plan.next)
        };
        let relabelled = after(|meta| meta.labels = meta.labels.with("k", "v"));
        assert_eq!(relabelled.0, [Action::Delete(Propagation::Background, Guard::Uid)]);
        assert_eq!(after(|meta| meta.owner_references = vec![].into()), (vec![], Next::Replan));
        assert_eq!(after(|meta| meta.uid = None), (vec![], Next::Settled));
        Ok(())
    });
}

/// GC-08: references are dropped from the version that was looked at; others that came meanwhile are never lost.
#[test]
fn references_are_dropped_from_the_version_that_was_seen() {
    World::play_seed(1, Place::Near, |world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![]).await?;
        let c = world.create("c", vec![owned_by(&a), owned_by(&b)]).await?;
        let snapshot = world.store.snapshot().expect("in memory");
        let known = Owners::default();
        let observed =
            Observed::of(&snapshot, &c.key(), world.store.registry(), &known).expect("it is there");
        let gone = a.meta().uid.clone().expect("stored objects have one");
        let steps = enact::steps(&observed, &Action::DropReferences(vec![gone]));
        let [Step::Write { write, .. }] = &steps[..] else { panic!("one write") };
        let Write::Update(draft, Subresource::Main) = &**write else { panic!("an update") };
        assert_eq!((draft.revision, draft.meta().owner_references.len()), (Some(c.revision()), 1));
        Ok(())
    });
}

#[test]
fn deletes_only_the_version_it_decided_on() {
    // GC-04: the guard is in the write.
    World::play(|world| async move {
        let a = world.create("a", vec![]).await?;
        let b = world.create("b", vec![owned_by(&a)]).await?;
        let snapshot = world.store.snapshot().expect("in memory");
        let known = Owners::default();
        let observed =
            Observed::of(&snapshot, &b.key(), world.store.registry(), &known).expect("it is there");
        let steps = enact::steps(&observed, &Action::Delete(Propagation::Background, Guard::Version));
        let [Step::Write { write, .. }] = &steps[..] else { panic!("one write") };
        let Write::Delete(_, options) = &**write else { panic!("a deletion") };
        let expected = Preconditions { uid: b.meta().uid.clone(), revision: Some(b.revision()) };
        assert_eq!(options.preconditions, expected);
        Ok(())
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A forest of owners, some deleted: what is left is what has no owner, or one that is left.
    #[test]
    fn what_has_a_living_owner_lives_and_what_has_none_goes(
        owners in proptest::collection::vec(proptest::collection::vec(0usize..12, 0..3), 1..12),
        deleted in proptest::collection::btree_set(0usize..12, 1..4),
        foreground: bool,
        seed: u64,
        far: bool,
    ) {
        let place = if far { Place::Far } else { Place::Near };
        let (owners, deleted) = (&owners, &deleted);
        World::play_seed(seed, place, |world| async move {
            let mut objects: Vec<ObjectRef> = Vec::new();
            let mut edges: Vec<Vec<usize>> = Vec::new();
            for (at, owners) in owners.iter().enumerate() {
                // Only earlier ones, so there is no circle; each once.
                let mut of: Vec<usize> = owners.iter().copied().filter(|owner| *owner < at).collect();
                of.sort_unstable();
                of.dedup();
                let references = of.iter().map(|owner| blocking(&objects[*owner])).collect();
                objects.push(world.create(&format!("o{at:02}"), references).await?);
                edges.push(of);
            }
            let policy = if foreground { Propagation::Foreground } else { Propagation::Background };
            let mut living = vec![true; objects.len()];
            for at in deleted.iter().copied().filter(|at| *at < objects.len()) {
                match world.delete(&format!("o{at:02}"), policy).await {
                    Ok(()) => {}
                    Err(error) if error.is_not_found() => {}
                    Err(error) => return Err(error),
                }
                living[at] = false;
            }
            for at in 0..objects.len() {
                living[at] &= edges[at].is_empty() || edges[at].iter().any(|owner| living[*owner]);
            }
            let expected: Vec<String> =
                (0..objects.len()).filter(|at| living[*at]).map(|at| format!("o{at:02}")).collect();
            assert_eq!(world.rest().await, expected);
            Ok(())
        });
    }
}
