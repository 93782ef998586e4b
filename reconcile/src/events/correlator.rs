use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use setpoint_core::env::Instant;

use super::lru::Lru;
use super::record::event_name;
use super::{EventRecord, Occurrence};
use crate::backoff::RateLimiter;

/// Makes few Events of many occurrences, by upstream's rules (OBSERVE-01, RS-18).
///
/// What it knows is a cache: after a restart, or past [`Correlator::ENTRIES_MAX`] objects, an event that repeats
/// starts again at one.
#[derive(Debug)]
pub struct Correlator {
    similar: Lru<Similar>,
    told: Lru<Told>,
    budgets: Lru<RateLimiter>,
}

/// What to do about an occurrence.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Create this Event.
    Create(EventRecord),
    /// Patch the Event of this name to have this count, last time and message; see [`EventRecord::to_patch`]. If
    /// it is not there, because it expired or was never written, create it as it is.
    Update(EventRecord),
    /// Do nothing: this object had too many events lately.
    Dropped,
}

/// Messages that differ in nothing else.
#[derive(Debug)]
struct Similar {
    /// Those that have an Event of their own, fewer than [`Correlator::SIMILAR_MAX`].
    messages: Vec<Box<str>>,
    last: Timestamp,
}

/// An Event that was told before.
#[derive(Debug)]
struct Told {
    name: String,
    count: i32,
    first: Timestamp,
}

/// The bucket of one reporter, object and event type.
const BUDGET: RateLimiter = match RateLimiter::try_new(Correlator::REFILL, Correlator::BURST) {
    Ok(bucket) => bucket,
    Err(_) => panic!("neither is zero"),
};

/// What an occurrence came to.
#[derive(Debug)]
pub(super) struct Tally<'a> {
    /// The Event that tells it.
    pub(super) name: &'a str,
    /// Whether that stands for several messages.
    pub(super) combined: bool,
    /// How often it happened.
    pub(super) count: i32,
    /// When it happened first.
    pub(super) first: Timestamp,
    /// Whether it is to be written: otherwise there were too many of this object lately.
    pub(super) is_allowed: bool,
}

/// What the message of an Event that stands for several begins with.
pub(super) const COMBINED_PREFIX: &str = "(combined from similar events): ";

impl Correlator {
    /// How many events of one type a reporter can make about an object at once.
    pub const BURST: u32 = 25;

    /// How long until it can make one more.
    pub const REFILL: Duration = Duration::from_secs(300);

    /// From so many different messages on, all further ones go into one Event.
    pub const SIMILAR_MAX: usize = 10;

    /// So long after the last of them, similar messages are forgotten.
    pub const SIMILAR_WINDOW: SignedDuration = SignedDuration::from_mins(10);

    /// How many entries each of the three caches holds.
    pub const ENTRIES_MAX: usize = 4096;

    /// One that has seen nothing.
    pub fn new() -> Self {
        Self {
            similar: Lru::new(Self::ENTRIES_MAX),
            told: Lru::new(Self::ENTRIES_MAX),
            budgets: Lru::new(Self::ENTRIES_MAX),
        }
    }

    /// Decides what becomes of an occurrence at the time `at`.
    ///
    /// `suffix` makes the name of a new Event unique among those of the same object. Upstream takes the time in
    /// nanoseconds; on virtual time that repeats, so the caller must not give the same one twice.
    pub fn observe(&mut self, mut occurrence: Occurrence, at: Timestamp, suffix: u64) -> Outcome {
        let tally = self.tally(&Keys::of(&occurrence), at, suffix);
        let Tally { name, combined, count, first, is_allowed } = tally;
        if !is_allowed {
            return Outcome::Dropped;
        }
        let name = name.to_owned();
        if combined {
            occurrence.message.insert_str(0, COMBINED_PREFIX);
        }
        let record = EventRecord { name, occurrence, combined, count, first, last: at };
        if count > 1 { Outcome::Update(record) } else { Outcome::Create(record) }
    }

    /// [`Correlator::observe`] for those who put the event in words only when it is written.
    pub(super) fn tally(&mut self, keys: &Keys<'_>, at: Timestamp, suffix: u64) -> Tally<'_> {
        let combined = self.is_one_of_many(keys, at);
        let (exact, similar) = (keys.exact(), keys.similar());
        // The longer key is never the same as a shorter one.
        let key: &[&str] = if combined { &similar } else { &exact };
        let new = || Told { name: event_name(keys.name(), suffix), count: 0, first: at };
        let told = self.told.get_or_insert_with(key, new);
        // As upstream: what is dropped was counted, so that the next update tells the true number.
        told.count = told.count.saturating_add(1);
        let now =
            Instant::after_start(at.duration_since(Timestamp::UNIX_EPOCH).try_into().unwrap_or_default());
        let is_allowed = self.budgets.get_or_insert_with(&keys.budget(), || BUDGET).try_take(now);
        Tally { name: &told.name, combined, count: told.count, first: told.first, is_allowed }
    }

    /// Whether enough different messages of this kind came lately to combine this one with others.
    fn is_one_of_many(&mut self, keys: &Keys<'_>, at: Timestamp) -> bool {
        let new = || Similar { messages: Vec::new(), last: at };
        let similar = self.similar.get_or_insert_with(&keys.similar(), new);
        if at.duration_since(similar.last) > Self::SIMILAR_WINDOW {
            similar.messages.clear();
        }
        similar.last = at;
        if similar.messages.iter().any(|message| **message == *keys.message) {
            return false;
        }
        if similar.messages.len() + 1 >= Self::SIMILAR_MAX {
            return true;
        }
        similar.messages.push(keys.message.into());
        false
    }
}

impl Default for Correlator {
    fn default() -> Self {
        Self::new()
    }
}

/// By what occurrences are told apart.
pub(super) struct Keys<'a> {
    /// Reporter and object: component, host, kind, namespace, name, uid, API version.
    pub(super) subject: [&'a str; 7],
    /// The part of the object.
    pub(super) field_path: &'a str,
    /// The event's type.
    pub(super) event_type: &'a str,
    /// The event's reason.
    pub(super) reason: &'a str,
    /// The event's message.
    pub(super) message: &'a str,
}

impl<'a> Keys<'a> {
    fn of(occurrence: &'a Occurrence) -> Self {
        let Occurrence { involved, event_type, reason, message, reporter } = occurrence;
        let text = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
        Self {
            subject: [
                &reporter.component,
                &reporter.host,
                text(&involved.kind),
                text(&involved.namespace),
                text(&involved.name),
                text(&involved.uid),
                text(&involved.api_version),
            ],
            field_path: text(&involved.field_path),
            event_type: event_type.as_str(),
            reason,
            message,
        }
    }

    /// The object's name.
    fn name(&self) -> &'a str {
        self.subject[4]
    }

    /// What shares a budget: a reporter's events of one type about an object.
    fn budget(&self) -> [&'a str; 8] {
        let [a, b, c, d, e, f, g] = self.subject;
        [a, b, c, d, e, f, g, self.event_type]
    }

    /// What is similar: all of it but the message and the part of the object.
    fn similar(&self) -> [&'a str; 9] {
        let [a, b, c, d, e, f, g] = self.subject;
        [a, b, c, d, e, f, g, self.event_type, self.reason]
    }

    /// What goes into one Event because it is the same.
    fn exact(&self) -> [&'a str; 11] {
        let [a, b, c, d, e, f, g] = self.subject;
        [a, b, c, d, e, f, g, self.event_type, self.reason, self.field_path, self.message]
    }
}

#[cfg(test)]
mod tests;
