//! What this process has cost.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Time on all processors so far.
pub(crate) fn cpu_seconds() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process can ask about itself");
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    micros as f64 / 1e6
}

/// The most memory this process has had. What it was before it became this program does not count, so Linux'
/// `getrusage`, which keeps the peak of the program that started it, is no help there.
pub(crate) fn peak_rss_mb() -> f64 {
    rss_mb("VmHWM:").unwrap_or_else(|| {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process can ask about itself");
        usage.max_rss() as f64 / 1e6
    })
}

/// A line of what Linux tells of this process' memory.
pub(crate) fn rss_mb(line: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix(line))?;
    let kibibytes = line.trim().trim_end_matches(" kB").parse::<f64>().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}

/// To four places.
pub(crate) fn rounded(number: f64) -> f64 {
    (number * 1e4).round() / 1e4
}
