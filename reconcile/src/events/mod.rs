//! Events: what controllers tell people about objects.
//!
//! [`EventRecorder::record`] takes a text and returns at once. One task for the whole process, the
//! [`EventSink`], correlates what was recorded and writes it.
//!
//! The [`Correlator`] turns what occurs into Events to write (OBSERVE-01). Promises:
//!
//! 1. The same occurrence again raises the count of the Event it made before.
//! 2. From the tenth different message of one reporter, object, type and reason on, none of them more than ten
//!    minutes after the last, further messages go into one Event whose message is the last of them.
//! 3. About one object, a reporter makes at most 25 Events or updates of one type at once, and then one every
//!    five minutes. What is dropped still counts.
//! 4. It holds at most 4096 entries per rule, and forgets those used longest ago.
//!
//! It writes nothing: who owns it creates and patches as its [`Outcome`]s say. It reads no clock.

mod correlator;
mod lru;
mod record;
mod recorder;
mod sink;
mod text;

pub use self::correlator::{Correlator, Outcome};
pub use self::record::{EventRecord, EventType, Occurrence, Reporter};
pub use self::recorder::{EventRecorder, EventSink, PENDING_MAX};
pub use self::text::{EventText, Regarding};
