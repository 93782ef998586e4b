//! A store that fails, for tests: what a network and a restarted server do to clients, by chance.
//!
//! [`FaultyStore`] wraps any store. Which request meets which [`Fault`](Faults) follows from the environment's
//! entropy, so in a simulation from the seed. It promises that what gets through is true: it never invents an
//! object, an event or a success, and it keeps the order of events.
//!
//! ```
//! use setpoint_core::env::Simulation;
//! use setpoint_store::Store;
//! use setpoint_watch::faulty::{FaultyStore, Faults};
//! use std::sync::Arc;
//!
//! let sim = Simulation::new(1);
//! let env = sim.env();
//! let store = FaultyStore::new(&env, Arc::new(Store::memory(&env)), Faults::ROUGH);
//! // ... run a controller on it through an `InformerView` ...
//! store.set_faults(Faults::NONE); // from here on it converges
//! ```

mod faults;
mod store;
mod watch;

pub use self::faults::Faults;
pub use self::store::FaultyStore;
