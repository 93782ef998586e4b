use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use setpoint_core::env::Simulation;

use crate::queue::{Config, Lane, Queue};

const MS: Duration = Duration::from_millis(1);

/// Counts what is told, by metric name and queue.
#[derive(Default)]
struct Told(Arc<Mutex<BTreeMap<String, f64>>>);

struct Cell(Arc<Mutex<BTreeMap<String, f64>>>, String);

impl Cell {
    fn add(&self, value: f64) {
        *self.0.lock().entry(self.1.clone()).or_default() += value;
    }
}

impl metrics::CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.add(value as f64);
    }

    fn absolute(&self, _: u64) {}
}

impl metrics::GaugeFn for Cell {
    fn increment(&self, value: f64) {
        self.add(value);
    }

    fn decrement(&self, value: f64) {
        self.add(-value);
    }

    fn set(&self, value: f64) {
        self.0.lock().insert(self.1.clone(), value);
    }
}

impl metrics::HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.add(value);
    }
}

impl Told {
    fn cell(&self, key: &metrics::Key) -> Arc<Cell> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Cell(Arc::clone(&self.0), format!("{}{{{}}}", key.name(), labels.join(","))))
    }
}

impl metrics::Recorder for Told {
    fn describe_counter(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_gauge(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}
    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {}

    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        self.cell(key).into()
    }

    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        self.cell(key).into()
    }

    fn register_histogram(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        self.cell(key).into()
    }
}

#[test]
fn metrics_have_upstreams_names() {
    // OBSERVE-05
    let told = Told::default();
    let sim = Simulation::new(1);
    let queue = metrics::with_local_recorder(&told, || Queue::new(sim.env(), "test", Config::default()));
    for key in [1, 2, 1] {
        queue.add(key, Lane::High).expect("there is room");
    }
    queue.add_after(3, MS * 9000).expect("there is room");
    sim.run_for(MS * 2000);
    let first = queue.try_next();
    sim.run_for(MS * 1000);
    drop(first);
    let _second = queue.try_next();
    sim.run_for(MS * 4000);
    queue.add(4, Lane::High).expect("there is room");
    queue.sample_metrics();
    let expected = [
        ("workqueue_adds_total", 3.0),
        ("workqueue_depth", 1.0),
        ("workqueue_longest_running_processor_seconds", 4.0),
        ("workqueue_queue_duration_seconds", 5.0),
        ("workqueue_retries_total", 1.0),
        ("workqueue_unfinished_work_seconds", 4.0),
        ("workqueue_work_duration_seconds", 1.0),
    ];
    let expected: Vec<_> = expected.map(|(name, value)| (format!("{name}{{name=test}}"), value)).into();
    assert_eq!(told.0.lock().clone().into_iter().collect::<Vec<_>>(), expected);
}
