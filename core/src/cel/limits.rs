//! What an expression may cost.

/// How long the text of an expression may be, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 32 << 10;

/// How deep an expression may be: parentheses, operands, calls on what calls answer.
pub const EXPRESSION_DEPTH_MAX: u16 = 100;

/// What one run may cost, in upstream's units: about a step each, and a tenth for each byte that is looked at.
pub const RUN_COST_MAX: u64 = 1_000_000;

/// What all runs for one object may cost.
pub const OBJECT_COST_MAX: u64 = 10_000_000;

/// How long a message may be that an expression makes, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 5 << 10;

/// How many faults of one expression are told.
pub const FAULTS_MAX: usize = 10;

/// How many patterns an expression may name.
pub const PATTERNS_MAX: usize = 64;

/// How large a compiled pattern may be, in bytes.
pub const PATTERN_BYTES_MAX: usize = 256 << 10;

/// What it costs to compile a pattern that is only known when it is used.
pub const DYNAMIC_PATTERN_COST: u64 = 20_000;

/// How many such patterns are kept during a run.
pub const DYNAMIC_PATTERNS_MAX: usize = 16;
