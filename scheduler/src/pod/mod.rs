//! What the scheduler knows of a pod, compiled once for all pods of a template.

mod affinity;
mod cohort;
mod info;
mod spread;
mod template;

pub use self::affinity::{PodTerm, PodTerms};
pub use self::cohort::{Cohort, CohortId, Interner};
pub use self::info::PodInfo;
pub(crate) use self::info::{is_terminal, node_name};
pub(crate) use self::spread::HOSTNAME;
pub use self::spread::{DefaultSpread, SpreadConstraint};
pub use self::template::PodTemplate;
