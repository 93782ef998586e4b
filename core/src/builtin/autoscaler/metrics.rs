use serde_json::{Map, Value, json};

/// Where a metric's fields are: (`v2`, in the source; `v1`).
type Places = &'static [(&'static [&'static str], &'static str)];

/// The sources, by their field in both versions.
const SOURCES: [(&str, Places); 5] = [
    (
        "object",
        &[
            (&["describedObject"], "target"),
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "selector"),
            (&["target", "value"], "targetValue"),
            (&["target", "averageValue"], "averageValue"),
        ],
    ),
    (
        "pods",
        &[
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "selector"),
            (&["target", "averageValue"], "targetAverageValue"),
        ],
    ),
    (
        "resource",
        &[
            (&["name"], "name"),
            (&["target", "averageUtilization"], "targetAverageUtilization"),
            (&["target", "averageValue"], "targetAverageValue"),
        ],
    ),
    (
        "containerResource",
        &[
            (&["name"], "name"),
            (&["container"], "container"),
            (&["target", "averageUtilization"], "targetAverageUtilization"),
            (&["target", "averageValue"], "targetAverageValue"),
        ],
    ),
    (
        "external",
        &[
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "metricSelector"),
            (&["target", "value"], "targetValue"),
            (&["target", "averageValue"], "targetAverageValue"),
        ],
    ),
];

/// The same for what was measured.
const MEASURED: [(&str, Places); 5] = [
    (
        "object",
        &[
            (&["describedObject"], "target"),
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "selector"),
            (&["current", "value"], "currentValue"),
            (&["current", "averageValue"], "averageValue"),
        ],
    ),
    (
        "pods",
        &[
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "selector"),
            (&["current", "averageValue"], "currentAverageValue"),
        ],
    ),
    (
        "resource",
        &[
            (&["name"], "name"),
            (&["current", "averageUtilization"], "currentAverageUtilization"),
            (&["current", "averageValue"], "currentAverageValue"),
        ],
    ),
    (
        "containerResource",
        &[
            (&["name"], "name"),
            (&["container"], "container"),
            (&["current", "averageUtilization"], "currentAverageUtilization"),
            (&["current", "averageValue"], "currentAverageValue"),
        ],
    ),
    (
        "external",
        &[
            (&["metric", "name"], "metricName"),
            (&["metric", "selector"], "metricSelector"),
            (&["current", "value"], "currentValue"),
            (&["current", "averageValue"], "currentAverageValue"),
        ],
    ),
];

/// A wanted metric as `v1` writes it.
pub(super) fn to_v1(metric: &Value) -> Value {
    serve(metric, &SOURCES)
}

/// A measured one.
pub(super) fn measured_to_v1(metric: &Value) -> Value {
    serve(metric, &MEASURED)
}

/// A wanted metric from how `v1` writes it.
pub(super) fn from_v1(metric: &Value) -> Value {
    let mut stored = store(metric, &SOURCES);
    for (field, _) in SOURCES {
        if let Some(source) = stored.get_mut(field) {
            let target = &source["target"];
            let kind = if target.get("averageUtilization").is_some() {
                "Utilization"
            } else if target.get("value").is_some() {
                "Value"
            } else {
                "AverageValue"
            };
            source["target"]["type"] = json!(kind);
        }
    }
    stored
}

/// A measured one.
pub(super) fn measured_from_v1(metric: &Value) -> Value {
    store(metric, &MEASURED)
}

fn serve(metric: &Value, sources: &[(&str, Places)]) -> Value {
    let mut served = Map::from_iter([("type".to_owned(), metric["type"].clone())]);
    for (field, places) in sources {
        let Some(source) = metric.get(field) else { continue };
        let mut fields = Map::new();
        for (from, to) in *places {
            let value = from.iter().try_fold(source, |value, step| value.get(step));
            if let Some(value) = value {
                fields.insert((*to).to_owned(), value.clone());
            }
        }
        served.insert((*field).to_owned(), Value::Object(fields));
    }
    Value::Object(served)
}

fn store(metric: &Value, sources: &[(&str, Places)]) -> Value {
    let mut stored = json!({"type": metric["type"]});
    for (field, places) in sources {
        let Some(source) = metric.get(field).filter(|source| source.is_object()) else { continue };
        stored[*field] = json!({});
        for (to, from) in *places {
            if let Some(value) = source.get(from) {
                let place = to.iter().fold(&mut stored[*field], |value, step| &mut value[*step]);
                *place = value.clone();
            }
        }
    }
    stored
}
