//! What is decided on one look, without a store.

use std::sync::Arc;

use setpoint_core::Error;
use setpoint_core::kind::Registry;
use setpoint_core::object::{Draft, Object, Uid};
use setpoint_reconcile::plan::Next;

use super::scene::{Set, at, deployment, observe, recreate, rolling};
use crate::deployment::action::{Action, Direction};
use crate::deployment::observed::Observed;
use crate::deployment::{Memory, history, plan, status};

type Expected<'a> = &'a [&'a str];

/// The first stage that resizes anything, as `name from to` each; what else is done is not looked at.
fn resizes(observed: &Observed) -> Vec<String> {
    resizes_after(observed, Memory::default()).0
}

/// The same from what is known, with what is known then.
fn resizes_after(observed: &Observed, mut memory: Memory) -> (Vec<String>, Memory) {
    for _ in 0..20 {
        let plan = plan(observed, &memory, at(2000));
        let resizes: Vec<String> = plan
            .actions
            .iter()
            .filter_map(|action| match action {
                Action::Scale(scale) => {
                    let way = if scale.direction == Direction::Up { "+" } else { "-" };
                    Some(format!("{} {}{way}{}", scale.name, scale.from, scale.to))
                }
                _ => None,
            })
            .collect();
        if !resizes.is_empty() || matches!(plan.next, Next::Settled | Next::Failed(_) | Next::After(_)) {
            return (resizes, plan.memory);
        }
        memory = plan.memory;
    }
    panic!("it does not come to an end")
}

fn new(size: i32) -> Set {
    Set::full("new", "app:2", size).revision("2")
}

fn old(size: i32) -> Set {
    Set::full("old", "app:1", size).revision("1")
}

#[test]
fn scaling_comes_before_rolling_and_goes_by_the_stamp() {
    // DEP-14, DEP-27, DEP-28, DEP-33
    let rows: [(&str, i32, Option<_>, Vec<Set>, Expected<'_>); 10] = [
        ("a lone one", 5, rolling("1", "1"), vec![new(3).stamped(3, 4)], &["new 3+5"]),
        ("a lone old one", 5, rolling("1", "1"), vec![old(3).stamped(3, 4), new(0)], &["old 3+5"]),
        ("sizes are not consulted", 5, rolling("1", "1"), vec![new(5).stamped(3, 4)], &[]),
        ("without a stamp it is a rollout", 14, rolling("0", "1"), vec![new(10)], &["new 10+14"]),
        (
            "both",
            30,
            rolling("3", "2"),
            vec![old(8).stamped(10, 13), new(5).stamped(10, 13)],
            &["old 8+20", "new 5+13"],
        ),
        (
            "a full new one alone is enough",
            5,
            rolling("1", "1"),
            vec![old(3).stamped(4, 5), new(5).stamped(5, 6)],
            &["old 3-0"],
        ),
        (
            "but not one that does not work",
            5,
            rolling("1", "1"),
            vec![old(3).stamped(4, 6), Set { available: 0, ..new(5).stamped(5, 6) }],
            &["new 5-3", "old 3-3"],
        ),
        (
            "two that are to be recreated",
            9,
            recreate(),
            vec![old(3).stamped(5, 5), new(2).stamped(5, 5)],
            &[],
        ),
        (
            "to nothing",
            0,
            rolling("3", "2"),
            vec![old(8).stamped(10, 13), new(5).stamped(10, 13)],
            &["old 8-0", "new 5-0"],
        ),
        ("nothing is there", 5, rolling("1", "1"), vec![], &[]),
    ];
    for (name, replicas, strategy, sets, expected) in rows {
        let mut deployment = deployment("app:2", replicas);
        deployment.spec.strategy = strategy;
        assert_eq!(resizes(&observe(deployment, sets)), expected, "{name}");
    }
}

#[test]
fn a_paused_deployment_scales_its_youngest_if_none_has_replicas() {
    // DEP-28, DEP-43
    let mut deployment = deployment("app:3", 6);
    deployment.spec.paused = Some(true);
    let older = Set { name: "older", ..old(0) };
    assert_eq!(resizes(&observe(deployment, vec![older, old(0)])), ["old 0+6"]);
}

#[test]
fn a_stale_status_of_an_old_one_stops_its_shrinking() {
    // DEP-38: upstream refuses to compute with it too.
    let stale = Set { available: 10, ..old(8) };
    let mut web = deployment("app:2", 10);
    web.spec.strategy = rolling("3", "2");
    assert!(resizes(&observe(web, vec![stale, Set { available: 2, ..new(5) }])).is_empty());
}

#[test]
fn a_status_that_is_older_than_a_size_of_this_sync_counts_for_nothing() {
    // DEP-38, INV-DP-01: one of three goes as it is not available. It comes back, and is among those that are told of
    // the smaller ReplicaSet before one of them is gone.
    let mut web = deployment("app:2", 3);
    web.spec.strategy = rolling("1", "0");
    let new = || Set { available: 1, ..new(1) };
    let (first, memory) =
        resizes_after(&observe(web.clone(), vec![Set { available: 2, ..old(3) }, new()]), Memory::default());
    assert_eq!(first, ["old 3-2"]);
    let (then, _) = resizes_after(&observe(web, vec![Set { available: 3, ..old(2) }, new()]), memory);
    assert!(then.is_empty(), "{then:?}");
}

#[test]
fn a_status_that_may_tell_of_pods_that_are_gone_counts_for_nothing() {
    // DEP-38, INV-DP-01
    let mut web = deployment("app:2", 3);
    web.spec.strategy = rolling("1", "0");
    let with = |old: Set, new: Set| resizes(&observe(web.clone(), vec![old, new]));
    // Between the size it tells of and that of now, the new one may have had none.
    assert_eq!(with(old(1), Set { available: 3, ..new(3) }), ["old 1-0"]);
    assert!(with(old(1), Set { available: 3, generation: 2, ..new(3) }).is_empty());
    // An old one has only become smaller, if it was resized once.
    let new = || Set { available: 1, ..self::new(1) };
    assert_eq!(with(Set { generation: 2, ..old(3) }, new()), ["old 3-2"]);
    assert!(with(Set { generation: 3, ..old(3) }, new()).is_empty());
    // One of three is on its way out.
    assert_eq!(with(old(2), Set { available: 3, ..self::new(2) }), ["old 2-1"]);
}

#[test]
fn a_shrinking_that_is_refused_is_tried_again_soon() {
    // DEP-38: upstream waits for the next change, or the deadline of the rollout.
    let mut web = deployment("app:2", 3);
    web.spec.strategy = rolling("1", "0");
    let observed = observe(web, vec![old(3), Set { available: 1, ..new(1) }]);
    let refusal = setpoint_core::Error::internal("no");
    let mut memory = Memory::default();
    let next = loop {
        let plan = plan(&observed, &memory, at(2000));
        memory = plan.memory;
        for action in plan.actions.iter().filter(|action| matches!(action, Action::Scale(_))) {
            memory.learn(action, Err(&refusal));
        }
        if !matches!(plan.next, Next::Replan | Next::Continue) {
            break plan.next;
        }
    };
    assert!(matches!(next, Next::Failed(_)), "{next:?}");
}

#[test]
fn an_unknown_strategy_fails() {
    // DEP-14
    let mut web = deployment("app:2", 1);
    web.spec.strategy = recreate();
    web.spec.strategy.as_mut().expect("it has one").type_ = Some("Magic".to_owned());
    let observed = observe(web, Vec::new());
    let next = plan(&observed, &Memory::default(), at(2000)).next;
    assert_eq!(next, Next::Failed("unexpected deployment strategy type: Magic".to_owned()));
}

#[test]
fn an_empty_selector_is_refused_with_a_warning() {
    // DEP-15
    let mut web = deployment("app:2", 1);
    web.spec.selector = Default::default();
    let plan = plan(&observe(web, Vec::new()), &Memory::default(), at(2000));
    let [Action::Warn { reason: "SelectingAll", .. }, Action::WriteStatus { status, .. }] = &plan.actions[..]
    else {
        panic!("{:?}", plan.actions)
    };
    assert_eq!(status.observed_generation, Some(1));
}

#[test]
fn old_ones_beyond_the_limit_go_unless_they_are_in_use() {
    // DEP-47, DEP-48
    let old = |name, revision: &str| Set { name, ..Set::full(name, "app:1", 0).revision(revision) };
    let rows: [(&str, Option<i32>, Vec<Set>, Expected<'_>); 8] = [
        ("within", Some(3), vec![old("a", "1"), old("b", "2")], &[]),
        ("one too many", Some(1), vec![old("a", "2"), old("b", "1")], &["b"]),
        ("none is kept", Some(0), vec![old("a", "1"), old("b", "10"), old("c", "9")], &["a", "c", "b"]),
        ("all are kept", Some(i32::MAX), vec![old("a", "1")], &[]),
        ("in use, and not replaced", Some(1), vec![Set { size: 1, ..old("a", "1") }, old("b", "2")], &[]),
        ("still draining", Some(0), vec![Set { replicas: 1, ..old("a", "1") }, old("b", "2")], &["b"]),
        ("not observed yet", Some(0), vec![Set { generation: 2, ..old("a", "1") }, old("b", "2")], &["b"]),
        ("no number, so by age", Some(1), vec![old("a", "9"), old("b", "x"), old("c", "1")], &["a", "b"]),
    ];
    for (name, limit, sets, expected) in rows {
        let mut web = deployment("app:2", 1);
        web.spec.revision_history_limit = limit;
        let mut sets = sets;
        sets.push(new(1));
        let observed = observe(web, sets);
        let names: Vec<_> = history::superfluous(&observed).into_iter().map(|set| set.name()).collect();
        assert_eq!(names, expected, "{name}");
    }
}

#[test]
fn a_status_counts_all_and_what_is_to_come() {
    // DEP-49, DEP-50, DEP-51
    let web = deployment("app:2", 10);
    let observed = observe(web, vec![old(8), Set { available: 1, replicas: 3, ..new(5) }]);
    let status = status::counted(&observed, at(2000));
    let counts = [
        status.replicas,
        status.updated_replicas,
        status.available_replicas,
        status.unavailable_replicas,
        status.terminating_replicas,
    ];
    assert_eq!(counts, [Some(11), Some(3), Some(9), Some(4), Some(0)]);
    for (available, expected) in [(8, "True"), (7, "False")] {
        let web = deployment("app:2", 10);
        let observed = observe(web, vec![Set { available, ..new(10) }]);
        let status = status::counted(&observed, at(2000));
        let condition = &status.conditions.expect("it has some")[0];
        assert_eq!(condition.status.as_deref(), Some(expected), "{available}");
    }
    let mut all_needed = deployment("app:2", 10);
    all_needed.spec.strategy = recreate();
    let observed = observe(all_needed, vec![Set { available: 9, ..new(10) }]);
    let status = status::counted(&observed, at(2000));
    assert_eq!(
        status.conditions.expect("it has some")[0].status.as_deref(),
        Some("False"),
        "Recreate needs all"
    );
    let none = status::counted(&observe(deployment("app:2", 0), Vec::new()), at(2000));
    assert_eq!((none.replicas, none.terminating_replicas), (None, Some(0)));
    assert_eq!(none.conditions.expect("it has some")[0].status.as_deref(), Some("True"));
}

#[test]
fn terminating_pods_are_summed_up_only_if_all_are_counted() {
    // DEP-50: one that nobody has looked at yet has none.
    let of = |terminating, observed| (terminating, observed);
    let rows = [
        (vec![], Some(0)),
        (vec![of(Some(2), 1), of(Some(3), 1)], Some(5)),
        (vec![of(Some(2), 1), of(None, 0)], Some(2)),
        (vec![of(Some(2), 1), of(None, 1)], None),
    ];
    for (sets, expected) in rows {
        let mut observed = observe(deployment("app:2", 1), vec![old(0); sets.len()]);
        for (set, (terminating, generation)) in observed.sets.iter_mut().zip(&sets) {
            let mut draft = Draft::of(&set.object);
            let status =
                draft.status_mut::<k8s_openapi::api::apps::v1::ReplicaSetStatus>().expect("it has one");
            (status.terminating_replicas, status.observed_generation) = (*terminating, Some(*generation));
            set.object = Arc::new(Object::from_draft(draft, set.object.revision()));
        }
        assert_eq!(status::counted(&observed, at(2000)).terminating_replicas, expected, "{sets:?}");
    }
}

#[test]
fn only_a_name_that_somebody_else_has_is_a_collision() {
    // DEP-19
    let registry = Registry::builtin();
    let named = |image| Arc::new(Set::full("web-hash", image, 1).object(&registry));
    let foreign = |object: Arc<Object>| {
        let mut draft = Draft::of(&object);
        let meta = draft.meta_mut();
        let mut owners = meta.owner_references.to_vec();
        owners[0].uid = Uid::new("other");
        meta.owner_references = owners.into();
        Arc::new(Object::from_draft(draft, object.revision()))
    };
    let rows = [
        ("an earlier attempt, not seen yet", Some(named("app:2")), None),
        ("its own, of another template", Some(named("app:1")), Some(1)),
        ("another's of the same template", Some(foreign(named("app:2"))), Some(1)),
        ("gone meanwhile", None, None),
    ];
    let observed = observe(deployment("app:2", 1), Vec::new());
    let resource = named("app:2").kind().resource.clone();
    for (name, namesake, expected) in rows {
        let mut memory = Memory::default();
        let mut collisions = None;
        let end = loop {
            let plan = plan(&observed, &memory, at(2000));
            memory = plan.memory;
            for action in &plan.actions {
                match action {
                    Action::Create(_) => {
                        memory.learn(action, Err(&Error::already_exists(&resource, "web-hash")));
                    }
                    Action::LookAtNamesake(_) => match &namesake {
                        Some(found) => memory.learn(action, Ok(Some(found))),
                        None => memory.learn(action, Err(&Error::not_found(&resource, "web-hash"))),
                    },
                    Action::WriteStatus { status, .. } => collisions = status.collision_count,
                    other => panic!("{name}: {other:?}"),
                }
            }
            if !matches!(plan.next, Next::Replan | Next::Continue) {
                break plan.next;
            }
        };
        assert!(matches!(end, Next::Failed(_)), "{name}: it is tried again");
        assert_eq!(collisions, expected, "{name}");
    }
}
