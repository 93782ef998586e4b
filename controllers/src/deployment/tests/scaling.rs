//! Deployments that are scaled.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use parking_lot::Mutex;
use setpoint_core::Error;
use setpoint_core::object::Draft;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};

use super::scene::{deployment, rolling, template};
use super::world::{World, annotation, size};

#[test]
fn scaling_a_finished_deployment_says_nothing_of_progress() {
    // DEP-32, DEP-51, DEP-52
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        world.rest_available().await?;
        let before = world.status().await.conditions.expect("it has some");
        world.respec(|spec| spec.replicas = Some(8)).await?;
        let status = world.status().await;
        assert_eq!(status.unavailable_replicas, Some(6), "those that are not born yet count");
        let false_ = Some(("False".to_owned(), "MinimumReplicasUnavailable".to_owned()));
        assert_eq!(world.condition("Available").await, false_);
        world.rest_available().await?;
        let after = world.status().await.conditions.expect("it has some");
        let progressing = |conditions: &[k8s_openapi::api::apps::v1::DeploymentCondition]| {
            setpoint_core::conditions::find(conditions, "Progressing").cloned()
        };
        assert_eq!(progressing(&after), progressing(&before));
        assert_eq!(
            world.events().await?[1..],
            ["Normal ScalingReplicaSet Scaled up replica set <1> from 2 to 8"]
        );
        // A pod that is lost later does not undo it either.
        world.rest(|_, size| size - 3).await?;
        assert_eq!(progressing(&world.status().await.conditions.expect("it has some")), progressing(&before));
        assert_eq!(world.condition("Available").await, false_);
        Ok(())
    });
}

#[test]
fn stamps_follow_the_number_wanted_and_not_the_surge() {
    // DEP-26
    World::play(|world| async move {
        let mut web = deployment("app:1", 100);
        web.spec.strategy = rolling("20", "0");
        world.deployments.create(web).await?;
        world.rest_available().await?;
        let stamps = |world: &World| -> Vec<_> {
            let sets = world.all_sets();
            sets.iter()
                .map(|set| (annotation(set, "desired-replicas"), annotation(set, "max-replicas")))
                .collect()
        };
        let both = |desired: &str, max: &str| (desired.to_owned(), max.to_owned());
        world.respec(|spec| spec.strategy = rolling("30", "0")).await?;
        assert_eq!(stamps(&world), [both("100", "120")], "surge alone resizes nothing");
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.respec(|spec| spec.replicas = Some(120)).await?;
        assert_eq!(stamps(&world), [both("120", "150"), both("120", "150")]);
        Ok(())
    });
}

#[test]
fn terminating_pods_leave_room_for_new_ones() {
    // DEP-60: fifteen pods of the old template are on their way out, and nobody waits for them.
    World::play(|world| async move {
        let mut web = deployment("app:1", 20);
        web.spec.strategy = rolling("5", "0");
        world.deployments.create(web).await?;
        world.rest_available().await?;
        let mut status =
            world.all_sets()[0].status::<k8s_openapi::api::apps::v1::ReplicaSetStatus>().cloned();
        let status = status.as_mut().expect("it has one");
        status.terminating_replicas = Some(15);
        world.write_set_status(&world.all_sets()[0], status.clone()).await?;
        world.settle().await;
        assert_eq!(world.status().await.terminating_replicas, Some(15));
        world.respec(|spec| spec.template = template("app:2")).await?;
        assert_eq!(world.sizes(), [20, 5]);
        world.respec(|spec| spec.replicas = Some(40)).await?;
        assert_eq!(world.sizes().iter().sum::<i32>(), 45);
        Ok(())
    });
}

/// Refuses to let one ReplicaSet grow, so many times.
#[derive(Clone)]
struct Stuck(Arc<Mutex<usize>>);

impl Admission for Stuck {
    fn name(&self) -> &'static str {
        "Stuck"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Update && target.kind.names.kind == "ReplicaSet"
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<(), Error> {
        let replicas = draft.and_then(|draft| draft.spec::<ReplicaSetSpec>()?.replicas);
        let left = &mut *self.0.lock();
        match left.checked_sub(1) {
            Some(fewer) if replicas.is_some_and(|replicas| replicas > 10) => {
                *left = fewer;
                Err(Error::forbidden(&request.target.kind.resource, &request.key.name, "not now"))
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn a_resize_that_fails_is_made_up_for() {
    // DEP-31: the stamps of what was not resized keep it a matter of scaling.
    let stuck = Stuck(Arc::new(Mutex::new(3)));
    let left = stuck.0.clone();
    World::play_on(1, Chain::upstream().with(stuck), |world| async move {
        world.halfway().await?;
        world.respec(|spec| spec.replicas = Some(30)).await?;
        world.settle().await;
        assert_eq!(*left.lock(), 0, "it was refused");
        assert_eq!(world.sizes(), [20, 13], "as if nothing had happened");
        assert!(world.manager.health()[0].failures > 0);
        Ok(())
    });
}

#[test]
fn a_resize_for_proportion_is_told_once_each() {
    // DEP-29, DEP-32
    World::play(|world| async move {
        world.halfway().await?;
        let before = world.events().await?.len();
        world.respec(|spec| spec.replicas = Some(5)).await?;
        assert_eq!(world.all_sets().iter().map(size).sum::<i32>(), 8);
        assert_eq!(
            world.events().await?[before..],
            [
                "Normal ScalingReplicaSet Scaled down replica set <1> from 8 to 5",
                "Normal ScalingReplicaSet Scaled down replica set <2> from 5 to 3",
            ]
        );
        Ok(())
    });
}
