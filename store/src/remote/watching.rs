//! Where a watch is, and what follows when it is cut: decided here, done in `watch`.

use std::time::Duration;

use setpoint_core::object::Revision;

use super::limits::{RESUMES_MAX, WAIT_INITIAL};
use crate::request::WatchEvent;

/// A connection that has lived as long as this was a good one.
const LIFE_MIN: Duration = Duration::from_secs(10);

/// How far a watch has told what there is.
///
/// [`Watching::heard`] is to be called for each event, [`Watching::cut`] when a connection has ended, and
/// [`Watching::place`] before the next one.
#[derive(Debug, Clone)]
pub(super) struct Watching {
    place: Place,
    tells_bookmarks: bool,
    /// Connections in a row that have told nothing.
    silent: u32,
}

/// Where a watch goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among what there is at the beginning, which is not older than this and comes in no order: what is missing of it
    /// cannot be asked for.
    Beginning(Revision),
    /// After this revision; everything up to it was told.
    After(Revision),
}

/// What follows a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It is opened again after this wait.
    Resume(Duration),
    /// It ends; its reader decides.
    End,
}

impl Watching {
    pub(super) const fn new(place: Place, tells_bookmarks: bool) -> Self {
        Self { place, tells_bookmarks, silent: 0 }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// What is to be told of an event.
    pub(super) fn heard(&mut self, event: WatchEvent) -> Option<WatchEvent> {
        self.silent = 0;
        let revision = event.revision();
        match (self.place, &event) {
            (Place::Beginning(_), WatchEvent::Bookmark { initial_events_end: true, .. }) => {
                self.place = Place::After(revision);
                return Some(event);
            }
            (Place::Beginning(_), WatchEvent::Bookmark { .. }) => return None,
            (Place::Beginning(_), _) => return Some(event),
            // Told before.
            (Place::After(told), _) if revision <= told => return None,
            (Place::After(_), _) => self.place = Place::After(revision),
        }
        (self.tells_bookmarks || event.object().is_some()).then_some(event)
    }

    /// The connection has ended, after so long.
    pub(super) fn cut(&mut self, lived: Duration) -> Next {
        if matches!(self.place, Place::Beginning(_)) {
            return Next::End;
        }
        if lived >= LIFE_MIN {
            self.silent = 0;
        }
        if self.silent >= RESUMES_MAX {
            return Next::End;
        }
        let wait = match self.silent {
            0 => Duration::ZERO,
            more => WAIT_INITIAL.saturating_mul(1 << (more - 1)),
        };
        self.silent += 1;
        Next::Resume(wait)
    }
}
