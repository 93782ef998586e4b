use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Namespace;
use parking_lot::Mutex;
use setpoint_core::Error;
use setpoint_core::object::Draft;
use setpoint_store::Objects;
use setpoint_store::admission::{Admission, Chain, Operation, Request, Target};

use super::scene::{deployment, template};
use super::world::World;

/// Refuses the creation of ReplicaSets so many times.
#[derive(Clone, Default)]
struct Refuses(Arc<Mutex<Count>>);

#[derive(Default)]
struct Count {
    left: usize,
    asked: usize,
}

impl Admission for Refuses {
    fn name(&self) -> &'static str {
        "Refuses"
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        target.operation == Operation::Create && target.kind.names.kind == "ReplicaSet"
    }

    fn validate(&self, request: &Request<'_>, _: Option<&Draft>) -> Result<(), Error> {
        let count = &mut *self.0.lock();
        count.asked += 1;
        match count.left.checked_sub(1) {
            None => Ok(()),
            Some(left) => {
                count.left = left;
                Err(Error::forbidden(&request.target.kind.resource, &request.key.name, "exceeded quota"))
            }
        }
    }
}

fn refusing(times: usize) -> Refuses {
    Refuses(Arc::new(Mutex::new(Count { left: times, asked: 0 })))
}

#[test]
fn a_replica_set_that_is_refused_is_said_and_tried_again() {
    // DEP-20
    World::play_on(1, Chain::upstream().with(refusing(3)), |world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        // Between the second and the third attempt.
        world.env.sleep(Duration::from_millis(8)).await;
        let refused = ("False".to_owned(), "ReplicaSetCreateError".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(refused));
        world.settle().await;
        let created = ("True".to_owned(), "NewReplicaSetCreated".to_owned());
        assert_eq!(world.condition("Progressing").await, Some(created));
        let name = world.all_sets()[0].meta().name.to_string();
        let told = world.events().await?;
        let expected = format!(
            "Warning ReplicaSetCreateError Failed to create new replica set \"{name}\": replicasets.apps \"{name}\" \
             is forbidden: exceeded quota"
        )
        .replace(&name, "<1>");
        assert_eq!(told.first(), Some(&expected), "{told:?}");
        world.rest_available().await?;
        assert_eq!(world.sizes(), [2]);
        Ok(())
    });
}

#[test]
fn what_fails_for_ever_is_left_alone_until_something_changes() {
    // DEP-08
    let refuses = refusing(1_000_000);
    let seen = refuses.clone();
    World::play_on(1, Chain::upstream().with(refuses), |world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        world.env.sleep(Duration::from_secs(3600)).await;
        let asked = seen.0.lock().asked;
        // One and fifteen more; the condition that is written wakes the Deployment once between them.
        assert!((16..=17).contains(&asked), "{asked}");
        world.env.sleep(Duration::from_secs(3600)).await;
        assert_eq!(seen.0.lock().asked, asked);
        world.respec(|spec| spec.template = template("app:2")).await?;
        assert!(seen.0.lock().asked > asked);
        Ok(())
    });
}

#[test]
fn nothing_is_tried_in_a_namespace_that_is_going() {
    // DEP-20
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 1)).await?;
        world.rest_available().await?;
        let told = world.events().await?.len();
        Objects::<Namespace>::cluster(&world.store)?.delete("ns", Default::default()).await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.env.sleep(Duration::from_secs(3600)).await;
        assert_eq!(world.all_sets().len(), 1);
        assert_eq!(world.manager.health()[0].failures, 0);
        assert_eq!(world.events().await?.len(), told);
        Ok(())
    });
}
