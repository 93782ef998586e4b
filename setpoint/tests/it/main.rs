//! What the whole does together.

mod conformance;
