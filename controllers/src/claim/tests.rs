use k8s_openapi::api::apps::v1::{ReplicaSet, ReplicaSetSpec};
use k8s_openapi::api::core::v1::ConfigMap;
use setpoint_core::Error;
use setpoint_core::env::Simulation;
use setpoint_core::object::{Draft, Meta, OwnerReference, Part};
use setpoint_store::request::{DeleteOptions, ReadAt, RequestContext};
use setpoint_store::{ObjectStore, ObjectStoreExt, Store};

use super::*;

/// A namespace with an owner; config maps play its children.
struct World {
    store: Store,
    owner: ObjectRef,
    selector: LabelSelector,
}

impl World {
    fn play<F: Future<Output = Result<(), Error>>>(scene: impl FnOnce(Self) -> F) {
        let sim = Simulation::new(1);
        let env = sim.env();
        let done = sim.block_on(async {
            let store = Store::memory(&env);
            store.ensure_namespace("ns").await?;
            store.ensure_namespace("other").await?;
            let owner = create_owner(&store).await?;
            let labels = [("app".to_owned(), "web".to_owned())];
            let selector = LabelSelector::from_labels(labels.iter().map(|(key, value)| (key, value)));
            scene(Self { store, owner, selector }).await
        });
        done.expect("nothing waits for ever").expect("the scene goes as planned");
    }

    async fn child(&self, name: &str, label: &str, owners: Vec<OwnerReference>) -> Result<Key, Error> {
        let kind = self.store.registry().of::<ConfigMap>().expect("a built-in kind");
        let (namespace, name) = name.split_once('/').unwrap_or(("ns", name));
        let mut meta = Meta::namespaced(namespace, name);
        meta.labels = [("app", label)].into_iter().collect();
        meta.owner_references = owners.into();
        meta.finalizers = ["example.com/hold"].into_iter().collect();
        let draft = Draft::new(kind, meta, Part::new(ConfigMap::default()));
        Ok(self.store.create(&context(), draft).await?.key())
    }

    fn children(&self, owner: &Object) -> Children {
        let kind = self.store.registry().of::<ConfigMap>().expect("a built-in kind").id;
        let claim = Claim { owner, selector: &self.selector };
        claim.children(&self.store.snapshot().expect("in memory"), kind, |_| true)
    }

    /// Claims until there is nothing left to do; what was done.
    async fn claim(&self) -> (Vec<ClaimAction>, ClaimStage) {
        let mut memory = ClaimMemory::default();
        let mut done = Vec::new();
        loop {
            let stage = memory.stage(&self.owner, &self.children(&self.owner));
            let ClaimStage::Act(actions) = stage else { return (done, stage) };
            for action in actions {
                for step in action.steps(&self.owner) {
                    let outcome = match step {
                        Step::Write { write, .. } => {
                            self.store.write(&context(), *write).await.map(|written| written.object)
                        }
                        Step::ReadLive(key) => self.store.get(&context(), &key, ReadAt::Newest).await,
                        Step::Event(_) | Step::DeleteAll(..) | Step::ListLive(_) => continue,
                    };
                    memory.learn(&action, outcome.as_ref().map(Some));
                }
                done.push(action);
            }
            assert!(done.len() < 100, "it comes to an end");
        }
    }

    async fn owners(&self, child: &Key) -> Vec<OwnerReference> {
        let child = self.store.get(&context(), child, ReadAt::Newest).await.expect("it is there");
        child.meta().owner_references.to_vec()
    }
}

fn context() -> RequestContext {
    RequestContext::system("test")
}

async fn create_owner(store: &Store) -> Result<ObjectRef, Error> {
    let kind = store.registry().of::<ReplicaSet>().expect("a built-in kind");
    let wire = json!({
        "metadata": {"name": "rs", "namespace": "ns", "finalizers": ["example.com/hold"]},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]},
            },
        },
    });
    let draft = Draft::from_value(kind, wire).expect("a ReplicaSet");
    let owner = store.create(&context(), draft).await?;
    assert!(owner.spec::<ReplicaSetSpec>().is_some());
    Ok(owner)
}

fn plain(reference: OwnerReference) -> OwnerReference {
    OwnerReference { controller: None, block_owner_deletion: None, ..reference }
}

fn stranger() -> OwnerReference {
    OwnerReference {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        name: "stranger".into(),
        uid: Uid::new("1"),
        controller: None,
        block_owner_deletion: None,
    }
}

#[test]
fn orphans_that_match_are_adopted_and_keep_their_other_owners() {
    // DEP-11, RS-12
    World::play(|world| async move {
        let orphan = world.child("orphan", "web", vec![stranger()]).await?;
        let known = world.child("known", "web", vec![plain(controller_ref(&world.owner))]).await?;
        let unlike = world.child("unlike", "db", vec![]).await?;
        let elsewhere = world.child("other/orphan", "web", vec![]).await?;
        let (done, end) = world.claim().await;
        assert_eq!((done.len(), end), (3, ClaimStage::Settled), "one look at the owner, two adoptions");
        // Strategic merge puts what a patch names before what it does not.
        assert_eq!(world.owners(&orphan).await, [controller_ref(&world.owner), stranger()]);
        assert_eq!(world.owners(&known).await, [controller_ref(&world.owner)], "upgraded in its place");
        assert!(world.owners(&unlike).await.is_empty());
        assert!(world.owners(&elsewhere).await.is_empty());
        Ok(())
    });
}

#[test]
fn children_that_no_longer_match_are_released() {
    // DEP-12, RS-13: without a look at the owner.
    World::play(|world| async move {
        let reference = controller_ref(&world.owner);
        let kept = world.child("kept", "web", vec![reference.clone()]).await?;
        let lost = world.child("lost", "db", vec![stranger(), reference.clone()]).await?;
        let (done, end) = world.claim().await;
        assert_eq!((done.len(), end), (1, ClaimStage::Settled));
        assert_eq!(world.owners(&kept).await, [reference]);
        assert_eq!(world.owners(&lost).await, [stranger()]);
        Ok(())
    });
}

#[test]
fn children_of_others_are_never_touched() {
    // DEP-13, RS-12
    World::play(|world| async move {
        let other = OwnerReference { controller: Some(true), ..stranger() };
        let child = world.child("child", "web", vec![other.clone()]).await?;
        assert_eq!(world.claim().await, (Vec::new(), ClaimStage::Settled));
        assert_eq!(world.owners(&child).await, [other]);
        Ok(())
    });
}

#[test]
fn an_owner_that_is_seen_to_go_claims_nothing() {
    // DEP-12, RS-14
    World::play(|mut world| async move {
        world.child("orphan", "web", vec![]).await?;
        world.child("lost", "db", vec![controller_ref(&world.owner)]).await?;
        world.child("kept", "web", vec![controller_ref(&world.owner)]).await?;
        let key = world.owner.key();
        world.owner = world.store.delete(&context(), &key, DeleteOptions::default()).await?.object;
        assert!(world.owner.meta().is_terminating());
        assert_eq!(world.claim().await, (Vec::new(), ClaimStage::Settled));
        assert_eq!(world.children(&world.owner).kept.len(), 1, "what is its own stays its own");
        Ok(())
    });
}

#[test]
fn an_owner_that_is_gone_or_going_live_adopts_nothing_and_still_releases() {
    // DEP-11, RS-14: the view may be older than the deletion.
    World::play(|world| async move {
        let orphan = world.child("orphan", "web", vec![]).await?;
        let lost = world.child("lost", "db", vec![controller_ref(&world.owner)]).await?;
        world.store.delete(&context(), &world.owner.key(), DeleteOptions::default()).await?;
        let (done, end) = world.claim().await;
        assert!(matches!(end, ClaimStage::Failed(_)), "{end:?}");
        assert_eq!(done.len(), 2, "a look at the owner, and a release");
        assert!(world.owners(&orphan).await.is_empty());
        assert!(world.owners(&lost).await.is_empty());
        Ok(())
    });
}

#[test]
fn a_child_that_changes_before_its_adoption_is_not_adopted() {
    // INV-C-04: it may not match any more.
    World::play(|world| async move {
        let key = world.child("orphan", "web", vec![]).await?;
        let mut memory = ClaimMemory::default();
        memory.learn(
            &ClaimAction::ConfirmOwner {
                owner: world.owner.key(),
                uid: world.owner.meta().uid.clone().expect("it has one"),
            },
            Ok(Some(&world.owner)),
        );
        let ClaimStage::Act(actions) = memory.stage(&world.owner, &world.children(&world.owner)) else {
            panic!("an adoption");
        };
        let orphan = world.store.get(&context(), &key, ReadAt::Newest).await?;
        let mut draft = Draft::of(&orphan);
        draft.meta_mut().labels = [("app", "db")].into_iter().collect();
        world.store.update(&context(), draft, Subresource::Main).await?;
        let [Step::Write { write, .. }] = &actions[0].steps(&world.owner)[..] else { panic!("one write") };
        let refused = world.store.write(&context(), Write::clone(write)).await.expect_err("it has changed");
        assert!(refused.is_conflict(), "{refused}");
        memory.learn(&actions[0], Err(&refused));
        assert!(matches!(memory.stage(&world.owner, &Children::default()), ClaimStage::Failed(_)));
        Ok(())
    });
}

#[test]
fn a_failure_does_not_keep_the_others_from_being_tried() {
    // DEP-12: what is gone, or has no such reference any more, is no failure.
    let errors = [
        (Error::new(setpoint_core::Reason::NotFound, "gone"), None),
        (Error::new(setpoint_core::Reason::Invalid, "no such reference"), None),
        (Error::new(setpoint_core::Reason::Forbidden, "not allowed"), Some("not allowed, not allowed")),
    ];
    for (error, expected) in errors {
        World::play(|world| async move {
            for name in ["a", "b"] {
                world.child(name, "db", vec![controller_ref(&world.owner)]).await?;
            }
            let mut memory = ClaimMemory::default();
            let ClaimStage::Act(actions) = memory.stage(&world.owner, &world.children(&world.owner)) else {
                panic!("two releases")
            };
            assert_eq!(actions.len(), 2);
            for action in &actions {
                memory.learn(action, Err(&error));
            }
            let end = memory.stage(&world.owner, &Children::default());
            match expected {
                None => assert_eq!(end, ClaimStage::Settled),
                Some(expected) => assert_eq!(end, ClaimStage::Failed(expected.to_owned())),
            }
            Ok(())
        });
    }
}
