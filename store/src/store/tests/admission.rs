use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::json;
use setpoint_core::object::Draft;
use setpoint_core::{Error, Reason, Result};

use super::bench::{Bench, deployment, map, pod, with};
use crate::admission::{Admission, Chain, Operation, Request, Target};
use crate::request::{DeleteOptions, Outcome};

/// Notes when it is asked, what it sees, and refuses objects called `bad`.
struct Spy {
    name: &'static str,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Admission for Spy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn handles(&self, target: &Target<'_>) -> bool {
        &*target.kind.resource.resource == "configmaps"
    }

    fn mutate(&self, request: &Request<'_>, draft: &mut Draft) -> Result<()> {
        let uid = if draft.meta().uid.is_some() { "a uid" } else { "no uid" };
        let operation = request.target.operation;
        self.notes.lock().push(format!("{} changes on {operation:?}, {uid}", self.name));
        let labels = draft.meta().labels.with(self.name, "was-here");
        draft.meta_mut().labels = labels;
        Ok(())
    }

    fn validate(&self, request: &Request<'_>, draft: Option<&Draft>) -> Result<()> {
        let operation = request.target.operation;
        let seen = draft.map_or(0, |draft| draft.meta().labels.iter().count());
        let old = if request.old.is_some() { "an old one" } else { "none before" };
        self.notes.lock().push(format!("{} judges {operation:?}, {seen} labels, {old}", self.name));
        if operation != Operation::Delete && &*request.key.name == "bad" {
            return Err(Error::forbidden(&request.target.kind.resource, "bad", "no"));
        }
        Ok(())
    }
}

fn spied() -> (Bench, Arc<Mutex<Vec<String>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let spy = |name| Spy { name, notes: Arc::clone(&notes) };
    (Bench::with_admission(Chain::upstream().with(spy("one")).with(spy("two"))), notes)
}

#[test]
fn all_hooks_change_before_any_judges() {
    // STORE-12, ADM-18
    let (bench, notes) = spied();
    bench.create(map("a"));
    assert_eq!(
        std::mem::take(&mut *notes.lock()),
        [
            "one changes on Create, no uid",
            "two changes on Create, no uid",
            "one judges Create, 2 labels, none before",
            "two judges Create, 2 labels, none before",
        ]
    );
    bench.merge("configmap", "a", json!({"data": {"k": "w"}})).expect("it is there");
    assert_eq!(
        std::mem::take(&mut *notes.lock()),
        [
            "one changes on Update, a uid",
            "two changes on Update, a uid",
            "one judges Update, 2 labels, an old one",
            "two judges Update, 2 labels, an old one",
        ]
    );
    bench.delete("configmap", "a", DeleteOptions::default()).expect("it is there");
    let judged = ["one judges Delete, 0 labels, an old one", "two judges Delete, 0 labels, an old one"];
    assert_eq!(*notes.lock(), judged);
}

#[test]
fn a_hook_refuses_and_nothing_is_stored() {
    // ADM-18
    let (bench, _) = spied();
    let error = bench.try_create(map("bad")).expect_err("it is refused");
    assert_eq!(
        (error.reason(), error.message()),
        (Reason::Forbidden, r#"configmaps "bad" is forbidden: no"#)
    );
    assert_eq!(bench.get("configmap", "bad"), None);
}

#[test]
fn validation_comes_before_the_judges() {
    // STORE-12
    let (bench, notes) = spied();
    assert_eq!(bench.try_create(map("Bad")).expect_err("it is no name").reason(), Reason::Invalid);
    assert!(notes.lock().iter().all(|note| note.contains("changes")));
}

#[test]
fn a_namespace_must_be_there_and_not_going() {
    // ADM-14, NS-05
    let bench = Bench::new();
    let inside = |name: &str, namespace: &str| with(map(name), "namespace", json!(namespace));
    let error = bench.try_create(inside("a", "none")).expect_err("there is none");
    assert_eq!((error.code(), error.message()), (404, r#"namespaces "none" not found"#));
    bench.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "going"}}));
    bench.create(inside("a", "going"));
    bench.delete("namespace", "going", DeleteOptions::default()).expect("it is there");
    let error = bench.try_create(inside("late", "going")).expect_err("it is going");
    assert_eq!(error.code(), 403);
    assert!(error.has_cause("NamespaceTerminating"), "{error}");
    let mut changed = inside("a", "going");
    changed["data"]["k"] = json!("w");
    bench.update(changed).expect("updates pass");
    for protected in ["default", "kube-system", "kube-public"] {
        bench.run(bench.store.ensure_namespace(protected)).expect("it can be there");
        let error = bench.delete("namespace", protected, DeleteOptions::default()).expect_err(protected);
        assert_eq!(error.reason(), Reason::Forbidden);
    }
}

#[test]
fn pods_and_nodes_get_what_upstream_gives_them() {
    // ADM-17
    let bench = Bench::new();
    bench.create(pod("p"));
    let spec = bench.get("pod", "p").expect("it is there")["spec"].clone();
    assert_eq!((&spec["priority"], &spec["preemptionPolicy"]), (&json!(0), &json!("PreemptLowerPriority")));
    assert_eq!(spec["tolerations"].as_array().map(Vec::len), Some(2));
    let mut classed = pod("q");
    classed["spec"]["priorityClassName"] = json!("none");
    assert_eq!(bench.try_create(classed).expect_err("there is none").reason(), Reason::Forbidden);
    bench.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}}));
    let node = bench.get("node", "n").expect("it is there");
    assert_eq!(node["spec"]["taints"][0]["key"], "node.kubernetes.io/not-ready");
    bench.create(deployment("d"));
    let template = &bench.get("deployment", "d").expect("it is there")["spec"]["template"]["spec"];
    assert_eq!(template.get("tolerations"), None, "templates stay as they are");
}

#[test]
fn a_write_is_decided_anew_when_what_it_depends_on_has_changed() {
    // NS-05: the namespace goes between the decision and the commit of some of these.
    for seed in 0..20 {
        let bench = Bench::new();
        bench.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "going"}}));
        for _ in 0..seed {
            bench.env.random_u64();
        }
        let draft = bench.draft(with(map("late"), "namespace", json!("going")));
        let (create, delete) = bench.run(futures::future::join(
            crate::ObjectStore::write(&bench.store, &bench.context, crate::request::Write::Create(draft)),
            crate::ObjectStore::write(
                &bench.store,
                &bench.context,
                crate::request::Write::Delete(bench.key("namespace", "going"), DeleteOptions::default()),
            ),
        ));
        let delete = delete.expect("it is there");
        assert_eq!(delete.outcome, Outcome::Terminating);
        if let Ok(created) = create {
            assert!(created.object.revision() < delete.object.revision(), "nothing appears afterwards");
        }
    }
}
