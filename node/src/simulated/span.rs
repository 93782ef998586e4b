use std::str::FromStr;
use std::time::Duration;

use setpoint_core::env::Env;

/// A length of time, fixed or drawn anew each time from a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    least: Duration,
    most: Duration,
}

/// The longest span that can be written: past it nothing in a simulation would happen.
const SPAN_MAX: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self::exactly(Duration::ZERO);

    /// Always this long.
    pub const fn exactly(length: Duration) -> Self {
        Self { least: length, most: length }
    }

    /// Each time as long as drawn, both ends included; the ends may be in any order.
    pub fn between(one: Duration, other: Duration) -> Self {
        Self { least: one.min(other), most: one.max(other) }
    }

    /// The length this time.
    pub(super) fn draw(&self, env: &Env) -> Duration {
        let room = (self.most - self.least).as_millis();
        match u64::try_from(room) {
            Ok(0) | Err(_) => self.least,
            Ok(room) => self.least + Duration::from_millis(env.random_below(room.saturating_add(1))),
        }
    }
}

impl From<Duration> for Span {
    fn from(length: Duration) -> Self {
        Self::exactly(length)
    }
}

impl FromStr for Span {
    type Err = &'static str;

    /// Reads `1m30s`, or `1s..5s` for a range.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let both = match text.split_once("..") {
            Some((one, other)) => length(one.trim()).zip(length(other.trim())),
            None => length(text.trim()).map(|length| (length, length)),
        };
        both.map(|(one, other)| Self::between(one, other))
            .ok_or("must be a time like 200ms, 1m30s, or 1s..5s")
    }
}

/// Reads a sequence of numbers with units, as Go does: `1h2m3s4ms`, `1.5s`, and plain `0`.
fn length(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (unit, tail) =
            tail.split_at(tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len()));
        let nanos_each: u64 = match unit {
            "ns" => 1,
            "us" | "µs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let seconds = number.parse::<f64>().ok()? * (nanos_each as f64 / 1e9);
        total = total.checked_add(Duration::try_from_secs_f64(seconds).ok()?)?;
        rest = tail;
    }
    (!text.is_empty() && total <= SPAN_MAX).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use setpoint_core::env::Simulation;

    use super::*;

    #[test]
    fn spans_are_read_as_written() {
        let ms = Duration::from_millis;
        let table = [
            ("0", Some((0, 0))),
            ("0s", Some((0, 0))),
            ("200ms", Some((200, 200))),
            ("1.5s", Some((1_500, 1_500))),
            ("1m30s", Some((90_000, 90_000))),
            ("2h1ms", Some((7_200_001, 7_200_001))),
            (" 1s .. 5s ", Some((1_000, 5_000))),
            ("5s..1s", Some((1_000, 5_000))),
            ("", None),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("1..2s", None),
            ("1 s", None),
            ("1.2.3s", None),
            ("99999999999h", None),
            ("1day", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|(least, most)| Span { least: ms(least), most: ms(most) });
            assert_eq!(text.parse::<Span>().ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_drawn_length_is_within_its_range() {
        let sim = Simulation::new(3);
        let (least, most) = (Duration::from_millis(10), Duration::from_millis(12));
        let span = Span::between(most, least);
        let drawn: std::collections::BTreeSet<_> = (0..100).map(|_| span.draw(&sim.env())).collect();
        assert_eq!(drawn, [10, 11, 12].map(Duration::from_millis).into());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9.a-zµ ]{0,20}") {
            prop_assert!(text.parse::<Span>().is_ok_and(|span| span.least <= span.most) || text.parse::<Span>().is_err());
        }
    }
}
