//! Custom kinds over the life of a store.

#[cfg(feature = "durable")]
mod restart;
