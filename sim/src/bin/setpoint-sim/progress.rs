use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;
use setpoint_sim::Summary;

/// How often a line is written where there is no terminal.
const PAUSE: Duration = Duration::from_secs(15);

/// How far a search has come: a bar on a terminal, and elsewhere a line on standard error now and then.
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Instant,
    /// When the last line was written.
    told: Mutex<Instant>,
}

impl Progress {
    /// Of so many seeds.
    pub(crate) fn new(seeds: u64) -> Self {
        let bar = ProgressBar::new(seeds);
        let style =
            ProgressStyle::with_template("{wide_bar} {pos}/{len} seeds, {per_sec}, {eta} left, {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let begun = now();
        Self { bar, begun, told: Mutex::new(begun) }
    }

    /// One seed more; all that were tried are these.
    pub(crate) fn seed(&self, total: &Summary, findings: usize) {
        let hours = total.lasted.as_secs_f64() / 3600.0;
        let rate = format!("{:.0} virtual hours/s, {findings} found", hours / self.seconds());
        self.bar.inc(1);
        if !self.bar.is_hidden() {
            self.bar.set_message(rate);
            return;
        }
        let mut told = self.told.lock();
        if told.elapsed() >= PAUSE {
            *told = now();
            let (at, of) = (self.bar.position(), self.bar.length().unwrap_or(0));
            eprintln!("{at}/{of} seeds, {:.0} seeds/s, {rate}", at as f64 / self.seconds());
        }
    }

    /// A line on standard output, above the bar.
    pub(crate) fn say(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }

    /// The end; how many seconds it took.
    pub(crate) fn finish(self) -> f64 {
        self.bar.finish_and_clear();
        self.seconds()
    }

    fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

#[expect(clippy::disallowed_methods, reason = "how fast the search itself is, in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
