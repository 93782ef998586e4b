//! The reference controllers, one folder each. They meet only in objects.

pub mod garbage_collector;
