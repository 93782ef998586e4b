//! Paused Deployments, and which of several wishes comes first.

use std::time::Duration;

use k8s_openapi::api::apps::v1::DeploymentSpec;

use super::scene::{deployment, template};
use super::world::{World, annotation};

const WISH: &str = "deprecated.deployment.rollback.to";

#[test]
fn a_deployment_that_is_paused_from_birth_has_no_replica_set() {
    // DEP-43, DEP-50
    World::play(|world| async move {
        let mut web = deployment("app:1", 3);
        web.spec.paused = Some(true);
        world.deployments.create(web).await?;
        world.settle().await;
        assert!(world.all_sets().is_empty());
        let status = world.status().await;
        assert_eq!((status.terminating_replicas, status.observed_generation), (Some(0), Some(1)));
        world.respec(|spec| spec.paused = None).await?;
        world.rest_available().await?;
        assert_eq!(world.sizes(), [3]);
        Ok(())
    });
}

#[test]
fn while_paused_annotations_follow_and_history_is_cleaned_up() {
    // DEP-43, DEP-47
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        for image in ["app:2", "app:3"] {
            world.respec(|spec| spec.template = template(image)).await?;
            world.rest_available().await?;
        }
        world
            .change(|web| {
                web.meta_mut().annotations = web.meta().annotations.with("team", "a");
                let spec = web.spec_mut::<DeploymentSpec>().expect("it is one");
                (spec.paused, spec.revision_history_limit) = (Some(true), Some(1));
                spec.min_ready_seconds = Some(7);
            })
            .await?;
        world.settle().await;
        let sets = world.all_sets();
        let revisions: Vec<_> = sets.iter().map(|set| annotation(set, "revision")).collect();
        assert_eq!(revisions, ["2", "3"]);
        assert_eq!(sets[1].meta().annotations.get("team"), Some("a"));
        let web = world.web().await;
        assert_eq!(world.status().await.observed_generation, Some(web.meta().generation));
        Ok(())
    });
}

#[test]
fn a_pause_that_is_longer_than_the_deadline_is_no_time_out() {
    // DEP-44: the clock begins anew.
    World::play(|world| async move {
        let mut web = deployment("app:1", 1);
        web.spec.progress_deadline_seconds = Some(10);
        world.deployments.create(web).await?;
        world.rest(|_, _| 0).await?;
        world.respec(|spec| spec.paused = Some(true)).await?;
        world.env.sleep(Duration::from_secs(60)).await;
        world.respec(|spec| spec.paused = None).await?;
        let resumed = ("Unknown".to_owned(), "DeploymentResumed".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(resumed.clone()));
        world.env.sleep(Duration::from_secs(8)).await;
        assert_eq!(world.condition("Progressing").await, Some(resumed));
        world.env.sleep(Duration::from_secs(5)).await;
        let late = ("False".to_owned(), "ProgressDeadlineExceeded".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(late.clone()));
        // Once it is late, pausing does not unsay it.
        world.respec(|spec| spec.paused = Some(true)).await?;
        assert_eq!(world.condition("Progressing").await, Some(late));
        Ok(())
    });
}

#[test]
fn pausing_comes_before_going_back() {
    // DEP-14, DEP-43
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.rest_available().await?;
        world
            .change(|web| {
                web.meta_mut().annotations = web.meta().annotations.with(WISH, "1");
                let spec = web.spec_mut::<DeploymentSpec>().expect("it is one");
                (spec.paused, spec.revision_history_limit) = (Some(true), Some(0));
            })
            .await?;
        assert_eq!(world.web().await.meta().annotations.get(WISH), Some("1"), "it waits");
        assert_eq!(world.all_sets().len(), 2, "what may be gone back to stays");
        world.respec(|spec| spec.paused = None).await?;
        world.rest_available().await?;
        let web = world.web().await;
        assert_eq!(web.meta().annotations.get(WISH), None);
        let spec = web.spec::<DeploymentSpec>().expect("it is one");
        assert!(crate::deployment::template::is_same(
            &spec.template,
            &template_as_stored(&world, "app:1").await
        ));
        Ok(())
    });
}

/// A template with its defaults.
async fn template_as_stored(world: &World, image: &str) -> k8s_openapi::api::core::v1::PodTemplateSpec {
    let web = world.web().await;
    let mut spec = web.spec::<DeploymentSpec>().expect("it is one").template.clone();
    spec.spec.as_mut().expect("it has one").containers[0].image = Some(image.to_owned());
    spec
}

#[test]
fn going_back_comes_before_scaling_and_scaling_before_rolling_out() {
    // DEP-14
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 10)).await?;
        world.rest_available().await?;
        world
            .respec(|spec| {
                spec.template = template("app:2");
                spec.replicas = Some(20);
            })
            .await?;
        // The old ones are resized before there is a new one.
        assert_eq!(
            world.events().await?[1..3],
            [
                "Normal ScalingReplicaSet Scaled up replica set <1> from 10 to 20",
                "Normal ScalingReplicaSet Scaled up replica set <2> from 0 to 5",
            ]
        );
        world.rest_available().await?;
        world
            .change(|web| {
                web.meta_mut().annotations = web.meta().annotations.with(WISH, "1");
                web.spec_mut::<DeploymentSpec>().expect("it is one").replicas = Some(8);
            })
            .await?;
        let told = world.events().await?;
        let back = told.iter().position(|event| event.contains("Rolled back")).expect("it went back");
        let scaled = told.iter().position(|event| event.contains("from 20 to 8")).expect("it was scaled");
        assert!(back < scaled, "{told:?}");
        world.rest_available().await?;
        let mut sizes = world.sizes();
        sizes.sort_unstable();
        assert_eq!(sizes, [0, 8]);
        Ok(())
    });
}
