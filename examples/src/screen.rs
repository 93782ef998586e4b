//! A live table with a progress bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use setpoint::env::{Env, Instant};

use crate::pods::Row;

/// Where a program shows how it is getting on.
pub struct Screen {
    env: Env,
    started: Instant,
    live: Option<ProgressBar>,
}

impl Screen {
    /// Live if the standard error is a terminal.
    pub fn new(env: &Env) -> Self {
        let live = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg}\n{prefix:>12} {bar:40} {pos}/{len}")
                .expect("the template is a valid one");
            ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr()).with_style(style)
        });
        Self { env: env.clone(), started: env.now(), live }
    }

    /// Time since the program began.
    pub fn elapsed(&self) -> Duration {
        self.env.now() - self.started
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        let line = format!("{:>6.2} s  {text}", self.elapsed().as_secs_f64());
        match &self.live {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    /// A line for those who see no table.
    pub fn note(&self, text: &str) {
        if self.live.is_none() {
            self.say(text);
        }
    }

    /// The table as it is now, and how far something has come.
    pub fn show(&self, rows: &[Row], what: &str, done: usize, of: usize) {
        let Some(bar) = &self.live else { return };
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(["POD", "NODE", "PID", "STATUS", "READY", "RESTARTS", "AGE"]);
        for row in rows {
            table.add_row(row.cells());
        }
        bar.set_prefix(what.to_owned());
        bar.set_length(of as u64);
        bar.set_position(done.min(of) as u64);
        bar.set_message(table.to_string());
    }

    /// Takes the table away.
    pub fn clear(&self) {
        if let Some(bar) = &self.live {
            bar.finish_and_clear();
        }
    }
}
