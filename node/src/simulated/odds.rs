use std::str::FromStr;

use setpoint_core::env::Env;

/// How often something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Odds {
    /// Not once.
    #[default]
    Never,
    /// Each time.
    Always,
    /// Each time with this chance in a hundred; past 100 each time.
    Percent(u8),
    /// The first so many times.
    First(u32),
}

impl Odds {
    /// Whether it goes wrong this time, after `attempts` before.
    pub(super) fn strike(self, attempts: u32, env: &Env) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::Percent(percent) => env.random_below(100) < u64::from(percent),
            Self::First(count) => attempts < count,
        }
    }
}

impl FromStr for Odds {
    type Err = &'static str;

    /// Reads `never`, `always`, `25%`, or a number of attempts.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let odds = match (text, text.strip_suffix('%')) {
            ("never" | "false", _) => Some(Self::Never),
            ("always" | "true", _) => Some(Self::Always),
            (_, Some(percent)) => percent.parse().ok().filter(|percent| *percent <= 100).map(Self::Percent),
            (number, None) => number.parse().ok().map(Self::First),
        };
        odds.ok_or("must be never, always, a percentage like 25%, or a number of attempts")
    }
}

#[cfg(test)]
mod tests {
    use setpoint_core::env::Simulation;

    use super::*;

    #[test]
    fn odds_are_read_as_written() {
        let table = [
            ("never", Some(Odds::Never)),
            ("always", Some(Odds::Always)),
            ("true", Some(Odds::Always)),
            ("25%", Some(Odds::Percent(25))),
            ("0%", Some(Odds::Percent(0))),
            ("3", Some(Odds::First(3))),
            ("101%", None),
            ("-1", None),
            ("", None),
            ("often", None),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Odds>().ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn chances_are_about_what_they_say() {
        let sim = Simulation::new(5);
        let count = |odds: Odds| (0..1000).filter(|attempt| odds.strike(*attempt, &sim.env())).count();
        assert_eq!(count(Odds::Never), 0);
        assert_eq!(count(Odds::Always), 1000);
        assert_eq!(count(Odds::First(7)), 7);
        assert_eq!(count(Odds::Percent(0)), 0);
        assert_eq!(count(Odds::Percent(100)), 1000);
        assert!((200..300).contains(&count(Odds::Percent(25))));
    }
}
