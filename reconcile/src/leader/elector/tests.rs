//! The decisions of a candidate, as client-go's elector makes them (OTHER-13).

use std::time::Duration;

use jiff::Timestamp;
use setpoint_core::env::Instant;
use setpoint_core::object::Revision;

use super::super::{ElectionSettings, Elector, Record, Step, UnsoundSettings};

fn settings(identity: &str) -> ElectionSettings {
    ElectionSettings::new("kube-system", "test", identity)
}

fn at(seconds: u64) -> Instant {
    Instant::after_start(Duration::from_secs(seconds))
}

fn wall(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + seconds).expect("within range")
}

fn record(holder: &str, acquired: i64, renewed: i64, transitions: i32) -> Record {
    Record {
        holder: holder.into(),
        duration: Duration::from_secs(15),
        acquired: Some(wall(acquired)),
        renewed: Some(wall(renewed)),
        transitions,
    }
}

/// A candidate that got the free lease at second 0 of its clock, at revision 1.
fn leader() -> Elector {
    let mut elector = Elector::new(settings("me"));
    assert_eq!(elector.begin(at(0), wall(0)), Step::Read);
    let Step::Write(record, None) = elector.read(at(0), wall(0), None) else { panic!("it is free") };
    elector.wrote(at(0), &record, Revision(1));
    elector
}

#[test]
fn settings_are_checked() {
    let seconds = Duration::from_secs;
    let rows = [
        (settings("me"), Ok(())),
        (settings(""), Err(UnsoundSettings::Identity)),
        (ElectionSettings::new("", "test", "me"), Err(UnsoundSettings::Name)),
        (
            settings("me").with_times(seconds(10), seconds(10), seconds(2)),
            Err(UnsoundSettings::LeaseDuration),
        ),
        (
            settings("me").with_times(seconds(15), seconds(10), seconds(9)),
            Err(UnsoundSettings::RenewDeadline),
        ),
        (settings("me").with_times(seconds(15), seconds(10), seconds(0)), Err(UnsoundSettings::RetryPeriod)),
        (
            settings("me").with_times(
                Duration::from_millis(900),
                Duration::from_millis(500),
                Duration::from_millis(100),
            ),
            Err(UnsoundSettings::Seconds),
        ),
        (
            settings("me").with_times(seconds(u64::MAX), seconds(10), seconds(2)),
            Err(UnsoundSettings::Seconds),
        ),
    ];
    for (settings, expected) in rows {
        assert_eq!(settings.check(), expected, "{settings:?}");
    }
}

#[test]
fn what_is_read_decides() {
    let first = |transitions| Record { transitions, ..record("me", 100, 100, 0) };
    let rows: [(&str, Option<Record>, Step); 5] = [
        ("no lease is created", None, Step::Write(first(0), None)),
        ("a released one is taken", Some(record("", 1, 2, 3)), Step::Write(first(4), Some(Revision(7)))),
        // By its holder's clock it ran out long ago, which says nothing.
        ("another's is waited for", Some(record("other", 1, 2, 3)), Step::Wait),
        ("also one from the future", Some(record("other", 900, 900, 3)), Step::Wait),
        (
            "one of the same name is this one's",
            Some(record("me", 1, 2, 3)),
            Step::Write(record("me", 1, 100, 3), Some(Revision(7))),
        ),
    ];
    for (name, found, expected) in rows {
        let mut elector = Elector::new(settings("me"));
        let step = elector.read(at(50), wall(100), found.map(|record| (record, Revision(7))));
        assert_eq!(step, expected, "{name}");
        assert_eq!(elector.ends(), None, "{name}: nothing is led before it is written");
    }
}

#[test]
fn a_lease_runs_out_by_the_time_it_was_seen_unchanged() {
    let mut elector = Elector::new(settings("me"));
    let stale = record("other", 0, 0, 3);
    let see = |elector: &mut Elector, second, record: &Record, revision| {
        elector.read(at(second), wall(second as i64), Some((record.clone(), Revision(revision))))
    };
    assert_eq!(see(&mut elector, 100, &stale, 5), Step::Wait);
    assert_eq!(see(&mut elector, 114, &stale, 5), Step::Wait);
    // A new record counts anew, a new revision of the same record does not.
    let renewed = record("other", 0, 9, 3);
    assert_eq!(see(&mut elector, 114, &renewed, 6), Step::Wait);
    assert_eq!(see(&mut elector, 120, &renewed, 7), Step::Wait);
    assert_eq!(see(&mut elector, 128, &renewed, 7), Step::Wait);
    let taken = Record { transitions: 4, ..record("me", 129, 129, 0) };
    assert_eq!(see(&mut elector, 129, &renewed, 7), Step::Write(taken, Some(Revision(7))));
}

#[test]
fn a_leader_renews_without_reading() {
    let mut elector = leader();
    let renewal = record("me", 0, 2, 0);
    assert_eq!(elector.begin(at(2), wall(2)), Step::Write(renewal.clone(), Some(Revision(1))));
    // The write was answered late: it counts from when it was asked for.
    elector.wrote(at(2), &renewal, Revision(2));
    assert_eq!(elector.ends(), Some(at(12)));
    let work_limit = Duration::from_millis(2_000 + 13_750);
    assert_eq!(elector.is_over(), Some(Instant::after_start(work_limit)));
    assert_eq!(elector.held_at(), Some(Revision(2)));
    // Its own lease has run out: another may have it.
    assert_eq!(elector.begin(at(17), wall(17)), Step::Read);
}

#[test]
fn a_leader_that_reads_of_another_leads_no_more() {
    let mut elector = leader();
    let step = elector.read(at(3), wall(3), Some((record("other", 2, 2, 1), Revision(2))));
    assert_eq!((step, elector.ends(), elector.held_at()), (Step::Wait, None, None));
    assert_eq!(elector.holder(), Some("other"));
    assert_eq!(elector.release(wall(3)), None, "it is not its own to give up");
}

#[test]
fn a_lease_is_given_up_for_the_next_to_take_at_once() {
    let (record, revision) = leader().release(wall(5)).expect("it is its own");
    assert_eq!((&*record.holder, record.duration, revision), ("", Duration::from_secs(1), Revision(1)));
    let mut next = Elector::new(settings("next"));
    let step = next.read(at(0), wall(6), Some((record, Revision(2))));
    let Step::Write(taken, Some(Revision(2))) = step else { panic!("{step:?}") };
    assert_eq!((&*taken.holder, taken.transitions), ("next", 1));
}

#[test]
fn a_deposed_holder_of_the_same_name_begins_anew() {
    let mut elector = leader();
    elector.step_down();
    assert_eq!((elector.ends(), elector.held_at()), (None, None));
    assert_eq!(elector.begin(at(11), wall(11)), Step::Read);
}

#[test]
fn a_part_of_a_second_is_a_whole_one() {
    let times = [1_500, 1_000, 200].map(Duration::from_millis);
    let mut elector = Elector::new(settings("me").with_times(times[0], times[1], times[2]));
    let Step::Write(record, None) = elector.read(at(0), wall(0), None) else { panic!("it is free") };
    let mut spec = k8s_openapi::api::coordination::v1::LeaseSpec::default();
    record.write_to(&mut spec);
    assert_eq!(spec.lease_duration_seconds, Some(2));
    assert_eq!(Record::of(&spec).duration, Duration::from_secs(2));
}
