use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The bundled database; the machine's own may have other rules.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// What is wrong with the name of a time zone, in Go's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAZone {
    /// It could lead out of a directory.
    #[error("time: invalid location name")]
    InvalidName,
    /// The database has no such zone.
    #[error("unknown time zone {0}")]
    Unknown(String),
}

/// The time zone of an IANA name. The empty name and `Local` mean UTC, where servers are.
///
/// # Errors
///
/// If there is no zone of exactly this name, case included.
pub fn time_zone(name: &str) -> Result<TimeZone, NotAZone> {
    if matches!(name, "" | "UTC" | "Local") {
        return Ok(TimeZone::UTC);
    }
    if name.contains("..") || name.starts_with(['/', '\\']) {
        return Err(NotAZone::InvalidName);
    }
    ZONES
        .get(name)
        .ok()
        .filter(|zone| zone.iana_name() == Some(name))
        .ok_or_else(|| NotAZone::Unknown(name.to_owned()))
}
