//! What the server has: the documents that clients map names to paths by (DISC-01 to DISC-06).

use bytes::Bytes;
use http::header::{ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};
use setpoint_core::kind::{Kind, Registry, ServedVersion};

use crate::answer::{self, Answer};
use crate::surface::{Sub, subresources, verbs};
use crate::{Body, reviews};

/// By this a client recognises the document in one piece (DISC-04).
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A group with its versions, the preferred one first.
struct Group {
    name: String,
    versions: Vec<String>,
}

/// Everything that is served: what the store has, and questions.
fn kinds(registry: &Registry) -> Vec<std::sync::Arc<Kind>> {
    let mut kinds = registry.kinds();
    kinds.extend(reviews::all().iter().cloned());
    kinds
}

/// The groups in order of registration, without the core group.
fn groups(registry: &Registry) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for kind in kinds(registry) {
        for ServedVersion { group, version } in kind.versions.iter().filter(|it| !it.group.is_empty()) {
            match groups.iter_mut().find(|known| known.name == *group) {
                Some(known) if known.versions.contains(version) => {}
                Some(known) => known.versions.push(version.clone()),
                None => groups.push(Group { name: group.clone(), versions: vec![version.clone()] }),
            }
        }
    }
    groups
}

/// `/api`
pub(crate) fn core_versions() -> Answer {
    answer::json(
        200,
        &json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}],
        }),
    )
}

/// `/apis`
pub(crate) fn group_list(registry: &Registry) -> Answer {
    let groups: Vec<Value> = groups(registry).iter().map(group_value).map(Value::Object).collect();
    answer::json(200, &json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

/// `/apis/G`; `None` if there is no such group.
pub(crate) fn group(registry: &Registry, name: &str) -> Option<Answer> {
    let group = groups(registry).into_iter().find(|group| group.name == name)?;
    let mut value = group_value(&group);
    value.insert("kind".to_owned(), "APIGroup".into());
    value.insert("apiVersion".to_owned(), "v1".into());
    Some(answer::json(200, &value))
}

fn group_value(group: &Group) -> Map<String, Value> {
    let version =
        |version: &String| json!({"groupVersion": format!("{}/{version}", group.name), "version": version});
    let versions: Vec<Value> = group.versions.iter().map(version).collect();
    let mut value = Map::new();
    value.insert("name".to_owned(), group.name.clone().into());
    value.insert("preferredVersion".to_owned(), versions.first().cloned().unwrap_or_default());
    value.insert("versions".to_owned(), versions.into());
    value
}

/// `/api/v1` and `/apis/G/V`; `None` if there is no such version.
pub(crate) fn resource_list(registry: &Registry, served: &ServedVersion) -> Option<Answer> {
    let mut resources = Vec::new();
    for kind in served_at(registry, served) {
        resources.push(resource(&kind));
        resources.extend(subresources(&kind).iter().map(|sub| subresource(&kind, sub)));
    }
    if resources.is_empty() {
        return None;
    }
    let body = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": served.api_version(),
        "resources": resources,
    });
    Some(answer::json(200, &body))
}

fn served_at(registry: &Registry, served: &ServedVersion) -> Vec<std::sync::Arc<Kind>> {
    let mut kinds = kinds(registry);
    kinds.retain(|kind| kind.versions.contains(served));
    kinds.sort_by(|a, b| a.names.plural.cmp(&b.names.plural));
    kinds
}

fn resource(kind: &Kind) -> Value {
    let names = &kind.names;
    let mut value = json!({
        "name": names.plural, "singularName": names.singular, "namespaced": kind.is_namespaced(),
        "kind": names.kind, "verbs": verbs(kind),
    });
    if !names.short.is_empty() {
        value["shortNames"] = json!(names.short);
    }
    if !names.categories.is_empty() {
        value["categories"] = json!(names.categories);
    }
    value
}

fn subresource(kind: &Kind, sub: &Sub) -> Value {
    let mut value = json!({
        "name": format!("{}/{}", kind.names.plural, sub.name), "singularName": "",
        "namespaced": kind.is_namespaced(), "kind": kind.names.kind, "verbs": sub.verbs,
    });
    if let Some((group, version, shown)) = sub.shows {
        value["kind"] = json!(shown);
        if !group.is_empty() {
            value["group"] = json!(group);
            value["version"] = json!(version);
        }
    }
    value
}

/// `/api` or `/apis` in one piece, with a tag by which a client knows it has it already (DISC-05).
pub(crate) fn aggregated(registry: &Registry, is_core: bool, headers: &HeaderMap) -> Answer {
    let groups = if is_core {
        vec![Group { name: String::new(), versions: vec!["v1".to_owned()] }]
    } else {
        groups(registry)
    };
    let items: Vec<Value> = groups.iter().map(|group| aggregated_group(registry, group)).collect();
    let body = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let body = Bytes::from(body.to_string());
    let tag = format!("\"{:016X}\"", fingerprint(&body));
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut answer = if is_known {
        let mut answer = Answer::new(Body::empty());
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        answer
    } else {
        answer::bytes(200, AGGREGATED, body)
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(ETAG, tag);
    }
    answer.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    answer
}

fn aggregated_group(registry: &Registry, group: &Group) -> Value {
    let version = |version: &String| {
        let served = ServedVersion { group: group.name.clone(), version: version.clone() };
        let kinds = served_at(registry, &served);
        let resources: Vec<Value> = kinds.iter().map(|kind| aggregated_resource(kind, &served)).collect();
        json!({"version": version, "resources": resources, "freshness": "Current"})
    };
    let versions: Vec<Value> = group.versions.iter().map(version).collect();
    let mut meta = Map::new();
    if !group.name.is_empty() {
        meta.insert("name".to_owned(), group.name.clone().into());
    }
    json!({"metadata": meta, "versions": versions})
}

fn aggregated_resource(kind: &Kind, served: &ServedVersion) -> Value {
    let names = &kind.names;
    let kind_of =
        |group: &str, version: &str, kind: &str| json!({"group": group, "version": version, "kind": kind});
    let own = kind_of(&served.group, &served.version, &names.kind);
    let mut value = json!({
        "resource": names.plural,
        "responseKind": own,
        "scope": if kind.is_namespaced() { "Namespaced" } else { "Cluster" },
        "singularResource": names.singular,
        "verbs": verbs(kind),
    });
    if !names.short.is_empty() {
        value["shortNames"] = json!(names.short);
    }
    if !names.categories.is_empty() {
        value["categories"] = json!(names.categories);
    }
    let subs: Vec<Value> = subresources(kind)
        .iter()
        .map(|sub| {
            let shown = sub.shows.map_or_else(|| own.clone(), |(g, v, k)| kind_of(g, v, k));
            json!({"subresource": sub.name, "responseKind": shown, "verbs": sub.verbs})
        })
        .collect();
    if !subs.is_empty() {
        value["subresources"] = json!(subs);
    }
    value
}

/// The same for the same bytes, in every process (FNV-1a).
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// `/version` (DISC-07)
pub(crate) fn version() -> Answer {
    answer::json(
        200,
        &json!({
            "major": "1",
            "minor": "36",
            "gitVersion": concat!("v1.36.0+setpoint-", env!("CARGO_PKG_VERSION")),
            "gitCommit": "",
            "gitTreeState": "clean",
            "buildDate": "1970-01-01T00:00:00Z",
            "goVersion": "",
            "compiler": "rustc",
            "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
        }),
    )
}
