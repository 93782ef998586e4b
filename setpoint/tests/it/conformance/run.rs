use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use setpoint::ControlPlane;
use setpoint::env::{Env, Simulation, Task};

use super::log::Log;
use super::normal::{Aliases, Names};
use super::pace::Pace;
use super::scenario::Scenario;
use super::server::{Server, Stream, object_path};
use super::step::{Keep, Request, Step};

/// Kinds that are followed from the beginning.
const WATCHED: [&str; 10] = [
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "ControllerRevision",
    "Job",
    "CronJob",
    "Pod",
    "PersistentVolumeClaim",
    "Event",
];
const CLUSTER_SCOPED: [&str; 2] = ["Node", "Namespace"];
const NAMESPACE: &str = "conf-qvwxzkjb";
/// Seconds without a change that count as settled.
const QUIET_SECS: f64 = 1.5;
const SETTLE_SECS_MAX: f64 = 60.0;
const WAIT_SECS_MAX: f64 = 90.0;
/// How often a wait looks.
const LOOK: Duration = Duration::from_millis(100);
/// Virtual time after which a scenario is given up.
const SCENARIO_MAX: Duration = Duration::from_secs(4 * 3600);
const FAILURE_BYTES_MAX: usize = 400;

/// Plays a scenario against a control plane of its own, in the order of steps that `seed` gives, and gives what
/// the client saw.
pub(super) fn play(scenario: &Scenario, seed: u64) -> Vec<Value> {
    let sim = Simulation::new(seed);
    let env = sim.env();
    let seen = sim.block_on(async {
        let played = env.timeout(SCENARIO_MAX, async {
            let plane = ControlPlane::builder(&env).workload_controllers().start().await.expect("it starts");
            let mut run = Run::new(&env, &plane, scenario).await;
            run.steps(&scenario.steps).await;
            let Run { out, recorders, .. } = run;
            drop(recorders);
            plane.shut_down().await;
            out
        });
        played.await.unwrap_or_else(|elapsed| vec![json!({"failed": elapsed.to_string()})])
    });
    seen.unwrap_or_else(|stalled| vec![json!({"failed": stalled.to_string()})])
}

/// A scenario being played.
pub(super) struct Run {
    pub(super) env: Env,
    pub(super) server: Server,
    pub(super) names: Names,
    pub(super) pace: Pace,
    log: Log,
    out: Vec<Value>,
    recorders: Vec<Task<()>>,
}

impl Run {
    async fn new(env: &Env, plane: &ControlPlane, scenario: &Scenario) -> Self {
        let server = Server::new(env, std::sync::Arc::clone(plane.store()));
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        server.ok("POST", "/api/v1/namespaces", Some(&namespace)).await.expect("it is new");
        let log = Log::new(env);
        let watched: &[&str] = if scenario.api_only { &[] } else { &WATCHED };
        let recorders = watched.iter().filter_map(|kind| log.record(&server, kind, NAMESPACE)).collect();
        let names = Names {
            namespace: NAMESPACE.to_owned(),
            marks: Vec::new(),
            nodes: Vec::new(),
            anonymous_nodes: scenario.anonymous_nodes,
        };
        let pace = Pace::of(&scenario.name);
        Self { env: env.clone(), server, names, pace, log, out: Vec::new(), recorders }
    }

    /// Plays all steps up to one that fails.
    async fn steps(&mut self, steps: &[Step]) {
        for (at, step) in steps.iter().enumerate() {
            if let Err(error) = self.step(step).await {
                let mut text = self.names.scrub(&error);
                if let Some((end, _)) = text.char_indices().nth(FAILURE_BYTES_MAX) {
                    text.truncate(end);
                }
                self.out.push(json!({"step": at, "do": step.word(), "failed": text}));
                return;
            }
        }
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Create { objects } => self.create(objects).await,
            Step::Node { names, labels, taints, unschedulable } => {
                self.register_nodes(names, labels, taints.as_ref(), *unschedulable).await
            }
            Step::Patch { kind, name, patch_type, body, subresource } => {
                let path = object_path(kind, NAMESPACE, &self.expand_text(name), subresource.as_deref());
                self.server.patch(&path, patch_type.media_type(), &self.expand(body)).await.map(drop)
            }
            Step::Delete { kind, name, propagation, grace } => {
                let mut body = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
                if let Some(policy) = propagation {
                    body["propagationPolicy"] = json!(policy);
                }
                if let Some(grace) = grace {
                    body["gracePeriodSeconds"] = json!(grace);
                }
                let path = object_path(kind, NAMESPACE, &self.expand_text(name), None);
                self.server.ok("DELETE", &path, Some(&body)).await.map(drop)
            }
            Step::Rollback { name } => self.roll_back(name).await,
            Step::Pods(pods) => self.play_agent(pods).await,
            Step::Settle { quiet, limit } => self.settle(*quiet, *limit).await,
            Step::Wait { kind, name, path, is, limit } => self.wait(kind, name, path, is, *limit).await,
            Step::WaitCount { kind, is, live, limit } => self.wait_count(kind, *is, *live, *limit).await,
            Step::Sleep { seconds: time } => {
                self.env.sleep(seconds(*time)).await;
                Ok(())
            }
            Step::Snapshot { label, kinds, events } => {
                self.snapshot(label, kinds.as_deref(), events.unwrap_or(true)).await
            }
            Step::History { label, kind } => {
                self.history(label, kind.as_deref().unwrap_or("Pod"));
                Ok(())
            }
            Step::Request(request) => self.request(request).await,
            Step::Watch { path, headers, steps, quiet, names_only } => {
                let path = self.expand_text(path);
                let stream = self.server.watch(&path, headers).await;
                self.watch(&path, stream, steps, *quiet, *names_only).await
            }
        }
    }

    /// With `$NS` and kept values filled in.
    pub(super) fn expand_text(&self, text: &str) -> String {
        let mut text = text.replace("$NS", &self.names.namespace);
        for (name, value) in &self.names.marks {
            text = text.replace(&format!("${name}"), value);
        }
        text
    }

    fn expand(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.expand_text(text)),
            Value::Array(items) => items.iter().map(|item| self.expand(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(field, value)| (field.clone(), self.expand(value))).collect()
            }
            other => other.clone(),
        }
    }

    async fn create(&mut self, objects: &[Value]) -> Result<(), String> {
        for object in objects {
            let object = self.expand(object);
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            self.server.ok("POST", &collection_path(&kind), Some(&object)).await?;
            if kind == "Node" {
                self.names.nodes.push(object["metadata"]["name"].as_str().unwrap_or_default().to_owned());
            }
        }
        Ok(())
    }

    /// What `kubectl rollout undo` does: the template of the revision before replaces the current one.
    async fn roll_back(&self, name: &str) -> Result<(), String> {
        let revision = |set: &Value| {
            let annotation = set["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
            annotation.and_then(|text| text.parse::<i64>().ok()).unwrap_or_default()
        };
        let mut sets = self.items("ReplicaSet").await?;
        sets.sort_by_key(revision);
        let before = sets.len().checked_sub(2).ok_or("there is no revision before")?;
        let mut template = sets[before]["spec"]["template"].clone();
        if let Some(labels) = template["metadata"]["labels"].as_object_mut() {
            labels.remove("pod-template-hash");
        }
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        let path = object_path("Deployment", NAMESPACE, name, None);
        self.server.patch(&path, "application/json-patch+json", &patch).await.map(drop)
    }

    async fn settle(&self, quiet: Option<f64>, limit: Option<f64>) -> Result<(), String> {
        let (quiet, limit) = (quiet.unwrap_or(QUIET_SECS), limit.unwrap_or(SETTLE_SECS_MAX));
        self.log.settle(seconds(quiet), seconds(limit)).await
    }

    async fn wait(
        &self,
        kind: &str,
        name: &str,
        path: &[Value],
        is: &Value,
        limit: Option<f64>,
    ) -> Result<(), String> {
        let until = self.env.now() + seconds(limit.unwrap_or(WAIT_SECS_MAX));
        let place = object_path(kind, NAMESPACE, &self.expand_text(name), None);
        loop {
            let answer = self.server.call("GET", &place, None, &[]).await;
            let found = path.iter().fold(answer.body, |value, step| field(&value, step));
            if found == *is {
                return self.settle(None, None).await;
            }
            if self.env.now() > until {
                let path: Vec<String> = path.iter().map(Value::to_string).collect();
                return Err(format!("{kind} {name} [{}] is {found}, waited for {is}", path.join(", ")));
            }
            self.env.sleep(LOOK).await;
        }
    }

    async fn wait_count(&self, kind: &str, is: usize, live: bool, limit: Option<f64>) -> Result<(), String> {
        let until = self.env.now() + seconds(limit.unwrap_or(WAIT_SECS_MAX));
        loop {
            let items = self.items(kind).await?;
            let counts = |item: &&Value| !live || item["metadata"].get("deletionTimestamp").is_none();
            let count = items.iter().filter(counts).count();
            if count == is {
                return self.settle(None, None).await;
            }
            if self.env.now() > until {
                return Err(format!("{count} {kind} objects, waited for {is}"));
            }
            self.env.sleep(LOOK).await;
        }
    }

    async fn snapshot(
        &mut self,
        label: &str,
        kinds: Option<&[String]>,
        with_events: bool,
    ) -> Result<(), String> {
        let aliases = Aliases::of(&self.log);
        let all = WATCHED.iter().filter(|kind| **kind != "Event").map(|&kind| kind.to_owned());
        let kinds = kinds.map_or_else(|| all.collect(), <[String]>::to_vec);
        let mut state = serde_json::Map::new();
        for kind in kinds.iter().filter(|kind| self.server.knows(kind)) {
            let items = self.items(kind).await?;
            let mut items: Vec<Value> =
                items.into_iter().map(|item| aliases.clean(&self.names, item)).collect();
            items.sort_by_key(Value::to_string);
            if !items.is_empty() {
                state.insert(kind.clone(), items.into());
            }
        }
        if with_events {
            let mut seen = BTreeSet::new();
            for event in self.items("Event").await? {
                let about = &event["involvedObject"];
                let texts =
                    [&event["type"], &event["reason"], &about["kind"], &about["name"], &event["message"]];
                let texts = texts.map(|text| text.as_str().unwrap_or_default());
                seen.insert(texts.map(|text| aliases.replace(&self.names, text)).to_vec());
            }
            state.insert("Event".to_owned(), json!(seen));
        }
        self.out.push(json!({"snapshot": label, "state": state}));
        Ok(())
    }

    fn history(&mut self, label: &str, kind: &str) {
        let aliases = Aliases::of(&self.log);
        let order: Vec<Value> = self.log.read(|entries| {
            let counts = entries.iter().filter(|entry| entry.kind == kind && entry.word != "MODIFIED");
            counts
                .map(|entry| {
                    let name = entry.object["metadata"]["name"].as_str().unwrap_or_default();
                    json!([entry.word, aliases.replace(&self.names, name)])
                })
                .collect()
        });
        self.out.push(json!({"history": label, "order": order}));
    }

    async fn request(&mut self, request: &Request) -> Result<(), String> {
        let path = self.expand_text(&request.path);
        let body = request.body.as_ref().map(|body| self.expand(body));
        let headers: Vec<(String, String)> =
            request.headers.iter().map(|(name, value)| (name.clone(), self.expand_text(value))).collect();
        let answer = self.server.call(&request.method, &path, body.as_ref(), &headers).await;
        for (name, place) in &request.save {
            let value = place.iter().fold(answer.body.clone(), |value, step| field(&value, step));
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match self.names.marks.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = value,
                None => self.names.marks.push((name.clone(), value)),
            }
        }
        let label = format!("{} {}", request.method, self.names.scrub(&path));
        let mut entry = json!({"request": label, "code": answer.code});
        match &request.keep {
            Keep::Word(word) if word == "body" => entry["body"] = self.names.clean_answer(answer.body),
            Keep::Word(_) => {}
            Keep::Field(place) => {
                let value = place.iter().fold(answer.body, |value, step| field(&value, step));
                entry["field"] = self.names.clean_answer(value);
            }
        }
        self.out.push(entry);
        Ok(())
    }

    async fn watch(
        &mut self,
        path: &str,
        stream: Result<Stream, super::server::Answer>,
        steps: &[Step],
        quiet: Option<f64>,
        names_only: bool,
    ) -> Result<(), String> {
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(answer) => {
                let body = self.names.clean_answer(answer.body);
                let label = self.names.scrub(path);
                self.out.push(json!({"watch": label, "code": answer.code, "body": body}));
                return Ok(());
            }
        };
        for step in steps {
            Box::pin(self.step(step)).await?;
        }
        let quiet = seconds(quiet.unwrap_or(QUIET_SECS));
        let mut events = Vec::new();
        while let Ok(Some((word, object))) = self.env.timeout(quiet, stream.next()).await {
            let object = if names_only { self.name_only(object) } else { self.names.clean_answer(object) };
            events.push(json!([word, object]));
        }
        self.out.push(json!({"watch": self.names.scrub(path), "events": events}));
        Ok(())
    }

    fn name_only(&self, object: Value) -> Value {
        if object["kind"] == "Status" || object.get("metadata").is_none() {
            return self.names.clean_answer(object);
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let annotations = &object["metadata"]["annotations"];
        json!({"kind": object["kind"], "name": self.names.scrub(name), "annotations": annotations})
    }

    /// All objects of a kind in the namespace.
    pub(super) async fn items(&self, kind: &str) -> Result<Vec<Value>, String> {
        let mut list = self.server.ok("GET", &collection_path(kind), None).await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }
}

/// Where objects of a kind are created and listed.
pub(super) fn collection_path(kind: &str) -> String {
    let (base, plural) = super::server::place_of(kind);
    if CLUSTER_SCOPED.contains(&kind) {
        return format!("{base}/{plural}");
    }
    format!("{base}/namespaces/{NAMESPACE}/{plural}")
}

fn field(value: &Value, step: &Value) -> Value {
    let found = match step {
        Value::String(name) => value.get(name),
        Value::Number(at) => at.as_u64().and_then(|at| value.get(usize::try_from(at).ok()?)),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
