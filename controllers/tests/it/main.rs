//! Several of the controllers at work on one store, on virtual time.

mod deployment;
mod histories;
