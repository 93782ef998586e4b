use k8s_openapi::api::apps::v1::{DeploymentSpec, ReplicaSetSpec};
use setpoint_core::kind::Subresource;
use setpoint_core::object::{Draft, ObjectRef};
use setpoint_store::ObjectStoreExt;

use super::scene::{deployment, template};
use super::world::{World, annotation};

async fn rewrite(
    world: &World,
    set: &ObjectRef,
    change: impl FnOnce(&mut Draft),
) -> Result<(), setpoint_core::Error> {
    let mut draft = Draft::of(set);
    change(&mut draft);
    world.store.update(&World::context(), draft, Subresource::Main).await?;
    world.settle().await;
    Ok(())
}

#[test]
fn an_orphan_with_matching_labels_is_adopted_and_its_revision_counts() {
    // DEP-09, DEP-11, DEP-23
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let set = world.all_sets().remove(0);
        rewrite(&world, &set, |set| {
            let meta = set.meta_mut();
            meta.owner_references = [].into();
            meta.annotations =
                meta.annotations.with("deployment.kubernetes.io/revision", "3546343826724305832");
        })
        .await?;
        let set = world.all_sets().remove(0);
        assert_eq!(set.meta().owner_references.len(), 1);
        assert!(set.meta().controller().is_some());
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.rest_available().await?;
        assert_eq!(annotation(&world.web().await, "revision"), "3546343826724305833");
        Ok(())
    });
}

#[test]
fn a_replica_set_that_no_longer_matches_is_released_and_replaced_under_another_name() {
    // DEP-12, DEP-19
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let set = world.all_sets().remove(0);
        rewrite(&world, &set, |set| set.meta_mut().labels = set.meta().labels.with("app", "other")).await?;
        let sets = world.all_sets();
        assert_eq!(sets.len(), 2, "{sets:?}");
        let orphan = sets.iter().find(|found| found.meta().name == set.meta().name).expect("it stays");
        assert!(orphan.meta().owner_references.is_empty());
        assert_eq!(world.status().await.collision_count, Some(1));
        Ok(())
    });
}

#[test]
fn a_replica_set_whose_template_was_changed_by_hand_is_old() {
    // DEP-16, DEP-19, DEP-40
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let set = world.all_sets().remove(0);
        rewrite(&world, &set, |set| {
            let spec = set.spec_mut::<ReplicaSetSpec>().expect("it is one");
            let image =
                &mut spec.template.as_mut().and_then(|template| template.spec.as_mut()).expect("it has one");
            image.containers[0].image = Some("app:hand".to_owned());
        })
        .await?;
        world.rest_available().await?;
        assert_eq!(world.status().await.collision_count, Some(1));
        assert_eq!(world.sizes(), [0, 1]);
        assert_eq!(annotation(&world.web().await, "revision"), "2");
        Ok(())
    });
}

#[test]
fn a_replica_set_resized_or_deleted_by_hand_is_brought_back() {
    // DEP-40
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 3)).await?;
        world.rest_available().await?;
        for size in [7, 1] {
            let set = world.all_sets().remove(0);
            rewrite(&world, &set, |set| {
                set.spec_mut::<ReplicaSetSpec>().expect("it is one").replicas = Some(size);
            })
            .await?;
            assert_eq!(world.sizes(), [3], "from {size}");
            world.rest_available().await?;
        }
        let set = world.all_sets().remove(0);
        world.store.delete(&World::context(), &set.key(), Default::default()).await?;
        world.settle().await;
        assert_eq!(world.sizes(), [3]);
        assert_ne!(world.all_sets()[0].meta().uid, set.meta().uid);
        Ok(())
    });
}

#[test]
fn annotations_and_min_ready_seconds_are_passed_on_to_the_new_replica_set_only() {
    // DEP-05, DEP-21, DEP-22
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.rest_available().await?;
        world
            .change(|web| {
                let meta = web.meta_mut();
                meta.annotations = meta
                    .annotations
                    .with("team", "a")
                    .with("kubectl.kubernetes.io/last-applied-configuration", "{}");
                web.spec_mut::<DeploymentSpec>().expect("it is one").min_ready_seconds = Some(4);
            })
            .await?;
        let sets = world.all_sets();
        let seen: Vec<_> = sets
            .iter()
            .map(|set| {
                let seconds = set.spec::<ReplicaSetSpec>().and_then(|spec| spec.min_ready_seconds);
                (set.meta().annotations.get("team"), seconds)
            })
            .collect();
        assert_eq!(seen, [(None, None), (Some("a"), Some(4))]);
        assert!(sets.iter().all(|set| {
            !set.meta().annotations.contains_key("kubectl.kubernetes.io/last-applied-configuration")
        }));
        assert_eq!(world.sizes(), [0, 1], "nothing is rolled out for it");
        world.change(|web| web.meta_mut().annotations = web.meta().annotations.without("team")).await?;
        assert_eq!(world.all_sets()[1].meta().annotations.get("team"), Some("a"), "none is taken away");
        Ok(())
    });
}

#[test]
fn a_deployment_on_its_way_out_only_says_how_it_is() {
    // DEP-15
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        world.change(|web| web.meta_mut().finalizers = ["example.com/hold"].into_iter().collect()).await?;
        world.rest_available().await?;
        world.store.delete(&World::context(), &world.web().await.key(), Default::default()).await?;
        world
            .respec(|spec| {
                spec.template = template("app:2");
                spec.replicas = Some(5);
            })
            .await?;
        assert_eq!(world.sizes(), [2]);
        let web = world.web().await;
        assert!(web.meta().is_terminating());
        assert_eq!(world.status().await.observed_generation, Some(web.meta().generation));
        Ok(())
    });
}

#[test]
fn two_deployments_with_one_selector_do_not_touch_each_others_replica_sets() {
    // DEP-13
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        let mut other = deployment("app:1", 3);
        other.metadata.name = Some("web2".to_owned());
        world.deployments.create(other).await?;
        world.rest_available().await?;
        assert_eq!(world.all_sets().len(), 2);
        world.respec(|spec| spec.replicas = Some(5)).await?;
        world.rest_available().await?;
        let mut sizes = world.sizes();
        sizes.sort_unstable();
        assert_eq!(sizes, [3, 5]);
        Ok(())
    });
}
