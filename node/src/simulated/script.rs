use std::time::Duration;

use setpoint_runtime_traits::Exit;

use super::{Odds, Span};

/// What containers of a simulated runtime do. The module's table of annotations says what each field means.
///
/// The default starts at once, is ready at once, runs until it is stopped, and never fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How long starting takes.
    pub start_delay: Span,
    /// When it exits by itself; `None` is never.
    pub run_for: Option<Span>,
    /// With which code it exits by itself.
    pub exit_code: i32,
    /// How often it crashes.
    pub crash: Odds,
    /// How long after its start probes begin to succeed; `None` is never.
    pub ready_after: Option<Span>,
    /// How long after the request to stop it exits; `None` is never.
    pub stop_delay: Option<Span>,
    /// How it exits when it was asked to.
    pub stop_exit: Exit,
    /// How long a command run in it takes.
    pub exec_delay: Span,
    /// How long pulling its image takes.
    pub pull_delay: Span,
    /// How often pulling its image fails.
    pub fail_pull: Odds,
    /// How often making its sandbox fails.
    pub fail_sandbox: Odds,
    /// How often making it fails.
    pub fail_create: Odds,
    /// How often starting it fails.
    pub fail_start: Odds,
    /// Lines printed to standard output at the start.
    pub stdout: Vec<String>,
    /// Lines printed to standard error at the start.
    pub stderr: Vec<String>,
}

/// The signal that asks a container to stop.
const TERM: i32 = 15;

impl Default for Script {
    fn default() -> Self {
        Self {
            start_delay: Span::ZERO,
            run_for: None,
            exit_code: 0,
            crash: Odds::Never,
            ready_after: Some(Span::ZERO),
            stop_delay: Some(Span::ZERO),
            stop_exit: Exit::Signal(TERM),
            exec_delay: Span::ZERO,
            pull_delay: Span::ZERO,
            fail_pull: Odds::Never,
            fail_sandbox: Odds::Never,
            fail_create: Odds::Never,
            fail_start: Odds::Never,
            stdout: Vec::new(),
            stderr: Vec::new(),
        }
    }
}

/// An annotation of a script cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("annotation {key}: {value:?} {problem}")]
pub struct ScriptError {
    /// The annotation.
    pub key: String,
    /// What it says.
    pub value: String,
    /// What it must be.
    pub problem: &'static str,
}

impl Script {
    /// A container that does its work and exits.
    pub fn job(run_for: Duration, exit_code: i32) -> Self {
        Self { run_for: Some(run_for.into()), exit_code, ..Self::default() }
    }

    /// Sets the field that the annotation `name` stands for. Unknown names are refused too: a script with a
    /// spelling mistake would test nothing.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<(), &'static str> {
        match name {
            "start-delay" => self.start_delay = value.parse()?,
            "run-for" => self.run_for = span_or(value, "forever")?,
            "exit-code" => self.exit_code = code(value)?,
            "crash" => self.crash = value.parse()?,
            "ready-after" => self.ready_after = span_or(value, "never")?,
            "stop-delay" => self.stop_delay = span_or(value, "never")?,
            "stop-exit-code" => self.stop_exit = Exit::Code(code(value)?),
            "exec-delay" => self.exec_delay = value.parse()?,
            "pull-delay" => self.pull_delay = value.parse()?,
            "fail-pull" => self.fail_pull = value.parse()?,
            "fail-sandbox" => self.fail_sandbox = value.parse()?,
            "fail-create" => self.fail_create = value.parse()?,
            "fail-start" => self.fail_start = value.parse()?,
            "log" => self.stdout = value.lines().map(str::to_owned).collect(),
            "log-stderr" => self.stderr = value.lines().map(str::to_owned).collect(),
            _ => return Err("is not known to the simulated runtime"),
        }
        Ok(())
    }
}

fn span_or(value: &str, never: &str) -> Result<Option<Span>, &'static str> {
    if value == never { Ok(None) } else { value.parse().map(Some) }
}

fn code(value: &str) -> Result<i32, &'static str> {
    value.parse().ok().filter(|code| (0..=255).contains(code)).ok_or("must be a number from 0 to 255")
}
