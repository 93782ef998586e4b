//! The rules of the built-in kinds, put behind [`KindRules`](crate::kind::KindRules).
pub(super) use crate::kind::NoRules;
pub(super) fn config_map() -> NoRules {
    NoRules
}
pub(super) fn deployment() -> NoRules {
    NoRules
}
pub(super) fn event() -> NoRules {
    NoRules
}
pub(super) fn lease() -> NoRules {
    NoRules
}
pub(super) fn namespace() -> NoRules {
    NoRules
}
pub(super) fn node() -> NoRules {
    NoRules
}
pub(super) fn pod() -> NoRules {
    NoRules
}
pub(super) fn priority_class() -> NoRules {
    NoRules
}
pub(super) fn replica_set() -> NoRules {
    NoRules
}
pub(super) fn secret() -> NoRules {
    NoRules
}
pub(super) fn service() -> NoRules {
    NoRules
}
