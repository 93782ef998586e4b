use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use setpoint_core::env::Instant;
use setpoint_core::object::{Key, Uid};

use super::{Check, Request};

/// Requests about one object, or an owner's objects without a name yet, in a minute at the most.
///
/// A back-off that begins with 5 ms and doubles makes about 15; a plan may make several for each.
const REQUESTS_MAX: usize = 240;
const MINUTE: Duration = Duration::from_secs(60);

/// Nobody writes about one thing without end (INV-C-03, INV-IN-08).
#[derive(Debug, Default)]
pub struct HotLoop(BTreeMap<(String, Key, Option<Uid>), VecDeque<Instant>>);

impl Check for HotLoop {
    fn id(&self) -> &'static str {
        "INV-C-03"
    }

    fn request(&mut self, request: &Request<'_>) -> Result<(), String> {
        let Request { at, actor, object, owner, .. } = *request;
        // Whose name is not chosen yet is of its owner; a name that comes back is of one thing, whoever owns it.
        let owner = owner.filter(|_| object.name.is_empty()).cloned();
        let times = self.0.entry((actor.to_owned(), object.clone(), owner)).or_default();
        times.push_back(at);
        while times.front().is_some_and(|first| at - *first > MINUTE) {
            times.pop_front();
        }
        if times.len() > REQUESTS_MAX {
            let count = times.len();
            return Err(format!("{actor} has sent {count} writes about {object:?} within a minute"));
        }
        Ok(())
    }
}
