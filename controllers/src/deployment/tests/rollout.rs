use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::ReplicaSetStatus;
use setpoint_core::object::ObjectRef;
use setpoint_store::ObjectStore;

use super::scene::{deployment, recreate, rolling, template};
use super::world::{World, annotation, drain, size};

fn yes(reason: &str) -> Option<(String, String)> {
    Some(("True".to_owned(), reason.to_owned()))
}

#[test]
fn a_new_deployment_gets_its_replica_set_and_says_how_it_goes() {
    // DEP-17, DEP-25, DEP-26, DEP-32, DEP-49 to DEP-54; golden deployment-create
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 3)).await?;
        world.settle().await;
        assert_eq!(world.condition("Progressing").await, yes("NewReplicaSetCreated"));
        let web = world.web().await;
        let sets = world.all_sets();
        let [set] = &sets[..] else { panic!("one ReplicaSet, not {sets:?}") };
        let hash = set.meta().labels.get("pod-template-hash").expect("it has a hash");
        assert_eq!(*set.meta().name, format!("web-{hash}"));
        let owner = set.meta().controller().expect("it is controlled");
        assert_eq!((Some(&owner.uid), owner.block_owner_deletion), (web.meta().uid.as_ref(), Some(true)));
        let stamps = ["revision", "desired-replicas", "max-replicas"].map(|name| annotation(set, name));
        assert_eq!(stamps, ["1", "3", "4"]);
        assert_eq!(annotation(&web, "revision"), "1");
        assert_eq!(web.meta().generation, 1);

        world.follow(|_, _| 0).await?;
        let status = world.status().await;
        assert_eq!(
            (status.replicas, status.updated_replicas, status.unavailable_replicas),
            (Some(3), Some(3), Some(3))
        );
        assert_eq!((status.terminating_replicas, status.observed_generation), (Some(0), Some(1)));
        assert_eq!(world.condition("Progressing").await, yes("ReplicaSetUpdated"));
        assert_eq!(
            world.condition("Available").await,
            Some(("False".to_owned(), "MinimumReplicasUnavailable".to_owned()))
        );

        world.rest_available().await?;
        let status = world.status().await;
        assert_eq!((status.available_replicas, status.unavailable_replicas), (Some(3), None));
        assert_eq!(world.condition("Progressing").await, yes("NewReplicaSetAvailable"));
        assert_eq!(world.condition("Available").await, yes("MinimumReplicasAvailable"));
        assert_eq!(world.events().await?, ["Normal ScalingReplicaSet Scaled up replica set <1> from 0 to 3"]);
        Ok(())
    });
}

#[test]
fn nothing_is_written_where_nothing_changes() {
    // DEP-59
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 3)).await?;
        world.rest_available().await?;
        let before = world.store.snapshot().expect("in memory").revision();
        world.env.sleep(std::time::Duration::from_secs(3600)).await;
        assert_eq!(world.store.snapshot().expect("in memory").revision(), before);
        assert_eq!(world.manager.health()[0].failures, 0);
        Ok(())
    });
}

#[test]
fn a_rolling_update_goes_step_by_step() {
    // DEP-35, DEP-38; golden deployment-rolling-update-default
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 10)).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        // None of the three steps waits for any status.
        assert_eq!(world.sizes(), [8, 5]);
        world.rest(|index, size| if index == 0 { size } else { 0 }).await?;
        assert_eq!(world.sizes(), [8, 5]);
        assert_eq!(
            world.events().await?,
            [
                "Normal ScalingReplicaSet Scaled up replica set <1> from 0 to 10",
                "Normal ScalingReplicaSet Scaled up replica set <2> from 0 to 3",
                "Normal ScalingReplicaSet Scaled down replica set <1> from 10 to 8",
                "Normal ScalingReplicaSet Scaled up replica set <2> from 3 to 5",
            ]
        );
        let status = world.status().await;
        assert_eq!(
            (status.replicas, status.updated_replicas, status.available_replicas),
            (Some(13), Some(5), Some(8))
        );
        world.rest_available().await?;
        assert_eq!(world.sizes(), [0, 10]);
        assert_eq!(world.condition("Progressing").await, yes("NewReplicaSetAvailable"));
        assert_eq!(annotation(&world.web().await, "revision"), "2");
        Ok(())
    });
}

/// Whether at every change the sizes are within `max`, and what is available not below `min`.
fn check_bounds(seen: &[ObjectRef], before: &[ObjectRef], min: i32, max: i32) {
    let mut now: BTreeMap<String, ObjectRef> =
        before.iter().map(|set| (set.meta().name.to_string(), set.clone())).collect();
    for set in seen {
        now.insert(set.meta().name.to_string(), set.clone());
        let total: i32 = now.values().map(size).sum();
        let available: i32 = now
            .values()
            .map(|set| {
                let status = set.status::<ReplicaSetStatus>();
                let available = status.and_then(|status| status.available_replicas).unwrap_or(0);
                // What a set is to lose it does not have any more, at the worst.
                available.min(size(set))
            })
            .sum();
        assert!(total <= max, "{total} replicas where {max} are allowed");
        assert!(available >= min, "{available} available where {min} are needed");
    }
}

#[test]
fn a_rolling_update_keeps_within_its_bounds() {
    // DEP-34 to DEP-39
    let rows = [
        (10, "25%", "25%", 8, 13),
        (3, "1", "0", 3, 4),
        (3, "0", "1", 2, 3),
        (7, "100%", "50%", 4, 14),
        (1, "25%", "25%", 1, 2),
    ];
    for (replicas, surge, unavailable, min, max) in rows {
        World::play(|world| async move {
            let mut web = deployment("app:1", replicas);
            web.spec.strategy = rolling(surge, unavailable);
            world.deployments.create(web).await?;
            world.rest_available().await?;
            let before = world.all_sets();
            let mut watch = world.watch_sets().await?;
            world.respec(|spec| spec.template = template("app:2")).await?;
            world.follow(|_, size| size - size / 3).await?;
            // A third template while the second is on its way.
            world.respec(|spec| spec.template = template("app:3")).await?;
            world.rest_available().await?;
            assert_eq!(world.sizes(), [0, 0, replicas], "{surge} {unavailable}");
            // The rollout began with everything available but what `follow` left out.
            let slack = world.all_sets().len() as i32 * (replicas / 3);
            check_bounds(&drain(&mut watch), &before, (min - slack).max(0), max);
            Ok(())
        });
    }
}

#[test]
fn broken_pods_of_the_new_template_stop_a_rolling_update() {
    // DEP-36
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 10)).await?;
        world.rest_available().await?;
        let before = world.all_sets();
        let mut watch = world.watch_sets().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.rest(|index, size| if index == 0 { size } else { 0 }).await?;
        assert_eq!(world.sizes(), [8, 5]);
        check_bounds(&drain(&mut watch), &before, 8, 13);
        Ok(())
    });
}

#[test]
fn recreate_waits_until_the_old_pods_are_gone() {
    // DEP-41, DEP-42
    World::play(|world| async move {
        let mut web = deployment("app:1", 3);
        web.spec.strategy = recreate();
        world.deployments.create(web).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        assert_eq!(world.sizes(), [0], "no new one while the old one has replicas");
        world.rest_available().await?;
        assert_eq!(world.sizes(), [0, 3]);
        assert_eq!(
            world.events().await?,
            [
                "Normal ScalingReplicaSet Scaled up replica set <1> from 0 to 3",
                "Normal ScalingReplicaSet Scaled down replica set <1> from 3 to 0",
                "Normal ScalingReplicaSet Scaled up replica set <2> from 0 to 3",
            ]
        );
        Ok(())
    });
}

#[test]
fn going_back_recreates_nothing_beside_old_pods() {
    // DEP-20, DEP-45: the ReplicaSet that is needed to know which revision was before has no replicas (INV-DP-07).
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 3)).await?;
        world.rest_available().await?;
        world
            .respec(|spec| {
                spec.strategy = recreate();
                spec.template = template("app:2");
            })
            .await?;
        world.settle().await;
        assert_eq!(world.sizes(), [0], "the old pods are not gone yet");
        let mut watch = world.watch_sets().await?;
        let wish = "deprecated.deployment.rollback.to";
        world.change(|web| web.meta_mut().annotations = web.meta().annotations.with(wish, "0")).await?;
        world.settle().await;
        // The first is the newest again.
        assert_eq!(world.sizes(), [0, 3]);
        let seen = drain(&mut watch);
        assert!(seen.iter().all(|set| size(set) == 0 || annotation(set, "revision") != "2"), "{seen:?}");
        Ok(())
    });
}

#[test]
fn a_paused_deployment_is_scaled_but_not_rolled_out() {
    // DEP-43, DEP-44
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 3)).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.paused = Some(true)).await?;
        let paused = ("Unknown".to_owned(), "DeploymentPaused".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(paused.clone()));
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.respec(|spec| spec.replicas = Some(5)).await?;
        world.rest_available().await?;
        assert_eq!(world.sizes(), [5]);
        assert_eq!(world.condition("Progressing").await, Some(paused));
        assert_eq!(world.status().await.updated_replicas, None);
        world.respec(|spec| spec.paused = None).await?;
        assert_ne!(world.sizes(), [5]);
        world.rest_available().await?;
        assert_eq!(world.sizes(), [0, 5]);
        assert_eq!(world.condition("Progressing").await, yes("NewReplicaSetAvailable"));
        Ok(())
    });
}

#[test]
fn a_rollout_that_stands_still_misses_its_deadline() {
    // DEP-56, DEP-57; golden deployment-progress-deadline
    World::play(|world| async move {
        let mut web = deployment("app:1", 1);
        web.spec.progress_deadline_seconds = Some(3);
        world.deployments.create(web).await?;
        world.rest(|_, _| 0).await?;
        assert_eq!(world.condition("Progressing").await, yes("ReplicaSetUpdated"));
        world.env.sleep(std::time::Duration::from_secs(5)).await;
        let late = ("False".to_owned(), "ProgressDeadlineExceeded".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(late));
        world.rest_available().await?;
        assert_eq!(world.condition("Progressing").await, yes("NewReplicaSetAvailable"));
        Ok(())
    });
}

#[test]
fn a_rollback_brings_an_earlier_template_and_its_annotations_back() {
    // DEP-16, DEP-23, DEP-24, DEP-45, DEP-46
    World::play(|world| async move {
        let annotate = |web: &mut setpoint_core::object::Draft, cause: &str| {
            let meta = web.meta_mut();
            meta.annotations = meta.annotations.with("kubernetes.io/change-cause", cause);
        };
        world.deployments.create(deployment("app:1", 2)).await?;
        world.change(|web| annotate(web, "one")).await?;
        world.rest_available().await?;
        world
            .change(|web| {
                annotate(web, "two");
                web.spec_mut::<k8s_openapi::api::apps::v1::DeploymentSpec>().expect("it is one").template =
                    template("app:2");
            })
            .await?;
        world.rest_available().await?;
        let wish = "deprecated.deployment.rollback.to";
        for (revision, expected) in [("0", "one"), ("7", "one"), ("3", "one"), ("2", "two")] {
            world
                .change(|web| web.meta_mut().annotations = web.meta().annotations.with(wish, revision))
                .await?;
            world.rest_available().await?;
            let web = world.web().await;
            assert_eq!(web.meta().annotations.get(wish), None);
            assert_eq!(
                web.meta().annotations.get("kubernetes.io/change-cause"),
                Some(expected),
                "{revision}"
            );
        }
        let sets = world.all_sets();
        let history: Vec<_> = sets
            .iter()
            .map(|set| (annotation(set, "revision"), annotation(set, "revision-history")))
            .collect();
        assert_eq!(history, [("3".to_owned(), "1".to_owned()), ("4".to_owned(), "2".to_owned())]);
        let told: Vec<String> =
            world.events().await?.into_iter().filter(|event| event.contains("Rollback")).collect();
        assert_eq!(
            told,
            [
                "Normal DeploymentRollback Rolled back deployment \"web\" to revision 1",
                "Warning DeploymentRollbackRevisionNotFound Unable to find the revision to rollback to.",
                "Warning DeploymentRollbackTemplateUnchanged The rollback revision contains the same template as \
                 current deployment \"web\"",
                "Normal DeploymentRollback Rolled back deployment \"web\" to revision 2",
            ]
        );
        Ok(())
    });
}

#[test]
fn only_so_many_old_replica_sets_are_kept() {
    // DEP-47, DEP-48; golden deployment-history-limit
    World::play(|world| async move {
        let mut web = deployment("app:1", 1);
        web.spec.revision_history_limit = Some(1);
        world.deployments.create(web).await?;
        world.rest_available().await?;
        for image in ["app:2", "app:3", "app:4"] {
            world.respec(|spec| spec.template = template(image)).await?;
            world.rest_available().await?;
        }
        let revisions: Vec<_> = world.all_sets().iter().map(|set| annotation(set, "revision")).collect();
        assert_eq!(revisions, ["3", "4"]);
        Ok(())
    });
}

#[test]
fn a_deployment_scaled_while_rolling_shares_out_in_proportion() {
    // DEP-14, DEP-26, DEP-29; golden deployment-proportional-scale
    World::play(|world| async move {
        world.halfway().await?;
        world.respec(|spec| spec.replicas = Some(30)).await?;
        assert_eq!(world.sizes(), [20, 13]);
        let stamps: Vec<_> = world
            .all_sets()
            .iter()
            .map(|set| (annotation(set, "desired-replicas"), annotation(set, "max-replicas")))
            .collect();
        assert_eq!(stamps, vec![("30".to_owned(), "33".to_owned()); 2]);
        Ok(())
    });
}

#[test]
fn a_failure_of_the_new_replica_set_is_passed_on_and_taken_back() {
    // DEP-58
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.settle().await;
        let set = world.all_sets().remove(0);
        let failure = k8s_openapi::api::apps::v1::ReplicaSetCondition {
            type_: Some("ReplicaFailure".to_owned()),
            status: Some("True".to_owned()),
            reason: Some("FailedCreate".to_owned()),
            message: Some("quota".to_owned()),
            last_transition_time: Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
                super::scene::at(77),
            )),
        };
        let status = ReplicaSetStatus { conditions: Some(vec![failure]), ..ReplicaSetStatus::default() };
        world.write_set_status(&set, status).await?;
        world.settle().await;
        assert_eq!(world.condition("ReplicaFailure").await, yes("FailedCreate"));
        let status = world.status().await;
        let passed_on = setpoint_core::conditions::find(status.conditions.iter().flatten(), "ReplicaFailure");
        let passed_on = passed_on.expect("it was just there");
        assert_eq!(passed_on.last_update_time, passed_on.last_transition_time);
        assert_eq!(passed_on.last_update_time.as_ref().map(|time| time.0), Some(super::scene::at(77)));
        let set = world.all_sets().remove(0);
        world.write_set_status(&set, ReplicaSetStatus::default()).await?;
        world.settle().await;
        assert_eq!(world.condition("ReplicaFailure").await, None);
        Ok(())
    });
}
