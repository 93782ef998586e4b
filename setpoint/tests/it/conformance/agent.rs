//! The part of a node's agent, and of a scheduler, that scenarios play.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::run::{Run, collection_path};
use super::server::object_path;
use super::step::{Order, Phases, PodState, Pods, Select};

/// The node of pods that are not pinned to one.
const NODE: &str = "node-a";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const MERGE: &str = "application/merge-patch+json";

impl Run {
    /// Registers ready nodes.
    pub(super) async fn register_nodes(
        &mut self,
        names: &[String],
        labels: &BTreeMap<String, String>,
        taints: Option<&Value>,
        unschedulable: Option<bool>,
    ) -> Result<(), String> {
        for name in names {
            let mut all = labels.clone();
            all.entry("kubernetes.io/hostname".to_owned()).or_insert_with(|| name.clone());
            let mut spec = json!({});
            if let Some(taints) = taints {
                spec["taints"] = taints.clone();
            }
            if let Some(unschedulable) = unschedulable {
                spec["unschedulable"] = json!(unschedulable);
            }
            let node = json!({
                "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": all}, "spec": spec,
            });
            self.server.ok("POST", &collection_path("Node"), Some(&node)).await?;
            self.names.nodes.push(name.clone());
            let amounts = json!({"cpu": "8", "memory": "16Gi", "pods": "110"});
            let ready = json!({"type": "Ready", "status": "True", "reason": "KubeletReady"});
            let status =
                json!({"status": {"allocatable": amounts, "capacity": amounts, "conditions": [ready]}});
            self.server.patch(&object_path("Node", "", name, Some("status")), MERGE, &status).await?;
            // Of no account if it fails, as a node may have gone.
            let spec = json!({"spec": {"taints": taints}});
            let _answer = self.server.patch(&object_path("Node", "", name, None), MERGE, &spec).await;
        }
        Ok(())
    }

    /// Brings the selected pods into a state.
    pub(super) async fn play_agent(&self, step: &Pods) -> Result<(), String> {
        let mut select = step.select.clone();
        match step.to {
            PodState::Gone => {
                select.terminating.get_or_insert(true);
            }
            PodState::Running | PodState::Ready => {
                select.terminating.get_or_insert(false);
                let alive = || Phases::Several(vec!["Pending".to_owned(), "Running".to_owned()]);
                select.phase.get_or_insert_with(alive);
            }
            PodState::Unready | PodState::Succeeded | PodState::Failed => {}
        }
        let pods = self.select(&select).await?;
        if let Some(expected) = step.expect
            && pods.len() != expected
        {
            let found = pods.len();
            return Err(format!("pods step selects {found} pods, the scenario expects {expected}"));
        }
        for (at, pod) in pods.iter().enumerate() {
            self.bring(pod, step).await?;
            self.env.sleep(self.pace.after(at)).await;
        }
        Ok(())
    }

    async fn bring(&self, pod: &Value, step: &Pods) -> Result<(), String> {
        let name = text(&pod["metadata"]["name"]);
        let path = |sub| object_path("Pod", &self.names.namespace, name, sub);
        if step.to == PodState::Gone {
            let body = json!({
                "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
                "preconditions": {"uid": pod["metadata"]["uid"]},
            });
            return self.server.ok("DELETE", &path(None), Some(&body)).await.map(drop);
        }
        if text(&pod["spec"]["nodeName"]).is_empty() {
            let node = step.node.as_deref().or_else(|| pinned_node(pod)).unwrap_or(NODE);
            let binding = json!({
                "apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
                "target": {"apiVersion": "v1", "kind": "Node", "name": node},
            });
            self.server.ok("POST", &path(Some("binding")), Some(&binding)).await?;
        }
        let status = json!({"status": self.status(pod, step)});
        self.server.patch(&path(Some("status")), STRATEGIC, &status).await.map(drop)
    }

    fn status(&self, pod: &Value, step: &Pods) -> Value {
        let now = self.env.wall().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let phase = match step.to {
            PodState::Ready | PodState::Running | PodState::Unready => "Running",
            PodState::Succeeded => "Succeeded",
            PodState::Failed | PodState::Gone => "Failed",
        };
        let is_ready = step.to == PodState::Ready;
        let word = if is_ready { "True" } else { "False" };
        let standard =
            [("PodScheduled", "True"), ("Initialized", "True"), ("ContainersReady", word), ("Ready", word)];
        let mut conditions: Vec<Value> = standard
            .map(|(name, status)| json!({"type": name, "status": status, "lastTransitionTime": now}))
            .to_vec();
        conditions.extend(step.conditions.iter().cloned());
        let state = if phase == "Running" {
            json!({"running": {"startedAt": now}})
        } else {
            let code = if phase == "Succeeded" { 0 } else { step.exit_code.unwrap_or(1) };
            let reason = if code == 0 { "Completed" } else { "Error" };
            json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": now, "finishedAt": now}})
        };
        let containers: Vec<Value> = list(&pod["spec"]["containers"])
            .iter()
            .map(|container| {
                json!({
                    "name": container["name"], "image": container["image"], "imageID": "sha256:0",
                    "ready": is_ready, "restartCount": step.restarts.unwrap_or(0), "state": state,
                })
            })
            .collect();
        let mut status = json!({
            "phase": phase, "conditions": conditions, "containerStatuses": containers,
            "podIP": "10.0.0.9", "podIPs": [{"ip": "10.0.0.9"}], "hostIP": "10.1.0.9", "startTime": now,
        });
        if let Some(reason) = &step.reason {
            status["reason"] = json!(reason);
        }
        status
    }

    async fn select(&self, select: &Select) -> Result<Vec<Value>, String> {
        let mut pods = self.items("Pod").await?;
        let name = |pod: &Value| text(&pod["metadata"]["name"]).to_owned();
        pods.sort_by_key(|pod| (text(&pod["metadata"]["creationTimestamp"]).to_owned(), name(pod)));
        match select.by {
            Some(Order::Name) => pods.sort_by_key(name),
            Some(Order::Index) => pods.sort_by_key(|pod| index(pod).unwrap_or(0)),
            None => {}
        }
        pods.retain(|pod| self.is_selected(pod, select));
        pods.truncate(select.limit.unwrap_or(usize::MAX));
        Ok(pods)
    }

    fn is_selected(&self, pod: &Value, select: &Select) -> bool {
        let (meta, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
        let is = |wanted: &Option<String>, found: &Value| {
            wanted.as_ref().is_none_or(|wanted| found.as_str() == Some(wanted))
        };
        let is_ready = || {
            let ready = |item: &Value| item["type"] == "Ready" && item["status"] == "True";
            list(&status["conditions"]).iter().any(ready)
        };
        let is_terminating = meta.get("deletionTimestamp").is_some();
        let name = select.name.as_ref().map(|name| self.expand_text(name));
        select.labels.iter().all(|(key, value)| meta["labels"][key] == **value)
            && select.phase.as_ref().is_none_or(|phases| phases.contain(text(&status["phase"])))
            && is(&name, &meta["name"])
            && select.index.as_ref().is_none_or(|these| these.contains(&index(pod).unwrap_or(-1)))
            && is(&select.image, &spec["containers"][0]["image"])
            && is(&select.node, &spec["nodeName"])
            && select.ready.is_none_or(|ready| ready == is_ready())
            && select.terminating.is_none_or(|terminating| terminating == is_terminating)
    }
}

/// The completion index of an indexed Job's pod.
fn index(pod: &Value) -> Option<i64> {
    pod["metadata"]["annotations"][INDEX].as_str()?.parse().ok()
}

/// The node a DaemonSet's pod is meant for.
fn pinned_node(pod: &Value) -> Option<&str> {
    let affinity = &pod["spec"]["affinity"]["nodeAffinity"];
    let terms = &affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"];
    let fields = list(&terms[0]["matchFields"]);
    let field = fields.iter().find(|field| field["key"] == "metadata.name")?;
    field["values"][0].as_str()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
