//! Who is looked at when something changes.

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use setpoint_core::Error;
use setpoint_core::kind::{Registry, Subresource};
use setpoint_core::object::{Draft, Meta, ObjectRef, OwnerReference, Part};
use setpoint_store::ObjectStoreExt;

use super::scene::{Set, deployment};
use super::world::World;

impl World {
    fn runs(&self) -> u64 {
        self.manager.health()[0].runs
    }

    async fn rewrite(&self, set: &ObjectRef, change: impl FnOnce(&mut Draft)) -> Result<u64, Error> {
        let before = self.runs();
        let mut draft = Draft::of(set);
        change(&mut draft);
        self.store.update(&Self::context(), draft, Subresource::Main).await?;
        self.settle().await;
        Ok(self.runs() - before)
    }
}

/// A ReplicaSet that somebody made by hand, with this label `app`; its selector and template have it too.
fn premade(name: &'static str, image: &'static str, app: &str, owners: &[OwnerReference]) -> Draft {
    let made = Set::full(name, image, 0).object(&Registry::builtin());
    let mut spec = made.spec::<ReplicaSetSpec>().expect("it is one").clone();
    let labels: std::collections::BTreeMap<_, _> = [("app".to_owned(), app.to_owned())].into();
    spec.selector.match_labels = Some(labels.clone());
    spec.template.get_or_insert_default().metadata.get_or_insert_default().labels = Some(labels);
    let mut meta = Meta::namespaced("ns", name);
    meta.labels = [("app", app)].into_iter().collect();
    meta.owner_references = owners.into();
    Draft::new(made.kind().clone(), meta, Part::new(spec))
}

fn labeled(draft: &mut Draft, key: &str, value: &str) {
    let meta = draft.meta_mut();
    meta.labels = meta.labels.with(key, value);
}

#[test]
fn a_replica_set_wakes_its_owner_and_an_orphan_all_that_select_it() {
    // DEP-09
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        let mut other = deployment("app:2", 1);
        other.metadata.name = Some("web2".to_owned());
        world.deployments.create(other).await?;
        world.rest_available().await?;
        let is_webs = |set: &ObjectRef| set.meta().controller().is_some_and(|owner| &*owner.name == "web");
        let webs = |world: &World| world.all_sets().into_iter().find(is_webs).expect("it is there");

        assert_eq!(world.rewrite(&webs(&world), |set| labeled(set, "x", "1")).await?, 1, "its owner");
        let stripped =
            world.rewrite(&webs(&world), |set| set.meta_mut().owner_references = [].into()).await?;
        // Both look at it, one of them adopts it; that write of its own wakes the adopter, and so does its status.
        assert!((2..=6).contains(&stripped), "{stripped}");
        let owners: Vec<_> = world.all_sets().iter().map(|set| set.meta().owner_references.len()).collect();
        assert_eq!(owners, [1, 1], "it was adopted");
        Ok(())
    });
}

#[test]
fn orphans_that_nobody_selects_or_that_go_wake_nobody() {
    // DEP-09
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let before = world.runs();
        let draft = premade("stranger", "app:9", "db", &[]);
        let stranger = world.store.create(&World::context(), draft).await?;
        world.settle().await;
        assert_eq!(world.runs(), before);
        world.store.delete(&World::context(), &stranger.key(), Default::default()).await?;
        world.settle().await;
        assert_eq!(world.runs(), before);
        Ok(())
    });
}

#[test]
fn an_adopted_replica_set_keeps_its_labels_and_its_other_owners() {
    // DEP-11: no hash is put on it, and whoever owns it beside stays.
    World::play(|world| async move {
        let stranger = OwnerReference {
            api_version: "v1".into(),
            kind: "ConfigMap".into(),
            name: "stranger".into(),
            uid: setpoint_core::object::Uid::new("1"),
            controller: None,
            block_owner_deletion: None,
        };
        let draft = premade("premade", "app:1", "web", &[stranger]);
        world.store.create(&World::context(), draft).await?;
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let sets = world.all_sets();
        let [set] = &sets[..] else { panic!("one is enough: {sets:?}") };
        assert_eq!(&*set.meta().name, "premade");
        assert_eq!(set.meta().owner_references.len(), 2);
        assert!(set.meta().labels.get("pod-template-hash").is_none());
        assert_eq!(super::world::annotation(set, "revision"), "1");
        Ok(())
    });
}
