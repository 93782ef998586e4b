use super::Random;

/// Where the choices of a [`Simulation`](super::Simulation) come from.
pub trait Choices: Send {
    /// Which of `ready` tasks, at least two, runs next. They are in the order in which they became ready, so
    /// that 0 is what a fair executor takes.
    fn next_task(&mut self, ready: usize) -> usize;

    /// The next 64 random bits, for ids, jitter and whatever else asks its environment.
    fn bits(&mut self) -> u64;
}

/// Choices that follow from a seed.
#[derive(Debug, Clone)]
pub(super) struct SeededChoices(Random);

impl SeededChoices {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::seeded(seed))
    }
}

impl Choices for SeededChoices {
    fn next_task(&mut self, ready: usize) -> usize {
        self.0.below(ready)
    }

    fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }
}
