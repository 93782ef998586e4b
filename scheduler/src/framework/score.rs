use std::fmt::Debug;

use super::Cycle;
use crate::cache::NodeInfo;

/// The best score that a node can have from one scorer.
pub const SCORE_MAX: i64 = 100;

/// Says where pods had better go.
pub trait Score: Debug + Send + Sync {
    /// Its name, as upstream's plugin of the same duty.
    fn name(&self) -> &'static str;

    /// Looks at a pod and at the nodes it may go to, once; `None` if it makes no difference where it goes.
    fn prepare<'a>(&self, cycle: &Cycle<'a>, nodes: &[&'a NodeInfo]) -> Option<Box<dyn Rate + 'a>>;
}

/// Rates nodes for one pod.
pub trait Rate {
    /// The score of a node before normalization.
    fn score(&self, node: &NodeInfo) -> i64;

    /// Brings the scores of all nodes into 0 to [`SCORE_MAX`]. The scores are in the order in which the
    /// nodes were given.
    fn normalize(&self, scores: &mut [i64]) {
        let _ = scores;
    }
}

/// Scales scores so that the highest is [`SCORE_MAX`]. All zero stay zero.
pub(crate) fn normalize(scores: &mut [i64]) {
    let max = scores.iter().copied().max().unwrap_or_default();
    if max > 0 {
        scores.iter_mut().for_each(|score| *score = *score * SCORE_MAX / max);
    }
}

/// Scales counts so that none is [`SCORE_MAX`] and the highest is 0. All zero are [`SCORE_MAX`].
pub(crate) fn normalize_reversed(scores: &mut [i64]) {
    normalize(scores);
    scores.iter_mut().for_each(|score| *score = SCORE_MAX - *score);
}
