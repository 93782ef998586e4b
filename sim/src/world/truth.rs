use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures::FutureExt;
use futures::channel::oneshot;
use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};
use k8s_openapi::api::core::v1::{NodeStatus, PodStatus};
use parking_lot::Mutex;
use setpoint_core::builtin::SharedPodSpec;
use setpoint_core::env::{Env, Environment, Instant};
use setpoint_core::kind::{KindId, Registry, Subresource};
use setpoint_core::object::{Key, Object, ObjectRef, Revision, Text};
use setpoint_core::{Error, Result};
use setpoint_store::ObjectStore;
use setpoint_store::request::{Outcome, RequestContext, Write, Written};
use setpoint_store::tables::{Index, Snapshot, Tables};
use tokio::sync::Notify;

use super::{CrashingStore, Entry, Ledger, Process};
use crate::checks::{Check, LAG_MAX, Request, Seen, Told};
use crate::choices::Stream;
use crate::link::Faults;

/// Kinds that are written now and then however quiet a world is, or that only tell of it.
const RESTLESS: [&str; 2] = ["Lease", "Event"];
/// Who people are.
pub(crate) const USER: &str = "user";
/// Revisions that a process can be set back by at the most.
const EARLIER_MAX: usize = 64;

/// What is true: the store, and everything that has happened.
pub(crate) struct World {
    pub(crate) env: Env,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) choices: Stream,
    pub(crate) faults: Faults,
    /// The store again, if it is one that crashes.
    pub(super) crashing: Option<Arc<CrashingStore>>,
    /// It is up again.
    pub(crate) recovered: Notify,
    pub(super) state: Mutex<State>,
    /// Something is wrong.
    pub(crate) wrong: Notify,
    /// The revision at the beginning, from which histories count.
    pub(crate) began_at: Revision,
}

pub(super) struct State {
    ledger: Ledger,
    checks: Vec<Box<dyn Check>>,
    violation: Option<Violation>,
    faulty: bool,
    written_at: Instant,
    earlier: Vec<Revision>,
    /// When which revision was made, as far back as a view may lag.
    marks: VecDeque<(Instant, Revision)>,
    /// What the checks were told is there, and what is being written, in worlds whose store crashes. Such a store is
    /// ahead of what its writers were told.
    pub(super) stepped: Tables,
    pub(super) under_way: BTreeMap<u64, Key>,
    pub(super) writes: u64,
    pub(super) answered: Vec<Answered>,
    pub(super) processes: Vec<Weak<Process>>,
    /// Which kinds the objects are of that a controller is responsible for.
    roots: BTreeMap<&'static str, BTreeSet<KindId>>,
}

/// Who writes, and how it came about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The process; `user` for people.
    pub(crate) process: &'a str,
    /// What the process has seen, for the history.
    pub(crate) seen: Option<Revision>,
    /// Whether the writer had been told that it failed before it was applied.
    pub(crate) late: bool,
}

/// A write that was answered.
pub(super) struct Answered {
    pub(super) verb: &'static str,
    /// Process and field manager.
    pub(super) who: String,
    pub(super) actor: Text,
    pub(super) process: String,
    pub(super) seen: Option<Revision>,
    pub(super) late: bool,
    pub(super) epoch: Option<Revision>,
    pub(super) old: Option<ObjectRef>,
    pub(super) written: Written,
}

/// One change of one object, as checks see it.
#[derive(Debug)]
pub struct Step<'a> {
    /// When.
    pub at: Instant,
    /// Who: the field manager, such as `replicaset-controller`; `user` for people.
    pub actor: &'a str,
    /// Which process it is in.
    pub process: &'a str,
    /// The object before.
    pub old: Option<&'a ObjectRef>,
    /// The object after.
    pub new: Option<&'a ObjectRef>,
    /// The revision.
    pub revision: Revision,
    /// Whether the request arrived after its writer had given it up.
    pub late: bool,
    /// The revision that the writer's leadership is known by, if it is led.
    pub epoch: Option<Revision>,
    /// The store after the change.
    pub truth: &'a Snapshot,
    /// The kinds of the store.
    pub registry: &'a Registry,
    /// The kinds of the actor's root objects; nothing if it is no controller.
    pub roots: Option<&'a BTreeSet<KindId>>,
}

impl Step<'_> {
    /// The object, after or else before.
    pub fn object(&self) -> &Object {
        self.new.or(self.old).expect("a change has an object before or after it")
    }

    /// Whether it made a new object of this kind.
    pub fn creates(&self, kind: &str) -> bool {
        self.old.is_none() && self.object().kind().names.kind == kind
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which check says so.
    pub check: String,
    /// What is wrong.
    pub message: String,
    /// When it was seen.
    pub at: Duration,
}

impl World {
    pub(crate) fn new(
        env: &Env,
        store: Arc<dyn ObjectStore>,
        crashing: Option<Arc<CrashingStore>>,
        choices: &Stream,
        faults: Faults,
        checks: Vec<Box<dyn Check>>,
    ) -> Self {
        let state = State {
            ledger: Ledger::new(),
            checks,
            violation: None,
            faulty: false,
            written_at: Instant::START,
            earlier: Vec::new(),
            marks: VecDeque::new(),
            stepped: Tables::new(Revision::ZERO, vec![Index::owner(), Index::orphan()]),
            under_way: BTreeMap::new(),
            writes: 0,
            answered: Vec::new(),
            processes: Vec::new(),
            roots: BTreeMap::new(),
        };
        let choices = choices.clone();
        let began_at = store.snapshot().map(|snapshot| snapshot.revision()).unwrap_or_default();
        Self {
            began_at,
            env: env.clone(),
            store,
            choices,
            faults,
            crashing,
            recovered: Notify::new(),
            state: Mutex::new(state),
            wrong: Notify::new(),
        }
    }

    /// A revision as histories show it.
    pub(crate) fn at(&self, revision: Revision) -> String {
        format!("@{}", revision.0.saturating_sub(self.began_at.0))
    }

    pub(crate) fn is_faulty(&self) -> bool {
        self.state.lock().faulty
    }

    pub(crate) fn set_faulty(&self, faulty: bool) {
        self.state.lock().faulty = faulty;
    }

    pub(crate) fn written_at(&self) -> Instant {
        self.state.lock().written_at
    }

    pub(crate) fn violation(&self) -> Option<Violation> {
        self.state.lock().violation.clone()
    }

    pub(crate) fn read_ledger<T>(&self, read: impl FnOnce(&Ledger) -> T) -> T {
        read(&self.state.lock().ledger)
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.read_ledger(|ledger| ledger.entries().to_vec())
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.store.snapshot().expect("the true store is in this process")
    }

    /// Revisions of the past, oldest first.
    pub(crate) fn earlier(&self) -> Vec<Revision> {
        self.state.lock().earlier.clone()
    }

    /// Who is responsible for what, see INV-C-04.
    pub(crate) fn set_roots(&self, controller: &'static str, roots: impl Iterator<Item = KindId>) {
        self.state.lock().roots.insert(controller, roots.collect());
    }

    pub(crate) fn note(&self, who: &str, what: String) {
        let at = self.env.now().since_start();
        self.state.lock().ledger.add(at, who, what, false);
    }

    pub(crate) fn note_fault(&self, who: &str, what: String) {
        let at = self.env.now().since_start();
        self.state.lock().ledger.add(at, who, what, true);
    }

    pub(crate) fn violated(&self, check: &str, message: String) {
        let at = self.env.now().since_start();
        let state = &mut *self.state.lock();
        state.ledger.add(at, check, message.clone(), true);
        state.violation.get_or_insert_with(|| Violation { check: check.to_owned(), message, at });
        self.wrong.notify_waiters();
        self.wrong.notify_one();
    }

    /// Applies a write, notes it, and checks what it did.
    ///
    /// A store that takes its time ends what it has begun, whether whoever asked for it is still there or not.
    pub(crate) async fn apply(
        self: &Arc<Self>,
        context: &RequestContext,
        write: Write,
        origin: Origin<'_>,
    ) -> Result<Written> {
        if self.crashing.is_none() {
            return self.apply_now(context, write, origin).await;
        }
        let (tell, told) = oneshot::channel();
        let (world, context, process) = (Arc::clone(self), context.clone(), origin.process.to_owned());
        let Origin { seen, late, .. } = origin;
        let work = async move {
            let origin = Origin { process: &process, seen, late };
            let _is_gone = tell.send(world.apply_now(&context, write, origin).await);
        };
        Environment::spawn(&self.env, "request", work.boxed());
        told.await.unwrap_or_else(|_| Err(Error::outcome_unknown("the world has ended")))
    }

    async fn apply_now(
        self: &Arc<Self>,
        context: &RequestContext,
        write: Write,
        origin: Origin<'_>,
    ) -> Result<Written> {
        let (verb, key) = describe(&write);
        let old = key.as_ref().and_then(|key| self.snapshot().get(key).cloned());
        let (actor, epoch) =
            (context.field_manager.clone(), context.guards.first().map(|guard| guard.revision));
        let owner = match &write {
            Write::Create(draft) => draft.meta().controller().map(|owner| owner.uid.clone()),
            _ => None,
        };
        let ticket = self.begin(key.as_ref());
        let result = self.store.write(context, write).await;
        self.end(ticket);
        if self.notice_crash() {
            // Nobody is left who could be told.
            return Err(Error::outcome_unknown("the store has crashed"));
        }
        if origin.process != USER
            && let Some(object) = &key
        {
            let (at, actor) = (self.env.now(), &*context.field_manager);
            let error = result.as_ref().err();
            self.check(|check| check.request(&Request { at, actor, object, owner: owner.as_ref(), error }));
        }
        let Origin { process, seen, late } = origin;
        let who = if *process == *actor { actor.to_string() } else { format!("{process}/{actor}") };
        match &result {
            Err(error) => {
                let place = key.map(|key| self.place(&key)).unwrap_or_default();
                let (seen, reason) = (self.had_seen(seen), error.reason());
                self.note(&who, format!("{verb} {place}{seen}: refused, {reason:?}: {}", error.message()));
            }
            Ok(written) => {
                let (process, written) = (process.to_owned(), written.clone());
                let answered = Answered { verb, who, actor, process, seen, late, epoch, old, written };
                if self.crashing.is_some() { self.postpone(answered) } else { self.applied(&answered) }
            }
        }
        result
    }

    fn had_seen(&self, seen: Option<Revision>) -> String {
        seen.map(|seen| format!(" (saw {})", self.at(seen))).unwrap_or_default()
    }

    /// Lets all checks look at something.
    pub(super) fn check(&self, look: impl Fn(&mut dyn Check) -> Result<(), String>) {
        let wrong: Vec<_> = {
            let state = &mut *self.state.lock();
            let look = |check: &mut Box<dyn Check>| {
                let message = look(&mut **check).err()?;
                Some((check.id(), message))
            };
            state.checks.iter_mut().filter_map(look).collect()
        };
        wrong.into_iter().for_each(|(check, message)| self.violated(check, message));
    }

    pub(crate) fn told(&self, told: &Told<'_>) {
        self.check(|check| check.told(told));
    }

    pub(crate) fn seen(&self, seen: &Seen<'_>) {
        self.check(|check| check.seen(seen));
    }

    /// Whether objects of a kind are written however quiet a world is.
    pub(crate) fn is_restless(&self, kind: KindId) -> bool {
        let kind = self.store.registry().get(kind);
        kind.is_none_or(|kind| RESTLESS.contains(&&*kind.names.kind) || kind.names.kind == "Node")
    }

    /// The newest revision that nobody may have missed any more, however far they lag.
    pub(crate) fn due(&self) -> Revision {
        let now = self.env.now();
        let state = self.state.lock();
        let old = state.marks.iter().take_while(|(at, _)| now - *at > LAG_MAX);
        old.last().map(|(_, revision)| *revision).unwrap_or_default()
    }

    /// Notes what a write did, and checks it.
    pub(super) fn applied(&self, answered: &Answered) {
        let Answered { verb, who, actor, process, seen, late, epoch, old, written } = answered;
        let (object, seen) = (&written.object, self.had_seen(*seen));
        let is_restless = RESTLESS.contains(&&*object.kind().names.kind);
        if written.outcome == Outcome::Unchanged {
            if !is_restless {
                self.note(who, format!("{verb} {}{seen}: unchanged", self.place(&object.key())));
            }
            return;
        }
        let new = (written.outcome != Outcome::Deleted).then_some(object);
        let at = self.env.now();
        let given_up = if *late { ", given up before" } else { "" };
        let resource = &object.kind().resource.resource;
        let (key, revision) = (object.key(), self.at(object.revision()));
        let what = format!("{verb} {resource} {key}{seen}: {revision}{given_up}{}", sketch(new));
        let truth = self.snapshot();
        let state = &mut *self.state.lock();
        state.ledger.add_change(at.since_start(), who, what, false, Some(object.revision()));
        match (old, new) {
            _ if is_restless => {}
            (None, Some(_)) => state.ledger.count(resource, "created"),
            (Some(_), None) => state.ledger.count(resource, "deleted"),
            _ => {}
        }
        if !is_restless && !is_heartbeat(old.as_deref(), new.map(|new| &**new)) {
            state.written_at = at;
        }
        let origin = Origin { process, seen: None, late: *late };
        let (old, epoch) = (old.as_ref(), *epoch);
        state.step(&Change { at, actor, old, object, new, epoch, truth: &truth, origin }, self);
    }

    /// Lets the checks look at a world at rest.
    pub(crate) fn check_at_rest(&self) {
        let truth = self.snapshot();
        self.check(|check| check.rest(&truth));
    }

    /// An object as histories name it.
    pub(crate) fn place(&self, key: &Key) -> String {
        let kind = self.store.registry().get(key.kind);
        let resource = kind.as_ref().map(|kind| &*kind.resource.resource).unwrap_or_default();
        format!("{resource} {key}")
    }
}

/// A change that the checks are to look at.
pub(super) struct Change<'a> {
    pub(super) at: Instant,
    pub(super) actor: &'a str,
    pub(super) old: Option<&'a ObjectRef>,
    /// The object after, or as it went.
    pub(super) object: &'a ObjectRef,
    pub(super) new: Option<&'a ObjectRef>,
    pub(super) epoch: Option<Revision>,
    pub(super) truth: &'a Snapshot,
    pub(super) origin: Origin<'a>,
}

impl State {
    /// Lets the checks look at a change.
    pub(super) fn step(&mut self, change: &Change<'_>, world: &World) {
        let Change { at, actor, old, object, new, epoch, truth, origin } = *change;
        let revision = object.revision();
        self.earlier.push(revision);
        if self.earlier.len() > EARLIER_MAX {
            self.earlier.remove(0);
        }
        self.marks.push_back((at, revision));
        while self.marks.get(1).is_some_and(|(since, _)| at - *since > LAG_MAX) {
            self.marks.pop_front();
        }
        let stepped = world.crashing.is_some().then(|| {
            let known = self.stepped.get(&object.key()).cloned();
            self.stepped.replace(object.kind().id, known.as_ref(), new);
            // Of what is gone after a crash the revision is not known.
            self.stepped.revision = self.stepped.revision.max(revision);
            self.stepped.snapshot()
        });
        let truth = stepped.as_ref().unwrap_or(truth);
        let step = Step {
            at,
            actor,
            process: origin.process,
            old,
            new,
            revision,
            late: origin.late,
            epoch,
            truth,
            registry: world.store.registry(),
            roots: self.roots.get(actor),
        };
        let mut wrong = Vec::new();
        for check in &mut self.checks {
            if let Err(message) = check.step(&step) {
                wrong.push((check.id(), message));
            }
        }
        for (check, message) in wrong {
            let at = at.since_start();
            self.ledger.add(at, check, message.clone(), true);
            self.violation.get_or_insert_with(|| Violation { check: check.to_owned(), message, at });
            world.wrong.notify_one();
        }
    }
}

/// A word for a write and where it goes; creations have no place before they are done.
pub(crate) fn describe(write: &Write) -> (&'static str, Option<Key>) {
    match write {
        Write::Create(draft) => ("create", Some(draft.key())),
        Write::Update(draft, Subresource::Status) => ("update status of", Some(draft.key())),
        Write::Update(draft, _) => ("update", Some(draft.key())),
        Write::Patch(key, _, Subresource::Status) => ("patch status of", Some(key.clone())),
        Write::Patch(key, ..) => ("patch", Some(key.clone())),
        Write::Delete(key, _) => ("delete", Some(key.clone())),
        Write::Bind(binding) => ("bind", Some(binding.pod.clone())),
        _ => ("write", None),
    }
}

/// What a reader of a history wants to know of an object.
fn sketch(new: Option<&ObjectRef>) -> String {
    let Some(object) = new else { return ", gone".to_owned() };
    let mut text = String::new();
    if let Some(spec) = object.spec::<ReplicaSetSpec>() {
        text = format!(", wants {}", spec.replicas.unwrap_or(1));
    } else if let Some(spec) = object.spec::<DeploymentSpec>() {
        text = format!(", wants {}", spec.replicas.unwrap_or(1));
    }
    if let Some(status) = object.status::<ReplicaSetStatus>() {
        text += &format!(", has {}, {} ready", status.replicas, status.ready_replicas.unwrap_or(0));
    } else if let Some(status) = object.status::<DeploymentStatus>() {
        let (replicas, ready) = (status.replicas.unwrap_or(0), status.ready_replicas.unwrap_or(0));
        text += &format!(", has {replicas}, {ready} ready");
    } else if let Some(status) = object.status::<NodeStatus>() {
        let ready = status.conditions.iter().flatten().find(|condition| condition.type_ == "Ready");
        text += &ready.map(|it| format!(", ready: {}", it.status)).unwrap_or_default();
    } else if let Some(status) = object.status::<PodStatus>() {
        text += &format!(", {}", status.phase.as_deref().unwrap_or("Pending"));
    }
    if let Some(node) = object.spec::<SharedPodSpec>().and_then(SharedPodSpec::node_name) {
        text += &format!(", on {node}");
    }
    if object.meta().is_terminating() {
        text += ", terminating";
    }
    text
}

/// A node's status is reported now and then even if nothing has changed.
fn is_heartbeat(old: Option<&Object>, new: Option<&Object>) -> bool {
    let (Some(old), Some(new)) = (old, new) else { return false };
    new.kind().names.kind == "Node" && old.meta().generation == new.meta().generation
}
