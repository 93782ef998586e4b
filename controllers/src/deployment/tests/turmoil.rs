use proptest::prelude::*;
use setpoint_core::Error;

use super::scene::{recreate, rolling, template};
use super::world::{World, drain, size};
use crate::deployment::tests::scene::deployment;

/// What a user does to a Deployment, or its pods do.
#[derive(Debug, Clone)]
enum Deed {
    Image(u8),
    Replicas(i32),
    Pause(bool),
    Strategy(u8),
    RollBack(u8),
    /// The pods of the ReplicaSets follow, so many of each being available.
    Follow(i32),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => (0..4_u8).prop_map(Deed::Image),
        2 => (0..12_i32).prop_map(Deed::Replicas),
        1 => any::<bool>().prop_map(Deed::Pause),
        1 => (0..4_u8).prop_map(Deed::Strategy),
        1 => (0..4_u8).prop_map(Deed::RollBack),
        5 => (0..12_i32).prop_map(Deed::Follow),
    ]
}

impl Deed {
    async fn happen(&self, world: &World) -> Result<(), Error> {
        match self {
            Self::Image(image) => {
                world.respec(|spec| spec.template = template(&format!("app:{image}"))).await
            }
            Self::Replicas(replicas) => world.respec(|spec| spec.replicas = Some(*replicas)).await,
            Self::Pause(paused) => world.respec(|spec| spec.paused = Some(*paused)).await,
            Self::Strategy(which) => {
                let strategy = match which {
                    0 => recreate(),
                    1 => rolling("0", "1"),
                    2 => rolling("2", "0"),
                    _ => rolling("50%", "50%"),
                };
                world.respec(|spec| spec.strategy = strategy).await
            }
            Self::RollBack(revision) => {
                world
                    .change(|web| {
                        let meta = web.meta_mut();
                        let wish = "deprecated.deployment.rollback.to";
                        meta.annotations = meta.annotations.with(wish, revision.to_string());
                    })
                    .await
            }
            Self::Follow(available) => world.follow(|_, size| size.min(*available)).await.map(drop),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happens meanwhile: it ends with one ReplicaSet of the present template and the wanted size.
    #[test]
    fn every_story_ends_with_what_is_wanted(
        seed in any::<u64>(),
        replicas in 0..12_i32,
        deeds in prop::collection::vec(deed(), 1..10),
    ) {
        World::play_seed(seed, |world| async move {
            world.deployments.create(deployment("app:0", replicas)).await?;
            world.settle().await;
            let mut watch = world.watch_sets().await?;
            for deed in &deeds {
                deed.happen(&world).await?;
            }
            // Stale stamps hold up a roll-out that is to recreate, or is full already (DEP-27, DEP-33), until
            // another number is wanted.
            world.respec(|spec| {
                spec.paused = None;
                spec.strategy = rolling("25%", "25%");
                spec.replicas = Some(13);
            }).await?;
            world.rest_available().await?;
            let web = world.web().await;
            let wanted = web.spec::<k8s_openapi::api::apps::v1::DeploymentSpec>().expect("it is one");
            let full: Vec<_> = world.all_sets().into_iter().filter(|set| size(set) > 0).collect();
            assert_eq!(full.iter().map(size).collect::<Vec<_>>(), [13], "{deeds:?}");
            let spec = full[0].spec::<k8s_openapi::api::apps::v1::ReplicaSetSpec>().expect("it is one");
            let there = spec.template.as_ref().expect("it has one");
            assert!(crate::deployment::template::is_same(&wanted.template, there), "{deeds:?}");
            assert_eq!(world.condition("Available").await.map(|found| found.0).as_deref(), Some("True"));
            assert_eq!(world.condition("Progressing").await.map(|found| found.0).as_deref(), Some("True"));
            assert!(drain(&mut watch).iter().all(|set| (0..=32).contains(&size(set))));
            assert_eq!(world.manager.health()[0].panics, 0);
            Ok(())
        });
    }
}
