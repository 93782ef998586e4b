//! Pods that are made, lost and chosen.

use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::object::{OwnerReference, Uid};
use setpoint_store::request::{Binding, Write};

use super::*;

impl World {
    fn runs(&self) -> u64 {
        self.manager.health()[0].runs
    }

    async fn bind(&self, pod: &Object, node: &str) -> Result<(), Error> {
        let binding = Binding {
            pod: pod.key(),
            node: node.into(),
            preconditions: Default::default(),
            labels: Default::default(),
            annotations: Default::default(),
        };
        self.store.write(&context(), Write::Bind(binding)).await.map(drop)
    }

    async fn change_template(&self, owner: &Object, change: impl Fn(&mut Value)) -> Result<(), Error> {
        self.update(&owner.key(), Subresource::Main, |draft| {
            let spec = draft.spec_mut::<ReplicaSetSpec>().expect("a ReplicaSet");
            let mut template = serde_json::to_value(&spec.template).expect("JSON");
            change(&mut template);
            spec.template = serde_json::from_value(template).expect("a template");
        })
        .await
    }
}

#[test]
fn a_pod_that_goes_is_replaced_and_an_orphan_that_goes_is_nobodys_business() {
    // RS-06, RS-08
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        let orphan = world.create_pod("orphan", "db").await?;
        world.rest().await;
        let before = world.runs();
        world.store.delete(&context(), &orphan.key(), DeleteOptions::default()).await?;
        world.create_pod("other", "db").await?;
        world.rest().await;
        assert_eq!(world.runs(), before, "nobody selects them");
        let lost = world.pods_of(&owner)[0].clone();
        world.store.delete(&context(), &lost.key(), DeleteOptions::default()).await?;
        world.rest().await;
        let pods = world.pods_of(&owner);
        assert_eq!(pods.len(), 2);
        assert!(pods.iter().all(|pod| pod.meta().uid != lost.meta().uid));
        assert_eq!(counts(&world.status("rs"))[0], 2);
        Ok(())
    });
}

#[test]
fn a_pod_has_what_the_template_says_but_its_name() {
    // RS-17
    World::play(|world| async move {
        let name = "n".repeat(70);
        let owner = world.create_replica_set(&name, 0).await?;
        world
            .change_template(&owner, |template| {
                template["metadata"]["name"] = json!("ignored");
                template["metadata"]["finalizers"] = json!(["example.com/hold"]);
            })
            .await?;
        world.scale(&owner, 1).await?;
        world.rest().await;
        let pod = world.pods_of(&owner).remove(0);
        let meta = pod.meta();
        assert_eq!((&meta.name[..58], meta.name.len()), (&name[..58], 63), "{}", meta.name);
        assert!(meta.name[58..].bytes().all(|byte| b"bcdfghjklmnpqrstvwxz2456789".contains(&byte)));
        assert_eq!(meta.generate_name.as_deref(), Some(&*format!("{name}-")));
        assert_eq!(meta.finalizers.iter().collect::<Vec<_>>(), ["example.com/hold"]);
        assert_eq!(&*meta.owner_references, [crate::controller_ref::controller_ref(&owner)]);
        Ok(())
    });
}

#[test]
fn a_changed_template_changes_no_pod_that_is_there() {
    // RS-25, RS-30
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        world.rest().await;
        let before: Vec<_> = world.pods().iter().map(|pod| pod.meta().uid.clone()).collect();
        world
            .change_template(&owner, |template| {
                template["spec"]["containers"][0]["image"] = json!("i:2");
                template["metadata"]["labels"]["more"] = json!("1");
            })
            .await?;
        world.rest().await;
        let after: Vec<_> = world.pods().iter().map(|pod| pod.meta().uid.clone()).collect();
        assert_eq!(after, before);
        assert_eq!(counts(&world.status("rs"))[..2], [2, 0], "they lack a label now");
        world.scale(&owner, 3).await?;
        world.rest().await;
        let image = |pod: &ObjectRef| {
            let spec = pod.spec::<SharedPodSpec>().expect("a pod");
            spec.common().containers[0].image.clone().unwrap_or_default()
        };
        let mut images: Vec<_> = world.pods().iter().map(image).collect();
        images.sort_unstable();
        assert_eq!(images, ["i", "i", "i:2"], "only new pods have it");
        assert_eq!(counts(&world.status("rs"))[..2], [3, 1]);
        Ok(())
    });
}

#[test]
fn pods_of_siblings_on_the_same_node_count_and_those_of_strangers_do_not() {
    // RS-22
    for has_controller in [true, false] {
        World::play(|world| async move {
            let one = world.create_replica_set("one", 2).await?;
            let two = world.create_replica_set("two", 1).await?;
            world.rest().await;
            if has_controller {
                let deployment = OwnerReference {
                    api_version: "apps/v1".into(),
                    kind: "Deployment".into(),
                    name: "web".into(),
                    uid: Uid::new("web-uid"),
                    controller: Some(true),
                    block_owner_deletion: None,
                };
                for set in [&one, &two] {
                    let owners = [deployment.clone()];
                    world
                        .update(&set.key(), Subresource::Main, |draft| {
                            draft.meta_mut().owner_references = owners.clone().into();
                        })
                        .await?;
                }
            }
            let mut pods = world.pods_of(&one);
            pods.sort_by_key(|pod| pod.meta().uid.clone());
            // Without neighbours the lower uid would go, as all else is the same.
            let [lower, higher] = &pods[..] else { panic!("two pods") };
            let sibling = world.pods_of(&two).remove(0);
            world.bind(lower, "empty").await?;
            world.bind(higher, "crowded").await?;
            world.bind(&sibling, "crowded").await?;
            for pod in [lower, higher, &sibling] {
                world.set_phase(pod, "Running", true).await?;
            }
            world.rest().await;
            world.scale(&one, 1).await?;
            world.rest().await;
            let gone = if has_controller { higher } else { lower };
            // Bound pods stay for their grace.
            let going: Vec<_> =
                world.pods_of(&one).into_iter().filter(|pod| pod.meta().is_terminating()).collect();
            assert_eq!(going.len(), 1);
            if has_controller {
                assert_eq!(going[0].meta().uid, gone.meta().uid, "the crowded node loses one");
            }
            Ok(())
        });
    }
}

#[test]
fn a_pod_that_cannot_be_deleted_is_told_in_upstreams_words() {
    // RS-18, RS-20, RS-28
    World::play(|world| async move {
        let owner = world.create_replica_set("rs", 2).await?;
        world.rest().await;
        *world.quota.lock() = (0, 0);
        *world.no_deletions.lock() = true;
        world.scale(&owner, 1).await?;
        world.rest().await;
        let status = world.status("rs");
        let failure = &status.conditions.as_ref().expect("there is one")[0];
        assert_eq!(failure.reason.as_deref(), Some("FailedDelete"));
        let message = failure.message.clone().unwrap_or_default();
        assert!(message.starts_with("unable to delete pods: pods \"rs-"), "{message}");
        let told = world.events();
        assert!(
            told.iter().any(|event| event.0.starts_with("Warning FailedDelete: Error deleting: pods \"rs-")),
            "{told:?}"
        );
        *world.no_deletions.lock() = false;
        world.env.sleep(Duration::from_secs(60)).await;
        assert_eq!((world.pods().len(), world.status("rs").conditions), (1, None));
        Ok(())
    });
}

#[test]
fn without_a_time_it_is_tried_again_for_ever() {
    // RS-04
    World::play(|world| async move {
        *world.quota.lock() = (0, 0);
        world.create_replica_set("rs", 1).await?;
        world.env.sleep(Duration::from_secs(3600)).await;
        let after_an_hour = world.quota.lock().1;
        assert!(after_an_hour > 17, "{after_an_hour}");
        world.env.sleep(Duration::from_secs(3600)).await;
        let after_two = world.quota.lock().1;
        assert!((after_an_hour + 3..=after_an_hour + 4).contains(&after_two), "each 1000 s: {after_two}");
        Ok(())
    });
}
