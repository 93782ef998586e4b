//! What a definition may cost.

/// How deep a schema may be.
pub const SCHEMA_DEPTH_MAX: usize = 40;

/// How many schemas one version may consist of.
pub const SCHEMA_NODES_MAX: usize = 50_000;

/// How many rules one version may have.
pub const RULES_MAX: usize = 2_000;

/// How large a compiled pattern may be, in bytes.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// How many versions a definition may have.
pub const VERSIONS_MAX: usize = 64;

/// How many definitions a store makes kinds of.
pub const DEFINITIONS_MAX: usize = 5000;

/// How many fields of a version can be selected by (CRD-10).
pub const SELECTABLE_FIELDS_MAX: usize = 8;

/// How many faults of one object are told.
pub const FAULTS_MAX: usize = 200;
