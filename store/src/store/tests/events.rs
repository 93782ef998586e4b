use jiff::SignedDuration;
use serde_json::{Value, json};

use super::bench::{Bench, map};

const AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

fn event(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name},
        "involvedObject": {"kind": "Pod", "name": "p", "namespace": "default"},
    })
}

fn expire(bench: &Bench) -> usize {
    bench.run(bench.store.expire_events(AGE_MAX)).expect("the engine works")
}

#[test]
fn events_go_an_hour_after_their_last_write_and_nothing_else_does() {
    // STORE-30
    let bench = Bench::new();
    bench.create(map("m"));
    bench.create(event("old"));
    bench.create(event("repeated"));
    let mut watch = bench.watch_all("event");
    bench.pass(1800);
    bench.create(event("young"));
    let now = bench.env.wall().to_string();
    bench.merge("event", "repeated", json!({"count": 2, "lastTimestamp": now})).expect("it is there");
    assert_eq!(expire(&bench), 0);
    bench.pass(1801);
    assert_eq!(expire(&bench), 1);
    let told: Vec<_> = watch.told().into_iter().filter(|word| word != "BOOKMARK").collect();
    assert_eq!(told, ["ADDED young", "MODIFIED repeated", "DELETED old"]);
    bench.pass(1800);
    assert_eq!(expire(&bench), 2);
    assert!(bench.get("configmap", "m").is_some());
}
