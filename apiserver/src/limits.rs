//! What a request may cost (WIRE-05).

use std::time::Duration;

/// How large the body of a request may be.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// How long the path and query of a request may be.
pub const URI_BYTES_MAX: usize = 16 * 1024;

/// How many parameters a query may have.
pub const QUERY_PARAMETERS_MAX: usize = 256;

/// How many warnings an answer carries.
pub const WARNINGS_MAX: usize = 64;

/// How many bytes the warnings of an answer may have together (ERR-08).
pub const WARNING_BYTES_MAX: usize = 4096;

/// How long a request may take that is no watch and no log.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(60);

/// How many encoded objects are kept for further watchers.
pub const ENCODINGS_MAX: usize = 32;

/// How long a text may be that is kept because many objects share it.
pub const KEPT_TEXT_BYTES_MAX: usize = 32 * 1024;

/// How long all such texts together may be.
pub const KEPT_TEXTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How much of a list is written at once.
pub const LIST_PIECE_BYTES: usize = 64 * 1024;

/// How many texts that were sent, whole or specs alone, are known when they are sent again.
pub const KNOWN_TEXTS_MAX: usize = 256;

/// How long such a text may be.
pub const KNOWN_TEXT_BYTES_MAX: usize = 16 * 1024;

/// How long a watch lives at the least, if the client does not say (WATCH-12); at the most it is twice that.
pub const WATCH_TIME_MIN: Duration = Duration::from_secs(30 * 60);

/// How long a client may take to send a body.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// How many requests that read are answered at a time; more are told to come back (429).
pub const READS_MAX: usize = 400;

/// How many requests that write are answered at a time.
pub const WRITES_MAX: usize = 200;

/// How many watches are open at a time, and logs that are followed or sessions in pods. They live long and cost
/// little.
pub const WATCHES_MAX: usize = 10_000;

/// In how many seconds who was told to come back should do so.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// How many connections a server has at a time; more wait until one ends.
pub const CONNECTIONS_MAX: usize = 4096;

/// How many requests of one HTTP/2 connection are answered at a time.
pub const STREAMS_MAX: u32 = 250;

/// How long a TLS handshake may take.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// How long the head of a request may be.
pub const HEADER_BYTES_MAX: u32 = 64 * 1024;

/// How many headers a request may have.
pub const HEADERS_MAX: usize = 128;

/// How long the head of a request may take to arrive, from its first byte.
pub const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

/// How long a connection is kept without a request.
pub const IDLE_TIME_MAX: Duration = Duration::from_secs(120);

/// How long a client may take none of what it is sent.
pub const STALL_TIME_MAX: Duration = Duration::from_secs(30);

/// How long requests get to come to their end when a server is shut down.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(10);

/// From how many bytes on an answer is compressed, if the client takes that (WIRE-06).
pub const GZIP_BYTES_MIN: usize = 128 * 1024;

/// How many sessions in containers are open at a time.
pub const SESSIONS_MAX: usize = 256;

/// How long a message of a session may be.
pub const SESSION_MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// How often a session in which nothing happens asks whether the client is there.
pub const SESSION_PING_INTERVAL: Duration = Duration::from_secs(10);
