use std::time::Duration;

use setpoint_core::Error;
use setpoint_core::object::{ObjectRef, Revision};
use setpoint_store::request::{ListQuery, ObjectList, WatchEvent, WatchQuery};

/// How a reflector gets to know what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// As the beginning of the watch (WATCH-06); by pages of this many objects where the store refuses that.
    Streamed {
        /// Objects in a page at the most.
        page_max: usize,
    },
    /// By pages of this many objects.
    Paged {
        /// Objects in a page at the most.
        page_max: usize,
    },
}

impl Fill {
    /// The size of upstream's pages.
    pub const PAGE_MAX: usize = 500;

    pub(super) fn page_max(self) -> usize {
        match self {
            Self::Streamed { page_max } | Self::Paged { page_max } => page_max,
        }
    }
}

/// What a reflector wants to be done next.
#[derive(Debug, Clone)]
pub enum Request {
    /// Read a page.
    List(ListQuery),
    /// Open a watch; one that is open is to be closed.
    Watch(WatchQuery),
    /// Read the next event of the open watch.
    Read {
        /// After this long without an event the watch is taken for dead.
        silence_max: Duration,
    },
    /// Close the watch, if one is open, and wait; this is the wait without jitter.
    Wait(Duration),
}

/// What came of a [`Request`].
#[derive(Debug, Clone)]
pub enum Answer {
    /// A page.
    Listed(ObjectList),
    /// The watch is open.
    Opened,
    /// An event.
    Event(WatchEvent),
    /// The watch has ended cleanly.
    Ended,
    /// Nothing was heard for as long as was asked for.
    Silent,
    /// The request failed, or the watch ended with an error.
    Failed(Error),
    /// The wait is over.
    Waited,
    /// Somebody wants everything to be read anew, though nothing is wrong with the watch.
    Reread,
}

/// What a reflector has learned.
#[derive(Debug, Clone)]
pub enum Update {
    /// This is all there is, at this revision.
    Replace {
        /// The objects, in no particular order.
        objects: Vec<ObjectRef>,
        /// The revision.
        revision: Revision,
    },
    /// An object has changed. Never a bookmark.
    Change(WatchEvent),
    /// Nothing more has changed up to this revision.
    Reached(Revision),
}
