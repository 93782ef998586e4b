use comfy_table::Table;
use comfy_table::presets::NOTHING;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DeploymentSpec, DeploymentStatus, ReplicaSetSpec, ReplicaSetStatus};
use setpoint::model::object::{Object, ObjectRef};
use setpoint_examples::pods::Row;

/// Objects of one kind as people look at them.
pub(crate) fn of(objects: &[ObjectRef], now: Timestamp) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    let Some(first) = objects.first() else {
        table.add_row(["nothing is there"]);
        return table;
    };
    let mut header = vec!["NAME"];
    header.extend(columns(first).into_iter().map(|(column, _)| column));
    header.push("AGE");
    table.set_header(header);
    for object in objects {
        let mut row = vec![object.meta().name.to_string()];
        row.extend(columns(object).into_iter().map(|(_, value)| value));
        row.push(age(object, now));
        table.add_row(row);
    }
    table
}

/// What is worth a column, beside name and age.
fn columns(object: &Object) -> Vec<(&'static str, String)> {
    match object.kind().names.kind.as_str() {
        "Pod" => {
            let row = Row::of(object);
            let ready = if row.available { "1/1" } else { "0/1" };
            vec![
                ("READY", ready.to_owned()),
                ("STATUS", row.status),
                ("RESTARTS", row.restarts.to_string()),
                ("NODE", row.node),
                ("IP", row.ip),
            ]
        }
        "Deployment" => {
            let wanted = object.spec().and_then(|spec: &DeploymentSpec| spec.replicas).unwrap_or_default();
            let none = DeploymentStatus::default();
            let status = object.status().unwrap_or(&none);
            vec![
                ("READY", format!("{}/{wanted}", status.ready_replicas.unwrap_or_default())),
                ("UP-TO-DATE", status.updated_replicas.unwrap_or_default().to_string()),
                ("AVAILABLE", status.available_replicas.unwrap_or_default().to_string()),
            ]
        }
        "ReplicaSet" => {
            let wanted = object.spec().and_then(|spec: &ReplicaSetSpec| spec.replicas).unwrap_or_default();
            let none = ReplicaSetStatus::default();
            let status = object.status().unwrap_or(&none);
            vec![
                ("DESIRED", wanted.to_string()),
                ("CURRENT", status.replicas.to_string()),
                ("READY", status.ready_replicas.unwrap_or_default().to_string()),
            ]
        }
        _ => Vec::new(),
    }
}

fn age(object: &Object, now: Timestamp) -> String {
    object
        .meta()
        .creation_timestamp
        .map_or_else(String::new, |created| format!("{}s", (now - created).get_seconds()))
}
