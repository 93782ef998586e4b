use serde_json::{Map, Value, json};
use setpoint_core::kind::{Kind, ServedVersion};

use super::dialect::Dialect;
use super::parameters::{DELETE, FORCE, LIST, PRETTY, Parameter, WRITE};
use super::schemas::{DELETE_OPTIONS, PATCH, SCALE, STATUS, Schemas};
use crate::encode::is_of_upstream;
use crate::reviews;

const APPLY: &str = "application/apply-patch+yaml";
/// What every kind takes; a strategy is known for those of upstream alone (PATCH-01).
const PATCH_TYPES: [&str; 3] = [APPLY, "application/json-patch+json", "application/merge-patch+json"];
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const BODY_TYPES: [&str; 2] = ["application/json", "application/yaml"];

/// What an operation does to which schema.
struct Operation<'a> {
    verb: &'static str,
    action: &'static str,
    /// The name of the operation, before the kind's.
    scope: &'static str,
    /// The name of the operation, after the kind's.
    suffix: &'static str,
    parameters: Vec<Parameter>,
    /// The schema of the body, if it has one.
    body: Option<&'a str>,
    /// The schema of the answer.
    answer: &'a str,
}

/// The paths of a kind at a version, with their operations, and the schemas that they need.
pub(super) fn add_kind(
    paths: &mut Map<String, Value>,
    schemas: &mut Schemas,
    dialect: Dialect,
    kind: &Kind,
    served: &ServedVersion,
) {
    if reviews::is_review(kind) {
        return add_review(paths, schemas, dialect, kind, served);
    }
    let (object, list) = schemas.add_kind(kind, served);
    for name in [PATCH, DELETE_OPTIONS, STATUS] {
        schemas.add_named(name);
    }
    let root = root(served);
    let scope = if kind.is_namespaced() { "Namespaced" } else { "" };
    let plural = &kind.names.plural;
    let place = if kind.is_namespaced() { "/namespaces/{namespace}" } else { "" };
    let writer = Writer { dialect, kind, served };

    if kind.is_namespaced() {
        let everywhere = Operation { suffix: "ForAllNamespaces", scope: "", ..list_operation(&list) };
        paths.insert(format!("{root}/{plural}"), writer.path(&[], &[everywhere], None));
    }
    let collection = [
        Operation { scope, ..list_operation(&list) },
        write_operation("post", "post", scope, "", &object),
        Operation {
            parameters: LIST.into_iter().chain(DELETE).collect(),
            body: Some(DELETE_OPTIONS),
            answer: STATUS,
            ..read_operation("delete", "deletecollection", scope, "")
        },
    ];
    let in_place: &[&str] = if kind.is_namespaced() { &["namespace"] } else { &[] };
    paths.insert(format!("{root}{place}/{plural}"), writer.path(in_place, &collection, None));

    let named: Vec<&str> = std::iter::once("name").chain(in_place.iter().copied()).collect();
    let mut item = item_operations(scope, "", &object);
    item.push(Operation {
        parameters: DELETE.to_vec(),
        body: Some(DELETE_OPTIONS),
        answer: STATUS,
        ..read_operation("delete", "delete", scope, "")
    });
    let path = format!("{root}{place}/{plural}/{{name}}");
    paths.insert(path.clone(), writer.path(&named, &item, None));
    if kind.has_status {
        let status = item_operations(scope, "Status", &object);
        paths.insert(format!("{path}/status"), writer.path(&named, &status, None));
    }
    if has_scale(kind) {
        schemas.add_named(SCALE);
        let scale = item_operations(scope, "Scale", SCALE);
        let of_kind = json!({ "group": "autoscaling", "kind": "Scale", "version": "v1" });
        paths.insert(format!("{path}/scale"), writer.path(&named, &scale, Some(of_kind)));
    }
}

/// The path of a question, which can be asked and nothing else (AUTH-07).
fn add_review(
    paths: &mut Map<String, Value>,
    schemas: &mut Schemas,
    dialect: Dialect,
    kind: &Kind,
    served: &ServedVersion,
) {
    let object = schemas.add_object(kind, served);
    let (root, plural) = (root(served), &kind.names.plural);
    let writer = Writer { dialect, kind, served };
    let (scope, place, in_path): (_, _, &[&str]) = match kind.is_namespaced() {
        true => ("Namespaced", "/namespaces/{namespace}", &["namespace"]),
        false => ("", "", &[]),
    };
    let ask = write_operation("post", "post", scope, "", &object);
    paths.insert(format!("{root}{place}/{plural}"), writer.path(in_path, &[ask], None));
}

/// Where the paths of a group and version begin.
fn root(served: &ServedVersion) -> String {
    match served.group.as_str() {
        "" => format!("/api/{}", served.version),
        group => format!("/apis/{group}/{}", served.version),
    }
}

/// Whether a kind can be scaled.
fn has_scale(kind: &Kind) -> bool {
    crate::surface::is_scaled(kind)
        || matches!(
            (&*kind.resource.group, &*kind.names.kind),
            ("apps", "Deployment" | "ReplicaSet" | "StatefulSet") | ("", "ReplicationController")
        )
}

fn list_operation(list: &str) -> Operation<'_> {
    let parameters = LIST.into_iter().chain([PRETTY]).collect();
    Operation { parameters, answer: list, ..read_operation("get", "list", "", "") }
}

fn read_operation<'a>(
    verb: &'static str,
    action: &'static str,
    scope: &'static str,
    suffix: &'static str,
) -> Operation<'a> {
    Operation { verb, action, scope, suffix, parameters: vec![PRETTY], body: None, answer: "" }
}

fn write_operation<'a>(
    verb: &'static str,
    action: &'static str,
    scope: &'static str,
    suffix: &'static str,
    schema: &'a str,
) -> Operation<'a> {
    let parameters = WRITE.into_iter().chain([PRETTY]).collect();
    Operation {
        parameters,
        body: Some(schema),
        answer: schema,
        ..read_operation(verb, action, scope, suffix)
    }
}

/// Get, put and patch of one object or a side of it.
fn item_operations<'a>(scope: &'static str, suffix: &'static str, schema: &'a str) -> Vec<Operation<'a>> {
    let patch = write_operation("patch", "patch", scope, suffix, schema);
    let parameters = patch.parameters.iter().copied().chain([FORCE]).collect();
    vec![
        Operation { answer: schema, ..read_operation("get", "get", scope, suffix) },
        write_operation("put", "put", scope, suffix, schema),
        Operation { parameters, body: Some(PATCH), ..patch },
    ]
}

/// Writes operations down for one kind at one version.
struct Writer<'a> {
    dialect: Dialect,
    kind: &'a Kind,
    served: &'a ServedVersion,
}

impl Writer<'_> {
    /// A path with these parameters in it. `of_kind` is what it is about, if that is not the kind.
    fn path(&self, in_path: &[&str], operations: &[Operation<'_>], of_kind: Option<Value>) -> Value {
        let mut path = Map::new();
        for operation in operations {
            path.insert(operation.verb.to_owned(), self.operation(operation, of_kind.as_ref()));
        }
        let parameter = |name: &&str| {
            let about = match *name {
                "name" => format!("name of the {}", self.kind.names.kind),
                _ => "object name and auth scope, such as for teams and projects".to_owned(),
            };
            self.dialect.parameter(name, "path", "string", &about)
        };
        if !in_path.is_empty() {
            path.insert("parameters".to_owned(), in_path.iter().map(parameter).collect());
        }
        path.into()
    }

    fn operation(&self, operation: &Operation<'_>, of_kind: Option<&Value>) -> Value {
        let ServedVersion { group, version } = self.served;
        let own = || json!({ "group": group, "kind": self.kind.names.kind, "version": version });
        let parameters: Vec<Value> = operation
            .parameters
            .iter()
            .map(|(name, type_, about)| self.dialect.parameter(name, "query", type_, about))
            .collect();
        let mut value = json!({
            "tags": [format!("{}_{version}", camel(group).to_lowercase())],
            "operationId": self.id(operation),
            "parameters": parameters,
            "x-kubernetes-action": operation.action,
            "x-kubernetes-group-version-kind": of_kind.cloned().unwrap_or_else(own),
        });
        let is_patch = operation.body == Some(PATCH);
        let mut body_types: Vec<&str> = if is_patch { PATCH_TYPES.into() } else { vec!["*/*"] };
        if is_patch && is_of_upstream(self.kind, self.served) {
            body_types.push(STRATEGIC);
        }
        let answer = self.dialect.reference(operation.answer);
        match self.dialect {
            Dialect::V3 => {
                value["responses"] =
                    json!({ "200": { "description": "OK", "content": content(&BODY_TYPES, &answer) } });
                if let Some(body) = operation.body {
                    let content = content(&body_types, &self.dialect.reference(body));
                    value["requestBody"] = json!({ "content": content });
                    if body != DELETE_OPTIONS {
                        value["requestBody"]["required"] = json!(true);
                    }
                }
            }
            Dialect::V2 => {
                value["consumes"] = json!(body_types);
                value["produces"] = json!(BODY_TYPES);
                value["schemes"] = json!(["https"]);
                value["responses"] = json!({ "200": { "description": "OK", "schema": answer } });
                if let (Some(body), Some(parameters)) = (operation.body, value["parameters"].as_array_mut()) {
                    let required = body != DELETE_OPTIONS;
                    let schema = self.dialect.reference(body);
                    let body =
                        json!({ "name": "body", "in": "body", "required": required, "schema": schema });
                    parameters.push(body);
                }
            }
        }
        value
    }

    /// `createAppsV1NamespacedDeployment`
    fn id(&self, operation: &Operation<'_>) -> String {
        let verb = match operation.action {
            "get" => "read",
            "post" => "create",
            "put" => "replace",
            "deletecollection" => "deleteCollection",
            other => other,
        };
        let version = camel(&self.served.version);
        let (group, kind) = (camel(&self.served.group), &self.kind.names.kind);
        format!("{verb}{group}{version}{}{kind}{}", operation.scope, operation.suffix)
    }
}

fn content(types: &[&str], schema: &Value) -> Value {
    types.iter().map(|type_| ((*type_).to_owned(), json!({ "schema": schema }))).collect::<Map<_, _>>().into()
}

/// The first part of a group, or a version, as a word in a name: `Apps`, `Core`, `V1`.
fn camel(text: &str) -> String {
    let first = text.split('.').next().filter(|first| !first.is_empty()).unwrap_or("core");
    let mut characters = first.chars();
    let head = characters.next().map(|first| first.to_ascii_uppercase());
    head.into_iter().chain(characters).collect()
}
