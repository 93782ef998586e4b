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

/// How long a watch lives at the least, if the client does not say (WATCH-12); at the most it is twice that.
pub const WATCH_TIME_MIN: Duration = Duration::from_secs(30 * 60);
