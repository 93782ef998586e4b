//! OpenAPI documents: what clients read to validate, explain and merge objects (DISC-08 to DISC-11).

pub mod descriptions;
