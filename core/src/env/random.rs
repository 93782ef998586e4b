use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A seeded generator: the same seed gives the same numbers on every machine and in every release of
/// this crate's major version.
#[derive(Debug, Clone)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The generator of this seed.
    pub fn seeded(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A generator seeded by the operating system.
    ///
    /// # Panics
    ///
    /// If the operating system gives no entropy, which none of those supported does.
    pub fn from_os() -> Self {
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).expect("the operating system gives entropy");
        Self::seeded(u64::from_le_bytes(seed))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.next_u64() % bound as u64) as usize }
    }
}
