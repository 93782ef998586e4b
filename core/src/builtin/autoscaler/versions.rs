use serde_json::{Map, Value, json};

use super::metrics;
use crate::kind::{Conversion, DecodeError, ServedVersion};

/// Between `autoscaling/v2` and `v1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct AutoscalerVersions;

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const MEASURED: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Fields that are the same in both versions.
const SPEC: [&str; 3] = ["scaleTargetRef", "minReplicas", "maxReplicas"];
const STATUS: [&str; 4] = ["observedGeneration", "lastScaleTime", "currentReplicas", "desiredReplicas"];

impl Conversion for AutoscalerVersions {
    fn serve(&self, mut object: Value, version: &ServedVersion) -> Value {
        if version.version == "v2" {
            return object;
        }
        let spec = object["spec"].take();
        let status = object["status"].take();
        let mut annotations = Vec::new();
        let wanted = items(&spec["metrics"]);
        let mut served = picked(&spec, &SPEC);
        if let Some(percent) = wanted.iter().find_map(cpu) {
            served.insert("targetCPUUtilizationPercentage".to_owned(), percent.clone());
        }
        let others: Vec<Value> =
            wanted.iter().filter(|metric| cpu(metric).is_none()).map(metrics::to_v1).collect();
        annotations.push((METRICS, list(others)));
        annotations.push((BEHAVIOR, Some(spec["behavior"].clone()).filter(Value::is_object)));
        object["spec"] = Value::Object(served);

        let mut served = picked(&status, &STATUS);
        served.entry("currentReplicas").or_insert(json!(0));
        served.entry("desiredReplicas").or_insert(json!(0));
        let measured = items(&status["currentMetrics"]);
        if let Some(percent) = measured.iter().find_map(measured_cpu) {
            served.insert("currentCPUUtilizationPercentage".to_owned(), percent.clone());
        }
        let all: Vec<Value> = measured.iter().map(metrics::measured_to_v1).collect();
        annotations.push((MEASURED, list(all)));
        annotations.push((CONDITIONS, list(items(&status["conditions"]).to_vec())));
        object["status"] = Value::Object(served);
        annotate(&mut object, annotations);
        object["apiVersion"] = json!(version.api_version());
        object
    }

    fn store(&self, mut object: Value, version: &ServedVersion) -> Result<Value, DecodeError> {
        if version.version == "v2" {
            return Ok(object);
        }
        for (field, numbers) in [
            ("spec", &["minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"][..]),
            ("status", &["currentReplicas", "desiredReplicas", "currentCPUUtilizationPercentage"][..]),
        ] {
            check(&object[field], field, numbers)?;
        }
        let spec = object["spec"].take();
        let status = object["status"].take();
        let mut stored = picked(&spec, &SPEC);
        let mut wanted: Vec<Value> =
            items(&taken(&mut object, METRICS)).iter().map(metrics::from_v1).collect();
        if let Some(percent) = spec.get("targetCPUUtilizationPercentage").filter(|percent| !percent.is_null())
        {
            let target = json!({"type": "Utilization", "averageUtilization": percent});
            wanted.push(json!({"type": "Resource", "resource": {"name": "cpu", "target": target}}));
        }
        stored.extend(list(wanted).map(|metrics| ("metrics".to_owned(), metrics)));
        let behavior = Some(taken(&mut object, BEHAVIOR)).filter(Value::is_object);
        stored.extend(behavior.map(|behavior| ("behavior".to_owned(), behavior)));
        object["spec"] = Value::Object(stored);

        let mut stored = picked(&status, &STATUS);
        let mut measured: Vec<Value> =
            items(&taken(&mut object, MEASURED)).iter().map(metrics::measured_from_v1).collect();
        let percent = status.get("currentCPUUtilizationPercentage").filter(|percent| !percent.is_null());
        if let Some(percent) = percent
            && !measured.iter().any(|metric| measured_cpu(metric).is_some())
        {
            let current = json!({"averageUtilization": percent});
            measured.push(json!({"type": "Resource", "resource": {"name": "cpu", "current": current}}));
        }
        stored.extend(list(measured).map(|metrics| ("currentMetrics".to_owned(), metrics)));
        let conditions = Some(taken(&mut object, CONDITIONS)).filter(Value::is_array);
        stored.extend(conditions.map(|conditions| ("conditions".to_owned(), conditions)));
        if status.is_object() {
            stored.entry("desiredReplicas").or_insert(json!(0));
            object["status"] = Value::Object(stored);
        } else if let Some(fields) = object.as_object_mut() {
            fields.remove("status");
        }
        object["apiVersion"] = json!("autoscaling/v2");
        Ok(object)
    }
}

/// The part must be an object, if it is there, and its numbers numbers.
fn check(part: &Value, field: &str, numbers: &[&str]) -> Result<(), DecodeError> {
    if part.is_null() {
        return Ok(());
    }
    let Some(fields) = part.as_object() else {
        return Err(DecodeError::new(field, "must be an object"));
    };
    for name in numbers {
        if fields.get(*name).is_some_and(|value| !value.is_i64() && !value.is_null()) {
            return Err(DecodeError::new(format!("{field}.{name}"), "must be an integer"));
        }
    }
    Ok(())
}

fn picked(part: &Value, fields: &[&str]) -> Map<String, Value> {
    let value = |field: &&str| part.get(*field).map(|value| ((*field).to_owned(), value.clone()));
    fields.iter().filter_map(value).collect()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}

/// The wanted share of the requested CPU, if the metric is that.
fn cpu(metric: &Value) -> Option<&Value> {
    let resource = metric.get("resource").filter(|resource| resource["name"] == "cpu")?;
    resource["target"].get("averageUtilization")
}

fn measured_cpu(metric: &Value) -> Option<&Value> {
    let resource = metric.get("resource").filter(|resource| resource["name"] == "cpu")?;
    resource["current"].get("averageUtilization")
}

fn annotate(object: &mut Value, annotations: Vec<(&str, Option<Value>)>) {
    let Some(meta) = object["metadata"].as_object_mut() else { return };
    for (key, value) in annotations {
        let Some(value) = value else { continue };
        let all = meta.entry("annotations").or_insert_with(|| json!({}));
        all[key] = json!(value.to_string());
    }
}

/// An annotation's value, which is left out of what is stored. One that is no JSON says nothing.
fn taken(object: &mut Value, key: &str) -> Value {
    let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return Value::Null };
    let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) else {
        return Value::Null;
    };
    let text = annotations.remove(key);
    let is_empty = annotations.is_empty();
    if is_empty && text.is_some() {
        meta.remove("annotations");
    }
    text.as_ref().and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}
