use std::fmt;
use std::future::Future;
use std::sync::Arc;

use parking_lot::Mutex;
use setpoint_core::Error;
use setpoint_core::env::{Env, Instant};
use setpoint_core::kind::End;
use setpoint_core::object::Revision;
use setpoint_store::ObjectStore;
use setpoint_store::request::Guard;

use super::led_store::LedStore;

/// One time that this candidate leads.
pub(super) struct Term {
    env: Env,
    pub(super) guards: Arc<[Guard]>,
    /// When writing ends, unless the lease is renewed before.
    until: Mutex<Instant>,
    /// Set when the work is to end.
    ended: End,
    /// Set when the store has told that another leads.
    fenced: End,
}

impl Term {
    pub(super) fn new(env: &Env, epoch: Option<Guard>, until: Instant) -> Arc<Self> {
        Arc::new(Self {
            env: env.clone(),
            guards: epoch.into_iter().collect(),
            until: Mutex::new(until),
            ended: End::default(),
            fenced: End::default(),
        })
    }

    /// It goes on until then.
    pub(super) fn extend(&self, until: Instant) {
        *self.until.lock() = until;
    }

    /// The work is to end.
    pub(super) fn end(&self) {
        self.ended.set();
    }

    /// The work has ended, and nothing is written any more.
    pub(super) fn close(&self) {
        self.ended.set();
        self.extend(Instant::START);
    }

    /// Whether it may write.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.env.now() < *self.until.lock() {
            return Ok(());
        }
        Err(Error::fenced("the writer is deposed: its lease was not renewed in time"))
    }

    /// What a write was answered.
    pub(super) fn note<T>(&self, answer: &Result<T, Error>) {
        if let Err(error) = answer
            && error.is_fenced()
        {
            self.fenced.set();
        }
    }

    pub(super) fn is_fenced(&self) -> impl Future<Output = ()> + Send + Unpin + use<> {
        self.fenced.wait()
    }
}

/// That this candidate leads, for the work that is led. Clones share.
#[derive(Clone)]
pub struct Leadership {
    term: Arc<Term>,
    store: Arc<dyn ObjectStore>,
}

impl Leadership {
    pub(super) fn new(term: Arc<Term>, store: Arc<dyn ObjectStore>) -> Self {
        let store = Arc::new(LedStore::new(store, Arc::clone(&term)));
        Self { term, store }
    }

    /// The store for all that is led: it is read as the one it wraps, and writes only while this leadership lasts.
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// The revision that marks this leadership, larger than that of any before; `None` if the store cannot compare it,
    /// so that nothing but clocks keeps two leaders apart.
    pub fn epoch(&self) -> Option<Revision> {
        self.term.guards.first().map(|guard| guard.revision)
    }

    /// Whether the work may go on, as far as is known here.
    pub fn is_current(&self) -> bool {
        !self.term.ended.is_set() && self.term.check().is_ok()
    }

    /// Waits until the work is to end. It is cancelled if it does not in time: when the candidate is shut down, after
    /// the lease's duration; when the lease was lost, before it can be another's.
    pub async fn ended(&self) {
        self.term.ended.wait().await;
    }
}

impl fmt::Debug for Leadership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leadership")
            .field("epoch", &self.epoch())
            .field("is_current", &self.is_current())
            .finish_non_exhaustive()
    }
}
