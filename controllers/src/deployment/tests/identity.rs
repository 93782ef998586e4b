//! Which ReplicaSet a template has, and what it is like.

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use setpoint_reconcile::plan::Next;
use setpoint_store::ObjectStoreExt;

use super::scene::{Set, at, deployment, observe, rolling, template};
use super::world::{World, annotation};
use crate::deployment::action::Action;
use crate::deployment::{Memory, plan};

const HASH: &str = "pod-template-hash";

#[test]
fn a_created_replica_set_has_the_templates_labels_and_one_hash_everywhere() {
    // DEP-17, DEP-18
    World::play(|world| async move {
        let mut web = deployment("app:1", 1);
        web.metadata.labels = Some([("of".to_owned(), "the-deployment".to_owned())].into());
        web.spec.min_ready_seconds = Some(3);
        let tier = LabelSelectorRequirement {
            key: "tier".to_owned(),
            operator: "NotIn".to_owned(),
            values: Some(vec!["db".to_owned()]),
        };
        web.spec.selector.match_expressions = Some(vec![tier.clone()]);
        let labels = web.spec.template.metadata.get_or_insert_default().labels.get_or_insert_default();
        labels.insert(HASH.to_owned(), "the-users".to_owned());
        world.deployments.create(web).await?;
        world.settle().await;
        let set = world.all_sets().remove(0);
        let hash = set.meta().labels.get(HASH).expect("it has one").to_owned();
        assert_ne!(hash, "the-users");
        assert_eq!(*set.meta().name, format!("web-{hash}"));
        assert_eq!(set.meta().namespace.as_deref(), Some("ns"));
        let labels: Vec<_> = set.meta().labels.iter().collect();
        assert_eq!(labels, [("app", "web"), (HASH, &*hash)], "none of the Deployment's own");
        let spec = set.spec::<ReplicaSetSpec>().expect("it is one");
        assert_eq!(spec.min_ready_seconds, Some(3));
        let wanted = [("app".to_owned(), "web".to_owned()), (HASH.to_owned(), hash)].into();
        assert_eq!(spec.selector.match_labels.as_ref(), Some(&wanted));
        assert_eq!(spec.selector.match_expressions, Some(vec![tier]));
        let there = spec.template.as_ref().and_then(|template| template.metadata.as_ref());
        assert_eq!(there.and_then(|meta| meta.labels.as_ref()), Some(&wanted));
        Ok(())
    });
}

#[test]
fn a_deployment_made_again_names_its_replica_set_the_same() {
    // DEP-18
    let name = |seed| {
        let seen = std::sync::Arc::new(parking_lot::Mutex::new(String::new()));
        let told = seen.clone();
        World::play_seed(seed, |world| async move {
            world.deployments.create(deployment("app:1", 1)).await?;
            world.settle().await;
            *told.lock() = world.all_sets()[0].meta().name.to_string();
            Ok(())
        });
        seen.lock().clone()
    };
    assert_eq!(name(1), name(2));
}

#[test]
fn the_oldest_of_those_with_the_template_is_the_new_one() {
    // DEP-16: by age, then by name; hash, name and revision play no part.
    let of = |name, created| Set { created, ..Set::full(name, "app:2", 1) };
    let rows = [
        (vec![of("b", 1), of("a", 2)], Some("b")),
        (vec![of("a", 1), of("b", 1)], Some("a")),
        (vec![of("a", 1).revision("1"), of("b", 2).revision("9")], Some("a")),
        (vec![Set::full("a", "app:1", 1), of("b", 2)], Some("b")),
        (vec![Set::full("a", "app:1", 1)], None),
    ];
    for (sets, expected) in rows {
        let observed = observe(deployment("app:2", 1), sets.clone());
        assert_eq!(observed.new_set().map(|set| set.name()), expected, "{sets:?}");
        let old = observed.old_sets().count();
        assert_eq!(old, sets.len() - usize::from(expected.is_some()), "all others are old");
    }
}

#[test]
fn a_template_that_comes_back_has_its_replica_set_again() {
    // DEP-16, DEP-23, DEP-54: nothing is said of it until something progresses.
    World::play(|world| async move {
        world.deployments.create(deployment("app:1", 2)).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        world.rest_available().await?;
        let available = Some(("True".to_owned(), "NewReplicaSetAvailable".to_owned()));
        assert_eq!(world.condition("Progressing").await, available);
        world.respec(|spec| spec.template = template("app:1")).await?;
        assert_eq!(world.condition("Progressing").await, available, "still that of the rollout before");
        world.rest_available().await?;
        let sets = world.all_sets();
        let revisions: Vec<_> = sets.iter().map(|set| annotation(set, "revision")).collect();
        assert_eq!((revisions, world.sizes()), (vec!["2".to_owned(), "3".to_owned()], vec![0, 2]));
        assert_eq!(annotation(&world.web().await, "revision"), "3");
        // Revisions stay as they are when an older one goes.
        world.store.delete(&World::context(), &sets[0].key(), Default::default()).await?;
        world.settle().await;
        assert_eq!(annotation(&world.all_sets()[0], "revision"), "3");
        assert_eq!(annotation(&world.web().await, "revision"), "3");
        Ok(())
    });
}

#[test]
fn a_revision_that_is_no_number_is_left_alone_and_copied() {
    // DEP-23: the annotations are not passed on then, unless minReadySeconds is.
    let first = |min_ready_seconds| {
        let mut web = deployment("app:2", 1);
        web.metadata.annotations = Some([("team".to_owned(), "a".to_owned())].into());
        web.spec.min_ready_seconds = min_ready_seconds;
        let observed = observe(web, vec![Set::full("new", "app:2", 1).revision("garbage")]);
        plan(&observed, &Memory::default(), at(2000)).actions
    };
    let [Action::WriteStatus { revision: Some(revision), .. }] = &first(None)[..] else {
        panic!("{:?}", first(None))
    };
    assert_eq!(&**revision, "garbage");
    let [Action::Follow { annotations, min_ready_seconds: Some(5), .. }] = &first(Some(5))[..] else {
        panic!("{:?}", first(Some(5)))
    };
    assert_eq!(annotations.get("team"), Some("a"));
    assert_eq!(annotations.get("deployment.kubernetes.io/revision"), Some("garbage"));
}

#[test]
fn a_third_template_begins_without_pods_while_there_is_no_room() {
    // DEP-20, DEP-39: and says nothing.
    World::play(|world| async move {
        let mut web = deployment("app:1", 4);
        web.spec.strategy = rolling("1", "0");
        world.deployments.create(web).await?;
        world.rest_available().await?;
        world.respec(|spec| spec.template = template("app:2")).await?;
        assert_eq!(world.sizes(), [4, 1]);
        world.respec(|spec| spec.template = template("app:3")).await?;
        assert_eq!(world.sizes(), [4, 0, 1], "what does not work makes room");
        let told = world.events().await?;
        assert!(!told.iter().any(|event| event.contains("<3> from 0 to 0")), "{told:?}");
        assert_eq!(
            told[2..],
            [
                "Normal ScalingReplicaSet Scaled down replica set <2> from 1 to 0",
                "Normal ScalingReplicaSet Scaled up replica set <3> from 0 to 1"
            ]
        );
        Ok(())
    });
}

#[test]
fn a_first_size_is_what_surge_leaves_or_all_of_it() {
    // DEP-20
    let rows = [
        (rolling("3", "0"), vec![Set::full("old", "app:1", 10)], 3),
        (rolling("3", "0"), vec![Set::full("old", "app:1", 13)], 0),
        (rolling("3", "0"), vec![Set::full("old", "app:1", 20)], 0),
        (rolling("100%", "0"), vec![], 10),
        (super::scene::recreate(), vec![], 10),
    ];
    for (strategy, sets, expected) in rows {
        let mut web = deployment("app:2", 10);
        web.spec.strategy = strategy.clone();
        let observed = observe(web, sets);
        let mut memory = Memory::default();
        let size = loop {
            let stage = plan(&observed, &memory, at(2000));
            if let Some(Action::Create(new)) = stage.actions.first() {
                break new.replicas;
            }
            assert!(matches!(stage.next, Next::Replan), "{:?}", stage.actions);
            memory = stage.memory;
        };
        assert_eq!(size, expected, "{strategy:?}");
    }
}
