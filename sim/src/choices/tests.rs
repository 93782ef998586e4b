use proptest::prelude::*;

use super::*;

fn draw(stream: &Stream) -> Vec<usize> {
    let (one, other) = (stream.site("one"), stream.site("other"));
    (0..100).flat_map(|_| [stream.below(one, 5), stream.weighted(other, &[100, 0, 300])]).collect()
}

#[test]
fn what_a_seed_chose_is_replayed_from_its_record() {
    for seed in 0..20 {
        let first = Stream::seeded(seed);
        let drawn = draw(&first);
        let again = Stream::scheduled(&first.recorded());
        assert_eq!(draw(&again), drawn);
        assert_eq!(again.recorded(), first.recorded());
        assert_eq!(again.drawn(), first.drawn());
    }
}

#[test]
fn chances_are_kept_and_impossible_values_never_come() {
    let stream = Stream::seeded(1);
    let site = stream.site("s");
    let mut counts = [0; 4];
    for _ in 0..10_000 {
        counts[stream.weighted(site, &[100, 0, 300])] += 1;
    }
    assert_eq!(counts[2], 0);
    assert!((800..1200).contains(&counts[1]) && (2700..3300).contains(&counts[3]), "{counts:?}");
}

#[test]
fn a_value_that_is_too_large_for_its_choice_is_the_largest() {
    let stream = Stream::scheduled(&Schedule::plain(0).with("s", 0, 9));
    assert_eq!(stream.below(stream.site("s"), 3), 2);
}

#[test]
fn what_is_no_schedule_is_told_by_its_line() {
    let wrong = "ids 1\nwrite/a 3".parse::<Schedule>();
    assert_eq!(wrong, Err(NotASchedule { line: 2, text: "write/a 3".to_owned() }));
}

proptest! {
    #[test]
    fn a_schedule_is_what_its_text_says(ids: u64, departures in proptest::collection::vec(("[a-z/]{1,9}", any::<u64>(), 1..9u32), 0..20)) {
        let schedule = departures.into_iter().filter(|(site, ..)| site != "ids").fold(Schedule::plain(ids), |schedule, (site, index, value)| schedule.with(&site, index, value));
        prop_assert_eq!(schedule.to_string().parse::<Schedule>(), Ok(schedule));
    }

    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _either = text.parse::<Schedule>();
    }
}
