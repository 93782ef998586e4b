use std::time::Duration;

use k8s_openapi::api::apps::v1::DeploymentSpec;
use serde_json::Value;
use setpoint_controllers::deployment::Fence;
use setpoint_core::Error;
use setpoint_core::env::Simulation;
use setpoint_core::object::ObjectRef;

use super::cluster::Cluster;
use super::end;
use super::ledger::{self, Ledger};
use super::step::{History, Step};

/// After so long everybody who was refused has tried again.
const BACKOFF: Duration = Duration::from_secs(1100);
/// Attempts that a refusal may cost in that time, for each ReplicaSet.
const REFUSALS_MAX: usize = 60;

/// Plays a history to its end.
pub(super) fn play(seed: u64, history: &History) {
    let sim = Simulation::new(seed);
    let env = sim.env();
    let done = sim.block_on(async {
        let mut story = Story { cluster: Cluster::start(&env).await?, ledger: Ledger::default() };
        for step in &history.0 {
            story.step(*step).await;
        }
        end::heal(&mut story).await;
        Ok::<_, Error>(())
    });
    done.expect("nothing waits for ever").expect("the store answers");
}

/// A cluster and what is known of it.
pub(super) struct Story {
    pub(super) cluster: Cluster,
    pub(super) ledger: Ledger,
}

/// What is to be compared after a step with what was before.
struct Before {
    is_whole: bool,
    is_scaled_exactly: bool,
    goal: Option<Value>,
}

impl Story {
    /// One step, and what follows from it.
    async fn step(&mut self, step: Step) {
        self.ledger.begin();
        let before = self.before(step);
        self.cluster.quota.lock().refused = 0;
        self.cluster.happen(step).await;
        self.cluster.settle().await;
        if matches!(step, Step::Quota(_) | Step::NoQuota) {
            self.cluster.env.sleep(BACKOFF).await;
        }
        self.catch_up();
        self.ledger.end(&self.cluster);
        self.check(step, &before);
    }

    /// Looks at all that has changed. Says whether anything has.
    pub(super) fn catch_up(&mut self) -> bool {
        let changes = self.cluster.changes();
        for seen in &changes {
            self.ledger.see(seen, self.cluster.kinds);
        }
        !changes.is_empty()
    }

    fn before(&self, step: Step) -> Before {
        let web = self.ledger.web.as_ref().filter(|web| ledger::is_live(web));
        let active = self.ledger.owned().filter(|set| ledger::size(set) > 0).count();
        let is_scaled_exactly = matches!(step, Step::Replicas(_))
            && active >= 2
            && web.is_some_and(|web| ledger::is_paused(web) && !ledger::is_recreating(web));
        Before {
            is_whole: web.is_some_and(|web| !ledger::is_paused(web)),
            is_scaled_exactly,
            goal: self.goal(step),
        }
    }

    /// The template that a step goes back to, if there is such a revision.
    fn goal(&self, step: Step) -> Option<Value> {
        let Step::RollBack(wanted) = step else { return None };
        let mut revisions: Vec<i64> = self.ledger.owned().map(ledger::revision).collect();
        revisions.sort_unstable();
        let wanted = match i64::from(wanted) {
            0 => revisions.iter().rev().nth(1).copied().filter(|revision| *revision != 0)?,
            wanted => wanted,
        };
        self.ledger.owned().find(|set| ledger::revision(set) == wanted).map(ledger::template)
    }

    fn check(&self, step: Step, before: &Before) {
        let refused = self.cluster.quota.lock().refused;
        let most = REFUSALS_MAX * self.ledger.sets.len().max(1);
        assert!(refused <= most, "INV-RS-05: {refused} attempts");
        assert_eq!(self.cluster.manager.health().iter().map(|health| health.panics).sum::<u64>(), 0);
        let Some(web) = self.ledger.web.as_ref().filter(|web| ledger::is_live(web)) else { return };
        if let (Step::RollBack(_), true) = (step, before.is_whole) {
            let wish = web.meta().annotations.get("deprecated.deployment.rollback.to");
            assert_eq!(wish, None, "INV-DP-10: the wish is still there");
            if let Some(goal) = &before.goal {
                assert_eq!(&ledger::wanted_template(web), goal, "INV-DP-10: another template");
            }
        }
        if before.is_scaled_exactly && !self.is_saturated(web) {
            let spec = web.spec::<DeploymentSpec>().expect("a Deployment");
            let wanted = i64::from(spec.replicas.unwrap_or(1));
            let allowed = if wanted == 0 { 0 } else { wanted + Fence::of(spec).surge };
            assert_eq!(self.ledger.sum(), allowed, "INV-DP-05: shares that do not add up");
        }
    }

    /// Whether the new ReplicaSet alone is all that is wanted, so that the others are emptied.
    fn is_saturated(&self, web: &ObjectRef) -> bool {
        let wanted = web.spec::<DeploymentSpec>().and_then(|spec| spec.replicas).map_or(1, i64::from);
        let new = self.ledger.owned().find(|set| ledger::template(set) == ledger::wanted_template(web));
        new.is_some_and(|new| ledger::size(new) == wanted)
    }
}
