use std::collections::BTreeMap;
use std::fmt;

use super::Refusal;

/// The filters that refused, by their places in the profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rejectors(u32);

/// Why a pod may go nowhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Why no node was even asked about.
    pub before: Option<String>,
    /// How many nodes were refused for which reason.
    pub reasons: BTreeMap<String, usize>,
    /// Who refused.
    pub rejectors: Rejectors,
    /// What preemption could do.
    pub preemption: Preemption,
}

/// What preemption could do on how many nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preemption {
    /// The pod is not to preempt.
    pub(crate) is_forbidden: bool,
    /// Nodes with pods that could make room.
    pub(crate) has_victims: usize,
    /// Nodes without such pods.
    pub(crate) no_victims: usize,
    /// Nodes that refuse the pod whatever becomes of others.
    pub(crate) not_helpful: usize,
}

/// A pod fits no node. Says so in upstream's words (SCHED-14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FitError {
    /// There are no nodes.
    NoNodes,
    /// There are so many, and this is what they say.
    Refused(usize, Box<Diagnosis>),
}

impl Rejectors {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// Adds the filter at a place.
    pub fn insert(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Whether the filter at a place is among them.
    pub fn contains(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }

    /// Whether nobody is.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their places.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u32::BITS as usize).filter(move |place| self.contains(*place))
    }
}

impl Diagnosis {
    /// Counts a node that was refused.
    pub(crate) fn refuse(&mut self, place: usize, refusal: Refusal, has_victims: bool) {
        self.rejectors.insert(place);
        let count = match (refusal, has_victims) {
            (Refusal::Unresolvable, _) => &mut self.preemption.not_helpful,
            (Refusal::Unschedulable, true) => &mut self.preemption.has_victims,
            (Refusal::Unschedulable, false) => &mut self.preemption.no_victims,
        };
        *count += 1;
    }

    /// Counts a reason for which a node, or several, were refused.
    pub(crate) fn tell(&mut self, reason: &str, nodes: usize) {
        match self.reasons.get_mut(reason) {
            Some(count) => *count += nodes,
            None => drop(self.reasons.insert(reason.to_owned(), nodes)),
        }
    }
}

impl FitError {
    /// Who refused; nobody if there are no nodes.
    pub fn rejectors(&self) -> Rejectors {
        match self {
            Self::NoNodes => Rejectors::NONE,
            Self::Refused(_, diagnosis) => diagnosis.rejectors,
        }
    }
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Refused(nodes, diagnosis) = self else {
            return f.write_str("no nodes available to schedule pods");
        };
        let Diagnosis { before, reasons, preemption, .. } = &**diagnosis;
        write!(f, "0/{nodes} nodes are available:")?;
        match before {
            Some(before) => write!(f, " {before}.")?,
            None => write_counts(f, reasons.iter().map(|(reason, count)| (reason.as_str(), *count)))?,
        }
        if preemption.is_forbidden {
            return f.write_str(" preemption: not eligible due to preemptionPolicy=Never.");
        }
        write!(f, " preemption: 0/{nodes} nodes are available:")?;
        write_counts(
            f,
            [
                ("No preemption victims found for incoming pod", preemption.no_victims),
                ("Preemption is not helpful for scheduling", preemption.not_helpful),
                ("Preemption is not carried out by this scheduler", preemption.has_victims),
            ],
        )
    }
}

impl std::error::Error for FitError {}

/// As upstream has it: ordered by the text that begins with the count.
fn write_counts<'a>(
    f: &mut fmt::Formatter<'_>,
    counts: impl IntoIterator<Item = (&'a str, usize)>,
) -> fmt::Result {
    let counts = counts.into_iter().filter(|(_, count)| *count > 0);
    let mut texts: Vec<String> = counts.map(|(reason, count)| format!("{count} {reason}")).collect();
    texts.sort_unstable();
    if texts.is_empty() { Ok(()) } else { write!(f, " {}.", texts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_upstreams() {
        // SCHED-14
        let mut diagnosis = Diagnosis::default();
        diagnosis.refuse(0, Refusal::Unschedulable, false);
        diagnosis.tell("Insufficient cpu", 1);
        for _ in 0..2 {
            diagnosis.refuse(3, Refusal::Unresolvable, false);
            diagnosis.tell("node(s) had untolerated taint(s)", 1);
        }
        let error = FitError::Refused(3, Box::new(diagnosis.clone()));
        assert_eq!(
            error.to_string(),
            "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). preemption: 0/3 \
             nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful \
             for scheduling."
        );
        assert_eq!(error.rejectors().iter().collect::<Vec<_>>(), [0, 3]);
        diagnosis.preemption.is_forbidden = true;
        diagnosis.before = Some("pod affinity terms conflict".to_owned());
        assert_eq!(
            FitError::Refused(3, Box::new(diagnosis)).to_string(),
            "0/3 nodes are available: pod affinity terms conflict. preemption: not eligible due to \
             preemptionPolicy=Never."
        );
        assert_eq!(FitError::NoNodes.to_string(), "no nodes available to schedule pods");
    }

    #[test]
    fn counts_are_ordered_as_texts() {
        // SCHED-14
        let mut diagnosis = Diagnosis::default();
        diagnosis.tell("Insufficient memory", 2);
        diagnosis.tell("Insufficient cpu", 10);
        let text = FitError::Refused(12, Box::new(diagnosis)).to_string();
        assert!(text.starts_with("0/12 nodes are available: 10 Insufficient cpu, 2 Insufficient memory."));
    }
}
