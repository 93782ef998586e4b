//! What a request to a server may cost.

use std::time::Duration;

/// How often a request is sent at the most.
pub const ATTEMPTS_MAX: u32 = 6;

/// How long a request may take with all its attempts, if its context does not say.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// The wait before the second attempt, if the server does not say; doubled for each one after it.
pub const WAIT_INITIAL: Duration = Duration::from_millis(100);

/// By how much waits are stretched at random, as a share, so that clients do not come back together.
pub const WAIT_JITTER: f64 = 0.5;

/// The longest wait that a server may ask for; who is asked for more is told so at once.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// How many requests are under way at a time, watches aside; more wait.
pub const REQUESTS_MAX: usize = 64;

/// How many requests of one batch are under way at a time.
pub const BATCH_REQUESTS_MAX: usize = 16;

/// How large an answer may be. A list of more objects is read in pages.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How large an event of a watch may be.
pub const EVENT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many objects are asked for at a time when all are wanted.
pub const PAGE_MAX: usize = 500;

/// After how long the server is asked to end a watch, which then goes on with another request; stretched at random up to twice
/// that.
pub const WATCH_TIME: Duration = Duration::from_secs(300);

/// How long a watch may be silent before its connection is taken for dead. Servers tell how far they have come about
/// every minute.
pub const WATCH_SILENCE_MAX: Duration = Duration::from_secs(180);

/// How often a watch that was cut is opened again without hearing anything, before it is left to its reader to do so.
pub const RESUMES_MAX: u32 = 3;

/// How many specs are remembered so that objects can share them, and how many bytes of text these have together.
pub const SHARED_SPECS_MAX: usize = 1024;

/// See [`SHARED_SPECS_MAX`].
pub const SHARED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How often a deletion is tried anew because the object of that name has become another one.
pub const DELETIONS_MAX: u32 = 4;
