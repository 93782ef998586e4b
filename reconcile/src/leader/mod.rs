//! Leader election: of several candidates one leads, by a Lease object that it keeps renewing (OTHER-13).
//!
//! An [`Election`] owns the work that is led: it starts it when the lease is won, and ends it before another can have
//! the lease. Promises:
//!
//! 1. A lease is taken only when it is free or its record has not changed for its whole duration, as seen by the
//!    candidate's own monotonic clock. No two wall clocks are ever compared.
//! 2. Led work is told to end when the lease was not renewed for the renew deadline, and is cancelled before the lease
//!    can be another's, counted from when the last renewal was asked for ([`Leadership::ended`]).
//! 3. What writes through [`Leadership::store`] writes nothing after that time (INV-IN-11).
//! 4. If the store [honours guards](setpoint_store::ObjectStore::honours_guards), each of those writes carries the
//!    *epoch*: the revision of an object that is written only when leadership changes hands, and by nobody but the
//!    holder of the lease. A deposed leader's write is refused by the store, however late it comes, and whatever its
//!    clock says. So there is at most one writer at any revision (INV-C-09).
//!
//! Without the fourth promise, as on a remote store, a request that was sent in time may still arrive when another leads;
//! then what makes a controller safe is that it names what it decided on.
//!
//! ```
//! use std::sync::Arc;
//! use setpoint_core::env::Simulation;
//! use setpoint_reconcile::leader::{Election, ElectionSettings};
//! use setpoint_store::Store;
//!
//! let sim = Simulation::new(1);
//! let env = sim.env();
//! let store = Store::memory(&env);
//! let done = sim.block_on(async {
//!     store.ensure_namespace("kube-system").await?;
//!     let settings = ElectionSettings::new("kube-system", "my-controller", "host-1_4711");
//!     let election = Election::new(&env, Arc::new(store.clone()), settings).expect("sound settings");
//!     let candidate = election.start(|leadership| async move {
//!         // ... start controllers over `leadership.store()` ...
//!         leadership.ended().await;
//!         // ... and shut them down.
//!     });
//!     while !candidate.is_leading() {
//!         env.sleep(std::time::Duration::from_secs(1)).await;
//!     }
//!     candidate.shut_down().await; // the next leads at once
//!     setpoint_core::Result::<()>::Ok(())
//! });
//! done.expect("nothing waits for ever").expect("all is valid");
//! ```

mod candidate;
mod elector;
mod epoch;
mod led_store;
mod lock;
mod record;
mod settings;
mod term;

pub use self::candidate::{Candidate, Election};
pub use self::elector::{Elector, Step};
pub use self::record::Record;
pub use self::settings::{ElectionSettings, JITTER, UnsoundSettings};
pub use self::term::Leadership;

#[cfg(test)]
mod tests;
