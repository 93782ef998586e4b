use super::super::fixture::{APod, NOW, at, fresh, ready};
use super::*;

const HOUR: i64 = 3600;

/// Which of two pods goes, whichever is named first.
fn goes_first(one: &APod, other: &APod, neighbours: &[(&str, usize)]) -> String {
    let neighbours: FxHashMap<Text, usize> =
        neighbours.iter().map(|(node, count)| (Text::from(*node), *count)).collect();
    let first = |pods: [ObjectRef; 2]| victims(&pods, &neighbours, 1, at(NOW))[0].meta().name.to_string();
    let chosen = first([one.object(), other.object()]);
    assert_eq!(first([other.object(), one.object()]), chosen, "the order of the list does not matter");
    chosen
}

#[test]
fn the_first_rule_that_tells_two_pods_apart_decides() {
    // RS-21 to RS-24. In each row the first pod goes, although all later rules speak for the other.
    let last = |name: &str| APod { restarts: 9, age: 1, ..ready(name) };
    let rows: Vec<(&str, APod, APod)> = vec![
        (
            "without a node",
            APod { node: "", ready: Some(10_000), cost: "5", ..ready("z") },
            APod { ready: None, phase: "Pending", ..last("a") },
        ),
        (
            "pending",
            APod { phase: "Pending", ready: None, cost: "5", ..ready("z") },
            APod { phase: "Unknown", ready: None, ..last("a") },
        ),
        (
            "no phase is pending",
            APod { phase: "", ready: None, ..ready("z") },
            APod { phase: "Unknown", ..last("a") },
        ),
        (
            "unknown",
            APod { phase: "Unknown", ready: Some(9999), cost: "5", ..ready("z") },
            APod { ready: None, ..last("a") },
        ),
        ("not ready", APod { ready: None, cost: "5", ..ready("z") }, APod { ready: Some(1), ..last("a") }),
        ("cheaper", APod { cost: "-1", ..ready("z") }, APod { ready: Some(1), ..last("a") }),
        ("0 is the default cost", APod { cost: "4", ..ready("z") }, APod { cost: "5", ..last("a") }),
        ("no cost below one", ready("z"), APod { cost: "1", ..last("a") }),
        ("a plus sign is no cost", APod { cost: "+5", ..ready("z") }, APod { cost: "1", ..last("a") }),
        ("a leading zero is no cost", APod { cost: "007", ..ready("z") }, APod { cost: "1", ..last("a") }),
        ("a word is no cost", APod { cost: "much", ..ready("z") }, APod { cost: "1", ..last("a") }),
        ("ready later", APod { ready: Some(4), ..ready("z") }, APod { ready: Some(100), ..last("a") }),
        ("more restarts", APod { restarts: 2, ..ready("z") }, APod { restarts: 1, age: 1, ..ready("a") }),
        (
            "more restarts of the sidecar",
            APod { sidecar_restarts: 1, ..ready("z") },
            APod { age: 1, ..ready("a") },
        ),
        (
            "containers before sidecars",
            APod { restarts: 1, ..ready("z") },
            APod { sidecar_restarts: 5, age: 1, ..ready("a") },
        ),
        ("younger", APod { age: 4, ..ready("z") }, APod { age: 4000, ..ready("a") }),
        (
            "ready for 4h50m and for 2h30m are of one magnitude, so the uid decides, and restarts do not",
            APod { ready: Some(4 * HOUR + 50 * 60), ..ready("a") },
            APod { ready: Some(2 * HOUR + 30 * 60), restarts: 9, ..ready("c") },
        ),
        (
            "beyond the edge of a magnitude",
            APod { ready: Some(4 * HOUR + 50 * 60), ..ready("z") },
            APod { ready: Some(4 * HOUR + 54 * 60), ..ready("a") },
        ),
        ("ages of one magnitude", APod { age: 8000, ..ready("a") }, APod { age: 7900, ..ready("z") }),
        ("in the future is youngest", APod { age: -5, ..fresh("z") }, APod { age: 1, ..fresh("a") }),
    ];
    for (name, first, other) in rows {
        assert_eq!(goes_first(&first, &other, &[]), first.name, "{name}");
    }
}

#[test]
fn crowded_nodes_lose_pods_first() {
    // RS-21, RS-22: before readiness time, after cost.
    let crowded = APod { node: "crowded", ready: Some(10_000), ..ready("z") };
    let lonely = APod { ready: Some(1), ..ready("a") };
    let neighbours = [("crowded", 2), ("node", 1)];
    assert_eq!(goes_first(&crowded, &lonely, &neighbours), "z");
    let cheap = APod { cost: "-1", ..lonely };
    assert_eq!(goes_first(&crowded, &cheap, &neighbours), "a");
}

#[test]
fn an_order_that_is_not_transitive_is_no_panic() {
    // Equal ages compare by restarts, ages of one magnitude by uid: a before b before c before a.
    let pods: Vec<ObjectRef> = (0..200)
        .map(|index: i32| {
            let age = 8000 + i64::from(index % 7);
            APod {
                ready: Some(age),
                restarts: (index * 31) % 11,
                ..ready(format!("{:03}", (index * 37) % 200))
            }
        })
        .map(|pod| pod.object())
        .collect();
    for count in [1, 50, 199] {
        let chosen = victims(&pods, &FxHashMap::default(), count, at(NOW));
        let names: std::collections::BTreeSet<_> = chosen.iter().map(|pod| &pod.meta().name).collect();
        assert_eq!(names.len(), count, "each once");
    }
}
