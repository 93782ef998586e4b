use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use setpoint_core::env::{Choices, Random};

use super::Schedule;

/// Where a kind of choice is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Site(usize);

/// The choices of one run, made and recorded. Clones share.
#[derive(Clone)]
pub(crate) struct Stream(Arc<Mutex<State>>);

/// How often a site was asked, and for how many values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) site: String,
    pub(crate) times: u64,
    pub(crate) values: u32,
}

struct State {
    source: Source,
    ids: Random,
    seed_of_ids: u64,
    sites: Vec<SiteState>,
    by_name: BTreeMap<Box<str>, usize>,
}

enum Source {
    Seed(Random),
    Schedule(Schedule),
}

struct SiteState {
    name: Box<str>,
    drawn: u64,
    values: u32,
    /// What a schedule says of this site.
    scheduled: FxHashMap<u64, u32>,
    /// Departures, in order.
    recorded: Vec<(u64, u32)>,
}

/// Chances of the values after the first, in thousandths.
pub(crate) type Chances<'a> = &'a [u32];

/// In which order tasks run.
const ORDER: Site = Site(0);

impl Stream {
    /// Choices at random.
    pub(crate) fn seeded(seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        let ids = random.next_u64();
        Self::new(Source::Seed(random), ids)
    }

    /// Choices that are written down.
    pub(crate) fn scheduled(schedule: &Schedule) -> Self {
        Self::new(Source::Schedule(schedule.clone()), schedule.ids)
    }

    fn new(source: Source, ids: u64) -> Self {
        let state = State {
            source,
            ids: Random::seeded(ids),
            seed_of_ids: ids,
            sites: Vec::new(),
            by_name: BTreeMap::new(),
        };
        let stream = Self(Arc::new(Mutex::new(state)));
        stream.site("order");
        stream
    }

    /// The site of this name.
    pub(crate) fn site(&self, name: &str) -> Site {
        let state = &mut *self.0.lock();
        if let Some(known) = state.by_name.get(name) {
            return Site(*known);
        }
        let scheduled = match &state.source {
            Source::Seed(_) => FxHashMap::default(),
            Source::Schedule(schedule) => schedule.of_site(name).into_iter().collect(),
        };
        let site = SiteState { name: name.into(), drawn: 0, values: 1, scheduled, recorded: Vec::new() };
        state.by_name.insert(name.into(), state.sites.len());
        state.sites.push(site);
        Site(state.sites.len() - 1)
    }

    /// One of `bound` values, each as likely as the others.
    pub(crate) fn below(&self, site: Site, bound: usize) -> usize {
        self.draw(site, bound, |random| random.below(bound))
    }

    /// Value `n` with the chance at `n - 1`, otherwise 0.
    pub(crate) fn weighted(&self, site: Site, chances: Chances<'_>) -> usize {
        self.draw(site, chances.len() + 1, |random| {
            if chances.iter().all(|chance| *chance == 0) {
                return 0;
            }
            let mut rest = u32::try_from(random.below(1000)).unwrap_or(0);
            for (index, chance) in chances.iter().enumerate() {
                match rest.checked_sub(*chance) {
                    None => return index + 1,
                    Some(less) => rest = less,
                }
            }
            0
        })
    }

    fn draw(&self, site: Site, bound: usize, random: impl FnOnce(&mut Random) -> usize) -> usize {
        let state = &mut *self.0.lock();
        let Some(site) = state.sites.get_mut(site.0) else { return 0 };
        let index = site.drawn;
        site.drawn += 1;
        site.values = site.values.max(u32::try_from(bound).unwrap_or(u32::MAX));
        let value = match &mut state.source {
            Source::Seed(source) => random(source),
            Source::Schedule(_) => {
                let value = site.scheduled.get(&index).copied().unwrap_or(0);
                usize::try_from(value).unwrap_or(0).min(bound.saturating_sub(1))
            }
        };
        if value > 0 {
            site.recorded.push((index, u32::try_from(value).unwrap_or(u32::MAX)));
        }
        value
    }

    /// What was chosen until now.
    pub(crate) fn recorded(&self) -> Schedule {
        let state = self.0.lock();
        let mut schedule = Schedule::plain(state.seed_of_ids);
        for site in &state.sites {
            site.recorded.iter().for_each(|(index, value)| schedule.set(&site.name, *index, *value));
        }
        schedule
    }

    /// What was asked until now.
    pub(crate) fn drawn(&self) -> Vec<Drawn> {
        let drawn =
            |site: &SiteState| Drawn { site: site.name.to_string(), times: site.drawn, values: site.values };
        self.0.lock().sites.iter().map(drawn).collect()
    }

    /// The choices that the executor makes.
    pub(crate) fn executor(&self) -> Executor {
        Executor(self.clone())
    }
}

/// The executor's part of a stream.
pub(crate) struct Executor(Stream);

impl Choices for Executor {
    fn next_task(&mut self, ready: usize) -> usize {
        self.0.below(ORDER, ready)
    }

    fn bits(&mut self) -> u64 {
        self.0.0.lock().ids.next_u64()
    }
}
