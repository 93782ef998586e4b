use super::chain::{Chain, Links};

/// How urgent a key is. A key that is added again moves up, never down, until it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Work that nobody waits for: the initial list, resyncs.
    Low,
    /// Retries and timers.
    Normal,
    /// Changes that somebody just made.
    High,
}

/// A normal key goes first after this many others did while it was ready.
const NORMAL_PATIENCE: u32 = 3;
/// A low key goes first after this many others did while it was ready.
const LOW_PATIENCE: u32 = 15;

impl Lane {
    /// All lanes, the least urgent first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Normal, Self::High];

    /// A key that is first in its lane runs within this many pops, whatever is added meanwhile. A key with
    /// `n` before it in its lane therefore runs within `(n + 1) · pops_max` pops.
    pub const fn pops_max(self) -> u32 {
        match self {
            Self::Low => LOW_PATIENCE + 1,
            // One more than its patience asks for: a low key's turn may fall on its own.
            Self::Normal => NORMAL_PATIENCE + 2,
            // A low and a normal key's turn may come first, not twice in a row.
            Self::High => 3,
        }
    }
}

/// Ready keys, first in, first out per lane, and whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    chains: [Chain; 3],
    /// Pops that each lane has seen go to others since it had one or became non-empty.
    passed_over: [u32; 3],
}

impl Lanes {
    pub(super) fn len(&self) -> u32 {
        self.chains.iter().map(Chain::len).sum()
    }

    pub(super) fn push(&mut self, links: &mut Links, lane: Lane, slot: u32) {
        self.chains[lane as usize].push(links, slot);
    }

    pub(super) fn remove(&mut self, links: &mut Links, lane: Lane, slot: u32) {
        self.chains[lane as usize].remove(links, slot);
        if self.chains[lane as usize].is_empty() {
            self.passed_over[lane as usize] = 0;
        }
    }

    /// Takes the slot whose turn it is.
    pub(super) fn pop(&mut self, links: &mut Links) -> Option<(Lane, u32)> {
        let lane = self.turn()?;
        let slot = self.chains[lane as usize].first()?;
        for other in Lane::ALL {
            if !self.chains[other as usize].is_empty() {
                self.passed_over[other as usize] += 1;
            }
        }
        self.passed_over[lane as usize] = 0;
        self.remove(links, lane, slot);
        Some((lane, slot))
    }

    fn turn(&self) -> Option<Lane> {
        if self.passed_over[Lane::Low as usize] >= LOW_PATIENCE {
            return Some(Lane::Low);
        }
        if self.passed_over[Lane::Normal as usize] >= NORMAL_PATIENCE {
            return Some(Lane::Normal);
        }
        Lane::ALL.into_iter().rev().find(|&lane| !self.chains[lane as usize].is_empty())
    }
}
