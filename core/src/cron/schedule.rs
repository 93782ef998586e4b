use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// How many years ahead a schedule is looked up. February 29th on a certain weekday is never that far.
const YEARS_MAX: i16 = 5;

/// When something is due.
///
/// Parsed from text, see [`FromStr`](std::str::FromStr).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The zone that the text itself names.
    pub(super) zone: Option<TimeZone>,
    pub(super) rule: Rule,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// At certain minutes.
    Fields(Fields),
    /// So long after the last time; at least one.
    EverySeconds(i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) minute: Field,
    pub(super) hour: Field,
    pub(super) day: Field,
    pub(super) month: Field,
    pub(super) weekday: Field,
}

/// The values of one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// A bit for each.
    pub(super) values: u64,
    /// It is written as any value, which matters between the two fields for days.
    pub(super) is_any: bool,
}

impl Field {
    /// Whether the value is one of them. No field has values past 63.
    fn has(self, value: i8) -> bool {
        u32::try_from(value).is_ok_and(|value| self.values >> value & 1 == 1)
    }
}

impl Schedule {
    /// The first time after `after` at which it is due; `None` if there is none in the next years, as for
    /// February 30th.
    ///
    /// Fields are read in the zone the schedule names, else in `zone`. Local times that are skipped when
    /// clocks go forward are not met, those that come twice are met twice.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match &self.rule {
            Rule::EverySeconds(seconds) => {
                let whole = Timestamp::from_second(after.as_second().checked_add(*seconds)?).ok()?;
                Some(whole)
            }
            Rule::Fields(fields) => fields.next(after, self.zone.as_ref().unwrap_or(zone)),
        }
    }

    /// The zone that the text itself names, if it does.
    pub fn zone(&self) -> Option<&TimeZone> {
        self.zone.as_ref()
    }
}

impl Fields {
    /// Goes from candidate to candidate, by the largest unit that does not fit.
    fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if self.is_never() {
            return None;
        }
        let upcoming = Timestamp::from_second(after.as_second().checked_add(1)?).ok()?;
        let mut at = upcoming.to_zoned(zone.clone());
        let year_max = at.year().saturating_add(YEARS_MAX);
        while at.year() <= year_max {
            at = if !self.month.has(at.month()) {
                at.last_of_month().ok()?.tomorrow().ok()?.start_of_day().ok()?
            } else if !self.is_on(&at) {
                at.tomorrow().ok()?.start_of_day().ok()?
            } else if !self.hour.has(at.hour()) {
                let into_hour = i64::from(at.minute()) * 60 + i64::from(at.second());
                later(&at, 3600 - into_hour)?
            } else if at.second() != 0 || !self.minute.has(at.minute()) {
                later(&at, 60 - i64::from(at.second()))?
            } else {
                return Some(at.timestamp());
            };
        }
        None
    }

    /// Whether a field names no value at all, as `,` does, so that years need not be searched in vain.
    fn is_never(&self) -> bool {
        let is_empty = |field: Field| field.values == 0;
        let (day, weekday) = (is_empty(self.day), is_empty(self.weekday));
        let no_day = if self.day.is_any || self.weekday.is_any { day || weekday } else { day && weekday };
        no_day || is_empty(self.minute) || is_empty(self.hour) || is_empty(self.month)
    }

    /// Whether the day is one. If both fields name days, either will do.
    fn is_on(&self, at: &Zoned) -> bool {
        let by_day = self.day.has(at.day());
        let by_weekday = self.weekday.has(at.weekday().to_sunday_zero_offset());
        if self.day.is_any || self.weekday.is_any { by_day && by_weekday } else { by_day || by_weekday }
    }
}

fn later(at: &Zoned, seconds: i64) -> Option<Zoned> {
    at.checked_add(SignedDuration::from_secs(seconds)).ok()
}
