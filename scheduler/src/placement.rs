//! One pod's way to a node: filter, score, choose.

use std::collections::BTreeSet;
use std::fmt;

use setpoint_core::env::Random;
use setpoint_core::object::Text;

use crate::cache::{NodeInfo, Slot};
use crate::framework::{Check, Cycle, Diagnosis, FitError, Prepared, Profile, Refusal};

/// With fewer nodes than this, all are looked at; and never fewer that fit are looked for (SCHED-11).
pub const FEASIBLE_MIN: usize = 100;
/// The least share of nodes that is looked for, in percent, unless it is configured.
pub const PERCENTAGE_MIN: usize = 5;

/// Finds nodes for pods. It remembers where it stopped, so that all nodes have their turn.
pub struct Placer {
    random: Random,
    percentage: usize,
    start: usize,
    totals: Vec<i64>,
    scores: Vec<i64>,
}

/// A filter's answers, with its place in the profile.
type Checks<'a> = Vec<(usize, Box<dyn Check + 'a>)>;

/// A node that was refused: by which filter, and how finally.
type Refused = (Slot, usize, Refusal);

impl Placer {
    /// Breaks ties with this generator, and looks for `percentage` of the nodes; 0 is upstream's share, which
    /// falls from a half to a twentieth as nodes become more (SCHED-11).
    pub fn new(random: Random, percentage: usize) -> Self {
        Self { random, percentage, start: 0, totals: Vec::new(), scores: Vec::new() }
    }

    /// The node where the pod should go.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn place(&mut self, cycle: &Cycle<'_>, profile: &Profile) -> Result<Text, FitError> {
        if cycle.cache.node_count() == 0 {
            return Err(FitError::NoNodes);
        }
        let feasible = self.filter(cycle, profile)?;
        Ok(match &feasible[..] {
            [only] => only.name.clone(),
            _ => self.choose(cycle, profile, &feasible).name.clone(),
        })
    }

    /// The nodes that all filters pass, as many as are looked for; at least one.
    fn filter<'a>(&mut self, cycle: &Cycle<'a>, profile: &Profile) -> Result<Vec<&'a NodeInfo>, FitError> {
        let (checks, narrowed) = prepare(cycle, profile)?;
        let named: Option<Vec<&'a NodeInfo>> = narrowed
            .as_ref()
            .map(|(_, names)| names.iter().filter_map(|name| cycle.cache.node(name)).collect());
        let count = named.as_ref().map_or(cycle.cache.node_count(), Vec::len);
        let wanted = feasible_wanted(count, self.percentage);
        let (mut feasible, mut refused): (Vec<&'a NodeInfo>, Vec<Refused>) = (Vec::new(), Vec::new());
        for offset in 0..count {
            if feasible.len() == wanted {
                break;
            }
            let position = (self.start + offset) % count;
            let node = named.as_ref().map_or_else(|| cycle.cache.nth(position), |named| named[position]);
            match refusal(&checks, node) {
                None => feasible.push(node),
                Some((place, refusal)) => refused.push((node.slot, place, refusal)),
            }
        }
        self.start = (self.start + feasible.len() + refused.len()) % cycle.cache.node_count();
        if feasible.is_empty() {
            return Err(explain(cycle, profile, &checks, &refused, narrowed.map(|(place, _)| place)));
        }
        Ok(feasible)
    }

    /// The node with the highest score, of several any (SCHED-03).
    fn choose<'a>(
        &mut self,
        cycle: &Cycle<'a>,
        profile: &Profile,
        feasible: &[&'a NodeInfo],
    ) -> &'a NodeInfo {
        let Self { totals, scores, random, .. } = self;
        totals.clear();
        totals.resize(feasible.len(), 0);
        for (score, weight) in profile.scores() {
            let Some(rate) = score.prepare(cycle, feasible) else { continue };
            scores.clear();
            scores.extend(feasible.iter().map(|node| rate.score(node)));
            rate.normalize(scores);
            for (total, score) in totals.iter_mut().zip(scores.iter()) {
                *total = total.saturating_add(weight.saturating_mul(*score));
            }
        }
        let best = totals.iter().copied().max().unwrap_or_default();
        let ties = totals.iter().filter(|total| **total == best).count();
        let chosen = random.below(ties);
        let mut tied = feasible.iter().zip(totals.iter()).filter(|(_, total)| **total == best);
        tied.nth(chosen).map(|(node, _)| *node).expect("one of the nodes has the highest score")
    }
}

/// How many nodes that fit are looked for among so many (SCHED-11).
pub fn feasible_wanted(nodes: usize, percentage: usize) -> usize {
    if nodes < FEASIBLE_MIN {
        return nodes;
    }
    let percentage = match percentage {
        0 => 50_usize.saturating_sub(nodes / 125).max(PERCENTAGE_MIN),
        percentage => percentage,
    };
    (nodes * percentage / 100).max(FEASIBLE_MIN)
}

/// Lets all filters look at the pod. With those that have something to check come the names of the only
/// nodes that can pass, and the place of the filter that says so.
#[expect(clippy::type_complexity, reason = "it is named where it is taken apart")]
fn prepare<'a>(
    cycle: &Cycle<'a>,
    profile: &Profile,
) -> Result<(Checks<'a>, Option<(usize, BTreeSet<Text>)>), FitError> {
    let mut checks: Checks<'a> = Vec::with_capacity(profile.filters().len());
    let mut narrowed: Option<(usize, BTreeSet<Text>)> = None;
    for (place, filter) in profile.filters().iter().enumerate() {
        match filter.prepare(cycle) {
            Prepared::Skip => {}
            Prepared::Check(check) => checks.push((place, check)),
            Prepared::Narrow(names, check) => {
                checks.push((place, check));
                narrowed = Some(match narrowed {
                    None => (place, names),
                    Some((first, known)) => (first, known.intersection(&names).cloned().collect()),
                });
            }
            Prepared::Reject(refusal, why) => return Err(reject(cycle, place, refusal, why)),
        }
    }
    Ok((checks, narrowed))
}

fn refusal(checks: &Checks<'_>, node: &NodeInfo) -> Option<(usize, Refusal)> {
    checks.iter().find_map(|(place, check)| Some((*place, check.check(node).err()?)))
}

/// No node will do, which one filter knows without looking at any.
fn reject(cycle: &Cycle<'_>, place: usize, refusal: Refusal, why: String) -> FitError {
    let mut diagnosis = Diagnosis { before: Some(why), ..diagnosis(cycle) };
    for node in cycle.cache.nodes() {
        diagnosis.refuse(place, refusal, node.has_pods_below(cycle.pod.priority()));
    }
    FitError::Refused(cycle.cache.node_count(), Box::new(diagnosis))
}

fn explain(
    cycle: &Cycle<'_>,
    profile: &Profile,
    checks: &Checks<'_>,
    refused: &[Refused],
    narrowed: Option<usize>,
) -> FitError {
    let mut diagnosis = diagnosis(cycle);
    for (slot, place, refusal) in refused {
        let node = cycle.cache.at(*slot);
        diagnosis.refuse(*place, *refusal, node.has_pods_below(cycle.pod.priority()));
        let check = checks.iter().find(|(other, _)| other == place);
        let (_, check) = check.expect("what refuses was prepared");
        check.explain(node, &mut |reason| diagnosis.tell(reason, 1));
    }
    if let Some(place) = narrowed {
        let name = profile.filters()[place].name();
        let absent = cycle.cache.node_count() - refused.len();
        diagnosis.rejectors.insert(place);
        if absent > 0 {
            diagnosis.tell(&format!("node(s) didn't satisfy plugin(s) [{name}]"), absent);
            diagnosis.preemption.not_helpful += absent;
        }
    }
    FitError::Refused(cycle.cache.node_count(), Box::new(diagnosis))
}

fn diagnosis(cycle: &Cycle<'_>) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    diagnosis.preemption.is_forbidden = cycle.pod.template().never_preempts();
    diagnosis
}

impl fmt::Debug for Placer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Placer").field("start", &self.start).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
