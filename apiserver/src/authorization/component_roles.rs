//! The default roles of components, read from a table.

use serde_json::{Value, json};
use setpoint_core::{Error, Result};

const TABLE: &str = include_str!("component_roles.txt");

const API_GROUP: &str = "rbac.authorization.k8s.io";

/// Where the accounts of components are.
const ACCOUNTS: &str = "kube-system";

/// A role of the table: where it is, how it and its binding are called, and who has it.
struct Heading<'t> {
    namespace: Option<&'t str>,
    name: String,
    binding: String,
    /// `None` without a binding.
    subjects: Option<Vec<Value>>,
}

/// Roles and bindings as objects.
///
/// # Errors
///
/// If the table is malformed, which a test would find.
pub(super) fn documents() -> Result<Vec<Value>> {
    let mut documents = Vec::new();
    let mut lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        let heading = heading(line).ok_or_else(|| malformed(line))?;
        let mut rules = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            rules.push(rule(line).ok_or_else(|| malformed(line))?);
        }
        let cluster = if heading.namespace.is_none() { "Cluster" } else { "" };
        let meta = |name: &str| {
            let mut meta = json!({
                "name": name,
                "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"},
                "labels": {"kubernetes.io/bootstrapping": "rbac-defaults"},
            });
            if let Some(namespace) = heading.namespace {
                meta["namespace"] = namespace.into();
            }
            meta
        };
        let (kind, api_version) = (format!("{cluster}Role"), format!("{API_GROUP}/v1"));
        documents.push(json!({
            "apiVersion": api_version, "kind": kind, "metadata": meta(&heading.name), "rules": rules,
        }));
        if let Some(subjects) = heading.subjects {
            documents.push(json!({
                "apiVersion": api_version,
                "kind": format!("{kind}Binding"),
                "metadata": meta(&heading.binding),
                "roleRef": {"apiGroup": API_GROUP, "kind": kind, "name": heading.name},
                "subjects": subjects,
            }));
        }
    }
    Ok(documents)
}

fn malformed(line: &str) -> Error {
    Error::internal(format!("a default role is malformed: {line}"))
}

fn heading(line: &str) -> Option<Heading<'_>> {
    let mut words = line.split(' ').peekable();
    let (namespace, name) = match words.next()? {
        "role" => (None, words.next()?.to_owned()),
        "local" => (Some(words.next()?), words.next()?.to_owned()),
        "controller" => {
            let account = words.next()?;
            let subjects = Some(vec![subject(&format!("account:{account}"))?]);
            let name = format!("system:controller:{account}");
            let is_over = words.next().is_none();
            return is_over.then_some(Heading { namespace: None, binding: name.clone(), name, subjects });
        }
        _ => return None,
    };
    let mut binding = name.clone();
    if words.next_if_eq(&"bound").is_some() {
        words.next_if_eq(&"as")?;
        binding = words.next()?.to_owned();
    }
    let subjects = match words.next() {
        None => None,
        // It is bound, and waits for those who are to have it.
        Some("to") if words.peek() == Some(&"nobody") => Some(Vec::new()),
        Some("to") => Some(words.map(subject).collect::<Option<_>>()?),
        Some(_) => return None,
    };
    Some(Heading { namespace, name, binding, subjects })
}

fn subject(word: &str) -> Option<Value> {
    let (kind, name) = word.split_once(':')?;
    match kind {
        "user" => Some(json!({"apiGroup": API_GROUP, "kind": "User", "name": name})),
        "group" => Some(json!({"apiGroup": API_GROUP, "kind": "Group", "name": name})),
        "account" => Some(json!({"kind": "ServiceAccount", "name": name, "namespace": ACCOUNTS})),
        _ => None,
    }
}

fn rule(line: &str) -> Option<Value> {
    let list = |word: &str| word.split(',').map(str::to_owned).collect::<Vec<_>>();
    let groups = |word: &str| -> Vec<String> {
        list(word).into_iter().map(|group| if group == "-" { String::new() } else { group }).collect()
    };
    match line.trim_start().split(' ').collect::<Vec<_>>().as_slice() {
        [verbs, paths] => Some(json!({"verbs": list(verbs), "nonResourceURLs": list(paths)})),
        [verbs, named, resources] => {
            Some(json!({"verbs": list(verbs), "apiGroups": groups(named), "resources": list(resources)}))
        }
        [verbs, named, resources, names] => Some(json!({
            "verbs": list(verbs), "apiGroups": groups(named), "resources": list(resources), "resourceNames": list(names),
        })),
        _ => None,
    }
}
