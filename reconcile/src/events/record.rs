use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use serde_json::{Map, Value, json};
use setpoint_core::names;

/// Whether somebody should worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// All is as it should be.
    Normal,
    /// Something may need attention.
    Warning,
}

impl EventType {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// Who reports: upstream's `source`, which also names the reporting controller and instance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reporter {
    /// The component, such as `replicaset-controller`.
    pub component: Box<str>,
    /// The node it reports from; empty if that does not matter.
    pub host: Box<str>,
}

/// Something that happened to an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The object.
    pub involved: ObjectReference,
    /// Normal or warning.
    pub event_type: EventType,
    /// Why, in one CamelCase word.
    pub reason: String,
    /// What happened, for people.
    pub message: String,
    /// Who reports it.
    pub reporter: Reporter,
}

/// An Event as it should be in the store.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    /// Its name, `<involved object's name>.<suffix in hexadecimal>`.
    pub name: String,
    /// What happened. The message says so if it stands for several.
    pub occurrence: Occurrence,
    /// Whether it stands for several messages. Like upstream's, its reporting controller is then empty.
    pub combined: bool,
    /// How often it happened.
    pub count: i32,
    /// When it happened first.
    pub first: Timestamp,
    /// When it happened last.
    pub last: Timestamp,
}

impl EventRecord {
    /// The namespace it belongs in: the involved object's, or `default` if that has none.
    pub fn namespace(&self) -> &str {
        self.occurrence
            .involved
            .namespace
            .as_deref()
            .filter(|namespace| !namespace.is_empty())
            .unwrap_or("default")
    }

    /// The whole object, for a create.
    pub fn to_event(&self) -> Event {
        let Occurrence { involved, event_type, reason, message, reporter } = &self.occurrence;
        let reporting = |text: &str| Some(if self.combined { String::new() } else { text.to_owned() });
        Event {
            metadata: ObjectMeta {
                name: Some(self.name.clone()),
                namespace: Some(self.namespace().to_owned()),
                ..ObjectMeta::default()
            },
            involved_object: involved.clone(),
            type_: Some(event_type.as_str().to_owned()),
            reason: Some(reason.clone()),
            message: Some(message.clone()),
            source: Some(EventSource {
                component: Some(reporter.component.to_string()),
                host: (!reporter.host.is_empty()).then(|| reporter.host.to_string()),
            }),
            reporting_component: reporting(&reporter.component),
            reporting_instance: reporting(&reporter.host),
            count: Some(self.count),
            first_timestamp: Some(Time(self.first)),
            last_timestamp: Some(Time(self.last)),
            ..Event::default()
        }
    }

    /// The merge patch that brings an earlier record of the same name up to this one.
    pub fn to_patch(&self) -> Map<String, Value> {
        [
            ("count", json!(self.count)),
            ("lastTimestamp", json!(Time(self.last))),
            ("message", json!(self.occurrence.message)),
        ]
        .map(|(field, value)| (field.to_owned(), value))
        .into_iter()
        .collect()
    }
}

/// The name of a new Event about an object. A name that no Event can have, such as `system:node`, is left out.
pub(super) fn event_name(involved: &str, suffix: u64) -> String {
    let name = format!("{involved}.{suffix:x}");
    if names::dns1123_subdomain(&name).is_empty() { name } else { format!("event.{suffix:x}") }
}
