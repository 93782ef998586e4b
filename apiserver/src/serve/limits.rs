use std::time::Duration;

use crate::limits::{
    CONNECTIONS_MAX, DRAIN_TIME_MAX, HANDSHAKE_TIME_MAX, HEADER_BYTES_MAX, HEADER_TIME_MAX, HEADERS_MAX,
    IDLE_TIME_MAX, STALL_TIME_MAX, STREAMS_MAX,
};

/// What clients may cost a server. The values of [`ServeLimits::default`] are those in [`limits`](crate::limits).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeLimits {
    /// How many connections are served at a time. More wait until one ends.
    pub connections: usize,
    /// How many requests of one HTTP/2 connection are answered at a time.
    pub streams: u32,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// How long the head of a request may be.
    pub header_bytes: u32,
    /// How many headers a request may have.
    pub headers: usize,
    /// How long the head of a request may take to arrive, from its first byte.
    pub header_time: Duration,
    /// How long a connection is kept without a request.
    pub idle_time: Duration,
    /// How long a client may take none of what it is sent.
    pub stall_time: Duration,
    /// How long requests get to come to their end when the server is shut down.
    pub drain_time: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS_MAX,
            streams: STREAMS_MAX,
            handshake_time: HANDSHAKE_TIME_MAX,
            header_bytes: HEADER_BYTES_MAX,
            headers: HEADERS_MAX,
            header_time: HEADER_TIME_MAX,
            idle_time: IDLE_TIME_MAX,
            stall_time: STALL_TIME_MAX,
            drain_time: DRAIN_TIME_MAX,
        }
    }
}
