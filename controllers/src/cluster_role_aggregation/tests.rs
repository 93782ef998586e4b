use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use setpoint_core::env::Simulation;
use setpoint_core::object::Obj;
use setpoint_reconcile::manager::Manager;
use setpoint_store::{Objects, Store};
use setpoint_watch::DirectView;

use super::*;

fn role(value: Value) -> ClusterRole {
    serde_json::from_value(value).expect("a ClusterRole")
}

fn part(name: &str, label: &str, resources: &[&str]) -> ClusterRole {
    role(json!({
        "metadata": {"name": name, "labels": {label: "true"}},
        "rules": resources.iter().map(|it| json!({"apiGroups": [""], "resources": [it], "verbs": ["get"]}))
            .collect::<Vec<_>>(),
    }))
}

fn resources(role: &Obj<ClusterRole>) -> Vec<String> {
    role.rules.iter().flatten().flat_map(|rule| rule.resources.clone().unwrap_or_default()).collect()
}

// AUTH-06
#[test]
fn rules_follow_the_roles_that_are_selected() {
    let sim = Simulation::new(1);
    let env = sim.env();
    let done = sim.block_on(async {
        let store: Arc<dyn setpoint_store::ObjectStore> = Arc::new(Store::memory(&env));
        let view = DirectView::new(Arc::clone(&store)).expect("it is in this process");
        let mut manager = Manager::new(&env, Arc::clone(&store), Arc::new(view));
        let roles = Objects::<ClusterRole>::over(Arc::clone(&store), None)?;
        roles.create(part("b", "to-view", &["services", "pods"])).await?;
        manager.start(ClusterRoleAggregation::controller(manager.context())?);
        let selectors = json!([{"matchLabels": {"to-view": "true"}}]);
        let sum = json!({
            "metadata": {"name": "view", "labels": {"to-view": "true"}},
            "aggregationRule": {"clusterRoleSelectors": selectors},
            "rules": [{"apiGroups": [""], "resources": ["own"], "verbs": ["get"]}],
        });
        roles.create(role(sum)).await?;
        env.sleep(Duration::from_secs(1)).await;
        assert_eq!(resources(&roles.get("view").await?), ["services", "pods"]);
        roles.create(part("a", "to-view", &["nodes", "pods"])).await?;
        roles.create(part("c", "to-edit", &["secrets"])).await?;
        env.sleep(Duration::from_secs(1)).await;
        assert_eq!(resources(&roles.get("view").await?), ["nodes", "pods", "services"]);
        roles.delete("b", Default::default()).await?;
        env.sleep(Duration::from_secs(1)).await;
        let before = roles.get("view").await?;
        assert_eq!(resources(&before), ["nodes", "pods"]);
        roles.delete("c", Default::default()).await?;
        env.sleep(Duration::from_secs(1)).await;
        assert_eq!(roles.get("view").await?.object().revision(), before.object().revision(), "nothing to do");
        manager.shut_down(Duration::from_secs(1)).await;
        Ok::<_, setpoint_core::Error>(())
    });
    done.expect("nothing waits for ever").expect("the store takes it");
}
