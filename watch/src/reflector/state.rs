use std::collections::BTreeMap;
use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::object::{ObjectRef, Revision, Text};
use setpoint_core::{Error, Reason};
use setpoint_store::request::{ListQuery, ObjectList, ReadAt, Selection, WatchEvent, WatchFrom, WatchQuery};

use super::failure::{Failure, HEALTHY_AFTER, Trouble, backoff, has_no_streams, is_behind};
use super::message::{Answer, Fill, Request, Update};

/// How long a watch may be silent. Stores tell how far they have come about every minute (WATCH-05).
const SILENCE_MAX: Duration = Duration::from_secs(300);
/// How long the beginning of a watch may be silent: a store that knows no streamed lists and does not say
/// so would be waited for in vain (WATCH-07).
const FILL_SILENCE_MAX: Duration = Duration::from_secs(30);
/// A watch that ends sooner without an event is a failure, so that a store which closes every watch at once
/// is not asked without a pause (WATCH-13).
const WATCH_MIN: Duration = Duration::from_secs(1);
/// After this many states in a row that are older than what was shown, the store has gone back for good.
const STALE_MAX: u32 = 5;

/// Lists, watches, lists again: what to ask a store next, and what follows from its answers.
///
/// [`Reflector::request`] is to be asked after each [`Reflector::answer`], and answered before the next.
#[derive(Debug)]
pub struct Reflector {
    selection: Selection,
    fill: Fill,
    phase: Phase,
    /// Everything up to here was given on, and nothing after it; zero before the first state.
    shown: Revision,
    /// Whether lists are read by pages; not after a page has expired.
    paged: bool,
    /// States in a row that were older than what was shown.
    stale: u32,
    trouble: Option<Trouble>,
    failures: u32,
    failed_at: Option<Instant>,
}

#[derive(Debug)]
enum Phase {
    /// Reads pages.
    Listing { objects: Vec<ObjectRef>, next: Option<String> },
    /// Opens a watch that begins with what is there.
    OpeningFilled,
    /// Collects what is there from the beginning of a watch.
    Filling(BTreeMap<(Text, Text), ObjectRef>),
    /// Opens a watch where the one before ended.
    Opening,
    /// Passes on what the watch tells.
    Following { since: Option<Instant>, heard: bool },
    /// Waits before it tries again.
    Waiting { wait: Duration, then: Then },
}

/// What follows a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Fill,
    Resume,
}

impl Reflector {
    /// Knows nothing yet.
    pub fn new(selection: Selection, fill: Fill) -> Self {
        let mut reflector = Self {
            selection,
            fill,
            phase: Phase::Opening,
            shown: Revision::ZERO,
            paged: true,
            stale: 0,
            trouble: None,
            failures: 0,
            failed_at: None,
        };
        reflector.begin(Then::Fill);
        reflector
    }

    /// What to do next.
    pub fn request(&self) -> Request {
        match &self.phase {
            Phase::Listing { next, .. } => Request::List(ListQuery {
                limit: self.paged.then_some(self.fill.page_max()),
                continue_token: next.clone(),
                at: ReadAt::Newest,
                selection: self.selection.clone(),
            }),
            Phase::OpeningFilled => Request::Watch(self.watch(WatchFrom::InitialEvents(self.shown))),
            Phase::Opening => Request::Watch(self.watch(WatchFrom::After(self.shown))),
            Phase::Filling(_) => Request::Read { silence_max: FILL_SILENCE_MAX },
            Phase::Following { .. } => Request::Read { silence_max: SILENCE_MAX },
            Phase::Waiting { wait, .. } => Request::Wait(*wait),
        }
    }

    /// Everything up to here was given on.
    pub fn revision(&self) -> Revision {
        self.shown
    }

    /// What keeps it from its work, if anything does.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    fn watch(&self, from: WatchFrom) -> WatchQuery {
        WatchQuery { selection: self.selection.clone(), from, bookmarks: true }
    }

    /// Takes the answer to the last request. One that is none to it is passed over.
    pub fn answer(&mut self, answer: Answer, now: Instant) -> Option<Update> {
        match answer {
            Answer::Listed(page) => return self.listed(page, now),
            Answer::Event(event) => return self.heard(event, now),
            Answer::Opened => match &self.phase {
                Phase::OpeningFilled => self.phase = Phase::Filling(BTreeMap::new()),
                Phase::Opening => self.phase = Phase::Following { since: Some(now), heard: false },
                _ => {}
            },
            Answer::Ended => self.ended(now),
            Answer::Silent => match &self.phase {
                Phase::Filling(_) => self.give_up_streams(),
                Phase::Following { .. } => self.phase = Phase::Opening,
                _ => {}
            },
            Answer::Reread => {
                if matches!(self.phase, Phase::Following { .. }) {
                    self.begin(Then::Fill);
                }
            }
            Answer::Failed(error) => self.failed(error, now),
            Answer::Waited => {
                if let Phase::Waiting { then, .. } = self.phase {
                    self.begin(then);
                }
            }
        }
        None
    }

    fn begin(&mut self, then: Then) {
        self.phase = match (then, self.fill) {
            (Then::Resume, _) => Phase::Opening,
            (Then::Fill, Fill::Streamed { .. }) => Phase::OpeningFilled,
            (Then::Fill, Fill::Paged { .. }) => Phase::Listing { objects: Vec::new(), next: None },
        };
    }

    /// The store has no streamed lists: from now on it is asked for pages.
    fn give_up_streams(&mut self) {
        self.fill = Fill::Paged { page_max: self.fill.page_max() };
        self.begin(Then::Fill);
    }

    fn listed(&mut self, page: ObjectList, now: Instant) -> Option<Update> {
        let Phase::Listing { objects, next } = &mut self.phase else { return None };
        objects.extend(page.items);
        *next = page.continue_token.filter(|token| !token.is_empty());
        if next.is_some() {
            return None;
        }
        let objects = std::mem::take(objects);
        self.phase = Phase::Opening;
        self.filled(objects, page.revision, now)
    }

    /// All there is was read.
    fn filled(&mut self, objects: Vec<ObjectRef>, revision: Revision, now: Instant) -> Option<Update> {
        if revision < self.shown {
            let message = format!("it shows revision {revision}, and {} was shown before", self.shown);
            self.fell_behind(Error::new(Reason::Timeout, message), now);
            return None;
        }
        self.stale = 0;
        self.paged = true;
        self.trouble = None;
        self.shown = revision;
        Some(Update::Replace { objects, revision })
    }

    fn heard(&mut self, event: WatchEvent, now: Instant) -> Option<Update> {
        match &mut self.phase {
            Phase::Filling(objects) => {
                let place = |object: &ObjectRef| {
                    (object.meta().namespace.clone().unwrap_or_default(), object.meta().name.clone())
                };
                match event {
                    WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                        objects.insert(place(&object), object);
                    }
                    WatchEvent::Deleted(object) => drop(objects.remove(&place(&object))),
                    WatchEvent::Bookmark { revision, initial_events_end: true } => {
                        let objects = std::mem::take(objects).into_values().collect();
                        self.phase = Phase::Following { since: None, heard: true };
                        return self.filled(objects, revision, now);
                    }
                    WatchEvent::Bookmark { .. } => {}
                }
                None
            }
            Phase::Following { heard, .. } => {
                *heard = true;
                self.trouble = None;
                let revision = event.revision();
                // Told before: a watch that repeats itself is not to move anything back.
                if revision <= self.shown {
                    return None;
                }
                self.shown = revision;
                Some(match event {
                    WatchEvent::Bookmark { revision, .. } => Update::Reached(revision),
                    change => Update::Change(change),
                })
            }
            _ => None,
        }
    }

    fn ended(&mut self, now: Instant) {
        match self.phase {
            Phase::Following { since, heard } => {
                let at_once = since.is_some_and(|since| now - since < WATCH_MIN);
                self.phase = Phase::Opening;
                if !heard && at_once {
                    let message = "the watch ended at once, without an event";
                    self.failed(Error::new(Reason::ServiceUnavailable, message), now);
                }
            }
            Phase::Filling(_) => {
                let message = "the watch ended before it had told what is there";
                self.failed(Error::new(Reason::ServiceUnavailable, message), now);
            }
            _ => {}
        }
    }

    fn failed(&mut self, error: Error, now: Instant) {
        match &self.phase {
            Phase::OpeningFilled | Phase::Filling(_) if has_no_streams(&error) => self.give_up_streams(),
            Phase::OpeningFilled | Phase::Filling(_) if is_behind(&error) => self.fell_behind(error, now),
            Phase::OpeningFilled | Phase::Filling(_) => self.wait(error, Then::Fill, now),
            Phase::Listing { next, .. } => {
                // The rest of a list whose first pages are gone would be a mixture.
                self.paged &= !(error.is_expired() && next.is_some());
                self.wait(error, Then::Fill, now);
            }
            Phase::Opening | Phase::Following { .. } => {
                let expired = Failure::of(&error) == Failure::Expired;
                self.wait(error, if expired { Then::Fill } else { Then::Resume }, now);
            }
            Phase::Waiting { .. } => {}
        }
    }

    /// The store knows less than was shown. If it goes on like that, it was set back, and is believed.
    fn fell_behind(&mut self, error: Error, now: Instant) {
        self.stale += 1;
        if self.stale >= STALE_MAX {
            tracing::warn!(%error, "the store has gone back: what it shows now is taken to be true");
            self.stale = 0;
            self.shown = Revision::ZERO;
        }
        self.wait(error, Then::Fill, now);
    }

    fn wait(&mut self, error: Error, then: Then, now: Instant) {
        if self.failed_at.is_none_or(|before| now - before > HEALTHY_AFTER) {
            self.failures = 0;
        }
        let advised = Duration::from_secs(error.details().retry_after_seconds.into());
        let wait = backoff(self.failures).max(advised);
        self.failures = self.failures.saturating_add(1);
        self.failed_at = Some(now);
        let failure = Failure::of(&error);
        self.trouble = Some(Trouble { failure, error, failures: self.failures });
        self.phase = Phase::Waiting { wait, then };
    }
}
