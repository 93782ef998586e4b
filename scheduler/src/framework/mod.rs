//! Filters say where a pod may go, scores where it had better go.
//!
//! A [`Filter`] is prepared once for a pod (upstream's PreFilter) and then asked of node after node
//! ([`Check`], upstream's Filter). Every refusal can explain itself: [`Check::explain`] gives the reasons that
//! people read in events, in upstream's words. A [`Score`] is prepared for a pod and the nodes it may go to
//! (PreScore) and then rates each (Score), and all together (NormalizeScore).
//!
//! A [`Profile`] is the filters and scores of a scheduler, in their order.

mod cycle;
mod diagnosis;
mod event;
mod filter;
mod profile;
mod score;

pub use self::cycle::{Cycle, Objects};
pub use self::diagnosis::{Diagnosis, FitError, Preemption, Rejectors};
pub use self::event::ClusterEvent;
pub use self::filter::{Check, Filter, Prepared, Refusal};
pub use self::profile::{FILTERS_MAX, Profile};
pub use self::score::{Rate, SCORE_MAX, Score};
pub(crate) use self::score::{normalize, normalize_reversed};
