use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn schedule(text: &str) -> Schedule {
    text.parse().expect("a schedule")
}

#[test]
fn next_times_are_the_first_that_fit() {
    let rows = [
        ("* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"),
        ("* * * * *", "2026-01-01T00:00:59.9Z", "2026-01-01T00:01:00Z"),
        ("*/15 * * * *", "2026-01-01T00:45:00Z", "2026-01-01T01:00:00Z"),
        ("20-35/15 * * * *", "2026-01-01T00:20:00Z", "2026-01-01T00:35:00Z"),
        ("5/20 * * * *", "2026-01-01T00:25:30Z", "2026-01-01T00:45:00Z"),
        ("0 8 * * mon-FRI", "2026-11-21T09:00:00Z", "2026-11-23T08:00:00Z"),
        ("0 0 1 jan ?", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
        ("0 0 13 * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"),
        ("0 0 */2 * 5", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"),
        ("0 0 * * 5", "2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z"),
        ("@hourly", "2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z"),
        ("@midnight", "2026-01-01T00:30:00Z", "2026-01-02T00:00:00Z"),
        ("@weekly", "2026-01-01T00:30:00Z", "2026-01-04T00:00:00Z"),
        ("@monthly", "2026-01-01T00:30:00Z", "2026-02-01T00:00:00Z"),
        ("@annually", "2026-01-01T00:30:00Z", "2027-01-01T00:00:00Z"),
        ("@every 1h30m10s", "2026-01-01T00:00:00.5Z", "2026-01-01T01:30:10Z"),
        ("@every 1.5h", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z"),
        ("@every 10ms", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("TZ=America/New_York 0 9 * * *", "2026-01-01T00:00:00Z", "2026-01-01T14:00:00Z"),
        ("CRON_TZ=Asia/Kolkata 0 6 * * *", "2026-01-01T01:00:00Z", "2026-01-02T00:30:00Z"),
    ];
    for (text, after, expected) in rows {
        assert_eq!(schedule(text).next(time(after), &TimeZone::UTC), Some(time(expected)), "{text}");
    }
}

#[test]
fn impossible_days_are_given_up_on() {
    for text in ["0 0 30 2 *", ", * * * *"] {
        assert_eq!(schedule(text).next(time("2026-01-01T00:00:00Z"), &TimeZone::UTC), None, "{text}");
    }
}

#[test]
fn skipped_times_are_not_met_and_repeated_ones_twice() {
    let berlin = time_zone("Europe/Berlin").expect("a zone");
    let half_past_two = schedule("30 2 * * *");
    let spring = half_past_two.next(time("2026-03-28T12:00:00Z"), &berlin);
    assert_eq!(spring, Some(time("2026-03-30T00:30:00Z")));
    let first = half_past_two.next(time("2026-10-24T12:00:00Z"), &berlin).expect("a time");
    assert_eq!(first, time("2026-10-25T00:30:00Z"));
    assert_eq!(half_past_two.next(first, &berlin), Some(time("2026-10-25T01:30:00Z")));
}

#[test]
fn faults_have_upstreams_words() {
    let rows = [
        ("", "empty spec string"),
        ("not a schedule", "expected exactly 5 fields, found 3: [not a schedule]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ("*/-5 * * * *", "negative number (-5) not allowed: -5"),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every x", "failed to parse duration @every x: time: invalid duration \"x\""),
        ("@every 5", "failed to parse duration @every 5: time: missing unit in duration \"5\""),
        ("@every 5y", "failed to parse duration @every 5y: time: unknown unit \"y\" in duration \"5y\""),
        ("TZ=Mars/X * * * * *", "provided bad location Mars/X: unknown time zone Mars/X"),
        ("TZ=UTC", "invalid schedule format: runtime error: slice bounds out of range [:-1]"),
    ];
    for (text, expected) in rows {
        let error = text.parse::<Schedule>().expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn zones_are_known_by_their_exact_name() {
    for name in ["UTC", "Europe/Berlin", "Etc/GMT+5", "US/Pacific", "America/Argentina/Buenos_Aires"] {
        assert!(time_zone(name).is_ok(), "{name}");
    }
    for name in ["europe/berlin", "Mars/Olympus", "CE"] {
        assert_eq!(time_zone(name), Err(NotAZone::Unknown(name.to_owned())));
    }
    assert_eq!(time_zone("a..b"), Err(NotAZone::InvalidName));
}

proptest::proptest! {
    /// The oracle looks at every minute.
    #[test]
    fn next_is_what_a_minute_by_minute_search_finds(
        minute in 0_i8..60, hour in 0_i8..24, weekday in 0_i8..7, start in 0_i64..4_000_000, which in 0_usize..3,
    ) {
        let zone = time_zone(["UTC", "Europe/Berlin", "Asia/Kolkata"][which]).expect("a zone");
        let schedule = schedule(&format!("{minute} {hour},{} * * {weekday}", (hour + 7) % 24));
        let after = Timestamp::from_second(1_772_323_200 + start).expect("a time");
        let found = schedule.next(after, &zone).expect("it is met every week");
        let mut minute_at = Timestamp::from_second((after.as_second() / 60 + 1) * 60).expect("a time");
        loop {
            let local = minute_at.to_zoned(zone.clone());
            let fits = local.minute() == minute
                && [hour, (hour + 7) % 24].contains(&local.hour())
                && local.weekday().to_sunday_zero_offset() == weekday;
            if fits {
                break;
            }
            minute_at = Timestamp::from_second(minute_at.as_second() + 60).expect("a time");
        }
        proptest::prop_assert_eq!(found, minute_at);
    }
}
