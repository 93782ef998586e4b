use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{NamespaceSpec, NamespaceStatus};
use setpoint_core::Error;
use setpoint_core::kind::KindId;
use setpoint_core::object::ObjectRef;
use setpoint_core::rules::namespace::FINALIZER;
use setpoint_reconcile::plan::{Next, Plan};

use super::conditions::Findings;
use super::observed::{Content, Observed};
use super::remaining::Remaining;

/// What the controller does.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Deletes all objects of a kind in the namespace.
    Empty(KindId),
    /// Counts, live, what is left of a kind.
    Count(KindId),
    /// Writes the conditions that say what is left.
    Tell(NamespaceStatus),
    /// Takes our finalizer off the namespace.
    Finalize,
}

/// What came of the actions of this sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    /// What is left of the kinds that were emptied.
    remaining: BTreeMap<KindId, Remaining>,
    /// Kinds that could not be counted.
    uncounted: BTreeSet<KindId>,
    /// Why kinds could not be emptied or counted.
    errors: BTreeMap<KindId, String>,
    /// Whether the conditions were written.
    told: bool,
    /// Whether the finalizer was taken off.
    finalized: bool,
    /// The first write of the namespace that failed.
    failure: Option<String>,
}

impl Memory {
    pub(super) fn learn_write(&mut self, error: Option<&Error>) {
        // Somebody else has let it go.
        if let Some(error) = error.filter(|error| !error.is_not_found()) {
            self.failure.get_or_insert_with(|| error.to_string());
        }
    }

    pub(super) fn learn_list(&mut self, action: &Action, outcome: Result<&[ObjectRef], &Error>) {
        match (action, outcome) {
            (Action::Count(kind), Ok(objects)) => {
                self.remaining.insert(*kind, Remaining::of(objects));
            }
            (Action::Count(kind), Err(error)) => {
                self.remaining.entry(*kind).or_default();
                self.uncounted.insert(*kind);
                self.errors.entry(*kind).or_insert_with(|| error.to_string());
            }
            (Action::Empty(kind), Err(error)) => {
                self.errors.insert(*kind, error.to_string());
            }
            _ => {}
        }
    }

    fn is_counted(&self, content: &Content) -> bool {
        self.remaining.contains_key(&content.kind.id)
    }
}

/// The next stage: pods, then all else, then what remains is told, and nothing is let go before its time.
pub fn plan(observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let meta = observed.namespace.meta();
    if let Some(error) = &memory.failure {
        return end(memory, Next::Failed(error.clone()));
    }
    let Some(since) = meta.deletion_timestamp.filter(|_| is_ours(&observed.namespace)) else {
        return end(memory, Next::Settled);
    };
    let (first, others): (Vec<&Content>, Vec<&Content>) =
        observed.content.iter().partition(|content| content.is_first);
    if let Some(stage) = empty(&first, memory) {
        return stage;
    }
    // Pods that nobody could count may be there; upstream goes on then.
    let may_be_left = |content: &&Content| {
        let kind = &content.kind.id;
        memory.uncounted.contains(kind) || memory.remaining.get(kind).is_some_and(|left| left.count > 0)
    };
    let waits_for_pods = first.iter().any(may_be_left);
    if !waits_for_pods && let Some(stage) = empty(&others, memory) {
        return stage;
    }
    conclude(observed, memory, since, now)
}

/// Whether the namespace waits for this controller.
fn is_ours(namespace: &ObjectRef) -> bool {
    let spec = namespace.spec::<NamespaceSpec>();
    let finalizers = spec.and_then(|spec| spec.finalizers.as_deref()).unwrap_or_default();
    finalizers.iter().any(|finalizer| finalizer == FINALIZER)
}

fn end(memory: &Memory, next: Next) -> Plan<Action, Memory> {
    Plan { actions: Vec::new(), memory: memory.clone(), next }
}

/// Empties the kinds that were not emptied in this sync.
fn empty(contents: &[&Content], memory: &Memory) -> Option<Plan<Action, Memory>> {
    let due = contents.iter().filter(|content| !memory.is_counted(content));
    let actions: Vec<Action> =
        due.flat_map(|content| [Action::Empty(content.kind.id), Action::Count(content.kind.id)]).collect();
    (!actions.is_empty()).then(|| Plan { actions, memory: memory.clone(), next: Next::Replan })
}

/// Tells what is left, and lets the namespace go if nothing is.
fn conclude(observed: &Observed, memory: &Memory, since: Timestamp, now: Timestamp) -> Plan<Action, Memory> {
    let counted: Vec<(&Content, &Remaining)> = observed
        .content
        .iter()
        .filter_map(|content| Some((content, memory.remaining.get(&content.kind.id)?)))
        .collect();
    let mut estimate = 0;
    let mut errors: Vec<String> = Vec::new();
    for (content, left) in &counted {
        if let Some(error) = memory.errors.get(&content.kind.id) {
            errors.push(error.clone());
        }
        match left.estimate_secs(since, now) {
            _ if left.count == 0 => {}
            Some(secs) => estimate = secs.max(estimate),
            None => errors.push(unexpected(observed, content)),
        }
    }
    let findings = Findings { remaining: counted, errors };
    let none = NamespaceStatus::default();
    let old = observed.namespace.status().unwrap_or(&none);
    if !memory.told
        && let Some(status) = findings.status(old, now)
    {
        let memory = Memory { told: true, ..memory.clone() };
        return Plan { actions: vec![Action::Tell(status)], memory, next: Next::Replan };
    }
    if !findings.errors.is_empty() {
        return end(memory, Next::Failed(findings.errors.join(", ")));
    }
    if findings.remaining.iter().any(|(_, left)| left.count > 0) {
        let secs = u64::try_from(estimate / 2 + 1).unwrap_or(1);
        return end(memory, Next::After(Duration::from_secs(secs)));
    }
    if memory.finalized {
        return end(memory, Next::Settled);
    }
    let memory = Memory { finalized: true, ..memory.clone() };
    Plan { actions: vec![Action::Finalize], memory, next: Next::Replan }
}

/// What was deleted should be gone, unless something is known to keep it.
fn unexpected(observed: &Observed, content: &Content) -> String {
    let name = &observed.namespace.meta().name;
    let resource = content.version_resource();
    format!("unexpected items still remain in namespace: {name} for gvr: {resource}")
}
