//! The form in which objects and answers are compared: whatever a server may choose freely is replaced by its
//! pattern.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::log::{Entry, Log};
use super::scrub;

/// Names of the scenario, which texts mention.
pub(super) struct Names {
    pub(super) namespace: String,
    /// Values that were kept by a request, in order.
    pub(super) marks: Vec<(String, String)>,
    pub(super) nodes: Vec<String>,
    pub(super) anonymous_nodes: bool,
}

/// What stands for hashes, minutes and generated suffixes that were seen so far.
#[derive(Default)]
pub(super) struct Aliases {
    alias: Vec<(String, String)>,
    generated: BTreeSet<String>,
}

/// A generated name's base is cut there.
const BASE_MAX: usize = 58;
/// The length of its suffix.
const SUFFIX: usize = 5;

impl Aliases {
    /// In order of appearance.
    pub(super) fn of(log: &Log) -> Self {
        log.read(|entries| {
            let mut aliases = Self::default();
            let (mut hashes, mut minutes) = (0, 0);
            for entry in entries.iter().filter(|entry| entry.word == "ADDED") {
                aliases.add_hash(entry, &mut hashes);
                aliases.add_minute(entry, &mut minutes);
                aliases.add_generated(entry);
            }
            aliases
        })
    }

    fn add_hash(&mut self, entry: &Entry, count: &mut usize) {
        let meta = &entry.object["metadata"];
        let name = meta["name"].as_str().unwrap_or_default();
        let hash = match entry.kind {
            "ReplicaSet" => meta["labels"]["pod-template-hash"].as_str(),
            "ControllerRevision" => Some(name.rsplit_once('-').map_or(name, |(_, hash)| hash)),
            _ => None,
        };
        if let Some(hash) = hash.filter(|hash| !hash.is_empty()) {
            self.add(hash, count, "hash");
        }
    }

    fn add_minute(&mut self, entry: &Entry, count: &mut usize) {
        let meta = &entry.object["metadata"];
        let is_owned = meta["ownerReferences"].as_array().is_some_and(|owners| !owners.is_empty());
        if entry.kind == "Job"
            && is_owned
            && let Some(minute) = meta["name"].as_str().and_then(scrub::minute)
        {
            self.add(minute, count, "minute");
        }
    }

    fn add(&mut self, text: &str, count: &mut usize, what: &str) {
        if self.alias.iter().all(|(known, _)| known != text) {
            *count += 1;
            self.alias.push((text.to_owned(), format!("<{what}{count}>")));
        }
    }

    fn add_generated(&mut self, entry: &Entry) {
        let meta = &entry.object["metadata"];
        let (name, base) = (meta["name"].as_str().unwrap_or_default(), base(&meta["generateName"]));
        if !base.is_empty() && is_generated(name, base) {
            self.generated.insert(name.to_owned());
        }
    }

    /// A text in the form that is compared.
    pub(super) fn replace(&self, names: &Names, text: &str) -> String {
        let mut text = text.to_owned();
        for generated in &self.generated {
            if text.contains(generated) {
                text = text.replace(generated, &without_suffix(generated));
            }
        }
        for (hash, alias) in &self.alias {
            text = text.replace(hash, alias);
        }
        names.scrub(&text)
    }

    /// An object of a snapshot in the form that is compared.
    pub(super) fn clean(&self, names: &Names, mut object: Value) -> Value {
        let Some(fields) = object.as_object_mut() else { return object };
        let is_replica_set = fields.get("spec").is_some_and(|spec| spec.get("template").is_some())
            && fields["metadata"]["labels"].get("pod-template-hash").is_some();
        let mut generation = None;
        if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in ["resourceVersion", "creationTimestamp", "managedFields", "uid"] {
                meta.remove(field);
            }
            if is_replica_set {
                generation = meta.remove("generation");
            }
        }
        if let Some(status) = fields.get_mut("status").and_then(Value::as_object_mut) {
            if let Some(Value::Array(active)) = status.get_mut("active") {
                active.iter_mut().filter_map(Value::as_object_mut).for_each(|reference| {
                    reference.remove("resourceVersion");
                });
            }
            if is_replica_set {
                // How often it was resized on the way is timing; whether its status is up to date is not.
                let is_current = status.get("observedGeneration") == generation.as_ref();
                let word = if is_current { "<current>" } else { "<behind>" };
                status.insert("observedGeneration".to_owned(), word.into());
            }
        }
        walk(object, &|text| self.replace(names, text))
    }
}

impl Names {
    /// A text without what a server may choose freely.
    pub(super) fn scrub(&self, text: &str) -> String {
        let mut text = text.replace(&self.namespace, "$NS");
        let mut marks: Vec<_> = self.marks.iter().filter(|(_, value)| value.len() > 3).collect();
        marks.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        for (name, value) in marks {
            text = text.replace(value, &format!("${name}"));
        }
        text = scrub::times(&text);
        text = scrub::decoders_words(&text);
        text = scrub::revisions(&text);
        if self.anonymous_nodes {
            for node in &self.nodes {
                text = text.replace(node, "<node>");
            }
        }
        scrub::uids(&text)
    }

    /// An answer in the form that is compared.
    pub(super) fn clean_answer(&self, mut answer: Value) -> Value {
        strip(&mut answer);
        walk(answer, &|text| self.scrub(text))
    }
}

/// Only the presence of what the server chooses counts.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            strip_fields(fields);
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

fn strip_fields(fields: &mut Map<String, Value>) {
    let mut mark = |field: &str, by: &str| {
        if let Some(Value::String(text)) = fields.get_mut(field)
            && !text.is_empty()
        {
            by.clone_into(text);
        }
    };
    for field in ["resourceVersion", "uid", "creationTimestamp", "selfLink"] {
        mark(field, "<set>");
    }
    mark("continue", "<token>");
    if let Some(Value::Array(entries)) = fields.get_mut("managedFields") {
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            entry.remove("time");
        }
        entries.sort_by_key(Value::to_string);
    }
    if let (Some(Value::String(name)), Some(generate)) = (fields.get("name"), fields.get("generateName"))
        && generate.is_string()
        && is_generated(name, base(generate))
    {
        let name = without_suffix(name);
        fields.insert("name".to_owned(), name.into());
    }
}

/// Replaces all texts, and orders conditions, whose order is not part of the contract.
fn walk(value: Value, replace: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(replace(&text)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(|item| walk(item, replace)).collect();
            let is_condition = |item: &Value| item.get("type").is_some() && item.get("status").is_some();
            if items.iter().all(is_condition) {
                items.sort_by_key(|item| item["type"].as_str().map(str::to_owned));
            }
            Value::Array(items)
        }
        Value::Object(fields) => {
            fields.into_iter().map(|(field, value)| (field, walk(value, replace))).collect()
        }
        other => other,
    }
}

fn base(generate_name: &Value) -> &str {
    let text = generate_name.as_str().unwrap_or_default();
    text.get(..BASE_MAX).unwrap_or(text)
}

fn is_generated(name: &str, base: &str) -> bool {
    name.len() == base.len() + SUFFIX && name.starts_with(base)
}

fn without_suffix(name: &str) -> String {
    format!("{}?????", name.get(..name.len() - SUFFIX).unwrap_or_default())
}
