//! Which objects a request, a watch or a controller is about: by labels (LIST-10) and by fields (LIST-11).
//!
//! Selectors are compiled once and matched often; matching allocates nothing. They do not know objects: what
//! they match is asked for by key.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use setpoint_core::selector::{FieldSelector, LabelSelector};
//!
//! let selector: LabelSelector = "app=web,tier notin (cache, db),!legacy".parse()?;
//! let labels = BTreeMap::from([("app".to_owned(), "web".to_owned())]);
//! assert!(selector.matches_labels(Some(&labels)));
//!
//! let selector: FieldSelector = "metadata.name!=b".parse()?;
//! assert!(selector.matches(|field| (field == "metadata.name").then_some("a".into())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod field;
mod label;
mod parse;

pub use self::field::{FieldOperator, FieldSelector, FieldSelectorError, FieldTerm};
pub use self::label::{LabelSelector, LabelSelectorError, Operator, Requirement};
