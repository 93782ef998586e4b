//! The planner, row by row.

use setpoint_core::GroupResource;
use setpoint_core::object::Meta;
use setpoint_core::object::{Object, Revision};
use setpoint_reconcile::plan::Next;

use super::*;

const BEGAN: i64 = 1_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A namespace with pods and config maps as its only content.
fn observed(is_terminating: bool, finalizers: &[&str]) -> Observed {
    let registry = Registry::builtin();
    let kind = registry.of::<Namespace>().expect("a built-in kind");
    let mut meta = Meta::cluster("ns");
    meta.deletion_timestamp = is_terminating.then(|| at(BEGAN));
    let finalizers = finalizers.iter().map(|&finalizer| finalizer.to_owned()).collect();
    let spec = Part::new(NamespaceSpec { finalizers: Some(finalizers) });
    let namespace = Arc::new(Object::from_draft(Draft::new(kind, meta, spec), Revision(1)));
    let mut observed = Observed::of(&namespace, &registry);
    observed.content.retain(|it| matches!(&*it.kind.names.kind, "Pod" | "ConfigMap"));
    observed
}

fn ids(observed: &Observed) -> (KindId, KindId) {
    (observed.content[0].kind.id, observed.content[1].kind.id)
}

fn counted(memory: &mut Memory, kind: KindId, objects: &[ObjectRef]) {
    memory.learn_list(&Action::Count(kind), Ok(objects));
}

fn object(observed: &Observed, at: usize, spec: Part, finalizers: &[&str]) -> ObjectRef {
    let mut meta = Meta::namespaced("ns", "x");
    meta.finalizers = finalizers.iter().copied().collect();
    let draft = Draft::new(Arc::clone(&observed.content[at].kind), meta, spec);
    Arc::new(Object::from_draft(draft, Revision(2)))
}

fn pod(observed: &Observed, grace: i64) -> ObjectRef {
    let spec = k8s_openapi::api::core::v1::PodSpec {
        termination_grace_period_seconds: Some(grace),
        ..Default::default()
    };
    object(observed, 0, Part::new(setpoint_core::builtin::SharedPodSpec::new(spec)), &[])
}

/// NS-01: a namespace that stays, and one that waits for others alone, are left alone.
#[test]
fn others_are_left_alone() {
    for (is_terminating, finalizers) in
        [(false, &["kubernetes"][..]), (true, &["example.com/x"]), (true, &[])]
    {
        let plan = plan(&observed(is_terminating, finalizers), &Memory::default(), at(BEGAN));
        assert_eq!((plan.actions, plan.next), (vec![], Next::Settled));
    }
}

/// NS-03: pods, then all else, then the conditions, then the finalizer.
#[test]
fn stages_follow_each_other() {
    let observed = observed(true, &["kubernetes"]);
    let (pods, maps) = ids(&observed);
    let mut memory = Memory::default();
    let first = plan(&observed, &memory, at(BEGAN));
    assert_eq!(first.actions, [Action::Empty(pods), Action::Count(pods)]);
    counted(&mut memory, pods, &[]);
    let second = plan(&observed, &memory, at(BEGAN));
    assert_eq!(second.actions, [Action::Empty(maps), Action::Count(maps)]);
    counted(&mut memory, maps, &[]);
    let third = plan(&observed, &memory, at(BEGAN));
    assert!(matches!(&third.actions[..], [Action::Tell(status)]
        if status.conditions.iter().flatten().all(|it| it.status == "False")));
    let fourth = plan(&observed, &third.memory, at(BEGAN));
    assert_eq!(fourth.actions, [Action::Finalize]);
    assert_eq!(plan(&observed, &fourth.memory, at(BEGAN)).next, Next::Settled);
}

/// NS-03: half of what is left of the longest grace period and a second, 8 seconds for finalizers, and an error
/// for what nothing keeps.
#[test]
fn what_remains_is_waited_for() {
    let observed = observed(true, &["kubernetes"]);
    let (pods, maps) = ids(&observed);
    let after = |memory: &Memory, now: i64| {
        let told = plan(&observed, memory, at(now));
        plan(&observed, &told.memory, at(now)).next
    };
    let mut graceful = Memory::default();
    counted(&mut graceful, pods, &[pod(&observed, 30), pod(&observed, 10)]);
    assert_eq!(after(&graceful, BEGAN + 5), Next::After(Duration::from_secs(16)));
    let Next::Failed(error) = after(&graceful, BEGAN + 31) else { panic!("its time is over") };
    assert_eq!(error, "unexpected items still remain in namespace: ns for gvr: /v1, Resource=pods");
    let mut kept = Memory::default();
    counted(&mut kept, pods, &[]);
    let map = object(&observed, 1, Part::new(ConfigMap::default()), &["example.com/x"]);
    counted(&mut kept, maps, &[map]);
    assert_eq!(after(&kept, BEGAN), Next::After(Duration::from_secs(8)));
}

/// NS-03: as long as nobody knows whether there are pods, nothing else is deleted.
#[test]
fn pods_that_cannot_be_counted_keep_the_rest() {
    let observed = observed(true, &["kubernetes"]);
    let (pods, _) = ids(&observed);
    let mut memory = Memory::default();
    let error = Error::internal("no answer");
    memory.learn_list(&Action::Count(pods), Err(&error));
    let told = plan(&observed, &memory, at(BEGAN));
    assert!(matches!(&told.actions[..], [Action::Tell(_)]));
    assert!(matches!(plan(&observed, &told.memory, at(BEGAN)).next, Next::Failed(_)));
}

/// NS-04: a kind that cannot be listed keeps the namespace.
#[test]
fn nothing_is_let_go_unseen() {
    let observed = observed(true, &["kubernetes"]);
    let (pods, maps) = ids(&observed);
    let mut memory = Memory::default();
    counted(&mut memory, pods, &[]);
    let error = Error::internal("no answer");
    memory.learn_list(&Action::Count(maps), Err(&error));
    let told = plan(&observed, &memory, at(BEGAN));
    assert!(matches!(&told.actions[..], [Action::Tell(_)]));
    assert!(matches!(plan(&observed, &told.memory, at(BEGAN)).next, Next::Failed(_)));
}

/// A write of the namespace that fails ends the sync; one that finds it gone does not.
#[test]
fn failed_writes_end_the_sync() {
    let observed = observed(true, &["kubernetes"]);
    let mut memory = Memory::default();
    memory.learn_write(Some(&Error::not_found(&GroupResource::new("", "namespaces"), "ns")));
    assert_eq!(plan(&observed, &memory, at(BEGAN)).actions.len(), 2);
    memory.learn_write(Some(&Error::conflict(&GroupResource::new("", "namespaces"), "ns", "modified")));
    assert!(matches!(plan(&observed, &memory, at(BEGAN)).next, Next::Failed(_)));
}
