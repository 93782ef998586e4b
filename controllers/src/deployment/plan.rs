use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DeploymentCondition, DeploymentStatus};
use setpoint_core::conditions;
use setpoint_core::object::Text;
use setpoint_reconcile::plan::{Next, Plan};

use super::action::Action;
use super::memory::{Creation, Memory, Namesake, Stage, Way};
use super::new_replica_set::{NewReplicaSet, follow};
use super::observed::{Observed, ReplicaSet};
use super::rolling::{beyond_need, budget, is_rolling, new_size, unavailable_first};
use super::sizing::{is_scaled, resize, resizes, scaled};
use super::{annotations, history, progress, recreate, rollback, status, template};
use crate::claim::ClaimStage;

/// What a stage comes to.
enum Turn {
    /// Nothing to do; on to this stage.
    Go(Stage),
    /// This, and then on to that stage with a fresh look.
    Act(Vec<Action>, Stage),
    /// The sync is over.
    End(Next),
}

/// The next stage with something to do in it (DEP-14).
pub fn plan(observed: &Observed, memory: &Memory, now: Timestamp) -> Plan<Action, Memory> {
    let mut memory = memory.clone();
    loop {
        match turn(observed, &mut memory, now) {
            Turn::Go(stage) => memory.stage = stage,
            Turn::Act(actions, stage) => {
                memory.stage = stage;
                // At the end nothing is looked at any more but what came of the last actions.
                let next = if stage == Stage::End { Next::Continue } else { Next::Replan };
                return Plan { actions, memory, next };
            }
            Turn::End(next) => {
                let next = ended(next, &memory);
                return Plan { actions: Vec::new(), memory, next };
            }
        }
    }
}

/// How a sync ends. What was refused is tried again soon; upstream waits for the next change, or the deadline of
/// the rollout, if it has one.
fn ended(next: Next, memory: &Memory) -> Next {
    match (&memory.not_shrunk, next) {
        (Some(error), Next::Settled | Next::After(_)) => Next::Failed(error.clone()),
        (_, next) => next,
    }
}

fn turn(observed: &Observed, memory: &mut Memory, now: Timestamp) -> Turn {
    if let Some(end) = &memory.end {
        return Turn::End(end.clone());
    }
    let meta = observed.deployment.meta();
    let goal = (meta.uid.clone(), meta.generation);
    if *memory.goal.get_or_insert_with(|| goal.clone()) != goal {
        // Something else is wanted by now, and that change wakes the Deployment again.
        return Turn::End(Next::Settled);
    }
    match memory.stage {
        Stage::Begin => begin(observed),
        Stage::Claim => claim(observed, memory),
        Stage::Pause => match progress::pause_change(observed, now) {
            Some(change) => Turn::Act(vec![write_condition(observed, Some(change), None)], Stage::Follow),
            None => Turn::Go(Stage::Follow),
        },
        Stage::Follow => follow_deployment(observed, now),
        Stage::Decide => decide(observed, memory),
        Stage::Scale => {
            let is_paused = memory.way == Way::Paused && rollback::wanted(observed).is_none();
            act(scaled(observed), if is_paused { Stage::CleanUp } else { Stage::Status })
        }
        Stage::Drain => {
            let drained = observed.active_old_sets().into_iter().map(|set| resize(observed, set, 0));
            match drained.collect::<Vec<_>>() {
                actions if actions.is_empty() => Turn::Go(Stage::Wait),
                actions => Turn::Act(actions, Stage::Status),
            }
        }
        Stage::Wait if recreate::old_pods_run(observed) => Turn::Go(Stage::Status),
        Stage::Wait => Turn::Go(Stage::Create),
        Stage::Create if observed.new.is_some() => Turn::Go(after_creation(memory.way)),
        Stage::Create => {
            Turn::Act(vec![Action::Create(Box::new(NewReplicaSet::of(observed)))], Stage::Created)
        }
        Stage::Created => created(observed, memory, now),
        Stage::RollBack => match rollback::wanted(observed) {
            Some(wanted) => Turn::Act(rollback::actions(observed, wanted), Stage::End),
            None => Turn::Go(Stage::End),
        },
        Stage::ResizeNew => resize_new(observed, memory.way),
        Stage::ShrinkUnavailable => shrink_unavailable(observed, memory),
        Stage::ShrinkBeyondNeed if memory.has_not_shrunk => Turn::Go(Stage::CleanUp),
        Stage::ShrinkBeyondNeed => shrink_beyond_need(observed),
        Stage::Shrunk if memory.has_shrunk && !memory.has_not_shrunk => Turn::Go(Stage::Status),
        Stage::Shrunk => Turn::Go(Stage::CleanUp),
        Stage::CleanUp => {
            let is_due = memory.way == Way::Paused
                || observed.status().is_some_and(|status| progress::is_complete(observed, status));
            let superfluous = if is_due { history::superfluous(observed) } else { Vec::new() };
            act(superfluous.into_iter().map(|set| Action::Delete(set.name().into())).collect(), Stage::Status)
        }
        Stage::Status => write_status(observed, memory.way, now),
        Stage::End => Turn::End(Next::Settled),
    }
}

/// What there is to do, or straight on.
fn act(actions: Vec<Action>, then: Stage) -> Turn {
    if actions.is_empty() { Turn::Go(then) } else { Turn::Act(actions, then) }
}

/// Selectors that cannot be followed end it here (DEP-15).
fn begin(observed: &Observed) -> Turn {
    let meta = observed.deployment.meta();
    if let Some(error) = &observed.selector_error {
        let key = observed.deployment.key();
        return Turn::End(Next::Failed(format!("deployment {key} has invalid label selector: {error}")));
    }
    let selector = &observed.spec().selector;
    let has_labels = selector.match_labels.as_ref().is_some_and(|labels| !labels.is_empty());
    if has_labels || selector.match_expressions.as_ref().is_some_and(|terms| !terms.is_empty()) {
        return Turn::Go(Stage::Claim);
    }
    let message = "This deployment is selecting all pods. A non-empty selector is required.".to_owned();
    let mut actions = vec![Action::Warn { reason: "SelectingAll", message }];
    let mut status = observed.status().cloned().unwrap_or_default();
    if status.observed_generation.unwrap_or(0) < meta.generation {
        status.observed_generation = Some(meta.generation);
        actions.push(Action::WriteStatus { status: Box::new(status), revision: None });
    }
    Turn::Act(actions, Stage::End)
}

fn claim(observed: &Observed, memory: &mut Memory) -> Turn {
    match memory.claims.stage(&observed.deployment, &observed.children) {
        ClaimStage::Act(actions) => Turn::Act(actions.into_iter().map(Action::Claim).collect(), Stage::Claim),
        ClaimStage::Failed(error) => Turn::End(Next::Failed(error)),
        ClaimStage::Settled if observed.deployment.meta().is_terminating() => Turn::Go(Stage::Follow),
        ClaimStage::Settled => Turn::Go(Stage::Pause),
    }
}

/// The new ReplicaSet follows the Deployment; if it does already, the Deployment takes over its revision
/// (DEP-21 to DEP-25).
fn follow_deployment(observed: &Observed, now: Timestamp) -> Turn {
    let Some(new) = observed.new_set() else { return Turn::Go(Stage::Decide) };
    if let Some(action) = follow(observed, new) {
        return Turn::Act(vec![action], Stage::Decide);
    }
    let has_none = progress::current(observed.status()).is_none();
    let is_news = has_none && progress::deadline(observed.spec()).is_some();
    let condition = is_news.then(|| progress::found(new.name(), now));
    act(note_revision(observed, new, condition), Stage::Decide)
}

/// What is left of a revision to note, with a condition that goes with it (DEP-25).
fn note_revision(
    observed: &Observed,
    new: &ReplicaSet,
    condition: Option<DeploymentCondition>,
) -> Vec<Action> {
    let revision_of = |annotations: &setpoint_core::object::TextMap| {
        annotations.get_text(annotations::REVISION).cloned().unwrap_or_default()
    };
    let there = revision_of(&observed.deployment.meta().annotations);
    let revision = Some(revision_of(&new.object.meta().annotations)).filter(|new| *new != there);
    if revision.is_none() && condition.is_none() {
        return Vec::new();
    }
    vec![write_condition(observed, condition, revision)]
}

/// The status as it is, but for a condition.
fn write_condition(
    observed: &Observed,
    condition: Option<DeploymentCondition>,
    revision: Option<Text>,
) -> Action {
    let mut status = observed.status().cloned().unwrap_or_default();
    if let Some(condition) = condition {
        conditions::set(status.conditions.get_or_insert_default(), condition);
    }
    Action::WriteStatus { status: Box::new(status), revision }
}

/// What the sync is about: the first of these that applies (DEP-14).
fn decide(observed: &Observed, memory: &mut Memory) -> Turn {
    let spec = observed.spec();
    let (way, stage) = if observed.deployment.meta().is_terminating() {
        (Way::StatusOnly, Stage::Status)
    } else if spec.paused.unwrap_or(false) {
        (Way::Paused, Stage::Scale)
    } else if rollback::wanted(observed).is_some() {
        (Way::RollBack, Stage::Create)
    } else if is_scaled(observed) {
        (Way::Scaling, Stage::Scale)
    } else if is_rolling(spec) {
        (Way::RollingUpdate, Stage::Create)
    } else {
        match spec.strategy.as_ref().and_then(|strategy| strategy.type_.as_deref()).unwrap_or("") {
            "Recreate" => (Way::Recreate, Stage::Drain),
            other => {
                let error = format!("unexpected deployment strategy type: {other}");
                return Turn::End(Next::Failed(error));
            }
        }
    };
    memory.way = way;
    Turn::Go(stage)
}

fn after_creation(way: Way) -> Stage {
    if way == Way::RollBack { Stage::RollBack } else { Stage::ResizeNew }
}

/// What follows from the creation of the new ReplicaSet (DEP-19, DEP-20, DEP-54).
fn created(observed: &Observed, memory: &mut Memory, now: Timestamp) -> Turn {
    let has_deadline = progress::deadline(observed.spec()).is_some();
    let then = after_creation(memory.way);
    match (memory.creation.clone(), observed.new_set()) {
        (Creation::Done, Some(new)) => {
            let condition = has_deadline.then(|| progress::created(new.name(), now));
            act(note_revision(observed, new, condition), then)
        }
        // The one of that name was the Deployment's own, and was not seen before.
        (_, Some(new)) => act(note_revision(observed, new, None), then),
        (Creation::Done | Creation::Untried, None) => {
            Turn::End(Next::Failed("the new replica set was created, and is not there".to_owned()))
        }
        (Creation::NameTaken(error), None) => {
            let name = NewReplicaSet::of(observed).name;
            // Unless it is there when it is looked up, the same name will do next time.
            memory.creation = Creation::NameTaken(error);
            Turn::Act(vec![Action::LookAtNamesake(name)], Stage::Created)
        }
        // An earlier attempt made it, and it will be seen.
        (Creation::TakenBy(error, namesake), None) if is_own(observed, &namesake) => {
            Turn::End(Next::Failed(error))
        }
        (Creation::TakenBy(error, _), None) => {
            memory.fail(error);
            let mut status = observed.status().cloned().unwrap_or_default();
            status.collision_count = Some(status.collision_count.unwrap_or(0).saturating_add(1));
            let write = Action::WriteStatus { status: Box::new(status), revision: None };
            Turn::Act(vec![write], Stage::End)
        }
        (Creation::Refused(error), None) => {
            let name = NewReplicaSet::of(observed).name;
            let message = format!("Failed to create new replica set {name:?}: {error}");
            let condition = has_deadline.then(|| progress::not_created(&message, now));
            memory.fail(error);
            let mut actions = vec![Action::Warn { reason: "ReplicaSetCreateError", message }];
            actions.extend(condition.map(|condition| write_condition(observed, Some(condition), None)));
            Turn::Act(actions, Stage::End)
        }
    }
}

/// Whether what has the name is the Deployment's own, and of its template.
fn is_own(observed: &Observed, namesake: &Namesake) -> bool {
    let there = namesake.template.as_ref();
    namesake.controller.is_some()
        && namesake.controller == observed.deployment.meta().uid
        && there.is_some_and(|there| template::is_same(&observed.spec().template, there))
}

/// The new ReplicaSet goes first; when it was resized, the old ones wait for the next sync (DEP-35, DEP-41).
fn resize_new(observed: &Observed, way: Way) -> Turn {
    let Some(new) = observed.new_set() else { return Turn::Go(Stage::Status) };
    let (wanted, current) = (observed.wanted(), new.size());
    let (to, then) = match way {
        Way::RollingUpdate => {
            let size = new_size(wanted, observed.fence(), observed.total_size(), current);
            (size, Stage::ShrinkUnavailable)
        }
        _ => (wanted, Stage::CleanUp),
    };
    match to == current {
        true => Turn::Go(then),
        false => Turn::Act(vec![resize(observed, new, to)], Stage::Status),
    }
}

/// What does not work goes first, if anything may go at all (DEP-36, DEP-37).
fn shrink_unavailable(observed: &Observed, memory: &mut Memory) -> Turn {
    let (old, Some(new)) = (observed.active_old_sets(), observed.new_set()) else {
        return Turn::Go(Stage::CleanUp);
    };
    let sizes: Vec<_> = old.iter().map(|set| set.to_size()).collect();
    // Old ones without replicas count for nothing here.
    let budget = budget(observed.wanted(), observed.fence(), &sizes, new.to_lasting(0));
    if old.is_empty() || budget <= 0 {
        return Turn::Go(Stage::CleanUp);
    }
    let cleanup = unavailable_first(budget, &sizes);
    let actions = resizes(observed, &old, &cleanup.resizes);
    // On an old status nothing more is built.
    memory.has_not_shrunk = cleanup.is_stale;
    act(actions, Stage::ShrinkBeyondNeed)
}

fn shrink_beyond_need(observed: &Observed) -> Turn {
    let (old, Some(new)) = (observed.active_old_sets(), observed.new_set()) else {
        return Turn::Go(Stage::CleanUp);
    };
    // The new one grows, and the old ones shrink: that one of those has been made smaller, lately or by this very sync,
    // takes away what is beyond its size, and nothing else.
    let sizes: Vec<_> = old.iter().map(|set| set.to_lasting(1)).collect();
    let beyond = beyond_need(observed.wanted(), observed.fence(), &sizes, new.to_lasting(0));
    act(resizes(observed, &old, &beyond), Stage::Shrunk)
}

/// The status is written if anything of it has changed; a rollout that stands still is looked at again when
/// its deadline has passed (DEP-57, DEP-59).
fn write_status(observed: &Observed, way: Way, now: Timestamp) -> Turn {
    let is_rollout = matches!(way, Way::RollingUpdate | Way::Recreate);
    let status: DeploymentStatus = match is_rollout {
        true => progress::rolled_out(observed, now),
        false => status::counted(observed, now),
    };
    if observed.status() != Some(&status) {
        return Turn::Act(vec![Action::WriteStatus { status: Box::new(status), revision: None }], Stage::End);
    }
    let look = progress::next_look(observed, &status, now).filter(|_| is_rollout);
    Turn::End(look.map_or(Next::Settled, Next::After))
}
