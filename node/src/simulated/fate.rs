use std::time::Duration;

use setpoint_core::env::Env;
use setpoint_runtime_traits::Exit;

use super::Script;

/// What will become of one start of a container, as drawn from its script: no choices are left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) start_delay: Duration,
    pub(super) start_fails: bool,
    /// After its start; `None` is never.
    pub(super) ready_after: Option<Duration>,
    /// After its start, by itself; `None` is never.
    pub(super) ends_after: Option<(Duration, Exit)>,
}

/// The code of a crash of which the script says none.
const CRASH_CODE: i32 = 1;

impl Fate {
    /// Draws the fate of the start of an instance with this restart count.
    pub(super) fn draw(script: &Script, attempt: u32, env: &Env) -> Self {
        let run_for = script.run_for.map(|span| span.draw(env));
        let ends_after = if script.crash.strike(attempt, env) {
            let code = if script.exit_code == 0 { CRASH_CODE } else { script.exit_code };
            Some((run_for.unwrap_or_default(), Exit::Code(code)))
        } else {
            run_for.map(|run_for| (run_for, Exit::Code(script.exit_code)))
        };
        Self {
            start_delay: script.start_delay.draw(env),
            start_fails: script.fail_start.strike(attempt, env),
            ready_after: script.ready_after.map(|span| span.draw(env)),
            ends_after,
        }
    }
}

#[cfg(test)]
mod tests {
    use setpoint_core::env::Simulation;

    use super::*;
    use crate::simulated::Odds;

    #[test]
    fn a_crash_never_looks_like_success() {
        let (second, none) = (Duration::from_secs(1), Duration::ZERO);
        let crash = Odds::First(1);
        let table = [
            (Script { crash, ..Script::default() }, 0, Some((none, Exit::Code(1)))),
            (Script { crash, ..Script::default() }, 1, None),
            (Script { crash, ..Script::job(second, 0) }, 0, Some((second, Exit::Code(1)))),
            (Script { crash, ..Script::job(second, 7) }, 0, Some((second, Exit::Code(7)))),
            (Script { crash, ..Script::job(second, 0) }, 1, Some((second, Exit::Code(0)))),
        ];
        let sim = Simulation::new(1);
        for (script, attempt, expected) in table {
            let fate = Fate::draw(&script, attempt, &sim.env());
            assert_eq!(fate.ends_after, expected, "{script:?} {attempt}");
        }
    }
}
