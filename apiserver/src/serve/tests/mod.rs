//! The server as strangers and friends see it, over real sockets; where time matters, on a paused clock.

mod connections;
mod identity;
mod keys;
mod limits;
mod shutdown;
mod targets;
mod world;
