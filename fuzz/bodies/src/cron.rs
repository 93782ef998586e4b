//! Schedules against a model that looks at every day and minute.

use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use setpoint_core::cron::Schedule;

use crate::text;

/// Times from which the next one is looked for: an ordinary one, the end of a month, of a leap year's February.
const STARTS: [&str; 4] =
    ["2026-03-14T15:09:26Z", "2026-04-30T23:59:00Z", "2028-02-28T23:59:59Z", "1999-12-31T23:59:59.5Z"];
/// Days that the model looks at.
const DAYS_MAX: usize = 800;

/// The next time is later, at a whole second, and the first that fits.
pub fn cron(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let Ok(schedule) = text.parse::<Schedule>() else { return };
    let model = if schedule.zone().is_none() { Model::parse(text) } else { None };
    for start in STARTS {
        let start: Timestamp = start.parse().expect("a time");
        let next = schedule.next(start, &TimeZone::UTC);
        if let Some(next) = next {
            assert!(next > start && next.subsec_nanosecond() == 0, "{text:?}: {next} after {start}");
            let again = schedule.next(next, &TimeZone::UTC);
            assert!(again.is_none_or(|again| again > next), "{text:?} stands still at {next}");
        }
        let Some(model) = &model else { continue };
        match model.next(start) {
            Some(expected) => assert_eq!(next, Some(expected), "{text:?} after {start}"),
            None => {
                let is_far =
                    |next: Timestamp| next.duration_since(start).as_secs() > 86_400 * (DAYS_MAX as i64 - 2);
                assert!(next.is_none_or(is_far), "{text:?} after {start}: {next:?}");
            }
        }
    }
}

/// Which values each field names.
struct Model {
    fields: [Vec<i64>; 5],
    is_any: [bool; 5],
}

const BOUNDS: [(i64, i64); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

impl Model {
    /// Five fields without names.
    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split_whitespace().collect();
        if parts.len() != 5 || text.starts_with('@') {
            return None;
        }
        let mut model = Self { fields: Default::default(), is_any: [false; 5] };
        for (at, part) in parts.iter().enumerate() {
            for range in part.split(',').filter(|range| !range.is_empty()) {
                let (range, step) = match range.split_once('/') {
                    Some((range, step)) => (range, Some(step.parse().ok()?)),
                    None => (range, None),
                };
                let (low, high) = BOUNDS[at];
                let (first, last) = match range.split_once('-') {
                    _ if range == "*" || range == "?" => (low, high),
                    Some(("*" | "?", _)) => return None,
                    Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
                    None if step.is_some() => (range.parse().ok()?, high),
                    None => (range.parse().ok()?, range.parse().ok()?),
                };
                let step: usize = step.unwrap_or(1);
                model.is_any[at] |= matches!(range, "*" | "?") && step == 1;
                model.fields[at].extend((first..=last).step_by(step.max(1)));
            }
        }
        Some(model)
    }

    fn next(&self, start: Timestamp) -> Option<Timestamp> {
        let start = start.to_zoned(TimeZone::UTC).datetime();
        let hours = || (0..24).filter(|hour| self.names(1, (*hour).into()));
        let minutes = || (0..60).filter(|minute| self.names(0, (*minute).into()));
        let times: Vec<Time> =
            hours().flat_map(|hour| minutes().map(move |minute| time(hour, minute, 0, 0))).collect();
        let mut day = start.date();
        for _ in 0..DAYS_MAX {
            if self.is_on(day)
                && let Some(at) = times.iter().map(|time| day.to_datetime(*time)).find(|at| *at > start)
            {
                return at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn names(&self, field: usize, value: i64) -> bool {
        self.fields[field].contains(&value)
    }

    fn is_on(&self, day: Date) -> bool {
        let by_day = self.names(2, day.day().into());
        let by_weekday = self.names(4, day.weekday().to_sunday_zero_offset().into());
        let is_day =
            if self.is_any[2] || self.is_any[4] { by_day && by_weekday } else { by_day || by_weekday };
        self.names(3, day.month().into()) && is_day
    }
}
